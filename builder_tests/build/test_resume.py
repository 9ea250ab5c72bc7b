"""Builds that are killed, that meet another one, or that run out of disk."""

import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from builder_tests.conftest import RECIPE
from builder_tests.support.commands import SHORT, fails
from builder_tests.support.folders import files
from builder_tests.support.making import build
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.build.relisten import listen_release
from sport_music_dataset.cli import main
from sport_music_dataset.cli.options import read_sessions
from sport_music_dataset.encode.encode import encode_release
from sport_music_dataset.encode.settings import EncodeSettings
from sport_music_dataset.errors import ReleaseError
from sport_music_dataset.progress import Progress
from sport_music_dataset.release.folder import Run, writing
from sport_music_dataset.release.manifest import read_manifest

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
    music: Path,
    built: tuple[Path, BuildReport],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    draw = random.Random(3)
    out = tmp_path / "out"
    for _ in range(KILLS):
        process = start("build", music, out, *SHORT)
        kill_when(process, out / ".sportgen/unfinished.json", draw.uniform(0.0, 0.6))
        if not (out / "sportgen.json").exists():
            said = "a build was interrupted here; `sportgen build"
            assert said in fails(capsys, 1, "verify", out)
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


CHUNK = "0123456789abcdef-0000"


def refused(capsys: pytest.CaptureFixture[str], out: Path, whole: Path) -> str:
    """The one line that every command says which needs the release in `out`; beside a whole one."""
    beside = out.parent / "beside.wav"
    commands: list[tuple[object, ...]] = [
        *(("stats", out), ("stats", out, "--json"), ("stats", out, "--sql", "SELECT 1")),
        *(("diff", out, whole), ("diff", whole, out), ("explain", out, CHUNK)),
        *(("verify", out), ("verify", out, "--json"), ("preview", out, "-o", beside)),
        *(("export", out, beside, "--to", "webdataset"), ("decode", out, CHUNK, "-o", beside)),
        *(("push", out, "org/x", "--dry-run"), ("push", out, "s3://bucket/x", "--dry-run")),
        *(("build", out.parent, beside, "--since", out), ("encode", whole, "--since", out)),
    ]
    said = {fails(capsys, 1, *command) for command in commands}
    with pytest.raises(ReleaseError) as raised:
        listen_release(out, "musicnn", "sha256:0")
    said |= {f"error: {raised.value}"}
    assert len(said) == 1 and not beside.exists(), said
    return said.pop()


