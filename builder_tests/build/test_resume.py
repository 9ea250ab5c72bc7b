"""Builds that are killed, that meet another one, or that run out of disk."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from builder_tests.conftest import RECIPE
from builder_tests.support.commands import SHORT
from builder_tests.support.folders import files
from builder_tests.support.making import build
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.encode.encode import encode_release
from sport_music_dataset.encode.settings import EncodeSettings
from sport_music_dataset.errors import ReleaseError
from sport_music_dataset.progress import Progress
from sport_music_dataset.release.folder import writing

KILLS = int(os.environ.get("KILLS", "6"))


def start(*arguments: object) -> subprocess.Popen[bytes]:
    """A sportgen in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "sport_music_dataset", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill_when(process: subprocess.Popen[bytes], begun: Path, seconds: float) -> None:
    """Kill a process, and it alone, some time after a path appeared."""
    while not begun.exists() and process.poll() is None:
        time.sleep(0.005)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_killed_build_finishes_with_the_same_bytes(
    music: Path, built: tuple[Path, BuildReport], tmp_path: Path
) -> None:
    draw = random.Random(3)
    out = tmp_path / "out"
    for _ in range(KILLS):
        process = start("build", music, out, *SHORT)
        kill_when(process, out / ".sportgen", draw.uniform(0.0, 0.6))
    build(music, out, RECIPE)
    assert files(out) == files(built[0])
    assert not list(out.rglob("*.partial")) and not (out / ".sportgen/cut").exists()


def test_a_killed_encode_finishes_with_the_same_bytes(
    built: tuple[Path, BuildReport], encoded: Path, tmp_path: Path
) -> None:
    draw = random.Random(4)
    out = shutil.copytree(built[0], tmp_path / "out")
    for _ in range(max(2, KILLS // 3)):
        process = start("encode", out, "--model", "nano")
        kill_when(process, out / "encoded", draw.uniform(0.0, 0.8))
    encode_release(out, EncodeSettings(model="nano"))
    assert files(out) == files(encoded)


def test_what_a_killed_build_has_finished_stays(music: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert build(music, out, RECIPE).shards_written == 2
    for name in ("sportgen.json", "README.md"):
        (out / name).unlink()
    before = {file: file.stat().st_mtime_ns for file in (out / "raw").iterdir()}
    assert build(music, out, RECIPE).shards_written == 0
    assert {file: file.stat().st_mtime_ns for file in (out / "raw").iterdir()} == before


def interrupting(label: str, after: int) -> Progress:
    """Presses Ctrl-C after so many steps of the work that is so labelled."""

    @contextmanager
    def progress(this: str, total: int) -> Iterator[Callable[[int], None]]:
        done = 0

        def advance(steps: int) -> None:
            nonlocal done
            done += steps
            if this == label and done >= after:
                raise KeyboardInterrupt

        advance(0)
        yield advance

    return progress


def test_what_an_interrupted_build_has_cut_is_not_cut_again(
    music: Path, built: tuple[Path, BuildReport], tmp_path: Path
) -> None:
    out = tmp_path / "out"

    def spools() -> dict[Path, int]:
        found = (out / ".sportgen/cut").iterdir()
        return {file: file.stat().st_mtime_ns for file in found if file.suffix != ".partial"}

    with pytest.raises(KeyboardInterrupt):
        build(music, out, RECIPE, progress=interrupting("Cutting", 4))
    cut = spools()
    assert len(cut) >= 4
    with pytest.raises(KeyboardInterrupt):
        build(music, out, RECIPE, progress=interrupting("Writing", 0))
    assert len(spools()) == 7 and cut.items() <= spools().items()
    # What a power cut spoils is noticed, and cut again.
    for place, file in enumerate(spools()):
        content = bytearray(file.read_bytes())
        content[place * len(content) // 7] ^= 1
        file.write_bytes(content[: len(content) - place % 2])
    with pytest.raises(KeyboardInterrupt):
        build(music, out, RECIPE, progress=interrupting("Drawing", 3))
    assert len(list((out / "assets").iterdir())) == 3 and not (out / "sportgen.json").exists()
    build(music, out, RECIPE)
    assert files(out) == files(built[0])
    assert not (out / ".sportgen/cut").exists()


@pytest.mark.parametrize("stage", ["build", "encode"])
def test_a_second_writer_is_refused(music: Path, encoded: Path, tmp_path: Path, stage: str) -> None:
    out = shutil.copytree(encoded, tmp_path / "out")
    before = files(out)
    with writing(out), pytest.raises(ReleaseError, match="another sportgen is writing to it"):
        if stage == "build":
            build(music, out, RECIPE)
        else:
            encode_release(out, EncodeSettings(model="nano", max_length=9))
    assert files(out) == before


def test_a_full_disk_is_told_and_the_build_goes_on_later(
    music: Path, built: tuple[Path, BuildReport], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    # A limit on the size of a file is what one can fill without filling the disk.
    script = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"
        "from sport_music_dataset.cli import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "build", str(music), str(out), *SHORT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1 and "run the same command again" in errors[0], done.stderr
    assert "Traceback" not in done.stderr
    build(music, out, RECIPE)
    assert files(out) == files(built[0])
