"""The stream of sound in a container that FFmpeg has opened, and how long FFmpeg says it is."""

import re

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition

from ...reasons import Reason, TrackError
from .heads import is_encrypted, read_head

# Pictures that stand still: covers, and those of chapters.
_STILL = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
# A longer video is no music video, but a film or a concert.
_LONGEST_VIDEO_SECONDS = 1_800.0
# Bits that a second of lossy sound takes most often, and the share of 16-bit samples that lossless
# codecs leave of music: a length that nothing tells is guessed.
_USUAL_BIT_RATE = 160_000
_LOSSLESS_SHARE = 0.6
# What people call the containers that FFmpeg has a list of names for.
_NAMES = {"mov,mp4,m4a,3gp,3g2,mj2": "MP4", "matroska,webm": "Matroska"}
# Sampling rates of real recordings, in Hz: one block at 1 Hz would become gigabytes at 32 kHz.
_RATES = range(2_000, 768_001)


def sound_stream(container: InputContainer, file: str) -> AudioStream:
    """The stream of sound that a player would take: that which is marked as the default.

    Raises:
        TrackError: there is none, it is encrypted, part of a film, or has no usable rate.
    """
    stream = container.streams.best("audio")
    if not isinstance(stream, AudioStream):
        name = container.format.name
        raise TrackError(Reason.NOT_AUDIO, f"no sound in its {_NAMES.get(name, name.upper())}")
    if stream.codec_context is None:
        raise TrackError(Reason.UNREADABLE, "its codec is not known")
    head = read_head(file) if container.format.name == "asf" else b""
    if is_encrypted(stream.codec_context.codec_tag, head):
        raise TrackError(
            Reason.UNREADABLE, "is DRM-protected: only its seller's players decrypt it"
        )
    _check_video(container)
    if not stream.codec_context.sample_rate:
        raise TrackError(Reason.UNREADABLE, "no sampling rate can be found in it")
    check_rate(stream.codec_context.sample_rate)
    return stream


def _check_video(container: InputContainer) -> None:
    """Raise TrackError for a film; the sound of a music video is music."""
    seconds = (container.duration or 0) / av.time_base
    moving = any(not stream.disposition & _STILL for stream in container.streams.video)
    if moving and seconds > _LONGEST_VIDEO_SECONDS:
        minutes = round(seconds / 60)
        length = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
        raise TrackError(
            Reason.NOT_AUDIO,
            f"is a video of {length}: to use its sound, take it out with "
            "`ffmpeg -i VIDEO -vn SOUND.flac`",
        )


def check_rate(rate: int) -> None:
    """Raise TrackError for a sampling rate in Hz that no real recording has."""
    if rate not in _RATES:
        raise TrackError(
            Reason.LIMIT, f"sampling rate {rate} Hz, not in {_RATES.start} to {_RATES[-1]}"
        )


def stated_seconds(container: InputContainer, stream: AudioStream) -> float:
    """The length of the stream as FFmpeg gives it, stated or estimated; 0 if it gives none.

    Matroska states the length of all its streams together, and of each in a tag if at all.
    """
    if container.format.name != "matroska,webm" or len(container.streams) == 1:
        return _seconds(container, stream)
    tag = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    return 3600 * int(tag[1]) + 60 * int(tag[2]) + float(tag[3]) if tag else 0.0


def estimated_seconds(container: InputContainer, stream: AudioStream, size: int) -> float:
    """The length of the stream as FFmpeg gives it, else a guess by the file's size in bytes.

    PCM that states no length is no longer than the file.
    """
    seconds, context = _seconds(container, stream), stream.codec_context
    if context.name.startswith("pcm_") and context.bit_rate:
        most = 8 * size / context.bit_rate
        return min(seconds, most) if seconds > 0 else most
    return seconds if seconds > 0 else 8 * size / _guessed_bit_rate(context)


def _seconds(container: InputContainer, stream: AudioStream) -> float:
    if stream.duration and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base


def _guessed_bit_rate(context: AudioCodecContext) -> float:
    """Bits per second of sound of a codec."""
    if context.codec.lossless:
        return _LOSSLESS_SHARE * 16 * context.sample_rate * context.channels
    return context.bit_rate or _USUAL_BIT_RATE
