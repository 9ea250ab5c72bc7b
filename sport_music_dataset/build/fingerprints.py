"""The fingerprint of a track, and the file that keeps the fingerprints of a library."""

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
"""Pattern for the names of the files of `FingerprintStore`."""

# sha256, items, and the CRC-32 of their bytes: 40 bytes, so that items stay aligned.
_HEADER = struct.Struct("<32sII")


def track_fingerprint(track: Track, recipe: Recipe) -> Items | None:
    """The items of a whole track, without cutting it.

    None if the track does not decode within the recipe's limits: cutting it records the reason.
    """
    try:
        items = fingerprint(decode_within(track, recipe, Tally(), RATE))
        check_unchanged(track)
    except TrackError:
        return None
    return items


class FingerprintStore:
    """Fingerprints by sha256, in one file that is only appended to.

    A killed run loses at most its last fingerprint. `folder` has one file for each version of the
    decoder and Chromaprint; files of other versions are not read. One writer at a time.
    """

    def __init__(self, folder: Path) -> None:
        software = digest([decoder_version(), chromaprint_version(), RATE])
        self.folder = folder
        self.file = folder / f"fingerprints-{software[:8]}.bin"
        folder.mkdir(parents=True, exist_ok=True)
        self._places: dict[str, tuple[int, int, int]] = {}
        with self.file.open("a+b") as handle:
            end = self._scan(handle)
            # A killed run may have written a part of its last fingerprint: it is overwritten.
            handle.truncate(end)

    def _scan(self, handle: BinaryIO) -> int:
        """Find the position of each fingerprint; returns the end of the last complete one."""
        size, place = handle.seek(0, os.SEEK_END), 0
        while place + _HEADER.size <= size:
            handle.seek(place)
            sha256, count, check = _HEADER.unpack(handle.read(_HEADER.size))
            end = place + _HEADER.size + 4 * count
            if end > size:
                break
            self._places[sha256.hex()] = (place + _HEADER.size, count, check)
            place = end
        return place

    def __contains__(self, sha256: str) -> bool:
        return sha256 in self._places

    def add(self, sha256: str, items: Items) -> None:
        """Keep a fingerprint."""
        data = items.astype("<u4").tobytes()
        check = zlib.crc32(data)
        with self.file.open("ab") as handle:
            place = handle.tell() + _HEADER.size
            handle.write(_HEADER.pack(bytes.fromhex(sha256), len(items), check) + data)
        self._places[sha256] = (place, len(items), check)

    def read(self, names: Iterable[str]) -> Iterator[Items | None]:
        """The items of each track; None if they are missing or do not match their checksum."""
        with self.file.open("rb") as handle:
            for sha256 in names:
                place, count, check = self._places.get(sha256, (0, 0, 0))
                handle.seek(place)
                data = handle.read(4 * count)
                good = sha256 in self._places and zlib.crc32(data) == check
                yield np.frombuffer(data, "<u4") if good else None
