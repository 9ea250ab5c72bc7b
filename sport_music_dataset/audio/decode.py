"""Decode any audio file to mono at 32 kHz, as a stream: memory does not grow with the track.

FFmpeg decodes every format, through PyAV. PyAV's wheels contain their own build of FFmpeg, so the
same version of PyAV gives the same samples on every machine. What FFmpeg refuses, libsndfile reads
if it can; its version is that of the wheel of soundfile.
"""

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from ..reasons import Reason, TrackError, kind_of, read_fault
from ..recipe import SAMPLING_RATE, Recipe
from ..records import Decoder, Track
from .containers.claims import claimed_seconds
from .containers.heads import kind_of_head, packed_kind, read_head
from .containers.libsndfile import opened_sound
from .containers.ogg import Part, PartReader, read_chain
from .containers.riff import read_wave
from .containers.streams import check_rate, estimated_seconds, sound_stream, stated_seconds
from .reading import reading
from .samples import Block, Mixer, Mono, Resampler
from .tags import id3_address, id3_genre, read_tags

# Only files with these extensions are read; FFmpeg finds the real format from the bytes.
EXTENSIONS = frozenset(
    ".mp3 .mp2 .mpga .flac .wav .wave .bwf .rf64 .w64 .ogg .oga .opus .spx "
    ".m4a .m4b .m4r .m4p .mp4 .m4v .mov .3gp .aac .ac3 .eac3 .aif .aiff .aifc .caf .au .snd .amr "
    ".mka .mkv .webm .weba .wma .wmv .asf .ape .wv .tta .tak .mpc .dsf".split()
)
# Only containers that hold their own samples: a playlist would open other files.
_CONTAINERS = (
    "mp3,flac,wav,w64,ogg,mov,mp4,m4a,aac,ac3,eac3,aiff,caf,au,amr,matroska,webm,asf,ape,wv,tta,tak,"
    "mpc,mpc8,dsf"
)
_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
# Kinds of faults of a file that libsndfile may not have.
_REFUSED = (Reason.UNREADABLE, Reason.NOT_AUDIO)
# FFmpeg decodes damaged FLAC frames to noise unless these flags make it check their checksums. MP3
# has no such flags here: many good MP3 files have wrong checksums.
_CODEC_OPTIONS = {"flac": {"err_detect": "crccheck+explode"}}
# Tags are of any encoding, and no reason to leave a file out: their bytes are kept as surrogates.
# From 19 on PyAV does so by itself, and has no such option.
_TAGS: dict[str, Any] = (
    {"metadata_errors": "surrogateescape"} if int(av.__version__.split(".")[0]) < 19 else {}
)
# FFmpeg's names of the containers that libsndfile reads; lengths of the others are its own.
_CLAIMED_AS = {"WAV": "wav", "WAVEX": "wav", "RF64": "wav", "W64": "w64", "OGG": "ogg"}
_BLOCK_SAMPLES = 1 << 16
# A smaller file counts as this size for the limit of expansion: its audio stays small anyway.
_LEAST_BYTES = 1 << 16
# What is there of the memory, a sound file needs no more: FFmpeg takes a tenth of it.
_ENOUGH_BYTES = 256 << 20
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
    """The counts from decoding one track, and by what it was decoded.

    `samples` are counted at the output's rate. `source_bytes` is the size of the decoded audio as
    16-bit samples, before it is mixed down and resampled. `broken_off` is set if the decoder
    stopped before the end of the file. `louder` is the index of the channel to keep instead of the
    mean, if the channels cancel each other in the mean, else None; it is set at the end.
    """

    samples: int = 0
    clipped: int = 0
    nonfinite: int = 0
    damaged_packets: int = 0
    source_bytes: int = 0
    broken_off: bool = False
    decoder: str = ""
    louder: int | None = None


def decoder_version() -> str:
    """The versions of the decoders: PyAV, the FFmpeg that it contains, and libsndfile."""
    libsndfile = soundfile.__libsndfile_version__
    return f"PyAV {av.__version__} with FFmpeg {av.ffmpeg_version_info}, libsndfile {libsndfile}"


