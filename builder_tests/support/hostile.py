"""Files that have broken audio tools: what each is, and what a build must make of it."""

import io
import os
import socket
import struct
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from builder_tests.conftest import Samples, noise

SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Hostile:
    """One file: how it is made, the outcomes that are right, and its decoded seconds if known.

    `outcomes` are statuses of `tracks`, or a reason where it is left out.
    """

    name: str
    make: Callable[[Path], object]
    outcomes: tuple[str, ...]
    seconds: float | None = None


def encoded(extension: str, rate: int = 44_100, channels: int = 2, **settings: str) -> bytes:
    """Six seconds of noise as the bytes of a good file."""
    subtype = settings.get("subtype")
    return as_file(noise(SECONDS, rate, channels, seed=rate + channels), extension, rate, subtype)


def as_file(samples: Samples, extension: str, rate: int, subtype: str | None = None) -> bytes:
    """Samples as the bytes of a file."""
    buffer = io.BytesIO()
    kinds = {"mp3": "MP3", "ogg": "OGG", "flac": "FLAC", "wav": "WAV", "aiff": "AIFF"}
    soundfile.write(buffer, samples, rate, format=kinds[extension], subtype=subtype)
    return buffer.getvalue()


def data(content: Callable[[], bytes] | bytes) -> Callable[[Path], object]:
    """A file of these bytes."""
    return lambda file: file.write_bytes(content if isinstance(content, bytes) else content())


def with_hole(content: bytes, where: float, length: int, fill: bytes = b"\x00") -> bytes:
    """Bytes overwritten from a relative place on."""
    start = int(len(content) * where)
    return content[:start] + fill * length + content[start + length :]


