"""Acoustic fingerprints of tracks, by Chromaprint, and the file that keeps them.

A fingerprint has an item of 32 bits every 124 ms, each from 2.7 s of audio: what the harmony does
there, whatever the encoding, the loudness and the tags. Chromaprint works at 11025 Hz; soxr brings
audio there three times as fast as Chromaprint's own resampler (4 minutes: 62 ms against 187).
"""

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..digests import digest
from ..errors import MachineError
from ..reasons import TrackError
from ..recipe import Recipe
from ..records import Track
from ..source.files import check_unchanged
from .decode import Tally, decode_within, decoder_version
from .samples import Mono, Pcm, Resampler, to_pcm16

RATE = 11_025
"""The sampling rate that Chromaprint works at, in Hz."""

# An item sees 16 frames, and each is smoothed over 5.
_FRAME, _HOP, _FRAMES_OF_ITEM = 4096, 1365, 20
ITEM_SECONDS = _HOP / RATE
SPAN_SECONDS = (_FRAME + (_FRAMES_OF_ITEM - 1) * _HOP) / RATE
"""From one item to the next, and the audio that one is made of."""

REMEDY = (
    "Debian, Ubuntu: apt-get install libchromaprint1; macOS: brew install chromaprint; "
    "conda install -c conda-forge chromaprint"
)

Items = NDArray[np.uint32]

STORES = "fingerprints-*.bin"
"""What the files of `Store` are called."""

# sha256, items, and the CRC-32 of their bytes: 40 bytes, so that items stay aligned.
_HEADER = struct.Struct("<32sII")


def chromaprint_version() -> str:
    """The binding and the library that it loads.

    Raises:
        MachineError: the library is missing.
    """
    try:
        import chromaprint
    except ImportError as error:
        raise MachineError(
            f"Chromaprint's library, which finds duplicates, is missing; {REMEDY}"
        ) from error
    library = chromaprint._libchromaprint.chromaprint_get_version().decode()
    return f"pyacoustid {version('pyacoustid')} with Chromaprint {library}"


class Printer:
    """Makes one fingerprint from audio that comes in blocks."""

    def __init__(self) -> None:
        import chromaprint

        self._printer = chromaprint.Fingerprinter()
        self._printer.start(RATE, 1)
        self._decode = chromaprint.decode_fingerprint

    def feed(self, block: Pcm) -> None:
        """Take a block [N] int16 at `RATE`."""
        self._printer.feed(block.tobytes())

    def finish(self) -> Items:
        """Items [N] uint32 of all that came; none for less than 2.7 s."""
        items, _ = self._decode(self._printer.finish())
        return np.array(items, np.uint32)


class TrackPrinter:
    """Makes the fingerprint of a track that is decoded for something else."""

    def __init__(self) -> None:
        self._printer = Printer()
        self._resampler = Resampler(RATE)

    def hear(self, block: Mono, rate: int) -> None:
        """Take a block [N] float32 at `rate` Hz."""
        self._feed(self._resampler.feed(block, rate))

    def finish(self) -> Items:
        """Items [N] uint32 of all that came."""
        self._feed(self._resampler.finish())
        return self._printer.finish()

    def _feed(self, blocks: Iterable[Mono]) -> None:
        for block in blocks:
            self._printer.feed(to_pcm16(block)[0])


def fingerprint(blocks: Iterable[Mono]) -> Items:
    """Items [N] uint32 of blocks [M] float32 at `RATE`."""
    printer = Printer()
    for block in blocks:
        printer.feed(to_pcm16(block)[0])
    return printer.finish()


def track_fingerprint(track: Track, recipe: Recipe) -> Items | None:
    """The items of a whole track, None where it does not decode within the recipe's limits: why,
    it is told when it is cut."""
    try:
        items = fingerprint(decode_within(track, recipe, Tally(), RATE))
        check_unchanged(track)
    except TrackError:
        return None
    return items


class Store:
    """Fingerprints by sha256, in one file that only grows: a killed run loses the last at most.

    `folder` holds one file for each decoder and Chromaprint; others there are never read. One
    writer at a time.
    """

    def __init__(self, folder: Path) -> None:
        software = digest([decoder_version(), chromaprint_version(), RATE])
        self.file = folder / f"fingerprints-{software[:8]}.bin"
        folder.mkdir(parents=True, exist_ok=True)
        self._places: dict[str, tuple[int, int, int]] = {}
        with self.file.open("a+b") as handle:
            end = self._scan(handle)
            # What a killed run wrote last is there in part: the next one starts behind the whole.
            handle.truncate(end)

    def _scan(self, handle: BinaryIO) -> int:
        """Note where each fingerprint lies; returns where the last whole one ends."""
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
        """The items of each, None where there are none or the disk has garbled them."""
        with self.file.open("rb") as handle:
            for sha256 in names:
                place, count, check = self._places.get(sha256, (0, 0, 0))
                handle.seek(place)
                data = handle.read(4 * count)
                good = sha256 in self._places and zlib.crc32(data) == check
                yield np.frombuffer(data, "<u4") if good else None
