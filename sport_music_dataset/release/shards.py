"""One shard: a Parquet file that is written completely or not at all, and a note on its making.

The notes are in `.sportgen/` of the release folder and stay there. A note says from which inputs
its shard was made, so that a second run makes only the shards that are missing or out of date.
"""

import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from ..digests import file_digest
from ..errors import ReleaseError
from ..outside.documents import load_json
from ..outside.files import MANIFEST_BYTES, read_bytes
from ..outside.records import as_record
from ..reasons import is_machine_fault
from ..records import Row
from ..storage.arrays import table_of
from ..storage.atomic import replaced, write_atomically
from .layout import note_file, noted
from .manifest import FileEntry
from .schemas import parquet_writer

if TYPE_CHECKING:
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


def write_shard(
    folder: Path,
    name: str,
    schema: pa.Schema,
    rows: Iterable[Row],
    record: Callable[[FileEntry], None] = lambda entry: None,
) -> FileEntry:
    """Write rows of `schema` as the file `folder/name`; returns its entry in the manifest.

    `record` is called with the entry before the file has its name.
    """
    size = _TRACK_GROUP_ROWS if name.startswith("tracks/") else _GROUP_ROWS
    with replaced(folder / name) as (stream, partial):
        sink = _Sink(stream)
        writer, count = parquet_writer(sink, schema), 0
        remaining = iter(rows)
        while group := list(islice(remaining, size)):
            table = table_of(group, writer.schema)
            count += len(group)
            group.clear()
            writer.write_table(table, size)
            sink.check()
            del table  # frees its memory before the next group is read
            pa.default_memory_pool().release_unused()
        writer.close()
        sink.check()
        stream.flush()
        entry = FileEntry(sink.sha256, count, partial.stat().st_size)
        record(entry)
    return entry


def write_noted_shard(
    folder: Path,
    name: str,
    schema: pa.Schema,
    rows: Iterable[Row],
    inputs: str,
    outcomes: Callable[[], dict[str, Any]] = dict,
) -> ShardNote:
    """As `write_shard`, with the shard's note; `outcomes` is called once all rows are written."""

    def note(entry: FileEntry) -> ShardNote:
        return ShardNote.of(inputs, entry, outcomes())

    def record(entry: FileEntry) -> None:
        write_note(folder, name, note(entry))

    return note(write_shard(folder, name, schema, rows, record))


class _Sink(io.RawIOBase):
    """A file for Arrow to write to. Arrow aborts the process where a write raises an error (a full
    disk, Ctrl-C), so the first error waits for `check`, and what is written after it is dropped."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._sha256 = sha256()
        self._error: BaseException | None = None

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was written, in hex."""
        return self._sha256.hexdigest()

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: "Buffer") -> int:
        """Write all of `data`; never raises."""
        if self._error is None:
            try:
                self._stream.write(data)
                self._sha256.update(data)
            except BaseException as error:
                self._error = error
        return memoryview(data).nbytes

    def check(self) -> None:
        """Raise the first error of a write."""
        if self._error is not None:
            raise self._error


def read_note(folder: Path, name: str) -> ShardNote | None:
    """The note on a file, whatever its inputs were; None if there is none, or it is damaged.

    Raises ReleaseError where the disk failed: the note may be there.
    """
    try:
        text = read_bytes(note_file(folder, name), MANIFEST_BYTES, ReleaseError)
        return as_record(ShardNote, load_json(text, name, ReleaseError))
    except ReleaseError as error:
        if is_machine_fault(error.__cause__):
            raise
        return None


def read_notes(folder: Path, config: str) -> dict[str, ShardNote]:
    """Path of a shard -> its note, for all notes of a config, whatever the inputs were."""
    notes = {name: read_note(folder, name) for name in sorted(noted(folder, config))}
    return {name: note for name, note in notes.items() if note}


def intact_note(folder: Path, name: str, inputs: str) -> ShardNote | None:
    """The note on a file that was made from `inputs` and is intact; None otherwise."""
    note = read_note(folder, name)
    return note if note and note.inputs == inputs and is_intact(folder, name, note) else None


def is_intact(folder: Path, name: str, note: ShardNote) -> bool:
    """Whether a file is what its note says, byte for byte."""
    file = folder / name
    same = file.is_file() and file.stat().st_size == note.bytes and file_digest(file) == note.sha256
    if same and file.suffix == ".parquet":
        return bool(pq.read_metadata(file).num_rows == note.rows)
    return same


def is_replaced(folder: Path, files: Mapping[str, FileEntry]) -> bool:
    """Whether one of these files of a manifest was made again since, as the notes say."""
    notes = ((entry, read_note(folder, name)) for name, entry in files.items())
    return any(note and note.sha256 != entry.sha256 for entry, note in notes)


def distrust_notes(folder: Path, config: str) -> None:
    """Change the notes of a config so that each of its files is made again.

    The notes stay, since they say which files are ours.
    """
    for name, note in read_notes(folder, config).items():
        write_note(folder, name, replace(note, inputs=""))


def write_note(folder: Path, name: str, note: ShardNote) -> None:
    """Write the note that says what a file is and what it was made from.

    It is written before the file has its name: every file of ours has a note, whenever a run is
    killed, and a note without its file says nothing (`is_intact`).
    """
    text = json.dumps(asdict(note), indent=1, sort_keys=True)
    write_atomically(note_file(folder, name), text.encode())
