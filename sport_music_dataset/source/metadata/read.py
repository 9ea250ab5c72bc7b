"""Puts together what metadata files and sidecars say of the tracks of a folder."""

import posixpath
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import SourceError
from ...outside.names import shown
from ..files import FoundFiles, display_path
from .headers import FILE_NAME, Chosen, choose, is_caption, shorn
from .notes import Notes
from .paths import Paths
from .sheets import Sheet, read_sheet
from .sidecars import merge, read_sidecars
from .values import read_fields, text_of

_MOST_NAMED = 20
# The cells of a column have more letters than this on average: texts, no names or numbers.
_LETTERS_OF_TEXT = 40
_LIKE_HERE = "metadata.csv, .tsv, .jsonl or .parquet"

Fields = dict[str, Any]
Row = tuple[str, str, Fields]
"""A row of a metadata file: its place (`line 3`), the path in it, and its fields."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What users wrote: fields of tracks by path in NFC, and notes for the user."""

    fields: dict[str, Fields]
    notes: tuple[str, ...]


def read_metadata(root: Path, files: FoundFiles, asked: Mapping[str, str]) -> Metadata:
    """Read the metadata files of a folder and its subfolders, and the sidecars of its audio files.

    Paths in a metadata file are relative to its folder, as in Hugging Face's AudioFolder. Of two
    that give a field of a track, the one in the nearer folder counts, and any before a sidecar.

    Args:
        root: the folder, resolved.
        files: the files in it.
        asked: field -> the column that holds it in metadata files, as the user named it.

    Raises:
        SourceError: two metadata files are in one folder; one is a link out of `root` or cannot be
            read; none of its rows finds its file, or two rows say different things of one file; or
            no metadata file has a column that was asked for.
    """
    notes = Notes()
    paths = Paths(unicodedata.normalize("NFC", display_path(name)) for name in files.audio)
    fields: dict[str, Fields] = {}
    columns: dict[str, None] = {}
    asked_found: set[str] = set()
    # The nearest folder first: what it says stays.
    names = sorted(files.metadata, key=lambda name: (-name.count("/"), name))
    for name in names:
        _check(root, name, names)
        place = display_path(name)
        sheet = read_sheet(root / name, place, notes)
        chosen = choose(sheet.columns, asked)
        columns |= dict.fromkeys(sheet.columns)
        asked_found |= asked.keys() & chosen.fields.keys()
        for path, found in _tracks(root / name, place, sheet, chosen, paths, notes).items():
            for key in merge(fields.setdefault(path, {}), found):
                notes.add(
                    f"values of {place} that are not used",
                    f"{place}: its {key} of {path} is not used; a nearer metadata file has one",
                )
    missing = {key: column for key, column in asked.items() if key not in asked_found}
    _check_asked(root, missing, columns)
    for audio, sidecars in sorted(files.sidecars.items()):
        path = unicodedata.normalize("NFC", display_path(audio))
        found = read_sidecars(root, sidecars, notes)
        for key in merge(fields.setdefault(path, {}), found):
            notes.add(
                "values of sidecars that are not used",
                f"{path}: the {key} of its sidecar is not used; a metadata file has one",
            )
    _name_unread(files, notes)
    return Metadata({path: found for path, found in fields.items() if found}, notes.texts())


def _name_unread(files: FoundFiles, notes: Notes) -> None:
    """Note the files that the user may have meant to be read, and how they must be called."""
    for name in files.tables:
        notes.add(
            "tables that are not read",
            f"{display_path(name)}: is not read; a table about the tracks is called {_LIKE_HERE}",
            _MOST_NAMED,
        )
    if files.captions:
        named = ", ".join(map(display_path, files.captions[:_MOST_NAMED]))
        more = len(files.captions) - _MOST_NAMED
        text = (
            f"texts that may be captions are not read: {named}"
            f"{f' and {more:,} more' if more > 0 else ''}; the one caption of x.flac lies beside "
            "it and is called x.txt or x.caption.txt"
        )
        notes.add(text, text)


def _check(root: Path, name: str, names: list[str]) -> None:
    """Raise SourceError for a metadata file beside another one, or outside of the folder."""
    folder = posixpath.dirname(name)
    beside = sorted(posixpath.basename(one) for one in names if posixpath.dirname(one) == folder)
    if len(beside) > 1:
        raise SourceError(f"{root / folder}: {' and '.join(beside)} lie side by side; keep one")
    file = root / name
    if not file.resolve().is_relative_to(root):
        raise SourceError(f"{file}: is a link that leads out of the folder; put the file there")


