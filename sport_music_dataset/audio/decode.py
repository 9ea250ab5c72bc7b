"""Decode any file to mono at 32 kHz, as a stream: memory does not grow with the track.

One decoder reads every format: FFmpeg through PyAV, whose wheels carry their own build, so the
same versions give the same samples on every machine.
"""

from collections.abc import Callable, Iterator
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
from .samples import Mono, Resampler, downmix

# By extension; what the file really is, FFmpeg finds out from its bytes.
EXTENSIONS = frozenset(".mp3 .flac .wav .ogg .oga .opus .m4a .mp4 .aac .aif .aiff .aifc".split())
# Only containers that hold their own samples: a playlist would open other files.
_CONTAINERS = "mp3,flac,wav,w64,ogg,mov,mp4,m4a,aac,aiff"
_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
# FFmpeg passes damaged FLAC frames on as noise unless told to look at their checksum. Checksums of
# MP3 are wrong in many good files, so they are not asked for.
_CODEC_OPTIONS = {"flac": {"err_detect": "crccheck+explode"}}
# Tags are of any encoding, and no reason to leave a file out. From 19 on PyAV keeps such bytes by
# itself, and has no such option.
_TAGS: dict[str, Any] = (
    {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
)
_BLOCK_SAMPLES = 1 << 16
# A file smaller than this cannot become a bomb of any size.
_LEAST_BYTES = 1 << 16
# Rates of real recordings; at 1 Hz, one block would become gigabytes at 32 kHz.
_RATES = range(2_000, 768_001)
# Louder than anything that was ever meant as a sample: +120 dB over full scale.
_ABSURD = 1e6


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a container says of its sound.

    `claimed_seconds` is None where it does not say; `estimated_seconds` is a guess then.
    """

    format: str
    sampling_rate: int
    channels: int
    claimed_seconds: float | None
    estimated_seconds: float


@dataclass(slots=True)
class Tally:
    """What decoding one track counted.

    `samples` are at the rate decoded to, `source_bytes` those of the file as 16-bit samples;
    `broken_off` says that the decoder gave up before the end.
    """

    samples: int = 0
    clipped: int = 0
    nonfinite: int = 0
    damaged_packets: int = 0
    source_bytes: int = 0
    broken_off: bool = False


def decoder_version() -> str:
    """The decoder, with the version of FFmpeg that it carries."""
    return f"PyAV {av.__version__} with FFmpeg {av.ffmpeg_version_info}"


def probe(file: str) -> AudioInfo:
    """What the container of `file` says.

    Raises:
        TrackError: it is no container we read, or holds no sound.
    """
    with _opened(file) as container:
        stream = _sound(container)
        context = stream.codec_context
        seconds = (container.duration or 0) / av.time_base
        if stream.duration is not None and stream.time_base is not None:
            seconds = float(stream.duration * stream.time_base)
        claimed = claimed_seconds(Path(file), container.format.name, seconds)
        return AudioInfo(
            context.codec.canonical_name, context.sample_rate, context.channels, claimed, seconds
        )


Observer = Callable[[Mono, int], None]
"""Is called with blocks [N] float32 of a track at its own sampling rate, and that rate in Hz."""


def decode_mono(
    file: str,
    tally: Tally | None = None,
    to: int = SAMPLING_RATE,
    observer: Observer | None = None,
) -> Iterator[Mono]:
    """Blocks [N] float32 at `to` Hz: the mean of the channels, resampled by soxr HQ.

    Packets that do not decode are passed over, as players do; samples that are no numbers become
    zero. Both are counted in `tally`. `observer` gets each block before it is resampled.

    Raises:
        TrackError: the container cannot be read.
    """
    tally = tally or Tally()
    resampler = Resampler(to)
    with _opened(file) as container:
        stream = _sound(container)
        context = stream.codec_context
        context.options = _CODEC_OPTIONS.get(context.name, {})
        for frame in _blocks(container, stream, tally):
            # A chained Ogg, or MP3s glued together, may change their rate midway.
            _check_rate(frame.sample_rate)
            block = _finite_mean(frame, tally)
            if observer:
                observer(block, frame.sample_rate)
            yield from resampler.feed(block, frame.sample_rate)
        yield from resampler.finish()


def decode_within(
    track: Track, recipe: Recipe, tally: Tally, to: int, observer: Observer | None = None
) -> Iterator[Mono]:
    """Blocks [N] float32 at `to` Hz of a track, within the recipe's limits.

    Raises:
        TrackError: the container cannot be read, or a limit is passed.
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
    """A container; whatever FFmpeg raises becomes a TrackError, without the path."""
    try:
        with av.open(file, options=_OPTIONS, **_TAGS) as container:
            yield container
    except MemoryError as error:
        raise TrackError(Reason.LIMIT, "needs too much memory") from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise TrackError(Reason.UNREADABLE, _plain(error)) from error


def _sound(container: av.container.InputContainer) -> av.audio.stream.AudioStream:
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
    """Frames of about _BLOCK_SAMPLES, each of one format."""
    fifo, form = av.AudioFifo(), None
    for frames in _decoded(container, stream, tally):
        for frame in frames:
            this = (frame.format.name, frame.layout.name, frame.sample_rate)
            if this != form:
                if block := fifo.read():
                    yield block
                fifo, form = av.AudioFifo(), this
            frame.pts = None  # gaps in the time stamps are no gaps in the samples
            tally.source_bytes += 2 * frame.samples * frame.layout.nb_channels
            fifo.write(frame)
        if fifo.samples >= _BLOCK_SAMPLES and (block := fifo.read()):
            yield block
    if block := fifo.read():
        yield block


def _decoded(
    container: av.container.InputContainer, stream: av.audio.stream.AudioStream, tally: Tally
) -> Iterator[list[AudioFrame]]:
    """Frames of one packet after the other, as far as they decode."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except OSError:
            raise
        except av.FFmpegError:
            # What came before is good: the disk is well, the file is not.
            tally.broken_off = True
            return
        if packet is None:
            return
        try:
            yield packet.decode()
        except av.FFmpegError:
            tally.damaged_packets += 1


def _finite_mean(frame: AudioFrame, tally: Tally) -> Mono:
    """`downmix` with zeros for what is no number: one NaN would spread over 35 when resampled."""
    with np.errstate(invalid="ignore", over="ignore"):
        samples = downmix(frame.to_ndarray(), frame.layout.nb_channels, frame.format.is_packed)
        # One NaN makes both of them NaN, for which no comparison holds.
        if samples.min(initial=0) > -_ABSURD and samples.max(initial=0) < _ABSURD:
            return samples
        bad = ~(np.abs(samples) < _ABSURD)
    tally.nonfinite += int(np.count_nonzero(bad))
    return np.where(bad, np.float32(0), samples)


def _plain(error: Exception) -> str:
    """An error in FFmpeg's words alone: its path is a machine's, and ours to name."""
    return getattr(error, "strerror", None) or " ".join(str(error).split())
