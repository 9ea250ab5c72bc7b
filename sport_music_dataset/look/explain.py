"""Explain the descriptions of a chunk: from what each word of them is known."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from ..release.tracks import by_id, kept_rows
from .absent import absence

_METADATA, _REVIEW, _OPTION = "metadata", "review", "option"
# What a word's detail begins with -> the field of a review that gives the word.
_REVIEWED = {"session": SESSION, "style": STYLE, "tempo": TEMPO}
_MOST_SHOWN = 5
_NEEDED = ("session", "style", "energy", "arc", "fit", "fit_reason")


@dataclass(frozen=True, slots=True)
class Origin:
    """Words of a description and where they come from.

    `source` is `file name`, `folder name`, `genre tag`, `option`, `metadata`, `review`, `measured`,
    `heard`, `convention` or `phrasing`; `detail` is the value with its unit, the option as it was
    typed, or whose convention it is. `confidence` is that of what was measured or heard, from 0 to
    1.
    """

    words: str
    source: str
    detail: str = ""
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The stored descriptions of a chunk, each with the origins of its words.

    `source` is `made` for descriptions that follow from the row and the recipe, `review` for one
    that a review gave, `metadata` for others that are the same for all chunks of the track, else
    `unknown`; `remark` says why then, or why the style is not in the words. `fit` says whether the
    chunk fits its session, `yes`, `no` or `unknown`, and `fit_reason` why not: `--min-fit` chooses
    by it.
    """

    chunk_id: str
    path: str
    source: str
    remark: str
    descriptions: dict[str, tuple[Origin, ...]]
    session: str
    fit: str
    fit_reason: str


def explain_chunk(release: Release, chunk_id: str) -> Explanation:
    """Explain the descriptions of a chunk from its row, its track and the recipe.

    The phrasings are made again, and compared with those that are stored.

    Raises:
        ReleaseError: the release has no such chunk, or its rows have no measures.
    """
    return explain_chunks(release, [chunk_id])[0]


def explain_chunks(release: Release, chunk_ids: Sequence[str]) -> list[Explanation]:
    """As `explain_chunk`, of several chunks."""
    rows = {chunk_id: _rows_of_track(release, chunk_id) for chunk_id in chunk_ids}
    tracks = by_id(release.tracks())
    return [_explanation(release, chunk_id, rows[chunk_id], tracks) for chunk_id in chunk_ids]


def some_chunks(release: Release) -> list[str]:
    """The id of a chunk of each session of a release, by their names, at most five."""
    sessions = {row["session"] for row in kept_rows(release.tracks(["status", "session"]))}
    first: dict[str, str] = {}
    for path in release.shards(release.manifest.rows_config):
        for row in release.place.only(path, ["chunk_id", "session"]).to_pylist():
            first.setdefault(row["session"], row["chunk_id"])
        if sessions <= first.keys():
            break
    return [first[session] for session in sorted(first)][:_MOST_SHOWN]


def _explanation(
    release: Release, chunk_id: str, rows: list[Row], tracks: Mapping[str, Row]
) -> Explanation:
    """The explanation of a chunk; `rows` are those of its track."""
    row = next(row for row in rows if row["chunk_id"] == chunk_id)
    track = tracks[row["track_id"]]
    found = _explained(release, row, track, rows)
    fit = (row[name] or "" for name in ("session", "fit", "fit_reason"))
    return Explanation(chunk_id, track["path"], *found, *fit)


def _explained(
    release: Release, row: Row, track: Row, rows: list[Row]
) -> tuple[str, str, dict[str, tuple[Origin, ...]]]:
    """Source, remark and descriptions of a row; `rows` are those of its track."""
    texts: list[str] = row["descriptions"] or [row["description"]]
    reviewed = _reviewed(release.manifest, row["chunk_id"])
    if texts == [reviewed.get(DESCRIPTION)]:
        return _REVIEW, "", {texts[0]: (Origin(texts[0], _REVIEW),)}
    made, remark = _made_again(release, row, track)
    if made and [phrasing.text for phrasing in made] == texts:
        given = _Given(row, track, reviewed, release.manifest)
        origins = {one.text: tuple(map(given.origin, one.words)) for one in made}
        return "made", _left_out(row, made), origins
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
    return source, remark, {text: (Origin(text, source),) for text in texts}


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
    why = absence(release, chunk_id, seen)
    raise ReleaseError(f"{release.name}: has no chunk {chunk_id!r}; {why}")


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


@dataclass(frozen=True, slots=True)
class _Given:
    """What a release tells of who gave the words of a chunk's descriptions."""

    row: Row
    track: Row
    reviewed: Mapping[str, str]
    manifest: Manifest

    def origin(self, word: Word) -> Origin:
        """Where a word comes from."""
        origin = Origin(word.text, word.source.value, word.detail, word.confidence)
        # A word's detail begins with the field of the track that gives it.
        field = word.detail.partition(" ")[0]
        name = _REVIEWED.get(field, "")
        if word.source in (Source.USER, Source.MEASURED) and name in self.reviewed:
            value = self.reviewed[name]
            return Origin(word.text, _REVIEW, _reworded(field, value, word))
        if word.source is not Source.USER:
            return origin
        named = self.row["session_as_named"] if field == "session" else self.track.get(field, "")
        value = str(named)
        source, detail = self._given_by(field, value)
        return replace(origin, source=source, detail=_reworded(detail, value, word))

    def _given_by(self, field: str, value: str) -> tuple[str, str]:
        """Who gives the value of a field, and as what, as far as the release tells."""
        words = _words(value)
        *folders, name = self.track["path"].split("/")
        for part, said in ((name, "file name"), ("/".join(folders), "folder name")):
            if words and " ".join(words) in " ".join(_words(part)):
                return said, field
        if field == "genre" or (field == "style" and _words(self.track["genre"]) == words):
            return "genre tag", field
        for option, given in self._options(field):
            if _words(given) == words:
                return _OPTION, option
        return _METADATA, field

    def _options(self, field: str) -> Iterator[tuple[str, str]]:
        """The options that give a field where nothing else does, with their values."""
        option = {"style": "--default-style"}.get(field, f"--{field}")
        given = self.manifest.reading.get(option.removeprefix("--").replace("-", "_"))
        if isinstance(given, str):
            yield option, given
        styles = self.manifest.recipe.get("styles", [])
        if field == "style" and len(styles) == 1:
            yield "--style", styles[0]


def _reworded(name: str, value: str, word: Word) -> str:
    """A value with its name, and that the description has other words for it."""
    if name == TEMPO:
        return f"{name} {value} BPM"
    is_other = {*_words(word.text)}.isdisjoint(_words(value))
    return f"{name} {value}" + ", in other words" * is_other


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", folded(text))
