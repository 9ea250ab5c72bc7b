"""`sportgen doctor`: every part is tried, and a broken one is named with its remedy."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sport_music_dataset.audio.decode import EXTENSIONS
from sport_music_dataset.cli import main
from sport_music_dataset.cli.parts import PARTS

NVRTC = (
    "Could not load libtorchcodec. FFmpeg version 5: libnvrtc.so.13: cannot open shared object "
    "file: No such file or directory. FFmpeg version 4: libavutil.so.56: cannot open shared object"
)


def test_doctor_finds_what_it_needs_here_and_shows_no_token(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert main(["doctor"]) == 0
    captured = capsys.readouterr()
    assert "missing" not in captured.out and "hf_secret" not in captured.out + captured.err
    assert "ok      token: present" in captured.out
    for part in PARTS:
        assert f"ok      {part.name}: " in captured.out
    [formats] = re.findall("ok      decoder: .*; reads (.*)", captured.out)
    assert {*formats.split()} == EXTENSIONS


def test_doctor_says_who_listens_and_how_to_get_a_listener(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["doctor"]) == 0
    assert "ok      listening: musicnn " in capsys.readouterr().out
    monkeypatch.setitem(sys.modules, "musicnn", None)
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "hint    listening: " in out and "pip install --no-deps musicnn" in out


@pytest.mark.parametrize(
    ("module", "broken", "state", "name", "remedy"),
    [
        (
            "torchcodec/decoders",
            f"raise OSError({NVRTC!r})",
            "missing",
            "torchcodec",
            "torchcodec<",
        ),
        (
            "torchcodec/decoders",
            "raise OSError('libtorchcodec_image.so') from OSError('libnvrtc.so.13: cannot open')",
            *("missing", "torchcodec", "torchcodec<"),
        ),
        (
            "torchcodec/decoders",
            "raise RuntimeError('libavutil.so.60: cannot open shared object file')",
            *("missing", "torchcodec", "apt-get install ffmpeg"),
        ),
        (
            "av/__init__",
            "__version__ = '18'\nraise ImportError('no FFmpeg')",
            "missing",
            "decoder",
            "av>=",
        ),
        ("duckdb/__init__", "raise SystemError('of another Python')", "hint", "SQL", "duckdb>="),
        ("torch/__init__", "raise SystemExit(3)", "missing", "torch", "torch>="),
        ("soxr/__init__", "import nothing_of_the_kind", "missing", "resampler", "soxr>="),
    ],
)
def test_a_broken_part_is_named_and_all_others_are_tried(
    tmp_path: Path, module: str, broken: str, state: str, name: str, remedy: str
) -> None:
    file = tmp_path / f"{module}.py"
    file.parent.mkdir()
    (file.parent / "__init__.py").touch()
    file.write_text(broken)
    done = subprocess.run(
        [sys.executable, "-m", "sport_music_dataset", "doctor"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    lines = done.stdout.splitlines()
    [at] = [n for n, line in enumerate(lines) if line.startswith(f"{state:<8}{name}: ")]
    assert remedy in lines[at + 1]
    assert done.returncode == (1 if state == "missing" else 0) or "missing" in done.stdout
    names = [line[8:].partition(":")[0] for line in lines if not line.startswith(" ")]
    assert {part.name for part in PARTS} | {"Python", "versions", "disk", "cache", "Hub"} <= {
        *names
    }


@pytest.mark.parametrize(
    ("settings", "state", "said"),
    [
        ({"ALL_PROXY": "socks5://x:1"}, "hint", "Hub: ALL_PROXY=socks5://x:1: a SOCKS proxy needs"),
        ({"HTTPS_PROXY": "x://y"}, "hint", "Hub: HTTPS_PROXY=x://y: is no address of a proxy"),
        ({"HF_ENDPOINT": "hub.example.com"}, "hint", "Hub: HF_ENDPOINT 'hub.example.com': is no"),
        ({"HF_HOME": "/proc/none/at/all"}, "missing", "cache: /proc/none/at/all: "),
    ],
)
def test_odd_settings_are_findings_and_all_checks_are_printed(
    settings: dict[str, str], state: str, said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sport_music_dataset", "doctor"],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    hints = done.stderr.splitlines()
    assert [line[:6] for line in hints] == ["next: "] * (state != "missing")
    assert done.returncode == (state == "missing")
    lines = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert [line for line in lines if line.startswith(f"{state:<8}{said}")], done.stdout
    assert [line for line in lines if line.startswith("missing")] == [
        line for line in lines if state == "missing" and said in line
    ]
    assert len(lines) == len(PARTS) + 9
