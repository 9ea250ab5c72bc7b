"""Faults of the machine are not the files': what a build says, and that the next one has all."""

import errno
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from builder_tests.conftest import noise, write_audio
from builder_tests.support.commands import SHORT
from builder_tests.support.failing_reads import FailingDisk, Faults
from builder_tests.support.folders import files, rows_of
from builder_tests.support.making import build, planned, verify_folder
from sport_music_dataset.errors import SourceError
from sport_music_dataset.progress import Progress
from sport_music_dataset.recipe import Recipe

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "2"))
# Without measures, a build takes two seconds.
OPTIONS = (*SHORT, "--layout", "sport", "--no-analysis", "--num-proc", 2)
RECIPE = Recipe(
    chunk_seconds=2.0, overlap_seconds=0.8, splits=(("train", 0.7), ("test", 0.3)), analysis=False
)
NAMES = ("Yoga", "Running", "Cardio", "Pilates", "Rowing", "Boxing")
ERRORS = (
    *(errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENOMEM),
    *(errno.ENOTCONN, errno.ENODEV, errno.ENXIO, errno.EHOSTDOWN, errno.EREMOTEIO, errno.EAGAIN),
)
# Beyond what is read to find the format: only cutting meets it.
INSIDE = 100_000
AGAIN = "1 file could not be read this time (machine fault: 1); run the same command again"


def write_sessions(root: Path, names: tuple[str, ...] = NAMES) -> Path:
    """A library of one track for each session; two of them are lossy."""
    for seed, name in enumerate(names):
        kind = ("flac", "wav", "mp3", "ogg")[seed % 4]
        write_audio(root / f"rock/{name}_rock.{kind}", noise(6.0 + seed, 44_100, 2, seed), 44_100)
    return root


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FailingDisk]:
    disk = FailingDisk(tmp_path_factory.mktemp("disk"))
    yield disk
    disk.close()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sessions(tmp_path_factory.mktemp("library") / "music")