def probe(file: str) -> AudioInfo:
    """The format and length of the audio in the container of `file`.

    Raises:
        TrackError: the file is no container that sportgen reads, has no audio stream, or its codec
            or sampling rate cannot be used.
    """
    try:
        return _probe_by_ffmpeg(file)
    except TrackError as error:
        if kind_of(str(error)) not in _REFUSED:
            raise
        if info := _probe_by_libsndfile(file):
            return info
        if kind := kind_of_head(read_head(file)):
            raise TrackError(Reason.NOT_AUDIO, kind) from error
        raise


def _probe_by_libsndfile(file: str) -> AudioInfo | None:
    """As `probe`, of a file that FFmpeg refuses; None if libsndfile refuses it too."""
    with opened_sound(file) as sound:
        if not sound:
            return None
        found = sound.file
        check_rate(found.samplerate)
        kind = _CLAIMED_AS.get(found.format, "")
        claimed = claimed_seconds(Path(file), kind, sound.seconds)
        seconds = sound.seconds if claimed is None else claimed
        tags = read_tags((sound.tags,))
        name = found.subtype.lower()
        return AudioInfo(name, found.samplerate, found.channels, claimed, seconds, tags)


def _probe_by_ffmpeg(file: str) -> AudioInfo:
    """As `probe`, by FFmpeg."""
    with _opened(file) as container:
        if kind := packed_kind(read_head(file)):
            raise TrackError(Reason.NOT_AUDIO, kind)
        stream = sound_stream(container, file)
        context = stream.codec_context
        stated = stated_seconds(container, stream)
        kind = container.format.name
        claimed = claimed_seconds(Path(file), kind, stated, context.bit_rate or 0)
        size = Path(file).stat().st_size
        seconds = estimated_seconds(container, stream, size) if claimed is None else claimed
        found = (container.metadata, stream.metadata)
        tags = read_tags(found, id3_address(Path(file)), id3_genre(Path(file)))
        name, rate = context.codec.canonical_name, context.sample_rate
        return AudioInfo(name, rate, context.channels, claimed, seconds, tags)


Observer = Callable[[Mono, int], None]
"""Called with each block [N] float32 of a track at its own sampling rate, and the rate in Hz."""


def decode_mono(
    file: str,
    tally: Tally | None = None,
    to: int = SAMPLING_RATE,
    observer: Observer | None = None,
    channel: int | None = None,
) -> Iterator[Mono]:
    """Yield blocks [N] float32 at `to` Hz: the mean of the channels, resampled by soxr HQ.

    Packets that do not decode are skipped, as players do; samples that are not numbers become zero.
    `tally` counts both. `observer` is called with each block before the block is resampled. If
    `channel` is given, it is the index of the channel to take instead of the mean.

    Raises:
        TrackError: the container cannot be read.
    """
    tally = tally or Tally()
    resampler, mixer = Resampler(to), Mixer(channel)
    for samples, rate in _blocks(file, tally):
        # The rate may change within a chained Ogg file, or where MP3 files were joined.
        check_rate(rate)
        block = _finite_mix(samples, mixer, tally)
        if observer:
            observer(block, rate)
        yield from resampler.feed(block, rate)
    yield from resampler.finish()
    tally.louder = mixer.louder


def decode_within(
    track: Track,
    recipe: Recipe,
    tally: Tally,
    to: int,
    observer: Observer | None = None,
    channel: int | None = None,
) -> Iterator[Mono]:
    """Yield blocks [N] float32 at `to` Hz of a track, up to the limits of the recipe.

    `tally`, `observer` and `channel` are those of `decode_mono`.

    Raises:
        TrackError: the container cannot be read, or the track exceeds a limit.
    """
    most_bytes = max(track.size_bytes, _LEAST_BYTES) * recipe.max_expansion
    for block in decode_mono(track.file, tally, to, observer, channel):
        tally.samples += len(block)
        if tally.samples > recipe.max_track_seconds * to:
            raise TrackError(Reason.LIMIT, f"more than {recipe.max_track_seconds:g} s of audio")
        if tally.source_bytes > most_bytes:
            raise TrackError(Reason.LIMIT, f"expands more than {recipe.max_expansion:g} times")
        yield block


