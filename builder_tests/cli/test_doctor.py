"""`sportgen doctor`: every part is tried, and a broken one is named with its remedy."""

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from huggingface_hub import close_session

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


def findings(out: str) -> dict[str, tuple[str, str]]:
    """What doctor says: name of a part -> its line, and the line below, which may be a remedy."""
    lines = [*out.splitlines(), ""]
    names = [line[8:].partition(":")[0] for line in lines if line[:1].strip()]
    assert {part.name for part in PARTS} | {"Python", "versions", "disk", "cache", "Hub"} <= {
        *names
    }
    assert len(names) == len(PARTS) + 9
    found = ((line, below) for line, below in pairwise(lines) if line[:1].strip())
    return dict(zip(names, found, strict=True))


def fake(folder: Path, module: str, code: str) -> None:
    """A module that breaks when it is imported, with its package."""
    file = folder / f"{module}.py"
    file.parent.mkdir(parents=True)
    (file.parent / "__init__.py").touch()
    file.write_text(code)


def test_broken_parts_are_named_and_all_others_are_tried(tmp_path: Path) -> None:
    fake(tmp_path, "av/__init__", "__version__ = '18'\nraise ImportError('no FFmpeg')")
    fake(tmp_path, "duckdb/__init__", "raise SystemError('of another Python')")
    fake(tmp_path, "torch/__init__", "raise SystemExit(3)")
    fake(tmp_path, "soxr/__init__", "import nothing_of_the_kind")
    done = subprocess.run(
        [sys.executable, "-m", "sport_music_dataset", "doctor"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    found = findings(done.stdout)
    for state, name, remedy in (
        ("missing", "decoder", "av>="),
        ("hint", "SQL", "duckdb>="),
        ("missing", "torch", "torch>="),
        ("missing", "resampler", "soxr>="),
    ):
        assert found[name][0].startswith(f"{state:<8}{name}: ") and remedy in found[name][1]


@pytest.mark.parametrize(
    ("broken", "remedy"),
    [
        (f"raise OSError({NVRTC!r})", "torchcodec<"),
        (
            "raise OSError('libtorchcodec_image.so') from OSError('libnvrtc.so.13: cannot open')",
            "torchcodec<",
        ),
        (
            "raise RuntimeError('libavutil.so.60: cannot open shared object file')",
            "apt-get install ffmpeg",
        ),
    ],
)
def test_a_library_that_does_not_load_is_told_by_what_it_lacks(
    broken: str,
    remedy: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake(tmp_path, "torchcodec/decoders", broken)
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchcodec"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert main(["doctor"]) == 1
    finally:
        sys.modules.pop("torchcodec", None)
    found = findings(capsys.readouterr().out)
    assert found["torchcodec"][0].startswith("missing torchcodec: ")
    assert remedy in found["torchcodec"][1]
    assert [line for line, _ in found.values() if line.startswith("missing")] == [
        found["torchcodec"][0]
    ]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ALL_PROXY", "socks5://x:1", "ALL_PROXY=socks5://x:1: a SOCKS proxy needs"),
        ("HTTPS_PROXY", "x://y", "HTTPS_PROXY=x://y: is no address of a proxy"),
    ],
)
def test_a_proxy_that_cannot_be_is_a_hint(
    name: str,
    value: str,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A client that is there already has read the environment.
    close_session()
    monkeypatch.setenv(name, value)
    assert main(["doctor"]) == 0
    captured = capsys.readouterr()
    assert [line[:6] for line in captured.err.splitlines()] == ["next: "]
    found = findings(captured.out)
    assert found["Hub"][0].startswith(f"hint    Hub: {said}")
    assert not [line for line, _ in found.values() if line.startswith("missing")]


def test_settings_that_the_hubs_client_cannot_use_are_findings() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sport_music_dataset", "doctor"],
        env={**os.environ, "HF_ENDPOINT": "hub.example.com", "HF_HOME": "/proc/none/at/all"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and done.stderr == ""
    found = findings(done.stdout)
    assert found["Hub"][0].startswith("hint    Hub: HF_ENDPOINT 'hub.example.com': is no")
    assert found["cache"][0].startswith("missing cache: /proc/none/at/all: ")
    assert [name for name, (line, _) in found.items() if line.startswith("missing")] == ["cache"]
