"""Resample, mix down and cut samples, find silence, and convert to 16 bit and FLAC."""

import io
import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from ..recipe import SAMPLING_RATE

Mono = NDArray[np.float32]
Pcm = NDArray[np.int16]

# 20 dB, as a ratio of energies: a mean that loses more is no mix of what the channels hold.
_CANCELLED = 100.0
# In the STREAMINFO block, with which every FLAC file begins (RFC 9639, section 8.2).
_FLAC_MD5 = slice(26, 42)


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


class Block(NamedTuple):
    """Samples [channels, N] of any sample type of files, and their rate in Hz."""

    samples: NDArray[Any]
    rate: int


class Mixer:
    """Makes one channel of a track's channels: their mean, or the channel that is asked for.

    Channels of opposite phase cancel each other in the mean; `louder` tells which one to keep then.
    """

    def __init__(self, channel: int | None = None) -> None:
        self._channel = channel
        self._mean_energy = 0.0
        self._energies: list[float] = []

    def mix(self, samples: NDArray[Any]) -> Mono:
        """Mix down channels [channels, N] of any sample type: [N] float32, full scale at 1.0."""
        if self._channel is not None:
            samples = samples[min(self._channel, len(samples) - 1)][None]
        # float32 is exact for a sum of 16-bit samples, but not for a single 32-bit sample.
        wide = samples.dtype.itemsize > 2 and samples.dtype != np.float32
        kind = np.dtype(np.float64 if wide else np.float32)
        middle, full_scale = _range(samples.dtype)
        total: NDArray[Any] = samples[0].astype(kind)
        energies = []
        for index in range(len(samples)):
            channel = samples[index].astype(kind, copy=False) if index else total
            if middle:
                channel = channel - kind.type(middle)
            energies.append(float(np.dot(channel, channel)) / full_scale**2)
            total = np.add(total, channel, out=total) if index else channel
        mean = np.asarray(np.divide(total, len(samples) * full_scale, out=total), np.float32)
        if len(samples) > 1:
            self._add(energies, float(np.dot(mean, mean)))
        return mean

    def _add(self, energies: list[float], mean: float) -> None:
        if math.isfinite(sum(energies) + mean):
            self._mean_energy += mean
            self._energies += [0.0] * (len(energies) - len(self._energies))
            for index, energy in enumerate(energies):
                self._energies[index] += energy

    @property
    def louder(self) -> int | None:
        """The index of the loudest channel if the mean is over 20 dB weaker than it, else None."""
        most = max(self._energies, default=0.0)
        return self._energies.index(most) if _CANCELLED * self._mean_energy < most else None


def _range(dtype: np.dtype[Any]) -> tuple[int, float]:
    """(zero, full scale) of a sample type; that of unsigned samples (8-bit WAV) is amid them."""
    if dtype.kind == "f":
        return 0, 1.0
    info = np.iinfo(dtype)
    middle = 0 if info.min < 0 else (info.max + 1) // 2
    return middle, float(info.max - middle + 1)


def to_pcm16(samples: Mono) -> tuple[Pcm, int]:
    """Samples [N] float32 as int16, clipped and never wrapped, and the number over full scale."""
    scaled = samples * np.float32(32768)
    over = 0
    if scaled.max(initial=0) > 32767 or scaled.min(initial=0) < -32768:
        over = int(np.count_nonzero(np.abs(samples) > 1))
        np.clip(scaled, -32768, 32767, out=scaled)
    return np.rint(scaled, out=scaled).astype(np.int16), over


def is_silent(samples: Pcm) -> bool:
    """Whether samples are digital silence, dithered or not: none is louder than one 16-bit step."""
    return bool(samples.max() <= 1 and samples.min() >= -1)


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


def flac_md5(flac: bytes) -> str:
    """MD5, in hex, of the samples that FLAC bytes from `encode_flac` hold: their header has it."""
    return flac[_FLAC_MD5].hex()


def encode_flac(samples: Pcm) -> bytes:
    """Samples [N] int16 at 32 kHz as the bytes of a 16-bit FLAC file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, SAMPLING_RATE, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def decode_flac(data: bytes) -> Mono:
    """Samples [N] float32 of FLAC bytes from `encode_flac`."""
    samples, _ = soundfile.read(io.BytesIO(data), dtype="float32")
    return np.asarray(samples, np.float32)
