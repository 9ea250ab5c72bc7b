"""Acoustic fingerprints, by Chromaprint.

A fingerprint has an item of 32 bits every 124 ms, each from 2.7 s of audio: what the harmony does
there, whatever the encoding, the loudness and the tags. Chromaprint works at 11025 Hz; soxr brings
audio there three times as fast as Chromaprint's own resampler (4 minutes: 62 ms against 187).
"""

from collections.abc import Iterable
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from ..errors import MachineError
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


class Fingerprinter:
    """Makes one fingerprint from audio that comes in blocks."""

    def __init__(self) -> None:
        import chromaprint

        self._fingerprinter = chromaprint.Fingerprinter()
        self._fingerprinter.start(RATE, 1)
        self._decode = chromaprint.decode_fingerprint

    def feed(self, block: Pcm) -> None:
        """Take a block [N] int16 at `RATE`."""
        self._fingerprinter.feed(block.tobytes())

    def finish(self) -> Items:
        """Items [N] uint32 of all that came; none for less than 2.7 s."""
        items, _ = self._decode(self._fingerprinter.finish())
        return np.array(items, np.uint32)


class TrackFingerprinter:
    """Makes the fingerprint of a track from the blocks that are decoded for something else."""

    def __init__(self) -> None:
        self._fingerprinter = Fingerprinter()
        self._resampler = Resampler(RATE)

    def add(self, block: Mono, rate: int) -> None:
        """Take a block [N] float32 at `rate` Hz."""
        self._feed(self._resampler.feed(block, rate))

    def finish(self) -> Items:
        """Items [N] uint32 of all that came."""
        self._feed(self._resampler.finish())
        return self._fingerprinter.finish()

    def _feed(self, blocks: Iterable[Mono]) -> None:
        for block in blocks:
            self._fingerprinter.feed(to_pcm16(block)[0])


def fingerprint(blocks: Iterable[Mono]) -> Items:
    """Items [N] uint32 of blocks [M] float32 at `RATE`."""
    fingerprinter = Fingerprinter()
    for block in blocks:
        fingerprinter.feed(to_pcm16(block)[0])
    return fingerprinter.finish()
