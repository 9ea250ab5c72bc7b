"""The tags in a sound file, as metadata of its track: what its maker or a player wrote into it."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..outside.files import open_regular
from ..outside.names import is_text
from .keys import TONICS

# Names of tags by field, the best first. FFmpeg has common names for many; the others are those of
# ID3v2.2 to 2.4, of Vorbis comments, of MP4, and of Windows Media.
_NAMES = {
    "title": ("title",),
    "artist": ("artist", "performer", "author"),
    "album": ("album",),
    "album_artist": ("album_artist", "albumartist", "album artist"),
    "genre": ("genre",),
    "license": ("license", "licence", "wm/licenseurl"),
    "copyright": ("copyright", "tcr", "copyright_url", "wm/copyrighturl"),
    "source_url": ("purl",),
    "isrc": ("isrc", "tsrc", "trc", "wm/isrc"),
    "claimed_bpm": ("bpm", "tbpm", "tbp", "tempo", "tmpo", "wm/beatsperminute"),
    "claimed_key": ("initialkey", "initial_key", "tkey", "tke", "key", "wm/initialkey"),
}
# What programs write where they know nothing, in any tag and in that of the genre.
_NOTHING = frozenset(
    "unknown,unknown artist,unknown album,unknown title,<unknown>,[unknown],no title,no artist,"
    "artiste inconnu,album inconnu,titre inconnu,inconnu,n/a,null,undefined".split(",")
)
NO_GENRE = frozenset(
    "genre,rx,(rx),cr,(cr),other,unclassifiable,unspecified,misc,divers,autre,default,none,music,"
    "musique".split(",")
)
"""Genres, without case, that say nothing."""

# Country, registrant, year and number. Source: ISO 3901.
_ISRC = re.compile(r"[A-Z]{2}-?[A-Z0-9]{3}-?\d{2}-?\d{5}", re.IGNORECASE)
LEAST_BPM, MOST_BPM = 20.0, 400.0
"""The slowest and the fastest tempo of music that a tag may claim."""

# Most letters of a tag: longer ones are lyrics or harm.
_MOST_LETTERS = 1_000
_BPM = re.compile(r"(\d{2,3}(?:[.,]\d+)?)(?:\s*bpm)?", re.IGNORECASE)
_KEY = re.compile(r"([A-G])\s*([#♯b♭]?)\s*(m|min|minor|moll|maj|major|dur)?", re.IGNORECASE)
# Camelot and Open Key: hours on the circle of fifths.
_WHEEL = re.compile(r"(1[0-2]|0?[1-9])\s*([ABDM])", re.IGNORECASE)
_ACCENTED = re.compile(r"\b[À-ÿ]+\b")
_CC_URL = re.compile(
    r"creativecommons\.org/(?:licenses/(?P<kind>[a-z-]+)/(?P<version>\d\.\d)|"
    r"publicdomain/(?P<public>zero)/(?P<zero>\d\.\d))"
)
_CC_NAME = re.compile(
    r"\bcc[\s-]*(?P<kind>by(?:[\s-]*(?:nc|nd|sa))*|0|zero)(?:[\s-]*(?P<version>\d\.\d))?(?!\w)",
    re.IGNORECASE,
)


def read_tags(found: Iterable[Mapping[str, str]], url: str = "", genre: str = "") -> dict[str, Any]:
    """Fields of a `Track` in the tags of a file: those that have a value.

    Args:
        found: tags of the container, of the stream and so on; the first that has a tag counts.
            Texts are UTF-8, with other bytes as surrogates (`surrogateescape`).
        url: the address in the ID3 frame WCOP, which FFmpeg does not read.
        genre: the text of the ID3 frame TCON, where FFmpeg takes it for a number.

    Returns:
        Texts without what stands for nothing; `claimed_bpm` as a number, `claimed_key` in the form
        of `Measures.key` where it can be told. `license` is what a tag for licences says, or a
        Creative Commons licence that the copyright names: a copyright alone gives no right.
    """
    tags: dict[str, str] = {}
    for group in found:
        for name, value in group.items():
            tags.setdefault(name.casefold(), value)
    cyrillic = any(map(_is_misread_cyrillic, tags.values()))
    tags = {name: repair(value, cyrillic) for name, value in tags.items()}
    texts = {field: _first(tags, names) for field, names in _NAMES.items()}
    texts["genre"] = genre or texts["genre"]
    if texts["genre"].casefold() in NO_GENRE:
        texts["genre"] = ""
    if not _ISRC.fullmatch(texts["isrc"]):
        texts["isrc"] = ""  # `Source` of a WAV has the same name
    if "://" not in texts["source_url"]:
        texts["source_url"] = ""
    bpm, key = texts.pop("claimed_bpm"), texts.pop("claimed_key")
    licence = license_id(texts["license"])
    # Words beside the name of a licence may be its terms.
    terms = texts["license"] if licence and licence != texts["license"] else ""
    texts["copyright"] = "; ".join(filter(None, (texts["copyright"], terms, url)))
    texts["license"] = licence or texts["license"] or license_id(texts["copyright"])
    fields: dict[str, Any] = {field: text for field, text in texts.items() if text}
    if number := tempo(bpm):
        fields["claimed_bpm"] = number
    return fields | ({"claimed_key": key_name(key)} if key_name(key) else {})


def _first(tags: Mapping[str, str], names: Iterable[str]) -> str:
    return next((text for name in names if (text := _clean(tags.get(name, "")))), "")


def _clean(text: str) -> str:
    """A tag as text in NFC; empty where it says nothing."""
    words = " ".join(unicodedata.normalize("NFC", text).replace("\0", "; ").split())
    is_used = len(words) <= _MOST_LETTERS and is_text(words) and words.casefold() not in _NOTHING
    return words if is_used else ""


def repair(text: str, cyrillic: bool = False) -> str:
    """A text with the letters that its writer meant, where bytes were read as another encoding.

    UTF-8 that was read as Latin-1 or cp1252 is read as UTF-8; bytes that are no UTF-8 (ID3v1, RIFF)
    and control characters of Latin-1 as cp1252; a text of accented letters alone as Cyrillic
    (cp1251), and such words too where other tags of the file are `cyrillic`. Everything else stays.
    """
    if any("\udc80" <= letter <= "\udcff" for letter in text):
        text = _decoded(text.encode("utf-8", "surrogateescape"), "cp1252") or text
    for encoding in ("latin-1", "cp1252"):
        try:
            data = text.encode(encoding)
        except UnicodeEncodeError:
            continue
        if not text.isascii() and (meant := _decoded(data, "utf-8")):
            return meant
    if any("\x80" <= letter <= "\x9f" for letter in text):
        # In Latin-1 these are no letters: the writer used cp1252.
        return "".join(_as_cp1252(letter) for letter in text)
    if cyrillic or _is_misread_cyrillic(text):
        return _ACCENTED.sub(lambda word: word[0].encode("cp1252").decode("cp1251"), text)
    return text


def _is_misread_cyrillic(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    return len(letters) > 3 and all("À" <= letter <= "ÿ" for letter in letters)


def _as_cp1252(letter: str) -> str:
    return _decoded(letter.encode("latin-1"), "cp1252") if letter <= "\xff" else letter


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode("latin-1") if encoding == "cp1252" else ""


def tempo(text: str) -> float | None:
    """The tempo in BPM that a tag claims; None unless it is one of music."""
    found = _BPM.fullmatch(text)
    number = float(found[1].replace(",", ".")) if found else 0.0
    return number if LEAST_BPM <= number <= MOST_BPM else None


def key_name(text: str) -> str:
    """A key in the form of `Measures.key`, of `Am`, `F#`, `8A` (Camelot) or `1m` (Open Key).

    Other texts are returned as they are, `o` (off key, says ID3) as empty.
    """
    if found := _WHEEL.fullmatch(text):
        letter = found[2].upper()
        # Both number the circle of fifths, on which C major is 8B in Camelot, 1d in Open Key.
        fifths = int(found[1]) - (8 if letter in "AB" else 1)
        is_minor = letter in "AM"
        return f"{TONICS[(7 * fifths + (9 if is_minor else 0)) % 12]} {_mode(is_minor)}"
    found = _KEY.fullmatch(text)
    if not found:
        return "" if text == "o" else text
    step = {"#": 1, "♯": 1, "b": -1, "♭": -1}.get(found[2], 0)
    tonic = TONICS[(TONICS.index(found[1].upper()) + step) % 12]
    word = found[3] or ""
    return f"{tonic} {_mode(word == 'm' or word.lower() in ('min', 'minor', 'moll'))}"


def _mode(is_minor: bool) -> str:
    return "minor" if is_minor else "major"


def license_id(text: str) -> str:
    """The Hub's id of the Creative Commons licence that a text names or links; else empty."""
    if found := _CC_URL.search(text.lower()):
        if found["public"]:
            return f"cc0-{found['zero']}"
        return f"cc-{found['kind']}-{found['version']}"
    if found := _CC_NAME.search(text):
        kind = "-".join(re.split(r"[\s-]+", found["kind"].lower()))
        if kind in ("0", "zero"):
            return "cc0-1.0"
        return f"cc-{kind}-{found['version']}" if found["version"] else ""
    return ""


