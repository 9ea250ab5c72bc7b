"""WAV, RF64 and W64: the length by block size and rate, and data that the header leaves out.

Sources: Multimedia Programming Interface and Data Specifications 1.0 (RIFF), chapter 2; EBU Tech
3306 (RF64); Sonic Foundry's description of Wave64.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ...outside.files import open_regular

# Recorders that do not know the length yet write a size near these. SoX writes 0x7ffff000 into WAV
# and 0x7f000000 into AIFF.
_UNKNOWN_SIZES = (0x7F000000, 2**31, 2**32, 2**63, 2**64)
_NEAR = 1 << 16
# Formats whose samples all take the same number of bytes: PCM, float, A-law, mu-law.
_FIXED = frozenset({1, 3, 6, 7})
_EXTENSIBLE = 0xFFFE
# Formats of blocks of a known number of samples: Microsoft's and IMA's ADPCM, GSM 6.10.
_BLOCKS = frozenset({0x02, 0x11, 0x31})
# The end of every GUID in a W64 that stands for a name of RIFF, such as `data`.
_W64_NAME = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_MOST_CHUNKS = 4_096
# What may lie behind the samples without being a chunk: tags.
_TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")
# Chunks that are known even where they are cut off.
_NAMES = frozenset(
    (b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"_PMX", b"cue ", b"smpl", b"JUNK")
)
# Less than this behind the samples is no music that the header left out.
_LEAST_BEHIND = 1 << 14


@dataclass(frozen=True, slots=True)
class Wave:
    """What the headers of a WAV, RF64 or W64 say.

    `seconds` is the length that they state, None if they state none. `goes_on` is whether more
    samples follow than the headers say, and no chunk: `seconds` then is None.
    """

    seconds: float | None = None
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class _Format:
    """The chunk `fmt `; `block_samples` is 0 where a block has no fixed number of samples."""

    rate: int
    block_bytes: int
    block_samples: int

    @classmethod
    def of(cls, data: bytes) -> "_Format | None":
        if len(data) < 16:
            return None
        tag, channels, rate, _, block, bits = struct.unpack("<HHIIHH", data[:16])
        if tag == _EXTENSIBLE and len(data) >= 26:
            tag = int.from_bytes(data[24:26], "little")
        samples = 0
        if tag in _FIXED:
            # Where the two contradict each other, nobody knows how many samples there are.
            samples = int(block == channels * ((bits + 7) // 8))
        elif tag in _BLOCKS and len(data) >= 20:
            samples = int.from_bytes(data[18:20], "little")
        return cls(rate, block, samples) if rate and block else None

    def seconds(self, size: int, fact: int) -> float | None:
        """The length of `size` bytes; `fact` is the number of samples that a header states, or 0.

        Samples in blocks fill the last block up, and `fact` says where they end. Of any other codec
        it is all there is.
        """
        samples = size // self.block_bytes * self.block_samples
        if not self.block_samples or samples - self.block_samples < fact < samples:
            samples = fact if not is_unknown(fact) else 0
        return samples / self.rate if samples else None


def read_wave(file: Path) -> Wave:
    """What the headers of a file say of its length; nothing if it is no WAV, RF64 or W64."""
    with open_regular(file, links=True) as handle:
        # FFmpeg reads on behind the stated length of a WAV and of an RF64, not of a W64.
        reads_on = handle.read(4).isupper()
        handle.seek(0)
        fmt, fact, size64 = None, 0, 0
        for name, size in _chunks(handle):
            if name == b"ds64":
                head = handle.read(24)
                size64 = struct.unpack("<8xQ", head[:16])[0] if len(head) == 24 else 0
            elif name == b"fmt ":
                fmt = _Format.of(handle.read(min(size, 64)))
            elif name == b"fact":
                fact = int.from_bytes(handle.read(min(size, 4)), "little")
            elif name == b"data":
                stated = size64 if size == 0xFFFFFFFF and size64 else size
                if fmt is None or is_unknown(stated):
                    return Wave()
                if reads_on and fmt.block_samples == 1 and _goes_on(handle, stated):
                    return Wave(goes_on=True)
                return Wave(fmt.seconds(stated, fact))
    return Wave()


def _chunks(handle: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield (name, size in bytes) of each chunk, with the handle at the chunk's first byte."""
    head = handle.read(12)
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:] == b"WAVE":
        form, even, counted = struct.Struct("<4sI"), 2, 0
    elif head == b"riff" + bytes.fromhex("2e91cf11a5d628db"):
        # Sizes count the chunk's own header too.
        form, even, counted = struct.Struct("<4s12sQ"), 8, 24
        handle.seek(40)
    else:
        return
    end = os.fstat(handle.fileno()).st_size
    for _ in range(_MOST_CHUNKS):
        header = handle.read(form.size)
        if len(header) < form.size:
            return
        name, *rest, size = form.unpack(header)
        size -= counted
        if size < 0:
            # SoX writes such a size into a pipe: what follows are samples, no chunks.
            return
        if rest and rest != [_W64_NAME]:
            name = b""
        start = handle.tell()
        yield name, size
        if start + size > end:
            # The last one. No disk takes a place as far behind the end as a size can say.
            return
        handle.seek(start + size + -size % even)


def is_unknown(size: float) -> bool:
    """Whether a size in bytes is one that writers put where they do not know it."""
    return size == 0 or any(abs(size - most) <= _NEAR for most in _UNKNOWN_SIZES)


def _goes_on(handle: BinaryIO, size: int) -> bool:
    """Whether samples follow behind `size` bytes from here: enough bytes, and no chunk or tag."""
    start = handle.tell()
    end = handle.seek(0, 2)
    behind = start + size
    if end - behind < _LEAST_BEHIND:
        return False
    for pad in (size % 2, 0, 1):
        handle.seek(behind + pad)
        head = handle.read(8)
        length = int.from_bytes(head[4:], "little")
        if head.startswith(_TAGS) or not any(head):
            return False
        fits = behind + pad + 8 + length <= end + 1
        if head[:4] != b"RIFF" and _is_name(head[:4]) and (fits or head[:4] in _NAMES):
            return False
    return True


def _is_name(name: bytes) -> bool:
    """Whether four bytes can be the name of a chunk: letters and digits, padded by blanks."""
    text = name.rstrip(b" \0").decode("latin-1")
    return bool(text) and text.isascii() and text.replace("_", "a").isalnum()
