"""Log-mel spectra as musicnn was trained on, of audio at 32 kHz.

musicnn takes librosa's mel spectrogram at 16 kHz: frames of 512 samples every 256, 96 bands up to
8 kHz. Frames twice as long at 32 kHz have the same bins, so nothing has to be resampled.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..recipe import SAMPLING_RATE

Floats = NDArray[np.float32]

BANDS = 96
WINDOW, HOP = 1024, 512
_HIGHEST_HERTZ = 8_000.0
_BINS = WINDOW // 4 + 1
# Slaney's mel scale is linear up to 1 kHz, at 15 mel; from there on, 27 mel are a factor of 6.4.
_LINEAR_MEL, _LINEAR_HERTZ = 15.0, 1_000.0
_MEL_FACTOR = np.log(6.4) / 27


def samples_of_frames(frames: int) -> int:
    """Number of samples that `frames` frames take."""
    return (frames - 1) * HOP + WINDOW


def log_mel(samples: Floats) -> Floats:
    """Spectra [..., frames, 96] of samples [..., N] float32 at 32 kHz: log10(1 + 10,000 power).

    There are as many frames as fit.
    """
    # Imported here, because the import takes a third of a second.
    from scipy.fft import rfft

    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW, axis=-1)[..., ::HOP, :]
    spectrum = rfft(frames * _window())[..., :_BINS]
    power = spectrum.real**2 + spectrum.imag**2
    return np.asarray(np.log10(1 + np.float32(10_000) * (power @ _weights())), np.float32)


@cache
def _window() -> Floats:
    # Halved, since twice as many samples add up to twice the amplitude.
    return np.asarray(np.hanning(WINDOW + 1)[:-1] / 2, np.float32)


@cache
def _weights() -> Floats:
    """Weights [bins, 96] of triangular bands of equal area, equally wide in Slaney's mel scale."""
    highest = _LINEAR_MEL + np.log(_HIGHEST_HERTZ / _LINEAR_HERTZ) / _MEL_FACTOR
    mels = np.linspace(0, highest, BANDS + 2)
    linear = mels * _LINEAR_HERTZ / _LINEAR_MEL
    bent = _LINEAR_HERTZ * np.exp(_MEL_FACTOR * (mels - _LINEAR_MEL))
    edges = np.where(mels < _LINEAR_MEL, linear, bent)
    hertz = np.arange(_BINS)[:, None] * SAMPLING_RATE / WINDOW
    rising = (hertz - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - hertz) / np.diff(edges)[1:]
    bands = np.clip(np.minimum(rising, falling), 0, None)
    return np.asarray(bands * 2 / (edges[2:] - edges[:-2]), np.float32)
