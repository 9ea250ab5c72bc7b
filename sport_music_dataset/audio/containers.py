"""Read the length that a container states, where FFmpeg would estimate or correct the length."""

import struct
from pathlib import Path

# Sizes that recorders write while the length is not known yet: these state no length.
_UNKNOWN_SIZES = (0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def claimed_seconds(file: Path, container: str, seconds: float) -> float | None:
    """The length in seconds that the headers of a file state; None if they state none.

    Args:
        file: path of the audio file.
        container: FFmpeg's name of the container format.
        seconds: the length that FFmpeg gives, which it estimates from the bit rate if the headers
            state none.
    """
    if container == "mp3":
        return seconds if _has_xing(file) else None
    if container == "wav":
        return _wav_seconds(file)
    return seconds if container != "aac" and seconds > 0 else None


def _has_xing(file: Path) -> bool:
    """Whether an MP3 begins with a frame that states the number of frames."""
    with file.open("rb") as handle:
        head = handle.read(10)
        # An ID3v2 tag may come first; its size is written in four bytes of seven bits each.
        tagged = head[:3] == b"ID3" and len(head) == 10
        size = sum((byte & 0x7F) << 7 * (9 - at) for at, byte in enumerate(head) if at > 5)
        handle.seek(10 + size if tagged else 0)
        start = handle.read(4096)
    return any(mark in start for mark in (b"Xing", b"Info", b"VBRI"))


def _wav_seconds(file: Path) -> float | None:
    """The length in seconds that the headers of a WAV state; FFmpeg gives the length of the data.

    Source: Multimedia Programming Interface and Data Specifications 1.0 (RIFF), chapter 2.
    """
    with file.open("rb") as handle:
        if handle.read(4) != b"RIFF" or len(handle.read(8)) < 8:
            return None
        bytes_per_second = 0
        while len(header := handle.read(8)) == 8:
            name, size = struct.unpack("<4sI", header)
            if name == b"data":
                known = size not in _UNKNOWN_SIZES and bytes_per_second
                return size / bytes_per_second if known else None
            if name == b"fmt " and size >= 16:
                (bytes_per_second,) = struct.unpack("<8xI4x", handle.read(16))
                size -= 16
            handle.seek(size + size % 2, 1)
    return None