def id3_address(file: Path) -> str:
    """The address in the frame WCOP of a file that begins with an ID3v2 tag; empty without one."""
    data = _frames(file).get("WCOP", b"")
    return _clean(data.partition(b"\0")[0].decode("latin-1"))


def id3_genre(file: Path) -> str:
    """The genre in the frame TCON if it begins with a number, and is none: `80's Pop`, `8-bit`.

    FFmpeg reads it as the number of one of ID3v1's genres: 80 is Folk.
    """
    data = _frames(file).get("TCON", b"\0")
    encoding = dict(enumerate(("latin-1", "utf-16", "utf-16-be", "utf-8"))).get(data[0], "latin-1")
    text = _clean(data[1:].decode(encoding, "replace").strip("\0"))
    return text if re.match(r"\d+[^\d;]", text) else ""


def _frames(file: Path) -> dict[str, bytes]:
    """The frames WCOP and TCON of a file that begins with an ID3v2 tag.

    Source: ID3 tag version 2.4.0 - Main structure, and Native frames, 4.2.3 and 4.3.1.
    """
    with open_regular(file, links=True) as handle:
        head = handle.read(10)
        if len(head) < 10 or head[:3] != b"ID3" or head[3] not in (2, 3, 4):
            return {}
        data = handle.read(min(_size(head[6:10], 7), _MOST_TAG))
    version, found = head[3], dict[str, bytes]()
    name_bytes, size_bytes = (3, 3) if version == 2 else (4, 4)
    header = name_bytes + size_bytes + (0 if version == 2 else 2)
    at = 0
    while at + header <= len(data) and data[at]:
        name = _FRAMES.get(data[at : at + name_bytes])
        size = _size(data[at + name_bytes : at + name_bytes + size_bytes], 7 if version == 4 else 8)
        at += header
        if name and size:
            found.setdefault(name, data[at : at + size])
        at += size
    return found


_FRAMES = {b"WCP": "WCOP", b"WCOP": "WCOP", b"TCO": "TCON", b"TCON": "TCON"}
_MOST_TAG = 1 << 16


def _size(data: bytes, bits: int) -> int:
    """A number of big-endian bytes, of which `bits` bits each count."""
    size = 0
    for byte in data:
        size = size << bits | (byte & ((1 << bits) - 1))
    return size
