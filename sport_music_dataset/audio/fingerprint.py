"""Acoustic fingerprints, by Chromaprint.

A fingerprint has one item of 32 bits every 124 ms. An item describes how the harmony changes in
2.7 s of audio, and does not depend on the encoding, the loudness and the tags. Chromaprint works at
11025 Hz; soxr resamples to this rate three times as fast as Chromaprint's own resampler (4 minutes
of audio: 62 ms against 187 ms).
"""

from collections.abc import Iterable
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from ..errors import MachineError
from .samples import Mono, Pcm, Resampler, to_pcm16

RATE = 11_025
"""The sampling rate that Chromaprint works at, in Hz."""

# An item is computed from 16 frames, each smoothed over 5 frames.
_FRAME, _HOP, _FRAMES_OF_ITEM = 4096, 1365, 20
ITEM_SECONDS = _HOP / RATE
"""Seconds from one item to the next."""
SPAN_SECONDS = (_FRAME + (_FRAMES_OF_ITEM - 1) * _HOP) / RATE
"""Seconds of audio from which one item is computed."""

REMEDY = (
    "Debian, Ubuntu: apt-get install libchromaprint1; macOS: brew install chromaprint; "
    "Windows: put chromaprint.dll on the PATH; conda install -c conda-forge chromaprint"
)

Items = NDArray[np.uint32]


def chromaprint_version() -> str:
    """The versions of the Python binding and of the Chromaprint library that it loads.

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


class Fingerprinter:
    """Makes one fingerprint from blocks of audio."""

    def __init__(self) -> None:
        import chromaprint

        self._fingerprinter = chromaprint.Fingerprinter()
        self._fingerprinter.start(RATE, 1)
        self._decode = chromaprint.decode_fingerprint

    def feed(self, block: Pcm) -> None:
        """Add a block [N] int16 at `RATE`."""
        self._fingerprinter.feed(block.tobytes())

    def finish(self) -> Items:
        """Items [N] uint32 of all blocks; no items for less than 2.7 s of audio."""
        items, _ = self._decode(self._fingerprinter.finish())
        return np.array(items, np.uint32)


class TrackFingerprinter:
    """Makes a track's fingerprint from blocks at any rate, so that the track is decoded once."""

    def __init__(self) -> None:
        self._fingerprinter = Fingerprinter()
        self._resampler = Resampler(RATE)

    def add(self, block: Mono, rate: int) -> None:
        """Add a block [N] float32 at `rate` Hz."""
        self._feed(self._resampler.feed(block, rate))

    def finish(self) -> Items:
        """Items [N] uint32 of all blocks."""
        self._feed(self._resampler.finish())
        return self._fingerprinter.finish()

    def _feed(self, blocks: Iterable[Mono]) -> None:
        for block in blocks:
            self._fingerprinter.feed(to_pcm16(block)[0])


def fingerprint(blocks: Iterable[Mono]) -> Items:
    """The fingerprint, items [N] uint32, of blocks [M] float32 at `RATE`."""
    fingerprinter = Fingerprinter()
    for block in blocks:
        fingerprinter.feed(to_pcm16(block)[0])
    return fingerprinter.finish()
