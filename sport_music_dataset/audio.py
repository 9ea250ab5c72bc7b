"""Decode, downmix, resample and cut, as streams: memory does not grow with the track.

One decoder reads every format: FFmpeg through PyAV, whose wheels carry their own build, so the
same versions give the same samples on every machine.
"""

import io
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
import soundfile
import soxr
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from .errors import SourceError
from .recipe import SAMPLING_RATE

Mono = NDArray[np.float32]
Pcm = NDArray[np.int16]

# By extension; what the file really is, FFmpeg finds out from its bytes.
EXTENSIONS = frozenset(".mp3 .flac .wav .ogg .oga .opus .m4a .mp4 .aac .aif .aiff .aifc".split())
# Only containers that hold their own samples: a playlist would open other files.
_CONTAINERS = "mp3,flac,wav,w64,ogg,mov,mp4,m4a,aac,aiff"
_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
_BLOCK_SAMPLES = 1 << 16


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a container says of its sound. `duration_seconds` may be an estimate."""

    format: str
    sampling_rate: int
    channels: int
    duration_seconds: float


def decoder_version() -> str:
    """The decoder and its version, as the manifest records it."""
    return f"PyAV {av.__version__} (FFmpeg {av.ffmpeg_version_info})"


def probe(file: str) -> AudioInfo | None:
    """What the container of `file` says; None where it holds no sound.

    Raises:
        SourceError: the bytes are no container we read.
    """
    try:
        with av.open(file, options=_OPTIONS) as container:
            if not container.streams.audio:
                return None
            stream = container.streams.audio[0]
            ticks, base = stream.duration, stream.time_base
            seconds = (container.duration or 0) / av.time_base
            if ticks is not None and base is not None:
                seconds = float(ticks * base)
            context = stream.codec_context
            if context.sample_rate <= 0:
                return None
            return AudioInfo(context.name, context.sample_rate, context.channels, seconds)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise SourceError(_plain(error)) from error


def decode_mono(file: str) -> Iterator[Mono]:
    """Blocks [N] float32 at 32 kHz: the mean of the channels, resampled by soxr HQ.

    Packets that do not decode are passed over, as players do.

    Raises:
        SourceError: the container cannot be read, or its sound changes format midway.
    """
    try:
        with av.open(file, options=_OPTIONS) as container:
            stream = container.streams.audio[0]
            rate = stream.codec_context.sample_rate
            yield from resample(map(downmix, _blocks(container, stream)), rate)
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        raise SourceError(_plain(error)) from error


def _blocks(
    container: av.container.InputContainer, stream: av.audio.stream.AudioStream
) -> Iterator[AudioFrame]:
    fifo = av.AudioFifo()
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            continue
        for frame in frames:
            frame.pts = None  # gaps in the time stamps are no gaps in the samples
            fifo.write(frame)
        if fifo.samples >= _BLOCK_SAMPLES and (block := fifo.read()):
            yield block
    if block := fifo.read():
        yield block


def downmix(frame: AudioFrame) -> Mono:
    """The mean of a frame's channels, [N] float32, full scale at 1.0."""
    samples: NDArray[Any] = frame.to_ndarray()
    if frame.format.is_packed:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    if samples.dtype.kind == "f":
        return np.asarray(samples.mean(axis=0, dtype=samples.dtype), np.float32)
    info = np.iinfo(samples.dtype)
    # Unsigned samples (8-bit WAV) have their zero in the middle of the range.
    middle = 0 if info.min < 0 else (info.max + 1) // 2
    full_scale = float(info.max - middle + 1)
    mean = samples.mean(axis=0, dtype=np.float64)
    return np.asarray((mean - middle) / full_scale, np.float32)


def resample(blocks: Iterable[Mono], rate: int) -> Iterator[Mono]:
    """Blocks [N] float32 at `rate` Hz to blocks at 32 kHz, as one signal."""
    if rate == SAMPLING_RATE:
        yield from blocks
        return
    stream = soxr.ResampleStream(rate, SAMPLING_RATE, 1, dtype="float32", quality="HQ")
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def to_pcm16(samples: Mono) -> tuple[Pcm, int]:
    """Samples [N] float32 as int16, and how many lay over full scale: clipped, never wrapped."""
    scaled = np.rint(samples * np.float32(32768))
    over = int(np.count_nonzero(np.abs(samples) > 1))
    return np.clip(scaled, -32768, 32767).astype(np.int16), over


def chunk_count(num_samples: int, chunk_samples: int, hop_samples: int) -> int:
    """How many full-length chunks fit into a track."""
    return max(0, (num_samples - chunk_samples) // hop_samples + 1)


def cut(blocks: Iterable[Pcm], chunk_samples: int, hop_samples: int) -> Generator[Pcm, None, int]:
    """Yield full-length chunks [chunk_samples] every `hop_samples`; return the track's samples.

    What is left over at the end is shorter than a chunk and stays out.
    """
    held = np.zeros(0, np.int16)
    total = 0
    for block in blocks:
        total += len(block)
        held = np.concatenate((held, block))
        while len(held) >= chunk_samples:
            yield held[:chunk_samples]
            held = held[hop_samples:]
    return total


def encode_flac(samples: Pcm) -> bytes:
    """Samples [N] int16 at 32 kHz as the bytes of a 16-bit FLAC file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, SAMPLING_RATE, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def decode_flac(data: bytes) -> Mono:
    """Samples [N] float32 of what `encode_flac` gave."""
    samples, _ = soundfile.read(io.BytesIO(data), dtype="float32")
    return np.asarray(samples, np.float32)


def _plain(error: Exception) -> str:
    """An error in FFmpeg's words alone: its path is a machine's, and ours to name."""
    return getattr(error, "strerror", None) or " ".join(str(error).split())
