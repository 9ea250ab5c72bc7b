"""The length that a container states, as against one that FFmpeg estimates."""

from pathlib import Path

from .mpeg import xing_seconds
from .ogg import ogg_seconds
from .riff import is_unknown, read_wave

# These have no length: FFmpeg estimates one from the bit rate of the first frames.
_RAW = frozenset({"aac", "ac3", "eac3", "amr"})
# These may leave their length open, as live streams and pipes do: FFmpeg then takes the file's size
# for it. That tells no more than decoding does.
_MAY_LACK = frozenset({"aiff", "asf", "au", "caf", "matroska,webm"})
# A container's headers are a small part of it.
_NEARLY = 0.002


def claimed_seconds(file: Path, container: str, seconds: float, bit_rate: int = 0) -> float | None:
    """The length in seconds that the headers of a file state; None if they state none.

    Args:
        file: path of the audio file.
        container: FFmpeg's name of the container format.
        seconds: the length that FFmpeg gives, which it estimates from the bit rate if the headers
            state none.
        bit_rate: bits per second by which FFmpeg estimates; 0 if it cannot.
    """
    match container:
        case "mp3":
            return xing_seconds(file)
        case "wav" | "w64":
            return read_wave(file).seconds
        case "ogg":
            return ogg_seconds(file)
    if container in _RAW or seconds <= 0:
        return None
    if container not in _MAY_LACK or not bit_rate:
        return seconds
    size, stated = file.stat().st_size, seconds * bit_rate / 8
    return None if abs(stated - size) < _NEARLY * size or is_unknown(stated) else seconds
