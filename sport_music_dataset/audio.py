"""Arithmetic on samples: resample, cut, silence, 16 bit and FLAC."""

import io
from collections.abc import Iterable, Iterator

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from .recipe import SAMPLING_RATE

Mono = NDArray[np.float32]
Pcm = NDArray[np.int16]


def resample(blocks: Iterable[Mono], rate: int, to: int = SAMPLING_RATE) -> Iterator[Mono]:
    """Blocks [N] float32 at `rate` Hz to blocks at `to` Hz, as one signal."""
    if rate == to:
        yield from blocks
        return
    stream = soxr.ResampleStream(rate, to, 1, dtype="float32", quality="HQ")
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def to_pcm16(samples: Mono) -> tuple[Pcm, int]:
    """Samples [N] float32 as int16, and how many lay over full scale: clipped, never wrapped."""
    scaled = np.rint(samples * np.float32(32768))
    over = int(np.count_nonzero(np.abs(samples) > 1))
    return np.clip(scaled, -32768, 32767).astype(np.int16), over


def is_silent(samples: Pcm) -> bool:
    """Whether no sample is louder than one step of 16 bit: digital silence, dithered or not."""
    return bool(samples.max() <= 1 and samples.min() >= -1)


def chunk_count(num_samples: int, chunk_samples: int, hop_samples: int) -> int:
    """How many full-length chunks fit into a track."""
    return max(0, (num_samples - chunk_samples) // hop_samples + 1)


def cut(blocks: Iterable[Pcm], chunk_samples: int, hop_samples: int) -> Iterator[Pcm]:
    """Yield full-length chunks [chunk_samples] every `hop_samples`.

    What is left over at the end is shorter than a chunk and stays out.
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
    """Samples [N] float32 of what `encode_flac` gave."""
    samples, _ = soundfile.read(io.BytesIO(data), dtype="float32")
    return np.asarray(samples, np.float32)
