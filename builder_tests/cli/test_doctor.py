"""`sportgen doctor`: every part is tried, and a broken one is named with its remedy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
    assert {part.name for part in PARTS} | {"Python", "versions", "disk", "Hub"} <= {*names}
