"""Several devices: a process each, the bytes of one, and what becomes of one that is lost."""

import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import active_children
from os import kill
from pathlib import Path

import pytest

from builder_tests.support.folders import files
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.cli import main
from sport_music_dataset.encode.codec.devices import pick_devices
from sport_music_dataset.encode.encode import encode_release, estimate_encode
from sport_music_dataset.encode.encoder import Encoder
from sport_music_dataset.encode.jobs import plan_jobs
from sport_music_dataset.encode.settings import EncodeSettings
from sport_music_dataset.encode.shards import encode_shards
from sport_music_dataset.encode.workers.base import EncoderInfo, Finished, RowsDone
from sport_music_dataset.errors import MachineError, ModelError, SettingError
from sport_music_dataset.progress import no_progress
from sport_music_dataset.release.release import Release

TWO = EncodeSettings(model="nano", device="cpu,cpu")


@contextmanager
def deadly(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Progress that kills a process at the first rows that are done."""

    def advance(rows: int) -> None:
        for child in active_children():
            kill(child.pid or 0, signal.SIGKILL)

    yield advance


@pytest.mark.slow
def test_two_devices_give_the_bytes_of_one(
    built: tuple[Path, BuildReport], encoded: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(built[0], tmp_path / "out")
    with pytest.raises(MachineError, match=r"device cpu: its process has ended \(exit code -9\)"):
        encode_release(out, TWO, progress=deadly)
    assert not active_children()
    report = encode_release(out, TWO)
    assert files(out) == files(encoded)
    assert report.shards_written + report.shards_kept == 2
    assert not active_children()


def test_what_a_device_refuses_is_told(encoded: Path) -> None:
    with pytest.raises(ModelError, match="nowhere: no such folder"):
        encode_release(encoded, EncodeSettings(model="./nowhere", device="cpu,cpu"))
    assert not active_children()


@pytest.mark.parametrize("devices", ["gpu", "cpu,", "cuda:x", "cuda:0;cuda:1", "mps"])
def test_what_is_no_device_is_refused(devices: str) -> None:
    with pytest.raises(SettingError, match="must be auto, all, cpu, cuda or cuda:0,cuda:1"):
        pick_devices(devices)


@pytest.mark.parametrize("devices", ["all", "cuda", "cuda:0,cuda:1"])
def test_gpus_that_are_not_there_are_missed(devices: str) -> None:
    with pytest.raises(ModelError, match="torch finds no GPU here"):
        pick_devices(devices)


def test_a_dry_run_expects_what_comes(
    built: tuple[Path, BuildReport],
    encoded: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = shutil.copytree(built[0], tmp_path / "out")
    before = files(out)
    assert main(["encode", str(out), "--model", "nano", "--dry-run"]) == 0
    shown, told = capsys.readouterr()
    assert shown.startswith("shards    2 to write, 0 as they are\nwork      ")
    assert re.search(r"from \d+ chunks encoded for it", told)
    assert files(out) == before

    estimate = estimate_encode(out, EncodeSettings(model="nano"))
    written = sum(file.stat().st_size for file in (encoded / "encoded").iterdir())
    # The footer of a file, 10 KB, is shared by few rows in the sample.
    assert 0.7 * written < estimate.bytes < 1.7 * written
    assert 0 < estimate.seconds < 600 and estimate.workers == 1
    kept = estimate_encode(encoded, EncodeSettings(model="nano"))
    assert (kept.shards, kept.kept, kept.seconds, kept.bytes) == (0, 2, 0, 0)
    tokens = estimate_encode(encoded, EncodeSettings(model="nano", max_length=9))
    assert (tokens.shards, tokens.seconds) == (2, 0)


def test_several_readers_keep_the_order(
    built: tuple[Path, BuildReport], encoded: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(built[0], tmp_path / "out")
    encoder = Encoder(EncodeSettings(model="nano"), readers=4)
    release = Release.of(out)
    jobs = plan_jobs(release, EncoderInfo.of(encoder, 64_000, 64_000), None, no_progress)
    events = list(encode_shards(encoder, jobs, folder=out))
    # The rows of all shards, and their notes, in the order of the jobs.
    assert [number for number, event in events if isinstance(event, Finished)] == [0, 1]
    done = [event.count for _, event in events if isinstance(event, RowsDone)]
    assert sum(done) == sum(job.rows for job in jobs)
    for file in (encoded / "encoded").iterdir():
        assert (out / "encoded" / file.name).read_bytes() == file.read_bytes()
