"""How well a codec rebuilds music: multi-scale log-mel distance, and whether the tempo stays.

python tools/nano_measure.py [CODEC=sport_music_dataset/nano/codec]
"""

import sys
from functools import cache
from typing import Any

import librosa
import torch
from nano_codec import RATE, untrained_codec
from nano_music import demo_chunks
from torch import Tensor
from transformers import EncodecModel

SIZES, BANDS = (512, 1024, 2048), 80
FLOOR = 1e-4
TOLERANCE = 0.04


@cache
def _bank(size: int, bands: int) -> tuple[Tensor, Tensor]:
    window = torch.hann_window(size)
    filters = librosa.filters.mel(sr=RATE, n_fft=size, n_mels=bands, norm=None)
    return window, torch.from_numpy(filters) / (window.sum() / 2)


def log_mel(waves: Tensor, size: int, bands: int) -> Tensor:
    """Return log mel magnitudes [B, bands, T] of waves [B, N]; a full-scale tone is at 0.

    Natural logarithms, over a floor 80 dB below full scale.
    """
    window, filters = _bank(size, bands)
    spectra = torch.stft(waves, size, size // 4, window=window, return_complex=True)
    magnitudes = (spectra.real.square() + spectra.imag.square() + 1e-14).sqrt()
    return (filters @ magnitudes + FLOOR).log()


def distance(one: Tensor, other: Tensor) -> float:
    """Return the mean absolute difference of the log mels of waves [B, N] over `SIZES`."""
    parts = [log_mel(one, size, BANDS) - log_mel(other, size, BANDS) for size in SIZES]
    return float(torch.stack([part.abs().mean() for part in parts]).mean())


@torch.inference_mode()
def rebuild(codec: Any, chunk: Tensor) -> Tensor:
    """Return the wave [N] that `codec` decodes from the codes of `chunk` [N]."""
    codes = codec.encode(chunk[None, None]).audio_codes
    wave: Tensor = codec.decode(codes, [None]).audio_values[0, 0]
    return wave


def same_tempo(one: Tensor, other: Tensor) -> bool:
    """Whether librosa finds the same tempo in both waves [N], within 4%."""
    was, now = (librosa.feature.tempo(y=wave.numpy(), sr=RATE).item() for wave in (one, other))
    return bool(abs(now / was - 1) <= TOLERANCE)


def main(folder: str) -> None:
    """Print the measures of a codec over all chunks of the demo tracks, beside untrained ones."""
    chunks = demo_chunks()
    trained = EncodecModel.from_pretrained(folder, dtype=torch.float32)
    untrained = untrained_codec(chunks[:, None, : 5 * RATE])
    print(f"{len(chunks)} chunks of the demo tracks, rebuilt from codes")
    for name, codec in (("trained", trained), ("untrained", untrained)):
        pairs = [(chunk, rebuild(codec, chunk)) for chunk in chunks]
        mean = sum(distance(one[None], other[None]) for one, other in pairs) / len(pairs)
        kept = sum(same_tempo(one, other) for one, other in pairs)
        print(f"{name}: log-mel distance {mean:.3f}, tempo within 4% in {kept} of {len(pairs)}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "sport_music_dataset/nano/codec")
