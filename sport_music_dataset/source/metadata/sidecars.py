"""Reads the files with text that lie beside an audio file: captions, and JSON about the track."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...audio.tags import NO_GENRE, license_id
from ...errors import SourceError
from ...outside.files import SIDECAR_BYTES, read_bytes
from ...outside.names import shown
from ...outside.texts import decode
from ..files import SIDECAR_ENDINGS, display_path
from .headers import FILE_NAME, choose, is_genre, shorn
from .json_text import json_value
from .notes import Notes
from .values import read_fields, text_of

_MOST_NAMED = 20
# A text of more letters or lines is no caption: lyrics, a list of tracks, notes.
_MOST_LETTERS = 2_000
_MOST_LINES = 6
# The lines of lyrics with times (LRC), and of subtitles.
_TIMED = re.compile(r"^\[\d+:\d\d|^\d+:\d\d(:\d\d)?[.,]\d+ -->", re.MULTILINE)
_CAPTIONS = ("description", "descriptions")
_ADDRESS = re.compile(r"(?:(?:https?|ftp)://|www\.)\S+", re.IGNORECASE)
# The words, without case, of texts that say a licence and nothing more.
_LICENSE_WORDS = frozenset(
    "a alike and attribution by cc commercial commons creative dedication deed derivatives domain "
    "est generic international is la le licence license licensed musique music nc nd no "
    "noderivatives noderivs non noncommercial public sa share sharealike sous the this track under "
    "universal unported v work zero".split()
)
_WORDS = re.compile(r"[^\W\d_]+")
# Keys of a caption in English, in a dictionary of captions by language.
_ENGLISH = re.compile(r"en|eng|english|anglais|en[-_].*", re.IGNORECASE)
# What yt-dlp's description of a video has, by field; the first that has a value.
_VIDEO = {
    "title": ("track", "title"),
    "artist": ("artist", "artists", "creator"),
    "album": ("album",),
    "genre": ("genre", "genres"),
    "license": ("license",),
    "source_url": ("webpage_url",),
}


def read_sidecars(root: Path, names: Sequence[str], notes: Notes) -> dict[str, Any]:
    """The fields of a track in its sidecars; of two that give a field, the first one counts.

    A sidecar that cannot be used is named in a note, and takes nothing else along.

    Args:
        root: the source's folder.
        names: the sidecars of one track, relative to it, in the order of SIDECAR_ENDINGS.
        notes: gets what the user must know.
    """
    fields: dict[str, Any] = {}
    for name in names:
        shown_name = display_path(name)
        try:
            found = _read(root, name, shown_name, notes)
        except (SourceError, ValueError) as error:
            detail = str(error).removeprefix(f"{root / name}: ")
            notes.add(
                "sidecars that cannot be used", f"{shown_name}: not used: {detail}", _MOST_NAMED
            )
            continue
        for key in merge(fields, found):
            notes.add(
                "values of sidecars that are not used",
                f"{shown_name}: its {key} is not used; another sidecar of the track has one",
            )
    return fields


def merge(fields: dict[str, Any], more: Mapping[str, Any]) -> list[str]:
    """Add the fields that are not there yet; returns those that are there with another value.

    The description and the descriptions of a track are one.
    """
    said = any(key in fields for key in _CAPTIONS)
    unused = []
    for key, value in more.items():
        if key not in fields and not (said and key in _CAPTIONS):
            fields[key] = value
        elif fields.get(key) != value:
            unused.append(key)
    return unused


def _read(root: Path, name: str, shown_name: str, notes: Notes) -> dict[str, Any]:
    file = root / name
    if not file.resolve().is_relative_to(root):
        raise ValueError("is a link that leads out of the folder; put the file there")
    text, said = decode(read_bytes(file, SIDECAR_BYTES, SourceError, links=True))
    if said:
        notes.add("sidecars that are not UTF-8", f"{shown_name}: {said}")
    if not text.strip():
        raise ValueError("is empty")
    ending = next(end for end in SIDECAR_ENDINGS if name.lower().endswith(end))
    if not ending.endswith(".json"):
        return _caption(text, sure="caption" in ending)
    value = json_value(text)
    if ending == ".info.json" or (isinstance(value, dict) and "extractor" in value):
        return _video(value, shown_name, notes)
    if isinstance(value, (str, list)):
        value = {"description": value}
    if not isinstance(value, dict):
        raise ValueError("is no JSON object")
    return _object(value, shown_name, notes)


def _caption(text: str, sure: bool) -> dict[str, Any]:
    lines = [line for line in text.splitlines() if line.strip()]
    if not sure and (len(lines) > _MOST_LINES or len(text) > _MOST_LETTERS or _TIMED.search(text)):
        raise ValueError(
            f"{len(lines)} lines are no caption but lyrics or a list; "
            "call it .caption.txt if it is one"
        )
    is_address = all(map(_ADDRESS.fullmatch, text.split()))
    if is_address or _is_license(text):
        column = "source_url" if is_address else "license"
        raise ValueError(
            f"{shorn(text)} is {'an address' if is_address else 'a licence'}, no caption; it goes "
            f"into the column {column} of a metadata.csv"
        )
    fields = read_fields({"description": " ".join(text.split())})
    if not fields:
        raise ValueError(f"says {shorn(text)}")
    return fields


def _is_license(text: str) -> bool:
    words = _WORDS.findall(_ADDRESS.sub(" ", text).casefold())
    return bool(license_id(text)) and _LICENSE_WORDS.issuperset(words)


def _object(value: dict[str, Any], name: str, notes: Notes) -> dict[str, Any]:
    chosen = choose(list(value), {})
    cells = {key: value[column] for key, column in chosen.fields.items() if key != FILE_NAME}
    # Programs write any genre there; a style of the user's own is called so.
    if "style" in cells and is_genre(chosen.fields["style"]):
        cells["genre"] = cells.pop("style")
    unread = notes.unsaid("keys", (shorn(key) for key in (*chosen.unknown, *chosen.rivals)))
    if unread:
        notes.add(
            "sidecars with other keys that are not read",
            f"{name}: keys of sidecars that are not read: "
            + ", ".join(f"`{key}`" for key in unread[:_MOST_NAMED])
            + (f" and {len(unread) - _MOST_NAMED} more" if len(unread) > _MOST_NAMED else ""),
            _MOST_NAMED,
        )
    return _fields(cells, name, notes)


def _fields(cells: Mapping[str, Any], name: str, notes: Notes) -> dict[str, Any]:
    """The fields in the values of a sidecar; one that cannot be read takes no other along."""
    good: dict[str, Any] = {}
    emptied: dict[str, str] = {}
    for key, cell in cells.items():
        try:
            value = _one(key, cell, name, notes)
            # Only checked: the descriptions in two fields are read together.
            found = read_fields({key: value}, emptied)
        except ValueError as error:
            notes.add("values that cannot be used", f"{name}: not used: {error}", _MOST_NAMED)
            continue
        if found.get("genre", "").casefold() in NO_GENRE:
            emptied["genre"] = found["genre"]
        elif found:
            good[key] = value
    for key, text in emptied.items():
        notes.add("such values", f"{name}: {key} {shorn(text)!r} is read as no value")
    return read_fields(good)


def _one(key: str, value: Any, name: str, notes: Notes) -> Any:
    """A value, and where a program writes several of which one is meant, this one with a note."""
    if key in _CAPTIONS and isinstance(value, dict):
        language = next(filter(_ENGLISH.fullmatch, value), "")
        if not language:
            raise ValueError(f"{key} {shown(value)}: has no `en`; give the English text, or a list")
        if len(value) > 1:
            notes.add(
                "captions by language", f"{name}: of {key}, `{language}` is read, no other language"
            )
        return value[language]
    texts = [item for item in value if text_of(item)] if isinstance(value, list) else []
    if key in ("style", "genre") and len(texts) > 1:
        notes.add(
            f"lists as the {key}", f"{name}: of {key} {shown(value)}, only the first one is read"
        )
        return texts[0]
    return value


def _video(value: Any, name: str, notes: Notes) -> dict[str, Any]:
    """The fields of a track in the JSON that yt-dlp writes of a video."""
    if not isinstance(value, dict):
        raise ValueError("is no JSON object")
    if value.get("description"):
        notes.add(
            "descriptions of videos",
            f"{name}: the description of the video is not read as one of the music; "
            "a caption goes into a file .caption.txt",
        )
    cells = {
        field: next((value[key] for key in keys if text_of(value.get(key)) != ""), None)
        for field, keys in _VIDEO.items()
    }
    return _fields(cells, name, notes)
