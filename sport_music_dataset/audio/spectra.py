"""Spectra of a track's chunks, computed once where chunks overlap, and their onsets."""

from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..recipe import SAMPLING_RATE

Floats = NDArray[np.float32]

ONSET_HOP = 500
FRAMES_PER_SECOND = SAMPLING_RATE / ONSET_HOP

_ONSET_WINDOW = 1024
_BANDS = 24
_LOWEST_HERTZ, _HIGHEST_HERTZ = 30.0, 14_000.0
# Levels further below the loudest band of a chunk are inaudible and are raised to this floor.
_RANGE_DB = 60.0
_FLOOR_POWER = 1e-10
# Frames that one call transforms: their spectra fit into a core's cache.
_BLOCK_FRAMES = 64


@dataclass(slots=True)
class Frames:
    """Short-time power spectra of a track's chunks, in ascending order, summed into bands.

    Frames that a chunk shares with the chunk before it are computed once, if `hop` divides
    `chunk_hop`.

    Args:
        window: samples of a frame, which is multiplied by a Hann window.
        hop: samples from the start of a frame to the start of the next.
        weights: weight of each bin in each band, [bins, bands] float32, for the lowest bins of all
            window // 2 + 1.
        chunk_hop: samples from the start of a chunk to the start of the next.
    """

    window: int
    hop: int
    weights: Floats
    chunk_hop: int
    _shape: Floats = field(init=False)
    _index: int = -2
    _bands: Floats = field(init=False)

    def __post_init__(self) -> None:
        self._shape = np.hanning(self.window + 1)[:-1].astype(np.float32)
        self._bands = np.zeros((0, self.weights.shape[1]), np.float32)

    def of(self, index: int, samples: Floats) -> Floats:
        """Power [frames, bands] of the chunk at `index`, samples [N] float32."""
        count = max(0, (len(samples) - self.window) // self.hop + 1)
        shared = self._bands[:0]
        if index == self._index + 1 and self.chunk_hop % self.hop == 0:
            shared = self._bands[self.chunk_hop // self.hop :][:count]
        starts = range(len(shared), count, _BLOCK_FRAMES)
        new = [self._block(samples, at, min(at + _BLOCK_FRAMES, count)) for at in starts]
        self._index, self._bands = index, np.concatenate([shared, *new])
        return self._bands

    def _block(self, samples: Floats, start: int, end: int) -> Floats:
        # Imported here, because the import takes a third of a second.
        from scipy.fft import rfft

        part = samples[start * self.hop : (end - 1) * self.hop + self.window]
        frames = np.lib.stride_tricks.sliding_window_view(part, self.window)[:: self.hop]
        spectrum = rfft(frames * self._shape)[:, : len(self.weights)]
        power = spectrum.real**2 + spectrum.imag**2
        return np.asarray(power @ self.weights, np.float32)


@cache
def _onset_bands() -> Floats:
    """Weights [bins, bands] of triangular bands, equally wide in mel; each band sums to 1."""
    lowest, highest = (2595 * np.log10(1 + h / 700) for h in (_LOWEST_HERTZ, _HIGHEST_HERTZ))
    mels = np.linspace(lowest, highest, _BANDS + 2)
    edges = 700 * (10 ** (mels / 2595) - 1)
    hertz = np.arange(_ONSET_WINDOW // 2 + 1)[:, None] * SAMPLING_RATE / _ONSET_WINDOW
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    weights = np.clip(np.minimum(rising, falling), 0, None)
    # A low band may be narrower than a bin: it takes the nearest bin.
    narrow = np.flatnonzero(weights.sum(axis=0) == 0)
    weights[np.abs(hertz - edges[1:-1]).argmin(axis=0)[narrow], narrow] = 1
    return np.asarray(weights / weights.sum(axis=0), np.float32)


def onset_frames(chunk_hop: int) -> Frames:
    """Frames with the power of 24 bands from 30 Hz to 14 kHz: 64 frames a second."""
    return Frames(_ONSET_WINDOW, ONSET_HOP, _onset_bands(), chunk_hop)


def levels_db(power: Floats) -> Floats:
    """Power [frames, bands] in dB, with a floor 60 dB below the highest level."""
    level = 10 * np.log10(np.maximum(power, _FLOOR_POWER))
    floor = level.max(initial=-100.0) - _RANGE_DB
    return np.asarray(np.maximum(level, floor), np.float32)


def onsets(level: Floats) -> Floats:
    """The rise of every band in dB over two frames, [frames, bands], from levels in dB.

    The rise is above the loudest of the band and its two neighbours two frames earlier, so that a
    gliding tone is no onset.
    Source: Boeck and Widmer, Maximum filter vibrato suppression for onset detection (DAFx 2013).
    """
    around = np.maximum(level, np.maximum(np.roll(level, 1, axis=1), np.roll(level, -1, axis=1)))
    rise = np.zeros_like(level)
    rise[2:] = np.maximum(level[2:] - around[:-2], 0)
    return rise