def _blocks(file: str, tally: Tally) -> Iterator[Block]:
    """Yield the samples of a file, from FFmpeg, or from libsndfile if FFmpeg gives none."""
    refusal = None
    try:
        yield from _ffmpeg_blocks(file, tally)
    except TrackError as error:
        if tally.source_bytes or kind_of(str(error)) not in _REFUSED:
            raise
        refusal = error
    if tally.source_bytes:
        return
    with opened_sound(file) as sound:
        if not sound:
            if refusal:
                raise refusal
            return
        tally.decoder, tally.damaged_packets, tally.broken_off = Decoder.LIBSNDFILE, 0, False
        try:
            for block in sound.blocks():
                tally.source_bytes += 2 * block.samples.size
                yield block
        except soundfile.LibsndfileError:
            tally.broken_off = True


def _ffmpeg_blocks(file: str, tally: Tally) -> Iterator[Block]:
    """Yield the samples of a file; the links of a chained Ogg are files of their own to FFmpeg."""
    try:
        goes_on = read_wave(Path(file)).goes_on
        parts: list[Part | None] = [*read_chain(Path(file))]
    except OSError as error:
        raise read_fault(file, error) from error
    tally.decoder = Decoder.FFMPEG_PAST_HEADER if goes_on else Decoder.FFMPEG
    options = {**_OPTIONS, "ignore_length": "1"} if goes_on else _OPTIONS
    for part in parts or [None]:
        with _opened(file, options, part) as container:
            stream = sound_stream(container, file)
            context = stream.codec_context
            context.options = _CODEC_OPTIONS.get(context.name, {})
            for frame in _frames(container, stream, tally):
                samples = frame.to_ndarray()
                if frame.format.is_packed:
                    samples = samples.reshape(-1, frame.layout.nb_channels).T
                yield Block(samples, frame.sample_rate)


@contextmanager
def _opened(
    file: str, options: Mapping[str, str] = _OPTIONS, part: Part | None = None
) -> Iterator[av.container.InputContainer]:
    """A container, or a part of it; what FFmpeg raises becomes a TrackError, without the path.

    A fault of the machine is none of FFmpeg's: raises as `reading`, or MemoryError.
    """
    with reading(file) as stream:
        try:
            source = PartReader(stream, part) if part else stream
            with av.open(source, options=dict(options), **_TAGS) as container:
                yield container
        except (av.FFmpegError, ValueError) as error:
            if isinstance(error, MemoryError):
                _check_memory()
                raise TrackError(Reason.LIMIT, "needs too much memory") from error
            raise TrackError(Reason.UNREADABLE, _plain(error)) from error


def _check_memory() -> None:
    """Raise MemoryError if the machine has none: FFmpeg also says so of sizes that are nonsense."""
    np.empty(_ENOUGH_BYTES, np.uint8)


def _frames(
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


def _finite_mix(samples: NDArray[Any], mixer: Mixer, tally: Tally) -> Mono:
    """`mix` with zeros for samples that are no numbers: soxr spreads a NaN over 35 samples."""
    with np.errstate(invalid="ignore", over="ignore"):
        mixed = mixer.mix(samples)
        # With one NaN, min and max are NaN, and both comparisons are false.
        if mixed.min(initial=0) > -_ABSURD and mixed.max(initial=0) < _ABSURD:
            return mixed
        bad = ~(np.abs(mixed) < _ABSURD)
    tally.nonfinite += int(np.count_nonzero(bad))
    return np.where(bad, np.float32(0), mixed)


def _plain(error: Exception) -> str:
    """FFmpeg's message without the path, which differs between machines; callers add the track."""
    if isinstance(error, av.error.InvalidDataError):
        return "it is damaged, or no sound"
    # What FFmpeg says where a header leads nowhere, or behind the end.
    if getattr(error, "errno", None) == errno.EINVAL or isinstance(error, av.error.EOFError):
        return "it is damaged, or cut off"
    return getattr(error, "strerror", None) or " ".join(str(error).split())
