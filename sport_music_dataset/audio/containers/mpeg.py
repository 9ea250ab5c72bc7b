"""MP3: the number of frames that the first frame states, by Xing, LAME (`Info`) or Fraunhofer.

Sources: ISO 11172-3 and 13818-3 (frames); ID3v2.4 structure, section 3; the header that Xing's
decoder and LAME's tag description define.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ...outside.files import open_regular

# FFmpeg too looks for the first frame in this many bytes behind the tags.
_GARBAGE = 1 << 16
_RATES = (44_100, 48_000, 32_000)
# Kilobits per second by version (1, else 2) of layer III.
_KILOBITS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


@dataclass(frozen=True, slots=True)
class _Frame:
    """A frame of layer III; `xing` is where a header of Xing would start in it."""

    rate: int
    samples: int
    size: int
    xing: int

    @classmethod
    def of(cls, head: bytes) -> "_Frame | None":
        """The frame whose first four bytes these are; None if it is no frame of layer III."""
        if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
            return None
        version = {3: 1, 2: 2, 0: 4}.get(head[1] >> 3 & 3, 0)
        kilobits, rate = head[2] >> 4, head[2] >> 2 & 3
        if not version or kilobits in (0, 15) or rate == 3:
            return None
        mono, protected = head[3] >> 6 == 3, not head[1] & 1
        hertz = _RATES[rate] // version
        samples = 1152 if version == 1 else 576
        bits = 1000 * _KILOBITS[min(version, 2)][kilobits]
        size = samples // 8 * bits // hertz + (head[2] >> 1 & 1)
        side = {(1, False): 32, (1, True): 17}.get((version, mono), 9 if mono else 17)
        return cls(hertz, samples, size, 4 + side + 2 * protected)


def xing_seconds(file: Path) -> float | None:
    """The length in seconds that the first frame of an MP3 states; None if it states none.

    What encoders add before and behind the music is not counted where the frame states it. None
    too if another MP3 follows where the stated bytes end: the files were joined.
    """
    with open_regular(file, links=True) as handle:
        start = _behind_tags(handle, 0)
        handle.seek(start)
        data = handle.read(_GARBAGE + 4096)
        found = _first_frame(data)
        if found is None:
            return None
        at, frame = found
        frames, size, padding = _stated(data[at : at + 4096], frame)
        if not frames or (size and _another_follows(handle, start + at + size)):
            return None
        return max(0, frames * frame.samples - padding) / frame.rate


def _stated(data: bytes, frame: _Frame) -> tuple[int, int, int]:
    """(frames, bytes, samples of padding) that the frame at the start of `data` states, or 0."""

    def number(at: int, size: int = 4) -> int:
        return int.from_bytes(data[at : at + size], "big")

    if data[36:40] == b"VBRI":
        return number(50), number(46), 0
    # Most writers leave no room for the two bytes of the checksum.
    marks = (data[at : at + 4] for at in (frame.xing, frame.xing - 2))
    ahead = next((n for n, mark in enumerate(marks) if mark in (b"Xing", b"Info")), None)
    if ahead is None:
        return 0, 0, 0
    flags = number(frame.xing - 2 * ahead + 4)
    # Each flag says that a field follows: frames, bytes, a table of 100 bytes, quality.
    present = [bool(flags >> bit & 1) for bit in range(4)]
    places = [frame.xing - 2 * ahead + 8]
    for is_there, size in zip(present, (4, 4, 100, 4), strict=True):
        places.append(places[-1] + size * is_there)
    frames, total = (number(places[n]) if present[n] else 0 for n in (0, 1))
    lame = data[places[-1] : places[-1] + 4] in (b"LAME", b"Lavf", b"Lavc")
    trim = number(places[-1] + 21, 3) if lame else 0
    return frames, total, (trim >> 12) + (trim & 0xFFF)


def _first_frame(data: bytes) -> tuple[int, _Frame] | None:
    """(start, frame) of the first frame that another one follows, or that ends the data."""
    at = data.find(b"\xff")
    while 0 <= at < _GARBAGE:
        frame = _Frame.of(data[at : at + 4])
        if frame:
            follower = data[at + frame.size : at + frame.size + 4]
            if len(follower) < 4 or _Frame.of(follower):
                return at, frame
        at = data.find(b"\xff", at + 1)
    return None


def _another_follows(handle: BinaryIO, at: int) -> bool:
    """Whether a frame starts at `at` or within a frame's length, with or without a tag before."""
    handle.seek(at)
    if handle.read(3) == b"TAG":
        at += 128
    handle.seek(_behind_tags(handle, at))
    data = handle.read(4096)
    found = _first_frame(data)
    # Two frames: in what tags say, the first bytes of one may stand by chance.
    return found is not None and found[0] < 1500 and len(data) > 2000


def _behind_tags(handle: BinaryIO, at: int) -> int:
    """The offset behind all ID3v2 tags that start at `at`, one behind the other, and their zeros.

    The size of a tag is written in four bytes of seven bits each, without header and footer.
    """
    while True:
        handle.seek(at)
        head = handle.read(10)
        if head[:3] != b"ID3" or len(head) < 10:
            return at
        size = sum((byte & 0x7F) << 7 * (9 - place) for place, byte in enumerate(head) if place > 5)
        at += 10 + size + 10 * (head[5] >> 4 & 1)
        handle.seek(at)
        padding = handle.read(_GARBAGE)
        at += len(padding) - len(padding.lstrip(b"\0"))
