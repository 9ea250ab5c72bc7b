"""Spools: one file per cut track, with the track's rows until its shard is written.

A track is decoded once, for its rows and its fingerprint. The shard of a track is known only when
all fingerprints are compared; until then the rows are in a spool, which a later run can use too. A
spool has the FLAC files of the chunks one after the other, then JSON with all other values, then a
footer. There is no fsync, which would make decoding wait for the disk; a checksum in the footer
shows which spools a power cut has damaged.
"""

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from ..audio.samples import flac_md5
from ..outside.records import as_record
from ..records import Outcome, Row
from ..storage.atomic import partial_name

# The length of the JSON in bytes, and the CRC-32 of all bytes before the footer.
_FOOTER = struct.Struct("<QI")
_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Spooled:
    """What a spool records of its track: the outcome, and the items of the fingerprint.

    `items` is None if the track has no fingerprint.
    """

    outcome: Outcome
    items: list[int] | None = None


class SpoolWriter:
    """Writes a spool under a temporary name, and renames it when it is complete.

    It is a context manager; without `finish`, its end removes the incomplete spool.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._partial = partial_name(file)
        self._sizes: list[int] = []
        self._check = 0

    def __enter__(self) -> Self:
        self._stream = self._partial.open("xb")
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._partial.unlink(missing_ok=True)

    def add(self, flac: bytes) -> None:
        """Write the FLAC file of the next chunk."""
        self._write(flac)
        self._sizes.append(len(flac))

    def finish(self, spooled: Spooled, rows: Sequence[Row | None]) -> None:
        """Complete the spool.

        `rows` has one item per chunk: its row without `audio`, or None to leave the chunk out.
        """
        record = {**asdict(spooled), "rows": rows, "sizes": self._sizes}
        data = json.dumps(record).encode()
        self._write(data)
        self._stream.write(_FOOTER.pack(len(data), self._check))
        self._stream.close()
        self._partial.replace(self._file)

    def _write(self, data: bytes) -> None:
        self._check = zlib.crc32(data, self._check)
        self._stream.write(data)


def read_spool(file: Path) -> Spooled | None:
    """Read the outcome and fingerprint from a spool; None if it is missing or not complete."""
    if not file.is_file() or not _is_complete(file):
        return None
    record = _read_record(file)
    outcome = as_record(Outcome, record.get("outcome"))
    return as_record(Spooled, {"outcome": outcome, "items": record.get("items")})


def read_spooled_rows(file: Path) -> Iterator[Row]:
    """Yield the rows of a complete spool, each with its `audio` and the MD5 of that."""
    record = _read_record(file)
    with file.open("rb") as stream:
        for row, size in zip(record["rows"], record["sizes"], strict=True):
            flac = stream.read(size)
            if row is not None:
                audio = {"bytes": flac, "path": f"{row['chunk_id']}.flac"}
                yield row | {"audio": audio, "audio_md5": flac_md5(flac)}


def _read_record(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        end = stream.seek(-_FOOTER.size, 2)
        length, _ = _FOOTER.unpack(stream.read())
        stream.seek(end - length)
        record: dict[str, Any] = json.loads(stream.read(length))
        return record


def _is_complete(file: Path) -> bool:
    left = file.stat().st_size - _FOOTER.size
    check = 0
    with file.open("rb") as stream:
        while left > 0:
            data = stream.read(min(left, _READ_BYTES))
            check = zlib.crc32(data, check)
            left -= len(data)
        footer = stream.read()
    return len(footer) == _FOOTER.size and _FOOTER.unpack(footer)[1] == check