def wav(frames: bytes, rate: int = 32_000, channels: int = 1, width: int = 2) -> bytes:
    """A plain PCM WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(frames)
    return buffer.getvalue()


def pcm(seconds: float = SECONDS) -> bytes:
    """Noise as 16-bit mono samples at 32 kHz."""
    return np.asarray(noise(seconds) * 32767, "<i2").tobytes()


def wav_saying(size: int) -> bytes:
    """A WAV file whose header claims `size` bytes of samples."""
    content = bytearray(wav(pcm()))
    content[40:44] = struct.pack("<I", size & 0xFFFFFFFF)
    return bytes(content)


def wav_tagged(title: bytes) -> bytes:
    """A WAV with a title in whatever encoding."""
    info = b"INFOINAM" + struct.pack("<I", len(title)) + title
    content = wav(pcm()) + b"LIST" + struct.pack("<I", len(info)) + info
    return content[:4] + struct.pack("<I", len(content) - 8) + content[8:]


def without_first_frame(content: bytes) -> bytes:
    """An MP3 of 44.1 kHz without its first frame, which holds the Xing header."""
    first = content.index(b"\xff\xfb")
    rates = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    header = content[first + 2]
    length = 144_000 * rates[header >> 4] // 44_100 + (header >> 1 & 1)
    return content[first + length :]


def special(samples: Samples, values: list[float]) -> bytes:
    """A float WAV with some samples replaced."""
    samples = samples.copy()
    samples[1000 : 1000 + len(values)] = values
    return as_file(samples, "wav", 44_100, "FLOAT")


def a_socket(file: Path) -> None:
    """A Unix socket; bound by a short relative name, since the path may be too long for it."""
    here = Path.cwd()
    os.chdir(file.parent)
    try:
        with socket.socket(socket.AF_UNIX) as endpoint:
            endpoint.bind(file.name)
    finally:
        os.chdir(here)


def link(target: str) -> Callable[[Path], object]:
    """A symbolic link."""
    return lambda file: file.symlink_to(target)


KEPT, CUT = "kept", "truncated"
# Stereo whose mean is no number.
INFINITE = np.tile(np.asarray([[np.inf, -np.inf]], np.float32), (6 * 44_100, 1))
UNREADABLE = ("unreadable", "not audio")

HOSTILE = (
    # Not audio at all
    Hostile("empty.mp3", data(b""), UNREADABLE),
    Hostile("one byte.wav", data(b"\x00"), UNREADABLE),
    Hostile("text.mp3", data(b"la la la\n" * 99), UNREADABLE),
    Hostile("page.ogg", data(b"<!doctype html><p>404</p>"), UNREADABLE),
    Hostile("photo.mp3", data(b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(4000)), UNREADABLE),
    Hostile("zip.flac", data(b"PK\x03\x04" + bytes(range(256)) * 40), UNREADABLE),
    Hostile("noise.m4a", data(np.random.default_rng(0).bytes(50_000)), UNREADABLE),
    Hostile("tag only.mp3", data(b"ID3\x04\x00\x00\x00\x00\x0f\x76" + bytes(2038)), UNREADABLE),
    Hostile("playlist.mp3", data(b"#EXTM3U\n#EXTINF:9,\ngood.wav\n#EXT-X-ENDLIST\n"), UNREADABLE),
    Hostile("concat.mp3", data(b"ffconcat version 1.0\nfile good.wav\n"), UNREADABLE),
    Hostile(
        "sdp.wav", data(b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n"), UNREADABLE
    ),
    # Good, though odd
    Hostile("flac named.mp3", data(lambda: encoded("flac")), (KEPT,), SECONDS),
    Hostile("UPPER.WAV", data(lambda: encoded("wav", 48_000)), (KEPT,), SECONDS),
    Hostile(
        "8 bit.wav", data(lambda: encoded("wav", 11_025, 1, subtype="PCM_U8")), (KEPT,), SECONDS
    ),
    Hostile(
        "24 bit.flac", data(lambda: encoded("flac", 96_000, subtype="PCM_24")), (KEPT,), SECONDS
    ),
    Hostile("alaw.wav", data(lambda: encoded("wav", 8_000, 1, subtype="ALAW")), (KEPT,), SECONDS),
    Hostile("six channels.flac", data(lambda: encoded("flac", 48_000, 6)), (KEPT,), SECONDS),
    Hostile("192 kHz.wav", data(lambda: encoded("wav", 192_000, 1)), (KEPT,), SECONDS),
    Hostile("id3v1.mp3", data(lambda: encoded("mp3") + b"TAG" + bytes(125)), (KEPT,), SECONDS),
    Hostile(
        "junk behind.mp3",
        data(lambda: encoded("mp3", 48_000) + b"junk" * 500),
        (KEPT, CUT),
        SECONDS,
    ),
    Hostile(
        "junk behind.flac", data(lambda: encoded("flac", 32_000) + b"x" * 999), (KEPT, CUT), SECONDS
    ),
    Hostile("zeros before.mp3", data(lambda: bytes(3000) + encoded("mp3", 32_000)), (KEPT, CUT)),
    # Lengths that are not what the header says
    Hostile("half.mp3", data(lambda: (c := encoded("mp3", 44_100, 1))[: len(c) // 2]), (CUT,)),
    Hostile("half.flac", data(lambda: (c := encoded("flac", 44_100, 1))[: len(c) // 2]), (CUT,)),
    Hostile(
        "half.wav",
        data(lambda: (c := encoded("wav", 44_100, 1))[: len(c) // 2]),
        (CUT,),
        SECONDS / 2,
    ),
    Hostile(
        "half.aiff",
        data(lambda: (c := encoded("aiff", 44_100, 1))[: len(c) // 2]),
        (CUT,),
        SECONDS / 2,
    ),
    Hostile("half.ogg", data(lambda: (c := encoded("ogg", 44_100, 1))[: len(c) // 2]), (KEPT, CUT)),
    Hostile("no xing.mp3", data(lambda: without_first_frame(encoded("mp3", 44_100))), (KEPT,)),
    Hostile("size 0.wav", data(lambda: wav_saying(0)), (KEPT, CUT, *UNREADABLE)),
    Hostile("size 4 GB.wav", data(lambda: wav_saying(-1)), (KEPT, CUT), SECONDS),
    Hostile("size small.wav", data(lambda: wav_saying(64_000 * 3)), (KEPT, CUT)),
    Hostile("tags.wav", data(lambda: wav_tagged(b"caf\x82 noir.\xff")), (KEPT,), SECONDS),
    Hostile("size odd.wav", data(lambda: wav_saying(64_000 * 6 - 1)), (KEPT, CUT), SECONDS),
    # Damaged inside
    Hostile(
        "damaged frame.flac", data(lambda: with_hole(encoded("flac", 22_050), 0.5, 40)), (KEPT, CUT)
    ),
    Hostile("hole.flac", data(lambda: with_hole(encoded("flac", 16_000), 0.5, 9000)), (KEPT, CUT)),
    Hostile("hole.mp3", data(lambda: with_hole(encoded("mp3", 22_050), 0.5, 3000)), (KEPT, CUT)),
    Hostile(
        "hole.ogg",
        data(lambda: with_hole(encoded("ogg", 22_050), 0.5, 3000)),
        (KEPT, CUT, *UNREADABLE),
    ),
    # Formats that change midway
    Hostile(
        "rate changes.mp3",
        data(lambda: encoded("mp3", 44_100, 2) + encoded("mp3", 22_050, 2)),
        (KEPT, CUT),
    ),
    Hostile(
        "chained.ogg",
        data(lambda: encoded("ogg", 44_100, 2) + encoded("ogg", 32_000, 1)),
        (KEPT, CUT, *UNREADABLE),
    ),
    # Samples
    Hostile(
        "nan.wav", data(lambda: special(noise(6, 44_100), [np.nan, np.inf, -np.inf])), (KEPT,), 6
    ),
    Hostile(
        "nan both.wav",
        data(lambda: as_file(INFINITE, "wav", 44_100, "FLOAT")),
        ("silent",),
    ),
    Hostile("loud.wav", data(lambda: special(noise(6, 44_100, seed=5), [1e30, -3e38])), (KEPT,), 6),
    Hostile(
        "all nan.wav",
        data(lambda: as_file(noise(6) * np.float32(np.nan), "wav", 44_100, "FLOAT")),
        ("silent",),
    ),
    Hostile("silence.flac", data(lambda: as_file(noise(6) * 0, "flac", 32_000)), ("silent",)),
    # Limits
    Hostile("1 Hz.wav", data(lambda: wav(pcm(), rate=1)), ("limit exceeded",)),
    Hostile(
        "2 GHz.wav",
        data(lambda: wav(pcm(), rate=2_000_000_000, width=2)),
        ("limit exceeded", *UNREADABLE),
    ),
    Hostile(
        "bomb.flac",
        data(lambda: as_file(np.zeros(44_100 * 3600, np.float32), "flac", 44_100)),
        ("limit exceeded", "silent"),
    ),
    Hostile("short.wav", data(lambda: wav(pcm(0.5))), ("too short",)),
    Hostile("no samples.wav", data(lambda: wav(b"")), ("unreadable", "too short")),
    # Not regular files
    Hostile("fifo.mp3", os.mkfifo, ("not a regular file",)),
    Hostile("socket.mp3", a_socket, ("not a regular file",)),
    Hostile("outside.wav", link("../../outside.wav"), ("outside the folder",)),
    Hostile("device.wav", link("/dev/zero"), ("outside the folder",)),
    Hostile("nowhere.wav", link("nothing.wav"), ("unreadable",)),
    Hostile("loop.wav", link("loop.wav"), ("unreadable",)),
    Hostile("inside.wav", link("good.wav"), ("duplicate of", KEPT)),
    # Names
    Hostile("new\nline\t.wav", data(lambda: wav(pcm(6.01))), (KEPT,), 6.01),
    Hostile("'\"`$(rm -rf x);&|*?.wav", data(lambda: wav(pcm(6.02))), (KEPT,), 6.02),
    Hostile("<script>alert(1)<!--.wav", data(lambda: wav(pcm(6.03))), (KEPT,), 6.03),
    Hostile("🏃\u202egnp.wav", data(lambda: wav(pcm(6.04))), (KEPT,), 6.04),
    Hostile("caf\udce9.wav", data(lambda: wav(pcm(6.05))), (KEPT,), 6.05),
    Hostile("é.wav", data(lambda: wav(pcm(6.06))), (KEPT,), 6.06),
    Hostile("e\u0301.wav", data(lambda: wav(pcm(6.07))), (KEPT,), 6.07),
    Hostile("twin.wav", data(lambda: wav(pcm(6.08))), (KEPT,), 6.08),
    Hostile("TWIN.wav", data(lambda: wav(pcm(6.09))), (KEPT,), 6.09),
    Hostile("n" * 246 + ".wav", data(lambda: wav(pcm(6.1))), (KEPT,), 6.1),
    Hostile("- --force.wav", data(lambda: wav(pcm(6.11))), (KEPT,), 6.11),
    Hostile("{{ 7*7 }} %s {0}.wav", data(lambda: wav(pcm(6.12))), (KEPT,), 6.12),
    Hostile("_.wav", data(lambda: wav(pcm(6.13))), (KEPT,), 6.13),
    Hostile("a..wav", data(lambda: wav(pcm(6.14))), (KEPT,), 6.14),
    Hostile("good.wav", data(lambda: wav(pcm(6.15))), (KEPT, "duplicate of"), 6.15),
)
IGNORED = {".hidden.mp3": b"x", "._good.wav": b"x", "cover.jpg": b"x", "README": b"x"}


def make_hostile(root: Path) -> None:
    """Write all of them to `root/rock`, and what some of them point at beside `root`."""
    folder = root / "rock"
    folder.mkdir(parents=True)
    (root.parent / "outside.wav").write_bytes(wav(pcm(6.2)))
    for entry in HOSTILE:
        entry.make(folder / entry.name)
    for name, content in IGNORED.items():
        (folder / name).write_bytes(content)
    (folder / "folder.mp3").mkdir()
    (folder / "up").symlink_to("..")
    (folder / "away").symlink_to("/etc")
