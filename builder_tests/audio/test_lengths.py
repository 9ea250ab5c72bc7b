"""What containers claim of their length, against what is in them."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder_tests.support.containers import (
    by_soundfile,
    chunk,
    encoded,
    id3v2,
    music,
    ogg_from,
    wav_of,
    written,
)
from builder_tests.support.making import scan
from sport_music_dataset.audio.decode import Tally, decode_mono, probe
from sport_music_dataset.errors import SourceError
from sport_music_dataset.reasons import is_of_one_run
from sport_music_dataset.records import Decoder

RATE = 44_100
# As build.track_rows: encoders add or cut a frame or two.
TOLERANCE = 0.1
PCM = np.asarray(music(3.0) * 32767, "<i2").tobytes()
MP3 = encoded("libmp3lame", "mp3", music(3.0), RATE, id3v2_version="0")
OGG = by_soundfile("OGG", music(3.0), RATE)


def lengths(file: Path) -> tuple[float | None, float]:
    """(seconds that the container claims, seconds in it)."""
    seconds = sum(map(len, decode_mono(str(file)))) / 32_000
    return probe(str(file)).claimed_seconds, seconds


KNOWN = {
    "wav": wav_of(PCM),
    "wrong byte rate.wav": wav_of(PCM, byte_rate=RATE),
    "list before.wav": wav_of(PCM, before=chunk(b"LIST", b"INFOISFT\x09\0\0\0recorder\0")),
    "list behind.wav": wav_of(PCM, behind=chunk(b"LIST", b"INFO" + bytes(90_000))),
    "tag behind.wav": wav_of(PCM, behind=b"ID3\x04" + bytes(90_000)),
    "zeros behind.wav": wav_of(PCM, behind=bytes(90_000)),
    "w64": by_soundfile("W64", music(3.0), RATE, "PCM_24"),
    "rf64": by_soundfile("RF64", music(3.0), RATE),
    "8 bit.wav": by_soundfile("WAV", music(3.0), RATE, "PCM_U8"),
    "extensible.wav": by_soundfile("WAVEX", music(3.0), RATE, "FLOAT"),
    "alaw.wav": encoded("pcm_alaw", "wav", music(3.0), RATE),
    "ima.wav": encoded("adpcm_ima_wav", "wav", music(3.0), RATE),
    "ms.wav": encoded("adpcm_ms", "wav", music(3.0), RATE),
    "mp3.wav": encoded("libmp3lame", "wav", music(3.0), RATE),
    "mp3": MP3,
    "tags.mp3": id3v2(3_000) + id3v2(70_000, footer=True) + bytes(99) + MP3,
    "tags behind.mp3": MP3 + b"APETAGEX" + bytes(90_000) + b"TAG" + bytes(125),
    "tag.flac": id3v2(250_000) + by_soundfile("FLAC", music(3.0), RATE) + b"TAG" + bytes(125),
    "ogg": OGG,
    "opus": encoded("libopus", "ogg", music(3.0, 48_000), 48_000),
    "flac.ogg": encoded("flac", "ogg", music(3.0), RATE),
    "aiff": by_soundfile("AIFF", music(3.0), RATE, "PCM_24"),
    "sowt.aiff": encoded("pcm_s16le", "aiff", music(3.0), RATE),
    "caf": encoded("pcm_s16le", "caf", music(3.0), RATE),
    "au": encoded("pcm_s16be", "au", music(3.0), RATE),
    "m4a": encoded("aac", "mp4", music(3.0), RATE),
    "fragments.m4a": encoded(
        *("aac", "mp4", music(3.0), RATE),
        pipe=True,
        movflags="empty_moov+default_base_moof+frag_keyframe",
        frag_duration="500000",
    ),
    "webm": encoded("libopus", "webm", music(3.0, 48_000), 48_000),
    "wma": encoded("wmav2", "asf", music(3.0), RATE),
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_a_container_claims_is_in_it(tmp_path: Path, name: str) -> None:
    claimed, seconds = lengths(written(tmp_path, f"x.{name}", KNOWN[name]))
    assert claimed == pytest.approx(3.0, abs=TOLERANCE)
    assert seconds == pytest.approx(3.0, abs=TOLERANCE)


def w64_saying(size: int) -> bytes:
    """A W64 whose last chunk says that it has so many bytes."""
    data = by_soundfile("W64", music(3.0), RATE)
    at = data.index(b"data") + 16
    return data[:at] + struct.pack("<Q", size) + data[at + 8 :]


def aiff_saying(size: int) -> bytes:
    """An AIFF whose headers say that it has so many bytes of sound."""
    data = bytearray(by_soundfile("AIFF", music(3.0), RATE))
    form, sound, common = 4, data.index(b"SSND") + 4, data.index(b"COMM") + 10
    for at, number in ((form, size + 46), (sound, size + 8), (common, size // 4)):
        data[at : at + 4] = struct.pack(">I", number)
    return bytes(data)


UNKNOWN = {
    **{
        f"says {size:#x}.wav": wav_of(PCM, says=size)
        for size in (0, 2**31 - 1, 2**31, 2**32 - 1, 2**32 - 37, 0x7FFFF000)
    },
    "pipe.wav": encoded("adpcm_ima_wav", "wav", music(3.0), RATE, pipe=True),
    "no xing.mp3": encoded("libmp3lame", "mp3", music(3.0), RATE, pipe=True),
    "no frames.mp3": MP3.replace(b"Info\0\0\0\x0f", b"Info\0\0\0\x00", 1),
    "mp2": encoded("mp2", "mp2", music(3.0), RATE),
    "ac3": encoded("ac3", "ac3", music(3.0), RATE),
    "aac": encoded("aac", "adts", music(3.0), RATE),
    "midstream.ogg": ogg_from(OGG, 20 * 60 * RATE),
    # As SoX writes them into a pipe.
    "pipe.w64": w64_saying(23),
    "no size.w64": w64_saying(2**63 - 1),
    "pipe.aiff": aiff_saying(0x7F000000),
    "pipe.flac": encoded("flac", "flac", music(3.0), RATE, pipe=True),
    "pipe.au": encoded("pcm_s16be", "au", music(3.0), RATE, pipe=True),
    "pipe.caf": encoded("pcm_s16le", "caf", music(3.0), RATE, pipe=True),
    "pipe.webm": encoded("libopus", "webm", music(3.0, 48_000), 48_000, pipe=True),
    "pipe.mka": encoded("pcm_s16le", "matroska", music(3.0), RATE, pipe=True),
    "pipe.wma": encoded("wmav2", "asf", music(3.0), RATE, pipe=True),
    "pipe.wv": encoded("wavpack", "wv", music(3.0), RATE, pipe=True),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_guess_is_no_claim(tmp_path: Path, name: str) -> None:
    file = written(tmp_path, f"x.{name}", UNKNOWN[name])
    claimed, seconds = lengths(file)
    assert claimed is None
    assert seconds == pytest.approx(3.0, abs=TOLERANCE)
    estimated = probe(str(file)).estimated_seconds
    # By its size: nearly right for PCM, within a few times of the others.
    assert 0 < estimated < (3.1 if name in ("pipe.w64", "pipe.aiff") else 20)


def test_an_odd_chunk_of_absurd_size_is_no_change_of_the_file(tmp_path: Path) -> None:
    plain = by_soundfile("W64", music(3.0), RATE)
    for size in (2**45, 2**61, 2**62 - 1000, 2**63, 2**64 - 1):
        odd = b"levl" + bytes.fromhex("f3acd3118cd100c04f8edb8a") + struct.pack("<Q", size)
        file = written(tmp_path, "x.w64", plain + odd + bytes(40))
        scanned = scan(tmp_path).tracks
        assert [track.reason for track in scanned] == [""] and lengths(file)[1] > 2.9
        before = written(tmp_path, "x.w64", plain[:40] + odd + plain[40:])
        assert not any(is_of_one_run(track.reason) for track in scan(tmp_path).tracks)
        before.unlink()


@pytest.mark.parametrize(
    ("links", "seconds"),
    [
        ((OGG, ogg_from(OGG, 0, serial=7)), 6.0),
        ((OGG, OGG, OGG), 9.0),
        ((OGG, by_soundfile("OGG", music(2.0, 32_000)[:, 0], 32_000)), 5.0),
        ((KNOWN["opus"], KNOWN["opus"]), 6.0),
        ((KNOWN["flac.ogg"], KNOWN["flac.ogg"]), 6.0),
    ],
    ids=["two", "of one serial number", "of two rates", "opus", "flac"],
)
def test_a_chained_ogg_is_as_long_as_its_links(
    tmp_path: Path, links: tuple[bytes, ...], seconds: float
) -> None:
    claimed, found = lengths(written(tmp_path, "x.ogg", b"".join(links)))
    assert claimed == pytest.approx(seconds, abs=TOLERANCE / 2)
    assert found == pytest.approx(seconds, abs=TOLERANCE / 2)


def test_joined_mp3_files_are_read_to_the_end(tmp_path: Path) -> None:
    for joined in (MP3 + MP3, MP3 + b"TAG" + bytes(125) + id3v2(1_000) + MP3):
        claimed, seconds = lengths(written(tmp_path, "x.mp3", joined))
        assert claimed is None and seconds == pytest.approx(6.0, abs=TOLERANCE)


@pytest.mark.parametrize("name", ["wav", "mp3", "aiff", "tag.flac"])
def test_half_a_file_claims_the_whole(tmp_path: Path, name: str) -> None:
    data = KNOWN[name]
    claimed, seconds = lengths(written(tmp_path, f"x.{name}", data[: len(data) // 3 * 2]))
    assert claimed == pytest.approx(3.0, abs=TOLERANCE) and seconds < 2.9


@given(st.integers(0, len(PCM) // 4 - 30_000))
def test_a_wav_is_read_past_the_length_in_its_header(
    tmp_path_factory: pytest.TempPathFactory, frames: int
) -> None:
    file = written(tmp_path_factory.mktemp("wav"), "x.wav", wav_of(PCM, says=4 * frames))
    tally = Tally()
    seconds = sum(map(len, decode_mono(str(file), tally))) / 32_000
    assert seconds == pytest.approx(3.0, abs=1e-3)
    assert probe(str(file)).claimed_seconds is None
    assert tally.decoder == (Decoder.FFMPEG_PAST_HEADER if frames else Decoder.FFMPEG)


def test_absurd_chunks_state_nothing(tmp_path: Path) -> None:
    for size in (0, 2**32 - 1):
        body = b"fmt " + struct.pack("<I", size) + bytes(200_000)
        data = b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body
        with pytest.raises(SourceError, match=r"unreadable|not audio"):
            probe(str(written(tmp_path, "x.wav", data)))
