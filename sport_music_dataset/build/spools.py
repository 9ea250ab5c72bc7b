"""Spools: one file for each track that is cut and waits for its shard; a later run can use it.

A track is decoded once, which gives its rows and its fingerprint. Its shard is known only after all
fingerprints are compared. Until then a spool keeps the rows: the FLAC files of the chunks one after
the other, then JSON of everything else, then a footer. There is no fsync, because decoding would
wait for the disk; a checksum finds spools that a power cut damaged.
"""

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from ..records import Outcome, Row
from ..storage.atomic import partial_name

# Length of the JSON in bytes, and CRC-32 of everything before the footer.
_FOOTER = struct.Struct("<QI")
_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Spooled:
    """The outcome of cutting a track, and the items of its fingerprint, None if it has none."""

    outcome: Outcome
    items: list[int] | None = None


class SpoolWriter:
    """Writes a spool under a temporary name, and renames it when it is complete.

    Use it as a context manager.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._partial = partial_name(file)
        self._sizes: list[int] = []
        self._check = 0

    def __enter__(self) -> Self:
        self._stream = self._partial.open("wb")
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._partial.unlink(missing_ok=True)

    def add(self, flac: bytes) -> None:
        """Add the FLAC file of the next chunk."""
        self._write(flac)
        self._sizes.append(len(flac))

    def finish(self, spooled: Spooled, rows: Sequence[Row | None]) -> None:
        """Add the other data and the footer. `rows`: one for each chunk, None to leave it out."""
        known = {**asdict(spooled), "rows": rows, "sizes": self._sizes}
        data = json.dumps(known).encode()
        self._write(data)
        self._stream.write(_FOOTER.pack(len(data), self._check))
        self._stream.close()
        self._partial.replace(self._file)

    def _write(self, data: bytes) -> None:
        self._check = zlib.crc32(data, self._check)
        self._stream.write(data)


def read_spool(file: Path) -> Spooled | None:
    """Read a spool without its audio; None if there is no spool or it is incomplete."""
    if not file.is_file() or not _is_whole(file):
        return None
    known = _known(file)
    return Spooled(Outcome(**known["outcome"]), known["items"])


def read_spooled_rows(file: Path) -> Iterator[Row]:
    """Yield the rows of a complete spool."""
    known = _known(file)
    with file.open("rb") as stream:
        for row, size in zip(known["rows"], known["sizes"], strict=True):
            flac = stream.read(size)
            if row is not None:
                yield row | {"audio": {"bytes": flac, "path": f"{row['chunk_id']}.flac"}}


def _known(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        end = stream.seek(-_FOOTER.size, 2)
        length, _ = _FOOTER.unpack(stream.read())
        stream.seek(end - length)
        known: dict[str, Any] = json.loads(stream.read(length))
        return known


def _is_whole(file: Path) -> bool:
    left = file.stat().st_size - _FOOTER.size
    check = 0
    with file.open("rb") as stream:
        while left > 0:
            data = stream.read(min(left, _READ_BYTES))
            check = zlib.crc32(data, check)
            left -= len(data)
        footer = stream.read()
    return len(footer) == _FOOTER.size and _FOOTER.unpack(footer)[1] == check