def _check_asked(root: Path, missing: Mapping[str, str], columns: Mapping[str, None]) -> None:
    for key, column in missing.items():
        there = f"there are {', '.join(columns)}" if columns else "there is no metadata file"
        raise SourceError(f"{root}: no metadata file has the --{key}-column {column}; {there}")


def _tracks(
    file: Path, place: str, sheet: Sheet, chosen: Chosen, paths: Paths, notes: Notes
) -> dict[str, Fields]:
    """The fields of each track that a metadata file names."""
    rows = _rows(file, place, sheet, chosen, notes)
    remedy = _caption_remedy(sheet, chosen)
    for text in chosen.notes(place, remedy) if rows else [f"{place}: has no rows that name a file"]:
        notes.add(text, text)
    tracks: dict[str, tuple[str, Fields]] = {}
    folder = posixpath.dirname(place)
    found = [paths.named(name, folder) for _, name, _ in rows]
    taken = frozenset(path for path in found if path)
    for (where, name, fields), exact in zip(rows, found, strict=True):
        meant = [exact] if exact else paths.meant(name, folder, taken)
        path = exact or _meant(place, where, name, meant, notes)
        if not path:
            continue
        first = tracks.setdefault(path, (where, fields))
        if first[1] != fields:
            raise SourceError(
                f"{file}: {where}: {shown(name)} stands twice, on {first[0]} too, with other "
                "values; keep one row"
            )
    if rows and not tracks:
        example = min(paths.all) if paths.all else "none"
        raise SourceError(
            f"{file}: no row of {len(rows):,} finds its file; it names e.g. "
            f"{shown(rows[0][1])}, and a file here is {shown(_relative(example, folder))}; "
            "write paths relative to the folder of the metadata file"
        )
    return {path: fields for path, (_, fields) in tracks.items()}


def _caption_remedy(sheet: Sheet, chosen: Chosen) -> str:
    """How to read an unknown column as the caption, where one looks like it and no other is."""
    if {"description", "descriptions"} & chosen.fields.keys():
        return ""
    for column in chosen.unknown:
        texts = [text for _, cells in sheet.rows if (text := text_of(cells.get(column)))]
        letters = sum(map(len, texts))
        if texts and (is_caption(column) or letters > _LETTERS_OF_TEXT * len(texts)):
            return f"; --description-column {shorn(column)} reads that one as the description"
    return ""


def _relative(path: str, folder: str) -> str:
    return posixpath.relpath(path, folder) if folder else path


def _meant(place: str, where: str, name: str, meant: list[str], notes: Notes) -> str | None:
    """The one file that a path may mean, with a note; None, with another one, if it is not one."""
    if len(meant) == 1:
        notes.add(
            f"paths of {place} that are read so",
            f"{place}: {where}: `{shorn(name)}` is taken for {meant[0]}",
        )
        return meant[0]
    fault = f"no such file: {shorn(name)}"
    if meant:
        some = ", ".join(meant[:3])
        fault = f"`{shorn(name)}` may be {len(meant)} files ({some}); write the whole path"
    notes.add(f"rows of {place} without a file", f"{place}: {where}: {fault}", _MOST_NAMED)
    return None


def _rows(file: Path, place: str, sheet: Sheet, chosen: Chosen, notes: Notes) -> list[Row]:
    """The rows of a metadata file that say something."""
    if sheet.rows and FILE_NAME not in chosen.fields:
        raise SourceError(
            f"{file}: has no column that names the files; call it file_name "
            f"(there are {', '.join(map(shown, sheet.columns))})"
        )
    rows = []
    for where, cells in sheet.rows:
        named = {key: cells.get(column) for key, column in chosen.fields.items()}
        name = named.pop(FILE_NAME)
        # As `datasets` has audio: {"path": ..., "bytes": ...}.
        name = name.get("path") if isinstance(name, dict) else name
        name = name if isinstance(name, str) and name.strip() else text_of(name)
        emptied: dict[str, str] = {}
        try:
            fields = read_fields(named, emptied)
        except ValueError as error:
            raise SourceError(f"{file}: {where}: {error}") from error
        if not name:
            if any(text_of(cell) != "" for cell in cells.values()):
                raise SourceError(
                    f"{file}: {where} has no {chosen.fields[FILE_NAME].strip()}; "
                    "it names the track's file"
                )
            continue
        for key, text in emptied.items():
            notes.add(
                f"values of {key} like it in {place}",
                f"{place}: {where}: {key} {text!r} is read as no value",
            )
        rows.append((where, name, fields))
    return rows
