"""Ogg: its links, one stream of sound after another, and how long they are by their pages.

A page states how many samples end with it (the granule position). Sources: RFC 3533 (Ogg), RFC 7845
(Opus), Vorbis I, section A.2; the mapping of FLAC to Ogg; the Speex manual, section 7.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ...outside.files import open_regular
from ..reading import SourceReader

_HEADER = struct.Struct("<4sBBqIIIB")
_FIRST_OF_STREAM = 2
_OPUS_RATE = 48_000
# Of a packet of 20 ms. Other lengths are rare, and a link of longer packets states no length.
_OPUS_PACKET = 960
# Bytes that are read at once to find the next page behind bytes that are none.
_RESYNC_BYTES = 1 << 16


@dataclass(slots=True)
class Link:
    """One link of a chain: a stream of sound, from byte `start` to byte `end` of the file.

    `rate` is in Hz, `skip` counts samples at its start that decoders leave out. `packet_samples` is
    the most samples of a packet. `first` and `last` are the granule positions of the first and of
    the last page of sound, None as long as there is none; `first_packets` end on the first page.
    """

    serial: int
    start: int
    rate: int
    skip: int = 0
    packet_samples: int = 0
    end: int = 0
    first: int | None = None
    first_packets: int = 0
    last: int | None = None

    @property
    def seconds(self) -> float | None:
        """Its length; None if it was recorded from the middle of a stream, or has no sound."""
        if self.first is None or self.last is None:
            return None
        if self.first > self.first_packets * self.packet_samples:
            return None
        return max(0, self.last - self.skip) / self.rate


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of a file, from `start` to `end`, to be read as a file of their own."""

    start: int
    end: int


class PartReader:
    """A stream of a part of a file: `read`, `seek` and `tell`, as FFmpeg needs them."""

    def __init__(self, handle: SourceReader, part: Part) -> None:
        self._handle, self._part = handle, part
        handle.seek(part.start)

    def read(self, size: int) -> bytes:
        """At most `size` bytes, none at the end of the part."""
        return self._handle.read(max(0, min(size, self._part.end - self._handle.tell())))

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to an offset in the part; returns it."""
        base = (self._part.start, self._handle.tell(), self._part.end)[whence]
        return self._handle.seek(max(self._part.start, base + offset)) - self._part.start

    def tell(self) -> int:
        """The offset in the part."""
        return self._handle.tell() - self._part.start


def read_chain(file: Path) -> list[Part]:
    """The parts of a chained Ogg, each with one link; none if the file is no chain.

    FFmpeg would stop where a link has another rate or other channels than the first.
    """
    with open_regular(file, links=True) as handle:
        if handle.read(4) != b"OggS":
            return []
    links = read_links(file)
    return [Part(link.start, link.end) for link in links] if len(links) > 1 else []


def ogg_seconds(file: Path) -> float | None:
    """The length in seconds of all links of an Ogg file; None if one of them states none."""
    lengths = [link.seconds for link in read_links(file)]
    known = [seconds for seconds in lengths if seconds is not None]
    return sum(known) if known and len(known) == len(lengths) else None


def read_links(file: Path) -> list[Link]:
    """The links of a file in order; of streams that run side by side, the first with sound."""
    links: list[Link] = []
    with open_regular(file, links=True) as handle:
        for at, size, flags, granule, serial, lacing in _pages(handle):
            if flags & _FIRST_OF_STREAM:
                link = _new_link(handle.read(min(size, 80)), serial, at)
                # Streams that run side by side all start before the sound of the first.
                if link and (not links or links[-1].first is not None):
                    links.append(link)
            elif links and serial == links[-1].serial and granule > 0:
                link = links[-1]
                if link.first is None:
                    link.first, link.first_packets = granule, sum(part < 255 for part in lacing)
                link.last = granule
            if links:
                links[-1].end = at + _HEADER.size + len(lacing) + size
    return links


def _new_link(head: bytes, serial: int, at: int) -> Link | None:
    """The link that starts with the packet `head`; None if it is no sound."""
    if head.startswith(b"\x01vorbis") and len(head) >= 30:
        rate = int.from_bytes(head[12:16], "little")
        link = Link(serial, at, rate, packet_samples=1 << (head[28] >> 4) >> 1)
    elif head.startswith(b"OpusHead") and len(head) >= 19:
        skip = int.from_bytes(head[10:12], "little")
        link = Link(serial, at, _OPUS_RATE, skip, packet_samples=_OPUS_PACKET)
    elif head.startswith(b"\x7fFLAC") and len(head) >= 30:
        # Behind the mapping's header, `fLaC` and a block's header: block sizes, frame sizes, rate.
        most = int.from_bytes(head[19:21], "big")
        link = Link(serial, at, int.from_bytes(head[27:30], "big") >> 4, packet_samples=most)
    elif head.startswith(b"Speex   ") and len(head) >= 68:
        rate, frame, packet = (
            int.from_bytes(head[place : place + 4], "little") for place in (36, 56, 64)
        )
        link = Link(serial, at, rate, packet_samples=max(frame, 640) * max(packet, 1))
    else:
        return None
    return link if link.rate else None


def _pages(handle: BinaryIO) -> Iterator[tuple[int, int, int, int, int, bytes]]:
    """Yield (offset, bytes of its data, flags, granule position, serial, lacing) of each page.

    The handle is at the first byte of the page's data. What is no page is skipped.
    """
    at = 0
    while True:
        handle.seek(at)
        header = handle.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return
        magic, _, flags, granule, serial, _, _, count = _HEADER.unpack(header)
        if magic != b"OggS":
            found = (header + handle.read(_RESYNC_BYTES)).find(b"OggS", 1)
            at += found if found > 0 else _RESYNC_BYTES
            continue
        lacing = handle.read(count)
        size = sum(lacing)
        yield at, size, flags, granule, serial, lacing
        at += _HEADER.size + count + size
