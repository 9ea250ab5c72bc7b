"""Explain the descriptions of a chunk: from what each word of them is known."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from ..columns import COPIED_COLUMNS
from ..describe.annotate import made_phrasings
from ..describe.evidence import Source, Word
from ..describe.phrasings import Phrasing
from ..describe.sessions import folded, known_sessions
from ..errors import ReleaseError, SettingError
from ..recipe import Recipe
from ..records import Row
from ..release.manifest import Manifest
from ..release.release import Release
from ..release.review.decisions import (
    DESCRIPTION,
    FIELDS,
    SESSION,
    STYLE,
    TEMPO,
    decided,
    in_place,
)

_METADATA, _REVIEW = "metadata", "review"
# What a word's detail begins with -> the field of a review that gives the word.
_REVIEWED = {"session": SESSION, "style": STYLE, "tempo": TEMPO}
_NEEDED = ("session", "style", "energy", "arc")


@dataclass(frozen=True, slots=True)
class Origin:
    """Words of a description and where they come from.

    `source` is `file name`, `genre`, `metadata`, `review`, `measured`, `heard`, `convention` or
    `phrasing`;
    `detail` is the value with its unit, or whose convention it is. `confidence` is that of what was
    measured or heard, from 0 to 1.
    """

    words: str
    source: str
    detail: str = ""
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The stored descriptions of a chunk, each with the origins of its words.

    `source` is `made` for descriptions that follow from the row and the recipe, `review` for one
    that somebody wrote while listening, `metadata` for others that are the same for all chunks of
    the track, else `unknown`; `remark` says why then, or why the style is not in the words.
    """

    chunk_id: str
    path: str
    source: str
    remark: str
    descriptions: dict[str, tuple[Origin, ...]]


def explain_chunk(release: Release, chunk_id: str) -> Explanation:
    """Explain the descriptions of a chunk from its row, its track and the recipe.

    The phrasings are made again, and compared with those that are stored.

    Raises:
        ReleaseError: the release has no such chunk, or its rows have no measures.
    """
    rows = _rows_of_track(release, chunk_id)
    row = next(row for row in rows if row["chunk_id"] == chunk_id)
    track = next(one for one in release.tracks() if one["track_id"] == row["track_id"])
    texts: list[str] = row["descriptions"] or [row["description"]]
    reviewed = _reviewed(release.manifest, chunk_id)
    if texts == [reviewed.get(DESCRIPTION)]:
        said = {texts[0]: (Origin(texts[0], _REVIEW),)}
        return Explanation(chunk_id, track["path"], _REVIEW, "", {**said})
    made, remark = _made_again(release, row, track)
    if made and [phrasing.text for phrasing in made] == texts:
        origins = {one.text: _origins(one, row, track, reviewed) for one in made}
        return Explanation(chunk_id, track["path"], "made", _left_out(row, made), origins)
    same = all((other["descriptions"] or [other["description"]]) == texts for other in rows)
    if same and len(rows) > 1:
        source, remark = _METADATA, ""
    else:
        source = "unknown"
        remark = remark or (
            "not what this recipe gives: from metadata, or edited after the build"
            if same
            else "not what this recipe gives: edited after the build"
        )
    origins = {text: (Origin(text, source),) for text in texts}
    return Explanation(chunk_id, track["path"], source, remark, origins)


def _left_out(row: Row, made: Iterable[Phrasing]) -> str:
    """Why the style of a row is in none of its phrasings; empty if it is."""
    words = (word for phrasing in made for word in phrasing.words)
    of_user = {word.detail.partition(" ")[0] for word in words if word.source is Source.USER}
    if "style" in of_user or not row["style"]:
        return ""
    return (
        f"style {row['style']}: not said, since it says nothing of the music that the session or "
        "the measures do not, or is no style or artist that sportgen knows"
    )


