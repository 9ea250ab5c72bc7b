"""The fingerprint of a whole track, and the file that stores the fingerprints of a library."""

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..audio.decode import Tally, decode_within, decoder_version
from ..audio.fingerprint import RATE, Items, chromaprint_version, fingerprint
from ..digests import digest
from ..reasons import TrackError
from ..recipe import Recipe
from ..records import Track
from ..source.files import check_unchanged

STORES = "fingerprints-*.bin"
"""The pattern of the names of `FingerprintStore` files."""

# sha256, number of items, CRC-32 of the items' bytes: 40 bytes, so that the items stay aligned.
_HEADER = struct.Struct("<32sII")


def track_fingerprint(track: Track, recipe: Recipe) -> tuple[Items | None, str]:
    """Fingerprint a whole track without cutting it: (items, uint32 [items]; reason).

    The items are None if the track does not decode within the recipe's limits. Cutting it records
    the reason.
    """
    try:
        tally = Tally()
        items = fingerprint(decode_within(track, recipe, tally, RATE))
        if tally.louder is not None:
            items = fingerprint(decode_within(track, recipe, Tally(), RATE, channel=tally.louder))
        check_unchanged(track)
    except TrackError as error:
        return None, str(error)
    return items, ""


class FingerprintStore:
    """Fingerprints by sha256, in one file that only grows; a killed run damages at most the last.

    `folder` has one file for each pair of versions of decoder and Chromaprint, and only the file of
    the present versions is read. Only one process may write at a time.
    """

    def __init__(self, folder: Path) -> None:
        software = digest([decoder_version(), chromaprint_version(), RATE])
        self.folder = folder
        self.file = folder / f"fingerprints-{software[:8]}.bin"
        folder.mkdir(parents=True, exist_ok=True)
        # sha256 -> (offset of the items in bytes, number of items, CRC-32)
        self._positions: dict[str, tuple[int, int, int]] = {}
        with self.file.open("a+b") as handle:
            end = self._index(handle)
            # Cut off a last fingerprint that a killed run has written in part.
            handle.truncate(end)

    def _index(self, handle: BinaryIO) -> int:
        """Record the position of each fingerprint; returns the end of the last complete one."""
        size, position = handle.seek(0, os.SEEK_END), 0
        while position + _HEADER.size <= size:
            handle.seek(position)
            sha256, count, check = _HEADER.unpack(handle.read(_HEADER.size))
            end = position + _HEADER.size + 4 * count
            if end > size:
                break
            self._positions[sha256.hex()] = (position + _HEADER.size, count, check)
            position = end
        return position

    def __contains__(self, sha256: str) -> bool:
        return sha256 in self._positions

    def add(self, sha256: str, items: Items) -> None:
        """Append a fingerprint to the file."""
        data = items.astype("<u4").tobytes()
        check = zlib.crc32(data)
        with self.file.open("ab") as handle:
            position = handle.tell() + _HEADER.size
            handle.write(_HEADER.pack(bytes.fromhex(sha256), len(items), check) + data)
        self._positions[sha256] = (position, len(items), check)

    def read(self, names: Iterable[str]) -> Iterator[Items | None]:
        """Yield the items of each sha256; None if they are missing or their checksum is wrong."""
        with self.file.open("rb") as handle:
            for sha256 in names:
                position, count, check = self._positions.get(sha256, (0, 0, 0))
                handle.seek(position)
                data = handle.read(4 * count)
                is_valid = sha256 in self._positions and zlib.crc32(data) == check
                yield np.frombuffer(data, "<u4") if is_valid else None
