"""Decode any audio file to mono at 32 kHz, as a stream: memory does not grow with the track.

FFmpeg decodes every format, through PyAV. PyAV's wheels contain their own build of FFmpeg, so the
same version of PyAV gives the same samples on every machine.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame

from ..reasons import Reason, TrackError
from ..recipe import SAMPLING_RATE, Recipe
from ..records import Track
from .containers import claimed_seconds
from .reading import reading
from .samples import Mono, Resampler, downmix
from .tags import copyright_url, read_tags

# Only files with these extensions are read; FFmpeg finds the real format from the bytes.
EXTENSIONS = frozenset(".mp3 .flac .wav .ogg .oga .opus .m4a .mp4 .aac .aif .aiff .aifc".split())
# Only containers that hold their own samples: a playlist would open other files.
_CONTAINERS = "mp3,flac,wav,w64,ogg,mov,mp4,m4a,aac,aiff"
_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
# FFmpeg decodes damaged FLAC frames to noise unless these flags make it check their checksums. MP3
# has no such flags here: many good MP3 files have wrong checksums.
_CODEC_OPTIONS = {"flac": {"err_detect": "crccheck+explode"}}
# Tags are of any encoding, and no reason to leave a file out: their bytes are kept as surrogates.
# From 19 on PyAV does so by itself, and has no such option.
_TAGS: dict[str, Any] = (
    {"metadata_errors": "surrogateescape"} if int(av.__version__.split(".")[0]) < 19 else {}
)
_BLOCK_SAMPLES = 1 << 16
# A smaller file counts as this size for the limit of expansion: its audio stays small anyway.
_LEAST_BYTES = 1 << 16
# What is there of the memory, a sound file needs no more: FFmpeg takes a tenth of it.
_ENOUGH_BYTES = 256 << 20
# Sampling rates of real recordings, in Hz: one block at 1 Hz would become gigabytes at 32 kHz.
_RATES = range(2_000, 768_001)
# +120 dB over full scale, louder than any real sample: from here on, a value is not a number.
_ABSURD = 1e6


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """The format and length of the audio in a container.

    `claimed_seconds` is the length that the container states, None if it states none.
    `estimated_seconds` is the length that FFmpeg gives, an estimate if the container states none.
    `tags` are fields of the track (`read_tags`).
    """

    format: str
    sampling_rate: int
    channels: int
    claimed_seconds: float | None
    estimated_seconds: float
    tags: Mapping[str, Any]


@dataclass(slots=True)
class Tally:
    """The counts from decoding one track.

    `samples` are counted at the output's rate. `source_bytes` is the size of the decoded audio as
    16-bit samples, before it is mixed down and resampled. `broken_off` is set if the decoder
    stopped before the end of the file.
    """

    samples: int = 0
    clipped: int = 0
    nonfinite: int = 0
    damaged_packets: int = 0
    source_bytes: int = 0
    broken_off: bool = False


def decoder_version() -> str:
    """The versions of the decoder, PyAV, and of the FFmpeg that it contains."""
    return f"PyAV {av.__version__} with FFmpeg {av.ffmpeg_version_info}"


def probe(file: str) -> AudioInfo:
    """The format and length of the audio in the container of `file`.

    Raises:
        TrackError: the file is no container that sportgen reads, has no audio stream, or its codec
            or sampling rate cannot be used.
    """
    with _opened(file) as container:
        stream = _audio_stream(container)
        context = stream.codec_context
        seconds = (container.duration or 0) / av.time_base
        if stream.duration is not None and stream.time_base is not None:
            seconds = float(stream.duration * stream.time_base)
        claimed = claimed_seconds(Path(file), container.format.name, seconds)
        tags = read_tags((container.metadata, stream.metadata), copyright_url(Path(file)))
        name, rate = context.codec.canonical_name, context.sample_rate
        return AudioInfo(name, rate, context.channels, claimed, seconds, tags)


Observer = Callable[[Mono, int], None]
"""Called with each block [N] float32 of a track at its own sampling rate, and the rate in Hz."""


def decode_mono(
    file: str,
    tally: Tally | None = None,
    to: int = SAMPLING_RATE,
    observer: Observer | None = None,
) -> Iterator[Mono]:
    """Yield blocks [N] float32 at `to` Hz: the mean of the channels, resampled by soxr HQ.

    Packets that do not decode are skipped, as players do; samples that are not numbers become zero.
    `tally` counts both. `observer` is called with each block before the block is resampled.

    Raises:
        TrackError: the container cannot be read.
    """
    tally = tally or Tally()
    resampler = Resampler(to)
    with _opened(file) as container:
        stream = _audio_stream(container)
        context = stream.codec_context
        context.options = _CODEC_OPTIONS.get(context.name, {})
        for frame in _blocks(container, stream, tally):
            # The rate may change within a chained Ogg file, or where MP3 files were joined.
            _check_rate(frame.sample_rate)
            block = _finite_mean(frame, tally)
            if observer:
                observer(block, frame.sample_rate)
            yield from resampler.feed(block, frame.sample_rate)
        yield from resampler.finish()


def decode_within(
    track: Track, recipe: Recipe, tally: Tally, to: int, observer: Observer | None = None
) -> Iterator[Mono]:
    """Yield blocks [N] float32 at `to` Hz of a track, up to the limits of the recipe.

    Raises:
        TrackError: the container cannot be read, or the track exceeds a limit.
    """
    most_bytes = max(track.size_bytes, _LEAST_BYTES) * recipe.max_expansion
    for block in decode_mono(track.file, tally, to, observer):
        tally.samples += len(block)
        if tally.samples > recipe.max_track_seconds * to:
            raise TrackError(Reason.LIMIT, f"more than {recipe.max_track_seconds:g} s of audio")
        if tally.source_bytes > most_bytes:
            raise TrackError(Reason.LIMIT, f"expands more than {recipe.max_expansion:g} times")
        yield block


@contextmanager
def _opened(file: str) -> Iterator[av.container.InputContainer]:
    """A container; whatever FFmpeg raises becomes a TrackError, without the path.

    A fault of the machine is none of FFmpeg's: raises as `reading`, or MemoryError.
    """
    with reading(file) as stream:
        try:
            with av.open(stream, options=_OPTIONS, **_TAGS) as container:
                yield container
        except (av.FFmpegError, ValueError) as error:
            if isinstance(error, MemoryError):
                _check_memory()
                raise TrackError(Reason.LIMIT, "needs too much memory") from error
            raise TrackError(Reason.UNREADABLE, _plain(error)) from error


def _check_memory() -> None:
    """Raise MemoryError if the machine has none: FFmpeg also says so of sizes that are nonsense."""
    np.empty(_ENOUGH_BYTES, np.uint8)


def _audio_stream(container: av.container.InputContainer) -> av.audio.stream.AudioStream:
    if not container.streams.audio:
        raise TrackError(Reason.NOT_AUDIO, f"no sound in its {container.format.name}")
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise TrackError(Reason.UNREADABLE, "its codec is not known")
    rate = stream.codec_context.sample_rate
    if not rate:
        raise TrackError(Reason.UNREADABLE, "no sampling rate can be found in it")
    _check_rate(rate)
    return stream


def _check_rate(rate: int) -> None:
    if rate not in _RATES:
        raise TrackError(
            Reason.LIMIT, f"sampling rate {rate} Hz, not in {_RATES.start} to {_RATES[-1]}"
        )


def _blocks(
    container: av.container.InputContainer, stream: av.audio.stream.AudioStream, tally: Tally
) -> Iterator[AudioFrame]:
    """Yield frames of about _BLOCK_SAMPLES samples, each of one format, layout and rate."""
    fifo, fifo_format = av.AudioFifo(), None
    for frames in _decoded(container, stream, tally):
        for frame in frames:
            frame_format = (frame.format.name, frame.layout.name, frame.sample_rate)
            if frame_format != fifo_format:
                if block := fifo.read():
                    yield block
                fifo, fifo_format = av.AudioFifo(), frame_format
            frame.pts = None  # a gap in the time stamps is not a gap in the samples
            tally.source_bytes += 2 * frame.samples * frame.layout.nb_channels
            fifo.write(frame)
        if fifo.samples >= _BLOCK_SAMPLES and (block := fifo.read()):
            yield block
    if block := fifo.read():
        yield block


def _decoded(
    container: av.container.InputContainer, stream: av.audio.stream.AudioStream, tally: Tally
) -> Iterator[list[AudioFrame]]:
    """Yield the frames of each packet that decodes."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError as error:
            if isinstance(error, MemoryError):
                _check_memory()
            # The fault is in the file, or `reading` raises it: the frames so far are kept.
            tally.broken_off = True
            return
        if packet is None:
            return
        try:
            yield packet.decode()
        except av.FFmpegError as error:
            if isinstance(error, MemoryError):
                _check_memory()
            tally.damaged_packets += 1


def _finite_mean(frame: AudioFrame, tally: Tally) -> Mono:
    """`downmix` with zeros for samples that are no numbers: soxr spreads a NaN over 35 samples."""
    with np.errstate(invalid="ignore", over="ignore"):
        samples = downmix(frame.to_ndarray(), frame.layout.nb_channels, frame.format.is_packed)
        # With one NaN, min and max are NaN, and both comparisons are false.
        if samples.min(initial=0) > -_ABSURD and samples.max(initial=0) < _ABSURD:
            return samples
        bad = ~(np.abs(samples) < _ABSURD)
    tally.nonfinite += int(np.count_nonzero(bad))
    return np.where(bad, np.float32(0), samples)


def _plain(error: Exception) -> str:
    """FFmpeg's message without the path, which differs between machines; callers add the track."""
    return getattr(error, "strerror", None) or " ".join(str(error).split())
