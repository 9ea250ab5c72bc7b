"""One shard: a Parquet file that is written completely or not at all, and a note on its making.

The notes are in `.sportgen/` of the release folder and stay there. A note says from which inputs
its shard was made, so that a second run makes only the shards that are missing or out of date.
"""

import io
import json
import shutil
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

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
    from typing_extensions import Buffer

# The Hub's viewer reads a whole row group to show one row, and a row group is in memory twice while
# it is written: 50 rows are at most 50 MB.
_GROUP_ROWS = 50
# A row of `tracks` is 400 bytes; in row groups of 50 rows, the footer would need 1,000 bytes for
# each row.
_TRACK_GROUP_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class ShardNote:
    """The note on a finished file: the digest of its inputs, and the file's entry in the manifest.

    `outcomes` has what the stage that made the file reports of it, as JSON values.
    """

    inputs: str
    sha256: str
    rows: int
    bytes: int
    outcomes: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, inputs: str, file: FileEntry, outcomes: dict[str, Any] | None = None) -> Self:
        """The note on a file that has just been made."""
        return cls(inputs, file.sha256, file.rows, file.bytes, outcomes or {})

    @property
    def file(self) -> FileEntry:
        """The file's entry in the manifest."""
        return FileEntry(self.sha256, self.rows, self.bytes)


def write_shard(folder: Path, name: str, features: "Features", rows: Iterable[Row]) -> FileEntry:
    """Write rows of `features` as the file `folder/name`; returns its entry in the manifest."""
    # Imported here: datasets takes a second, and only writing needs it.
    from datasets.arrow_writer import ParquetWriter

    size = _TRACK_GROUP_ROWS if name.startswith("tracks/") else _GROUP_ROWS
    with replaced(folder / name) as (stream, partial):
        sink = _Sink(stream)
        writer = ParquetWriter(features=features, stream=sink, writer_batch_size=size)
        remaining = iter(rows)
        while group := list(islice(remaining, size)):
            table = pa.Table.from_pylist(group, schema=features.arrow_schema)
            group.clear()
            writer.write_table(table)
            sink.check()
            del table  # frees its memory before the next group is read
            pa.default_memory_pool().release_unused()
        count, _ = writer.finalize(close_stream=False)
        sink.check()
        stream.flush()
        return FileEntry(file_digest(partial), count, partial.stat().st_size)


class _Sink(io.RawIOBase):
    """A file for Arrow to write to. Arrow aborts the process where a write raises an error (a full
    disk, Ctrl-C), so the first error waits for `check`, and what is written after it is dropped."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._error: BaseException | None = None

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: "Buffer") -> int:
        """Write all of `data`; never raises."""
        if self._error is None:
            try:
                self._stream.write(data)
            except BaseException as error:
                self._error = error
        return memoryview(data).nbytes

    def check(self) -> None:
        """Raise the first error of a write."""
        if self._error is not None:
            raise self._error


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Lock the release folder for one writer, and raise errors of the disk as one line.

    Raises:
        ReleaseError: another process writes to the folder, or the disk is full or read-only.
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
    """The note on a shard that is finished, whatever its inputs were; None if it is not."""
    note, file = _read_note(_note_file(folder, name)), folder / name
    finished = note and file.is_file() and file.stat().st_size == note.bytes
    return note if finished else None


def read_note(folder: Path, name: str, inputs: str) -> ShardNote | None:
    """The note on a shard that is finished and was made from `inputs`; None otherwise."""
    note = finished_note(folder, name)
    return note if note and note.inputs == inputs else None


def read_notes(folder: Path, config: str) -> dict[str, ShardNote]:
    """Path of a shard -> its note, for all notes of a config, whatever the inputs were."""
    root = folder / WORK_FOLDER
    files = sorted((root / config).glob("*.json"))
    notes = {str(file.relative_to(root).with_suffix("")): _read_note(file) for file in files}
    return {name: note for name, note in notes.items() if note}


def remove_stale(folder: Path, config: str, current: Container[str]) -> None:
    """Remove the shards of a config whose paths are not in `current`, and their notes."""
    for file in (folder / config).glob("*.parquet"):
        name = f"{config}/{file.name}"
        if name not in current:
            file.unlink()
            _note_file(folder, name).unlink(missing_ok=True)


def _remove_partial(folder: Path) -> None:
    """Remove unfinished files and probe folders of killed runs and of workers that disappeared."""
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
    """Write the note that says that a shard is finished."""
    text = json.dumps(asdict(note), indent=1, sort_keys=True)
    write_atomically(_note_file(folder, name), text.encode())
