"""Reads the files with text that lie beside an audio file: captions, and JSON about the track."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import SourceError
from ...outside.files import SIDECAR_BYTES, read_bytes
from ..files import SIDECAR_ENDINGS, display_path
from .headers import FILE_NAME, choose, shorn
from .json_text import load_json
from .notes import Notes
from .texts import decode
from .values import read_fields

# A text of more letters or lines is no caption: lyrics, a list of tracks, notes.
_MOST_LETTERS = 2_000
_MOST_LINES = 6
# The lines of lyrics with times (LRC), and of subtitles.
_TIMED = re.compile(r"^\[\d+:\d\d|^\d+:\d\d(:\d\d)?[.,]\d+ -->", re.MULTILINE)
_CAPTIONS = ("description", "descriptions")
# What yt-dlp's description of a video has, by field; the first that has a value.
_VIDEO = {
    "title": ("track", "title"),
    "artist": ("artist", "artists", "creator"),
    "album": ("album",),
    "style": ("genre",),
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
            notes.add("sidecars that cannot be used", f"{shown_name}: not used: {detail}", most=20)
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
    value = load_json(text)
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
    fields = read_fields({"description": " ".join(text.split())})
    if not fields:
        raise ValueError(f"says {shorn(text)}")
    return fields


def _object(value: dict[str, Any], name: str, notes: Notes) -> dict[str, Any]:
    chosen = choose(list(value), {})
    cells = {key: value[column] for key, column in chosen.fields.items() if key != FILE_NAME}
    emptied: dict[str, str] = {}
    fields = read_fields(cells, emptied)
    for key, text in emptied.items():
        notes.add("such values", f"{name}: {key} {shorn(text)!r} is read as no value")
    for column in (*chosen.unknown, *chosen.rivals):
        notes.add(
            "keys of sidecars that are not read", f"{name}: key `{shorn(column)}` is not read"
        )
    return fields


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
    fields: dict[str, Any] = {}
    for field, keys in _VIDEO.items():
        for key in keys:
            if field not in fields:
                fields |= read_fields({field: value.get(key)})
    return fields