def _rows_of_track(release: Release, chunk_id: str) -> list[Row]:
    """The light columns of all rows of a chunk's track."""
    config, track_id = release.manifest.rows_config, chunk_id.rpartition("-")[0]
    seen: set[str] = set()
    for path in release.shards(config):
        found = release.place.only(path, ["chunk_id"])["chunk_id"].to_pylist()
        seen.update(found)
        if chunk_id not in found:
            continue
        stored = release.place.footer(path).schema.to_arrow_schema().names
        columns = COPIED_COLUMNS.keys() & {*stored}
        if lacking := [name for name in _NEEDED if name not in columns]:
            raise ReleaseError(
                f"{release.name}: {config} has no {lacking[0]}; give a release with raw, such as "
                "the folder that was pushed"
            )
        table = release.place.only(path, sorted(columns))
        places = [at for at, name in enumerate(found) if name.rpartition("-")[0] == track_id]
        rows: list[Row] = table.take(places).to_pylist()
        return rows
    near = ", ".join(_near(chunk_id, seen))
    raise ReleaseError(
        f"{release.name}: has no chunk {chunk_id!r}; "
        + (f"near it are {near}" if near else f"the column chunk_id of `{config}` lists its chunks")
    )


def _near(chunk_id: str, known: Iterable[str]) -> list[str]:
    """At most three ids like one that is not known: of its track, else of tracks like it."""
    track_id = chunk_id.partition("-")[0]
    by_track: dict[str, list[str]] = {}
    for name in sorted(known):
        by_track.setdefault(name.partition("-")[0], []).append(name)
    tracks = [track_id] if track_id in by_track else get_close_matches(track_id, by_track)
    tracks = tracks or [name for name in by_track if track_id and name.startswith(track_id)]
    names = [name for track in tracks for name in by_track[track]]
    return get_close_matches(chunk_id, names, cutoff=0.0)


def _made_again(release: Release, row: Row, track: Row) -> tuple[list[Phrasing], str]:
    """The phrasings that the recipe gives, or why this sportgen cannot make them."""
    record: dict[str, Any] = {**release.manifest.recipe}
    try:
        recipe = Recipe.of(record)
        known_sessions(recipe.sessions)
    except SettingError:
        made_by = release.manifest.software.get("sportgen", "another version")
        return [], f"made by sportgen {made_by}, whose phrasings this one does not know"
    return made_phrasings({**dict.fromkeys(COPIED_COLUMNS), **row}, track, recipe), ""


def _reviewed(manifest: Manifest, chunk_id: str) -> dict[str, str]:
    """Field -> what a review decided of a chunk, by itself or with its track."""
    values, _ = in_place(manifest.review, manifest.hop_samples, manifest.chunk_samples)
    found = {name: decided(values, chunk_id, name) for name in FIELDS}
    return {name: value for name, value in found.items() if value}


def _origins(
    phrasing: Phrasing, row: Row, track: Row, reviewed: Mapping[str, str]
) -> tuple[Origin, ...]:
    return tuple(_origin(word, row, track, reviewed) for word in phrasing.words)


def _origin(word: Word, row: Row, track: Row, reviewed: Mapping[str, str]) -> Origin:
    origin = Origin(word.text, word.source.value, word.detail, word.confidence)
    # A word's detail begins with the field of the track that gives it.
    field = word.detail.partition(" ")[0]
    if word.source in (Source.USER, Source.MEASURED) and _REVIEWED.get(field) in reviewed:
        detail = f"{field} {reviewed[_REVIEWED[field]]}"
        return Origin(word.text, _REVIEW, f"{detail} BPM" if field == "tempo" else detail)
    if word.source is not Source.USER:
        return origin
    value = str(row["session_as_named"] if field == "session" else track.get(field, ""))
    return replace(origin, source=_given_by(field, value, track), detail=f"{field} {value}")


def _given_by(field: str, value: str, track: Row) -> str:
    """Who gives the value of a field, as far as the release tells."""
    words = " ".join(_words(value))
    if words and words in " ".join(_words(track["path"])):
        return "file name"
    if field == "genre" or (field == "style" and _words(track["genre"]) == _words(value)):
        return "genre"
    return "metadata"


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", folded(text))
