"""One shard of work: a Parquet file, written whole or not at all, and a note of how it was made.

The notes lie in `.sportgen/` of the release folder and stay there: they say which inputs a shard
was made from, so that a second run does only what is not done yet.
"""

import json
import math
import os
import re
import shutil
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from filelock import FileLock, Timeout

from ..build.spools import partial_name
from ..digests import file_digest
from ..errors import ReleaseError, SettingError
from ..records import Row

if TYPE_CHECKING:
    from datasets import Features

WORK_FOLDER = ".sportgen"
PROBE = "probe-"
"""How folders in `WORK_FOLDER` begin by which nodes show that they see it, while a run goes on."""
CONFIGS = ("raw", "encoded", "tracks")

# The Hub's viewer reads a group to show a row, and a group is held twice in memory while it is
# written: 50 rows are 50 MB at the most.
_GROUP_ROWS = 50
# A row of tracks is 400 bytes; in groups of 50, what the footer says of it would take a thousand.
_TRACK_GROUP_ROWS = 1_000
# As a path shows it, with one slash; `hf` is the Hub's own.
_URL = re.compile(r"(?!hf:)([a-z][a-z0-9+.-]+):/+(.*)")
# A chunk of 25 s as FLAC is 1 MB at the most in practice; about 300 MB a shard.
_CHUNKS_PER_SHARD = 300


def check_on_disk(place: Path | str) -> None:
    """Raise SettingError where a place is a URL: files are renamed, locked and read in pieces."""
    url = _URL.match(str(place))
    if url and not Path(place).exists():
        raise SettingError(
            f"{url[1]}://{url[2]}: is not on a disk; mount it (rclone mount, s3fs), or copy it to "
            "a local or shared disk, and give that folder"
        )


def shard_count(chunks: int, tracks: int) -> int:
    """Shards for a split; fewer than its tracks, since most would be empty else."""
    return max(1, min(math.ceil(chunks / _CHUNKS_PER_SHARD), tracks // 2))


def shard_of(track_id: str, shards: int) -> int:
    """The shard a track belongs to, by its identity alone."""
    return int(track_id, 16) % shards


def shard_name(config: str, split: str, index: int, count: int) -> str:
    """Path of a shard in the release folder, as the Hub names them."""
    return f"{config}/{split}-{index:05d}-of-{count:05d}.parquet"


@dataclass(frozen=True, slots=True)
class ShardNote:
    """What is known of a finished shard: its inputs' digest, its bytes, and what came of it."""

    inputs: str
    sha256: str
    rows: int
    bytes: int
    outcomes: dict[str, Any] = field(default_factory=dict)


def write_atomically(file: Path, data: bytes) -> None:
    """Write `data` under a temporary name, then rename: readers see the old or the new."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_name(file)
    with partial.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    _rename(partial, file)


def _rename(partial: Path, file: Path) -> None:
    """Rename for good: without this fsync a power cut may undo it."""
    partial.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_shard(
    folder: Path, name: str, features: "Features", rows: Iterable[Row]
) -> tuple[str, int, int]:
    """Write rows of `features` as `folder/name`; returns (sha256, rows, bytes)."""
    # datasets takes a second to import: only to write, not to read.
    from datasets.arrow_writer import ParquetWriter

    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_name(file)
    size = _TRACK_GROUP_ROWS if name.startswith("tracks/") else _GROUP_ROWS
    with partial.open("wb") as stream:
        writer = ParquetWriter(features=features, stream=stream, writer_batch_size=size)
        remaining = iter(rows)
        while group := list(islice(remaining, size)):
            table = pa.Table.from_pylist(group, schema=features.arrow_schema)
            group.clear()
            writer.write_table(table)
            del table  # else it lives on while the next group is gathered
            pa.default_memory_pool().release_unused()
        count, _ = writer.finalize(close_stream=False)
        stream.flush()
        os.fsync(stream.fileno())
    sha256, written = file_digest(partial), partial.stat().st_size
    _rename(partial, file)
    return sha256, count, written


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Hold the release folder for one writer, and tell what the disk refuses in one line.

    Raises:
        ReleaseError: another process writes to it, or the disk is full or read-only.
    """
    lock = FileLock(out / WORK_FOLDER / "lock", timeout=0)
    try:
        (out / WORK_FOLDER).mkdir(parents=True, exist_ok=True)
        with lock:
            _remove_partial(out)
            yield
            _remove_partial(out)
    except Timeout as error:
        raise ReleaseError(f"{out}: another sportgen is writing to it; wait for it") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReleaseError(f"{out}: {reason}; see to it and run the same command again") from error


def _note_file(folder: Path, name: str) -> Path:
    return folder / WORK_FOLDER / f"{name}.json"


def finished_note(folder: Path, name: str) -> ShardNote | None:
    """The note of a shard that is finished, whatever it was made from, else None."""
    note, file = _read_note(_note_file(folder, name)), folder / name
    finished = note and file.is_file() and file.stat().st_size == note.bytes
    return note if finished else None


def read_note(folder: Path, name: str, inputs: str) -> ShardNote | None:
    """The note of a shard that is finished and made from `inputs`, else None."""
    note = finished_note(folder, name)
    return note if note and note.inputs == inputs else None


def read_notes(folder: Path, config: str) -> dict[str, ShardNote]:
    """The notes of all shards of a config, by their path, whatever they were made from."""
    root = folder / WORK_FOLDER
    files = sorted((root / config).glob("*.json"))
    notes = {str(file.relative_to(root).with_suffix("")): _read_note(file) for file in files}
    return {name: note for name, note in notes.items() if note}


def remove_stale(folder: Path, config: str, current: Container[str]) -> None:
    """Remove the shards of a config that are not `current`, and their notes."""
    for file in (folder / config).glob("*.parquet"):
        name = f"{config}/{file.name}"
        if name not in current:
            file.unlink()
            _note_file(folder, name).unlink(missing_ok=True)


def _remove_partial(folder: Path) -> None:
    """Remove what killed runs and lost workers left: files that were never renamed, and probes."""
    for config in (*CONFIGS, "assets", "."):
        for file in (folder / config).glob("*.partial"):
            file.unlink(missing_ok=True)
    for file in (folder / WORK_FOLDER).rglob("*.partial"):
        file.unlink(missing_ok=True)
    for probe in (folder / WORK_FOLDER).glob(f"{PROBE}*"):
        shutil.rmtree(probe, ignore_errors=True)


def _read_note(file: Path) -> ShardNote | None:
    try:
        return ShardNote(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_note(folder: Path, name: str, note: ShardNote) -> None:
    """Say that a shard is finished."""
    text = json.dumps(asdict(note), indent=1, sort_keys=True)
    write_atomically(_note_file(folder, name), text.encode())
