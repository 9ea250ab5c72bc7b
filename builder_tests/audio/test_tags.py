"""Tags in a file are read as metadata of its track, repaired where it can be told."""

import struct
from pathlib import Path
from typing import Any

import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from builder_tests.conftest import noise, write_audio
from builder_tests.support.making import scan
from sport_music_dataset.audio.tags import key_name, license_id, read_tags, repair, tempo
from sport_music_dataset.records import Track
from sport_music_dataset.source.source import Source

BY = "https://creativecommons.org/licenses/by/4.0/"


def id3(version: int, *frames: tuple[str, bytes]) -> bytes:
    """An ID3v2 tag of frames, in the form of its version (2, 3 or 4)."""
    body = b""
    for name, data in frames:
        size = struct.pack(">I", len(data))
        body += name.encode() + (size[1:] if version == 2 else size + b"\0\0") + data
    sizes = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3" + bytes([version, 0, 0]) + sizes + body


def id3v1(title: bytes, artist: bytes, genre: int) -> bytes:
    """An ID3v1 tag, which knows no encoding."""
    return b"TAG" + title.ljust(30, b"\0") + artist.ljust(94, b"\0") + bytes([genre])


def tagged(folder: Path, before: bytes = b"", behind: bytes = b"", **source: Any) -> Track:
    """The track of an MP3 with these bytes around its frames."""
    file = write_audio(folder / "latino/Yoga_latino.mp3", noise(3.0))
    file.write_bytes(before + file.read_bytes() + behind)
    (track,) = scan(Source(str(folder), layout="sport", **source)).tracks
    assert not track.reason
    return track


def test_tags_of_an_mp3_are_metadata(tmp_path: Path) -> None:
    frames = {
        "TIT2": b"\0" + "L’été".encode("cp1252"),
        "TPE1": b"\1" + "Zoé".encode("utf-16"),
        "TPE2": b"\0Several",
        "TALB": b"\0Summer",
        "TCON": b"\0House; Tech House",
        "TSRC": b"\0FRZ039800212",
        "TBPM": b"\x00128",
        "TKEY": b"\0Am",
        "TCOP": b"\x002003 A Label",
        "WCOP": BY.encode() + b"\0",
    }
    track = tagged(tmp_path, id3(3, *frames.items()))
    assert (track.title, track.artist, track.album) == ("L’été", "Zoé", "Summer")
    assert (track.album_artist, track.genre) == ("Several", "House; Tech House")
    assert (track.isrc, track.claimed_bpm, track.claimed_key) == ("FRZ039800212", 128.0, "A minor")
    assert (track.license, track.copyright) == ("cc-by-4.0", f"2003 A Label; {BY}")
    # What the name says of session and style is meant for this.
    assert (track.session, track.style) == ("yoga", "latino")


@pytest.mark.parametrize("genre", ["80's Pop", "8-bit", "2-Step", "60s; Soul"])
def test_a_genre_that_begins_with_a_number_is_no_number(tmp_path: Path, genre: str) -> None:
    """FFmpeg reads `80's Pop` as 80, which is Folk in ID3v1."""
    assert tagged(tmp_path, id3(3, ("TCON", b"\0" + genre.encode()))).genre == genre
    utf16 = b"\1" + genre.encode("utf-16")
    assert tagged(tmp_path, id3(3, ("TCON", utf16))).genre == genre
    assert tagged(tmp_path, id3(3, ("TCON", b"\0(80)"))).genre == "Folk"


def test_a_copyright_is_no_licence(tmp_path: Path) -> None:
    track = tagged(tmp_path, id3(3, ("TCOP", b"\x002003 A Label, all rights reserved")))
    assert (track.license, track.copyright) == ("", "2003 A Label, all rights reserved")


def test_metadata_counts_for_more_than_tags_and_may_be_all(tmp_path: Path) -> None:
    frames = id3(3, ("TIT2", b"\0Tag"), ("TPE1", b"\0Singer"))
    (tmp_path / "metadata.csv").write_text("file_name,title\nlatino/Yoga_latino.mp3,Sheet\n")
    track = tagged(tmp_path, frames)
    assert (track.title, track.artist) == ("Sheet", "Singer")
    track = tagged(tmp_path, frames, tags=False)
    assert (track.title, track.artist) == ("Sheet", "")


