"""Sound files as other programs write them: made by PyAV, soundfile, or byte by byte."""

import io
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile

from builder_tests.conftest import Samples, noise


def encoded(
    codec: str, container: str, samples: Samples, rate: int, *, pipe: bool = False, **options: str
) -> bytes:
    """Samples [N, 2] as PyAV encodes them; from a `pipe` if it cannot rewind."""
    buffer = io.BytesIO()

    class Writer:
        write = staticmethod(buffer.write)

    target = Writer() if pipe else buffer
    with av.open(target, "w", format=container, options=options) as output:
        add_sound(output, codec, samples, rate)
    return buffer.getvalue()


def add_sound(
    output: av.container.OutputContainer, codec: str, samples: Samples, rate: int
) -> None:
    """Encode samples [N, 2] into a new stream of a container."""
    mux_sound(output, new_stream(output, codec, rate), samples, rate)


def new_stream(
    output: av.container.OutputContainer, codec: str, rate: int
) -> av.audio.stream.AudioStream:
    """A new stream of stereo sound."""
    stream = output.add_stream(codec, rate=rate, layout="stereo")
    assert isinstance(stream, av.audio.stream.AudioStream)
    stream.bit_rate = 128_000
    return stream


def mux_sound(
    output: av.container.OutputContainer,
    stream: av.audio.stream.AudioStream,
    samples: Samples,
    rate: int,
) -> None:
    """Encode samples [N, 2] into a stream."""
    fifo = av.AudioFifo()
    frame = av.AudioFrame.from_ndarray(samples.T.copy(), format="fltp", layout="stereo")
    frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
    resampler = av.AudioResampler(stream.format, "stereo", rate)
    for part in (*resampler.resample(frame), *resampler.resample(None)):
        fifo.write(part)
    size = stream.codec_context.frame_size or 4096
    while block := fifo.read(size) or fifo.read():
        output.mux(stream.encode(block))
    output.mux(stream.encode(None))


def by_soundfile(kind: str, samples: Samples, rate: int, subtype: str | None = None) -> bytes:
    """Samples as libsndfile writes them."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=kind, subtype=subtype)
    return buffer.getvalue()


def music(seconds: float = 4.0, rate: int = 44_100, seed: int = 1) -> Samples:
    """Noise in stereo, [N, 2]."""
    return noise(seconds, rate, 2, seed)


def wav_of(
    data: bytes,
    *,
    rate: int = 44_100,
    channels: int = 2,
    says: int | None = None,
    byte_rate: int | None = None,
    before: bytes = b"",
    behind: bytes = b"",
) -> bytes:
    """A 16-bit WAV of `data`; `says` and `byte_rate` are in its header if they are given."""
    block = 2 * channels
    fmt = struct.pack("<HHIIHH", 1, channels, rate, byte_rate or rate * block, block, 16)
    size = len(data) if says is None else says
    body = chunk(b"fmt ", fmt) + before + b"data" + struct.pack("<I", size) + data + behind
    return b"RIFF" + struct.pack("<I", 4 + len(body) & 0xFFFFFFFF) + b"WAVE" + body


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of RIFF, with its pad byte."""
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def id3v2(size: int, *, footer: bool = False) -> bytes:
    """An ID3v2.4 tag with `size` bytes of padding in it."""
    length = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    head = b"\x04\x00" + bytes([0x10 * footer]) + length
    return b"ID3" + head + bytes(size) + (b"3DI" + head) * footer


def ogg_pages(data: bytes) -> Iterator[bytearray]:
    """The pages of an Ogg file."""
    at = 0
    while at < len(data):
        count = data[at + 26]
        size = 27 + count + sum(data[at + 27 : at + 27 + count])
        yield bytearray(data[at : at + size])
        at += size


def sealed(page: bytearray) -> bytes:
    """A page with the right checksum."""
    page[22:26] = bytes(4)
    check = 0
    for byte in page:
        check ^= byte << 24
        for _ in range(8):
            check = (check << 1 ^ (0x04C11DB7 if check & 0x80000000 else 0)) & 0xFFFFFFFF
    page[22:26] = struct.pack("<I", check)
    return bytes(page)


def ogg_from(data: bytes, samples: int, serial: int | None = None) -> bytes:
    """An Ogg file whose granule positions start `samples` later, with another serial number."""
    out = b""
    for page in ogg_pages(data):
        granule = struct.unpack("<q", page[6:14])[0]
        if granule > 0:
            page[6:14] = struct.pack("<q", granule + samples)
        if serial is not None:
            page[14:18] = struct.pack("<I", serial)
        out += sealed(page)
    return out


def with_headers_twice(data: bytes) -> bytes:
    """An Ogg Vorbis with all its headers again before the sound: FFmpeg refuses it."""
    first, second, *rest = ogg_pages(data)
    count = second[26]
    lacing = bytes([len(first) - 28]) + bytes(second[27 : 27 + count])
    head = bytes(second[:5]) + b"\0" + struct.pack("<q", -104) + bytes(second[14:18])
    body = bytes(first[28:]) + bytes(second[27 + count :])
    again = bytearray(head + bytes(8) + bytes([count + 1]) + lacing + body)
    out = b""
    for number, page in enumerate((first, second, again, *rest)):
        page[18:22] = struct.pack("<I", number)
        out += sealed(page)
    return out


def written(folder: Path, name: str, data: bytes) -> Path:
    """A file of these bytes."""
    (folder / name).write_bytes(data)
    return folder / name


def stereo(left: Samples, right: Samples) -> Samples:
    """Two channels [N] as [N, 2]."""
    return np.stack([left, right], axis=1)
