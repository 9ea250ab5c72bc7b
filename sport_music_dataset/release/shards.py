"""One shard of work: a Parquet file, written whole or not at all, and a note of how it was made.

The notes lie in `.sportgen/` of the release folder and stay there: they say which inputs a shard
was made from, so that a second run does only what is not done yet.
"""

import json
import shutil
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
from filelock import FileLock, Timeout

from ..digests import file_digest
from ..engines.base import PROBE
from ..errors import ReleaseError
from ..records import Row
from ..storage.atomic import PARTIAL, replaced, write_atomically
from .layout import CONFIGS, WORK_FOLDER
from .manifest import FileEntry

if TYPE_CHECKING:
    from datasets import Features

# The Hub's viewer reads a group to show a row, and a group is held twice in memory while it is
# written: 50 rows are 50 MB at the most.
_GROUP_ROWS = 50
# A row of tracks is 400 bytes; in groups of 50, what the footer says of it would take a thousand.
_TRACK_GROUP_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class ShardNote:
    """What is known of a finished file: the digest of its inputs, the file itself, and what making
    it gave."""

    inputs: str
    sha256: str
    rows: int
    bytes: int
    outcomes: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, inputs: str, file: FileEntry, outcomes: dict[str, Any] | None = None) -> Self:
        """The note of a file that is there now."""
        return cls(inputs, file.sha256, file.rows, file.bytes, outcomes or {})

    @property
    def file(self) -> FileEntry:
        """The file, as the manifest records it."""
        return FileEntry(self.sha256, self.rows, self.bytes)


def write_shard(folder: Path, name: str, features: "Features", rows: Iterable[Row]) -> FileEntry:
    """Write rows of `features` as `folder/name`; returns what the manifest says of it."""
    # datasets takes a second to import: only to write, not to read.
    from datasets.arrow_writer import ParquetWriter

    size = _TRACK_GROUP_ROWS if name.startswith("tracks/") else _GROUP_ROWS
    with replaced(folder / name) as (stream, partial):
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
        return FileEntry(file_digest(partial), count, partial.stat().st_size)


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Hold the release folder for one writer, and raise what the disk refuses as one line.

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
        for file in (folder / config).glob(f"*{PARTIAL}"):
            file.unlink(missing_ok=True)
    for file in (folder / WORK_FOLDER).rglob(f"*{PARTIAL}"):
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