@pytest.mark.parametrize(
    ("before", "behind", "title", "artist"),
    [
        (b"", id3v1("Été à la plage".encode("cp1252"), "Noël".encode("cp1252"), 17),
         "Été à la plage", "Noël"),
        (b"", id3v1("Été".encode(), "Noël".encode(), 17), "Été", "Noël"),
        (id3(2, ("TT2", b"\0" + "Привет".encode("cp1251")), ("TP1", b"\0" + "Zoé".encode())),
         b"", "Привет", "Zoé"),
        (id3(3, ("TIT2", b"\0Unknown"), ("TPE1", b"\0Artiste inconnu")), b"", "", ""),
    ],
)  # fmt: skip
def test_old_tags_are_repaired(
    tmp_path: Path, before: bytes, behind: bytes, title: str, artist: str
) -> None:
    track = tagged(tmp_path, before, behind)
    assert (track.title, track.artist) == (title, artist)


def test_tags_of_other_formats_are_read(tmp_path: Path) -> None:
    for extension in ("flac", "ogg", "wav", "aiff"):
        file = tmp_path / f"latino/Yoga_latino.{extension}"
        file.parent.mkdir(exist_ok=True)
        with soundfile.SoundFile(file, "w", 32_000, 1) as stream:
            stream.title, stream.artist = "Plage", "Zoe"
            stream.write(noise(3.0, seed=len(extension)))
    for track in scan(tmp_path).tracks:
        assert (track.title, track.artist) == ("Plage", "Zoe"), track.path


LETTERS = st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), min_size=1)


@given(LETTERS)
def test_utf8_that_was_read_as_latin1_is_read_as_meant(text: str) -> None:
    broken = text.encode().decode("latin-1")
    assert repair(broken) == text if broken != text else repair(text) == text


@given(st.text(alphabet="abcdefghij éèàçüöß'-", min_size=1))
def test_what_is_right_stays(text: str) -> None:
    letters = [letter for letter in text if letter.isalpha()]
    if any(letter.isascii() for letter in letters) or len(letters) < 4:
        assert repair(text) == text


@pytest.mark.parametrize(
    ("written", "key"),
    [("Am", "A minor"), ("F#", "F# major"), ("Bb", "A# major"), ("Ebm", "D# minor"),
     ("C♯m", "C# minor"), ("Gb major", "F# major"), ("8A", "A minor"), ("8B", "C major"),
     ("12B", "E major"), ("1A", "G# minor"), ("1m", "A minor"), ("1d", "C major"),
     ("6d", "B major"), ("A minor", "A minor"), ("o", ""), ("", ""), ("weird", "weird")],
)  # fmt: skip
def test_keys_of_tags_are_written_as_ours(written: str, key: str) -> None:
    assert key_name(written) == key


@pytest.mark.parametrize(
    ("written", "bpm"),
    [("128", 128.0), ("127.96", 127.96), ("93,5", 93.5), ("174 BPM", 174.0), ("0", None),
     ("999", None), ("fast", None), ("", None), ("12800", None)],
)  # fmt: skip
def test_tempi_of_tags(written: str, bpm: float | None) -> None:
    assert tempo(written) == bpm


@pytest.mark.parametrize(
    ("text", "licence"),
    [(BY, "cc-by-4.0"), ("CC BY-NC-SA 3.0", "cc-by-nc-sa-3.0"), ("CC0", "cc0-1.0"),
     ("http://creativecommons.org/publicdomain/zero/1.0/", "cc0-1.0"), ("cc-by-4.0", "cc-by-4.0"),
     ("https://creativecommons.org/licenses/by-sa/3.0/fr/", "cc-by-sa-3.0"),
     ("2001 A Label. Licensed CC BY 4.0", "cc-by-4.0"), ("All rights reserved", ""),
     ("CC BY", ""), ("2001 CC BYRON 2.0", "")],
)  # fmt: skip
def test_licences_in_tags(text: str, licence: str) -> None:
    assert license_id(text) == licence


def test_the_first_tags_count_and_long_ones_are_none() -> None:
    tags = read_tags([{"TITLE": "One", "lyrics": "x"}, {"title": "Two", "ARTIST": "y" * 2_000}])
    assert tags == {"title": "One"}
    assert read_tags([{"TCR": "2001 A, CC BY 4.0"}])["license"] == "cc-by-4.0"
    assert read_tags([{"ISRC": "Studio tape"}]) == {}
    assert read_tags([{"LICENSE": "CC BY 4.0, name Zoé"}]) == {
        "license": "cc-by-4.0", "copyright": "CC BY 4.0, name Zoé"}  # fmt: skip
    cyrillic = read_tags([{"title": "Ïðèâåò", "artist": "Ìû feat. X", "genre": "Ðîê"}])
    assert cyrillic == {"title": "Привет", "artist": "Мы feat. X", "genre": "Рок"}
    assert read_tags([{"title": "Other", "genre": "Other"}]) == {"title": "Other"}