def test_what_an_interrupted_build_has_cut_is_not_cut_again(
    music: Path,
    built: tuple[Path, BuildReport],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    command = ["build", str(music), str(out), *SHORT[-2:], *SHORT[:-2], "--layout", "sport"]
    told = f"error: {out}: a build was interrupted here; `sportgen {shlex.join(command)}` goes on"

    def spools() -> dict[Path, int]:
        found = (out / ".sportgen/cut").iterdir()
        return {file: file.stat().st_mtime_ns for file in found if file.suffix != ".partial"}

    with pytest.raises(KeyboardInterrupt):
        build(music, out, RECIPE, progress=interrupting("Cutting", 4))
    cut = spools()
    assert len(cut) >= 4 and refused(capsys, out, built[0]) == told
    with pytest.raises(KeyboardInterrupt):
        build(music, out, RECIPE, progress=interrupting("Cutting (4 of 7 done before)", 3))
    assert len(spools()) == 7 and cut.items() <= spools().items()
    assert fails(capsys, 1, "encode", out) == told
    assert main(["build", str(music), str(out), *SHORT, "--dry-run"]) == 0
    other = f"the build that was interrupted here was `sportgen {shlex.join(command)}`"
    assert f"note: {out}: {other}\n" in capsys.readouterr().err
    # What a power cut spoils is noticed, and cut again.
    for place, file in enumerate(spools()):
        content = bytearray(file.read_bytes())
        content[place * len(content) // 7] ^= 1
        file.write_bytes(content[: len(content) - place % 2])
    with pytest.raises(KeyboardInterrupt):
        build(music, out, RECIPE, progress=interrupting("Drawing", 3))
    assert len(list((out / "assets").iterdir())) == 3 and not (out / "sportgen.json").exists()
    assert refused(capsys, out, built[0]) == told
    assert main([*command, "--num-proc", "1"]) == 0
    assert files(out) == files(built[0])
    assert not (out / ".sportgen/cut").exists()


def test_a_release_is_whole_until_a_build_replaces_a_file(
    music: Path, encoded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, less = shutil.copytree(encoded, tmp_path / "out"), tmp_path / "less"
    shutil.copytree(music, less, ignore=shutil.ignore_patterns("Cardio*"))
    before = files(out)
    with pytest.raises(KeyboardInterrupt):
        build(less, out, RECIPE, progress=interrupting("Cutting", 0))
    assert main(["stats", str(out)]) == 0 and files(out) == before
    told = f"{out}: a build was interrupted here; `sportgen build {less} {out} "
    assert f"note: {told.removeprefix(f'{out}: ')}" in capsys.readouterr().err
    with pytest.raises(KeyboardInterrupt):
        build(less, out, RECIPE, progress=interrupting("Drawing", 0))
    assert refused(capsys, out, encoded).startswith(f"error: {told}")
    with writing(out, Run("build")):
        busy = f"error: {out}: another sportgen is writing to it; wait for it"
        assert fails(capsys, 1, "stats", out) == busy
    # Back to what it was: neither `tracks` nor the codes are believed.
    build(music, out, RECIPE)
    assert main(["encode", str(out), "--model", "nano"]) == 0
    assert files(out) == before


def test_the_command_that_goes_on_has_the_users_own_sessions(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = replace(RECIPE, sessions="sessions: {trail: {intensity: high, aliases: [chemin été]}}")
    with pytest.raises(KeyboardInterrupt):
        build(music, tmp_path / "out", recipe, progress=interrupting("Cutting", 0))
    words = shlex.split(fails(capsys, 1, "stats", tmp_path / "out").split("`")[1])
    sessions = Path(words[words.index("--sessions") + 1])
    assert read_sessions(sessions) == recipe.sessions


def test_an_encode_that_was_interrupted_goes_on_also_after_a_build(
    music: Path, encoded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(encoded, tmp_path / "out")

    @contextmanager
    def ended(label: str, total: int) -> Iterator[Callable[[int], None]]:
        yield lambda steps: None
        if label == "Encoding":
            raise KeyboardInterrupt

    settings = EncodeSettings(model="nano", max_length=9)
    with pytest.raises(KeyboardInterrupt):
        encode_release(out, settings, progress=ended)
    command = f"sportgen encode {out} --model nano --max-length 9"
    told = f"error: {out}: an encode was interrupted here; `{command}` goes on"
    assert refused(capsys, out, encoded) == told
    other = shutil.copytree(out, tmp_path / "other")
    build(music, out, RECIPE)
    assert not read_manifest(out).shards("encoded")
    with pytest.raises(KeyboardInterrupt):
        encode_release(out, settings, progress=ended)
    stale = f"an encode was interrupted; `{command}` brings it up to date"
    assert stale in fails(capsys, 1, "push", out, "org/x", "--allow-nano")
    assert encode_release(out, settings).shards_kept == 2
    encode_release(other, settings)
    assert files(out) == files(other)


@pytest.mark.parametrize("stage", ["build", "encode"])
def test_a_second_writer_is_refused(music: Path, encoded: Path, tmp_path: Path, stage: str) -> None:
    out = shutil.copytree(encoded, tmp_path / "out")
    before = files(out)
    with (
        writing(out, Run("build")),
        pytest.raises(ReleaseError, match="another sportgen is writing to it"),
    ):
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
