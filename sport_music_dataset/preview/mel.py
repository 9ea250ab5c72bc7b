"""Log mel spectrograms of waves, and the distance between the spectrograms of two waves."""

import math
from functools import cache

import librosa
import torch
from torch import Tensor

from ..recipe import SAMPLING_RATE

SIZES, BANDS = (512, 1024, 2048), 80
DB_PER_NEPER = 20 / math.log(10)

_FLOOR = 1e-4


@cache
def _bank(size: int, bands: int) -> tuple[Tensor, Tensor]:
    window = torch.hann_window(size)
    filters = librosa.filters.mel(sr=SAMPLING_RATE, n_fft=size, n_mels=bands, norm=None)
    return window, torch.from_numpy(filters) / (window.sum() / 2)


def log_mel(waves: Tensor, size: int, bands: int) -> Tensor:
    """Log mel magnitudes [B, bands, T] of waves [B, N] at 32 kHz; a full-scale tone is 0.

    Frames have `size` samples and start a quarter of that apart. Natural logarithms, with a floor
    80 dB below full scale. Differentiable.
    """
    window, filters = _bank(size, bands)
    spectra = torch.stft(waves, size, size // 4, window=window, return_complex=True)
    magnitudes = (spectra.real.square() + spectra.imag.square() + 1e-14).sqrt()
    return (filters @ magnitudes + _FLOOR).log()


def distance(one: Tensor, other: Tensor) -> float:
    """The mean absolute difference of the log mels of waves [B, N], over `SIZES`.

    In natural logarithms; multiply by `DB_PER_NEPER` for dB. Source: the multi-scale spectral loss
    of Défossez et al. 2022, "High Fidelity Neural Audio Compression", of which this is the L1 part.
    """
    parts = [log_mel(one, size, BANDS) - log_mel(other, size, BANDS) for size in SIZES]
    return float(torch.stack([part.abs().mean() for part in parts]).mean())
