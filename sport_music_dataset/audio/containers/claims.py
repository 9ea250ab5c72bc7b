"""The length that a container states, as against one that FFmpeg estimates."""

from pathlib import Path

from .heads import read_head
from .mpeg import xing_seconds
from .ogg import ogg_seconds
from .riff import is_unknown, read_wave

# These have no length: FFmpeg estimates one from the bit rate of the first frames.
_RAW = frozenset({"aac", "ac3", "eac3", "amr"})
# The File Properties Object of ASF; its flags lie 88 bytes behind, the first of them says that the
# length is not known (Advanced Systems Format specification, section 3.2).
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c 47a9 cf11 8ee4 00c00c205365")
# The element Duration of Matroska, of 4 or 8 bytes.
_MATROSKA_DURATION = (b"\x44\x89\x84", b"\x44\x89\x88")


def claimed_seconds(file: Path, container: str, seconds: float, bit_rate: int = 0) -> float | None:
    """The length in seconds that the headers of a file state; None if they state none.

    Args:
        file: path of the audio file.
        container: FFmpeg's name of the container format.
        seconds: the length that FFmpeg gives, which it estimates from the bit rate if the headers
            state none.
        bit_rate: bits per second of the sound; 0 if it is not known.
    """
    match container:
        case "mp3":
            return xing_seconds(file)
        case "wav" | "w64":
            return read_wave(file).seconds
        case "ogg":
            return ogg_seconds(file)
    if seconds <= 0 or container in _RAW or is_unknown(seconds * bit_rate / 8 or 1):
        return None
    return None if _is_open(container, read_head(str(file))) else seconds


def _is_open(container: str, head: bytes) -> bool:
    """Whether the headers leave the length open, as of live streams and pipes."""
    match container:
        case "au":
            return head[8:12] in (b"\0\0\0\0", b"\xff\xff\xff\xff")
        case "caf":
            return b"data" + b"\xff" * 8 in head
        case "asf":
            at = head.find(_ASF_PROPERTIES)
            return at < 0 or bool(head[at + 88 : at + 89] in (b"", b"\1", b"\3"))
        case "matroska,webm":
            return not any(element in head for element in _MATROSKA_DURATION)
    return False