@pytest.fixture(scope="module")
def sound(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release of a build at which nothing failed."""
    out = tmp_path_factory.mktemp("sound") / "out"
    build(library, out, RECIPE)
    return out


@pytest.mark.parametrize(
    ("name", "start"), [("Yoga", INSIDE), ("Running", INSIDE), ("Cardio", 0), ("Pilates", INSIDE)]
)
def test_a_drive_that_breaks_off_costs_this_run_only(
    disk: FailingDisk, library: Path, sound: Path, tmp_path: Path, name: str, start: int
) -> None:
    out = tmp_path / "out"
    faults = Faults(f"{name}_rock", errno.EIO, start=start)
    code, shown, told = disk.run(faults, "build", library, out, *OPTIONS)
    assert code == 0 and "left out, machine fault: 1\n" in shown
    assert AGAIN in told and "machine fault: Input/output error" in told
    [row] = [row for row in rows_of(out, "tracks") if name in row["path"]]
    assert (row["status"], row["chunks"], row["split"]) == ("left_out", 0, "")
    assert verify_folder(out).failures == verify_folder(sound).failures
    build(library, out, RECIPE)
    assert files(out) == files(sound)


# Each that Python or FFmpeg treats in its own way, and EIO for all others (test_local tries every
# number). EAGAIN is no error to Python: a read then gives None, or less than there is.
@pytest.mark.parametrize(
    "error", [errno.EIO, errno.ETIMEDOUT, errno.ENOMEM, errno.EAGAIN], ids=errno.errorcode.get
)
def test_a_fault_that_passes_costs_nothing(
    disk: FailingDisk, library: Path, sound: Path, tmp_path: Path, error: int
) -> None:
    faults = Faults("Running_rock", error, times=2)
    code, _, told = disk.run(faults, "build", library, tmp_path / "out", *OPTIONS)
    assert code == 0 and "left out" not in told
    assert files(tmp_path / "out") == files(sound)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_after_any_faults_the_release_is_that_of_one_build(
    disk: FailingDisk, library: Path, tmp_path: Path, seed: int
) -> None:
    """Also where a release was there before, and music was added to it."""
    draw = random.Random(f"faults {seed}")
    before, out, without = (tmp_path / name for name in ("before", "out", "without"))
    shutil.copytree(library, before, ignore=lambda _, names: {n for n in names if "Row" in n})
    if draw.random() < 0.5:
        build(before, out, RECIPE)
        build(before, without, RECIPE)
    shutil.copytree(library, before, dirs_exist_ok=True)
    for _ in range(draw.randint(1, 3)):
        name = draw.choice([*NAMES, "rock/", "g_rock"])
        times, start = draw.choice([3, 9, 1 << 20]), draw.choice([0, INSIDE])
        faults = Faults(name, draw.choice(ERRORS), times, start)
        command = ("build", before, out, *OPTIONS)
        if draw.random() < 0.7:
            code, _, told = disk.run(faults, *command)
            assert code in (0, 1) and "fault of sportgen" not in told, told
            continue
        with disk.started(faults, *command) as process:
            while not (out / ".sportgen/decided.json").exists() and process.poll() is None:
                time.sleep(0.01)
            time.sleep(draw.uniform(0.0, 1.0))
            process.kill()
            told = process.communicate(timeout=300)[1]
        assert process.returncode in (0, 1, -9) and "fault of sportgen" not in told, told
    build(before, out, RECIPE)
    build(before, without, RECIPE)
    assert files(out) == files(without)


@pytest.mark.parametrize("name", NAMES[:2])
def test_a_run_that_ends_before_its_manifest_has_decided_nothing(
    disk: FailingDisk, library: Path, sound: Path, tmp_path: Path, name: str
) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    # What it gives splits to is not what a build does that can read everything.
    faults, partly = Faults(f"{name}_rock", errno.EIO), tmp_path / "partly"
    assert disk.run(faults, "build", library, partly, *OPTIONS)[0] == 0
    for label in ("Drawing", "Writing"):
        out = shutil.copytree(partly, tmp_path / label)
        with pytest.raises(KeyboardInterrupt):
            build(library, out, RECIPE, progress=when(label, die))
        build(library, out, RECIPE)
        assert files(out) == files(sound)


def test_a_track_that_took_too_long_may_take_longer_next_time(
    disk: FailingDisk, library: Path, sound: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    faults = Faults("Yoga_rock", 0, start=INSIDE)
    code, _, told = disk.run(faults, "build", library, out, *OPTIONS, "--timeout", 8)
    assert code == 0 and "Yoga_rock.flac: timed out: took more than 8 s" in told
    assert "(timed out: 1); run the same command again; a larger --timeout" in told
    build(library, out, RECIPE)
    assert files(out) == files(sound)


def test_a_process_that_is_killed_once_costs_nothing(
    disk: FailingDisk, library: Path, sound: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    killed: set[int] = set()
    with disk.started(None, "build", library, out, *OPTIONS) as process:
        while process.poll() is None and len(killed) < 2:
            for worker in workers_of(process.pid) - killed:
                if (out / ".sportgen/cut").exists():
                    os.kill(worker, signal.SIGKILL)
                    killed.add(worker)
            time.sleep(0.005)
        _, told = process.communicate(timeout=300)
    assert process.returncode == 0 and killed, told
    assert files(out) == files(sound)


def workers_of(pid: int) -> set[int]:
    """The processes that the server of a sportgen has forked."""
    below = {pid}
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                found[int(folder.name)] = int(
                    (folder / "stat").read_text().rsplit(") ")[-1].split()[1]
                )
            except OSError:
                continue
    servers = {child for child, parent in found.items() if parent in below}
    return {child for child, parent in found.items() if parent in servers}


def when(label: str, act: Callable[[], object]) -> Progress:
    """Does `act` when the work that is so labelled begins."""

    @contextmanager
    def progress(this: str, total: int) -> Iterator[Callable[[int], None]]:
        if this == label:
            act()
        yield lambda steps: None

    return progress


@pytest.mark.parametrize("stage", ["Scanning", "Cutting"])
@pytest.mark.parametrize("way", ["gone", "empty", "another"])
def test_a_source_that_goes_away_is_one_error(
    sound: Path, library: Path, tmp_path: Path, way: str, stage: str
) -> None:
    source, out = shutil.copytree(library, tmp_path / "music"), tmp_path / "out"

    def go_away() -> None:
        source.rename(tmp_path / "away")
        if way != "gone":
            source.mkdir()
        if way == "another":
            (source / "notes.txt").touch()

    with pytest.raises(SourceError, match=rf"^{source}: went away while it was read .*again"):
        build(source, out, RECIPE, progress=when(stage, go_away))
    shutil.rmtree(source, ignore_errors=True)
    (tmp_path / "away").rename(source)
    build(source, out, RECIPE)
    assert files(out) == files(sound)


@pytest.mark.parametrize("stage", ["Scanning", "Cutting"])
def test_a_file_that_disappears_alone_has_changed(
    sound: Path, library: Path, tmp_path: Path, stage: str
) -> None:
    source, out = shutil.copytree(library, tmp_path / "music"), tmp_path / "out"
    file, away = source / "rock/Yoga_rock.flac", tmp_path / "away.flac"
    report = build(source, out, RECIPE, progress=when(stage, lambda: file.rename(away)))
    reasons = {row["path"]: row["reason"] for row in report.tracks if row["reason"]}
    assert reasons == {"rock/Yoga_rock.flac": "changed while reading: No such file or directory"}
    away.rename(file)
    assert not build(source, out, RECIPE).left_out
    assert files(out) == files(sound)


def test_a_library_of_which_nothing_can_be_read_is_one_error(
    disk: FailingDisk, library: Path, tmp_path: Path
) -> None:
    code, shown, told = disk.run(
        Faults("_rock", errno.ENOTCONN), "build", library, tmp_path / "out", *OPTIONS
    )
    assert code == 1 and not shown
    assert "no track can be kept (machine fault: 6); see to the disk or the network" in told


def test_a_scan_says_what_it_could_not_read(
    disk: FailingDisk, library: Path, tmp_path: Path
) -> None:
    for start in (0, INSIDE):
        code, shown, told = disk.run(
            Faults("Running_rock", errno.EIO, start=start), "scan", library, *SHORT
        )
        assert code == 0 and AGAIN in told
        assert "files     6, 5 usable" in shown


def test_force_makes_everything_anew(library: Path, sound: Path, tmp_path: Path) -> None:
    out = shutil.copytree(sound, tmp_path / "out")
    (out / ".sportgen/mine.txt").write_text("a file of the user's")
    # A wrong fingerprint, and a shard with a note that says that it is right.
    [store] = (out / ".sportgen").glob("fingerprints-*.bin")
    store.write_bytes(b"")
    before = {file: file.stat().st_mtime_ns for file in (out / "raw").iterdir()}
    assert planned(library, out, RECIPE).estimate.shards == 0
    assert planned(library, out, RECIPE, force=True).estimate.shards == 2
    assert build(library, out, RECIPE).shards_written == 0
    assert build(library, out, RECIPE, force=True).shards_written == 2
    after = {file: file.stat().st_mtime_ns for file in (out / "raw").iterdir()}
    assert before.keys() == after.keys() and not before.items() & after.items()
    assert files(out) == files(sound)
    assert (out / ".sportgen/mine.txt").read_text() == "a file of the user's"
    assert build(library, out, RECIPE).shards_written == 0


def test_an_encode_stops_at_a_disk_that_fails(
    disk: FailingDisk, sound: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(sound, tmp_path / "out")
    code, shown, told = disk.run(Faults("raw/train", errno.EIO), "encode", out, "--model", "nano")
    errors = [line for line in told.splitlines() if line.startswith("error: ")]
    assert code == 1 and not shown and len(errors) == 1, told
    assert "raw/train" in errors[0] and "Input/output error" in errors[0]
    assert not (out / "encoded").exists()
