"""Resample, mix down and cut samples, find silence, and convert to 16 bit and FLAC."""

import io
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from ..recipe import SAMPLING_RATE

Mono = NDArray[np.float32]
Pcm = NDArray[np.int16]


class Resampler:
    """Resamples the blocks of one signal to `to` Hz by soxr HQ; the input's rate may change."""

    def __init__(self, to: int = SAMPLING_RATE) -> None:
        self._to = to
        self._rate = to
        self._stream: soxr.ResampleStream | None = None

    def feed(self, block: Mono, rate: int) -> Iterator[Mono]:
        """Add a block [N] float32 at `rate` Hz, and yield blocks [M] float32 that are ready."""
        if rate != self._rate:
            yield from self.finish()
            self._rate = rate
            if rate != self._to:
                self._stream = soxr.ResampleStream(rate, self._to, 1, "float32", "HQ")
        yield self._stream.resample_chunk(block) if self._stream else block

    def finish(self) -> Iterator[Mono]:
        """Yield the samples that soxr still holds; after this, another signal may be fed."""
        if self._stream:
            yield self._stream.resample_chunk(np.zeros(0, np.float32), last=True)
        self._rate, self._stream = self._to, None


def downmix(samples: NDArray[Any], channels: int, packed: bool) -> Mono:
    """The mean of the channels, [N] float32, with full scale at 1.0.

    Args:
        samples: [channels, N], or [1, N * channels] if `packed`, of any sample type of files.
        channels: number of channels.
        packed: whether the samples of the channels are interleaved.
    """
    if packed:
        samples = samples.reshape(-1, channels).T
    # float32 is exact for a sum of 16-bit samples, but not for a single 32-bit sample.
    wide = samples.dtype.itemsize > 2 and samples.dtype != np.float32
    total = samples[0].astype(np.float64 if wide else np.float32)
    for channel in samples[1:]:
        total += channel
    if samples.dtype.kind == "f":
        return np.asarray(total / channels, np.float32)
    info = np.iinfo(samples.dtype)
    # Unsigned samples (8-bit WAV) have their zero in the middle of the range.
    middle = 0 if info.min < 0 else (info.max + 1) // 2
    full_scale = float(info.max - middle + 1)
    return np.asarray((total - middle * channels) / (channels * full_scale), np.float32)


def to_pcm16(samples: Mono) -> tuple[Pcm, int]:
    """Samples [N] float32 as int16, clipped and never wrapped, and the number over full scale."""
    scaled = np.rint(samples * np.float32(32768))
    over = int(np.count_nonzero(np.abs(samples) > 1))
    return np.clip(scaled, -32768, 32767).astype(np.int16), over


def is_silent(samples: Pcm) -> bool:
    """Whether samples are digital silence, dithered or not: none is louder than one 16-bit step."""
    return bool(samples.max() <= 1 and samples.min() >= -1)


def chunk_count(num_samples: int, chunk_samples: int, hop_samples: int) -> int:
    """Number of full-length chunks in a track."""
    return max(0, (num_samples - chunk_samples) // hop_samples + 1)


def chunks_of(blocks: Iterable[Pcm], chunk_samples: int, hop_samples: int) -> Iterator[Pcm]:
    """Yield full-length chunks [chunk_samples] int16, one every `hop_samples`.

    Samples at the end that are shorter than a chunk are left out.
    """
    held: list[Pcm] = []
    length = 0
    for block in blocks:
        held.append(block)
        length += len(block)
        if length >= chunk_samples:
            joined, start = np.concatenate(held), 0
            while start + chunk_samples <= length:
                yield joined[start : start + chunk_samples]
                start += hop_samples
            held, length = [joined[start:]], length - start


def encode_flac(samples: Pcm) -> bytes:
    """Samples [N] int16 at 32 kHz as the bytes of a 16-bit FLAC file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, SAMPLING_RATE, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def decode_flac(data: bytes) -> Mono:
    """Samples [N] float32 of FLAC bytes from `encode_flac`."""
    samples, _ = soundfile.read(io.BytesIO(data), dtype="float32")
    return np.asarray(samples, np.float32)
