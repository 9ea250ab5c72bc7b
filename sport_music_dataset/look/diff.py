"""What changed between two releases, from their manifests, `tracks` and light columns alone."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..progress import Progress, no_progress
from ..release.layout import CONFIGS
from ..release.manifest import Manifest
from ..release.release import Release
from .diff_chunks import ChunkChanges, compare_chunks

_NAMES = ("track_id", "path")
# Each time, the footer is read again; all at once take as much memory as in a tenth of the rows.
_COLUMNS_AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class TrackChange:
    """A track by its id and path; `columns` maps what differs to (before, after)."""

    track_id: str
    path: str
    columns: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrackChanges:
    """Kept tracks that came, went, or are described otherwise or by another file."""

    added: tuple[TrackChange, ...]
    removed: tuple[TrackChange, ...]
    changed: tuple[TrackChange, ...]


@dataclass(frozen=True, slots=True)
class ColumnChanges:
    """Columns, as `config.column`, that came, went or are of another type; `config` alone where
    all of it did."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What release `after` has that `before` has not, and the other way round.

    `totals` maps a heading to a name to (before, after); `recipe` and `encoding` map settings that
    differ to (before, after); `upload` is what would be sent of `after`.
    """

    before: str
    after: str
    tracks: TrackChanges
    chunks: ChunkChanges
    columns: ColumnChanges
    totals: Mapping[str, Mapping[str, tuple[float, float]]]
    recipe: Mapping[str, tuple[Any, Any]]
    encoding: Mapping[str, tuple[Any, Any]]
    upload_files: int
    upload_bytes: int

    @property
    def summary(self) -> str:
        """What changed, in one line."""
        counts = (
            ("+{} track{s}", len(self.tracks.added)),
            ("-{} track{s}", len(self.tracks.removed)),
            ("{} track{s} changed", len(self.tracks.changed)),
            ("+{} chunk{s}", self.chunks.added),
            ("-{} chunk{s}", self.chunks.removed),
            ("{} chunk{s} in another split", self.chunks.moved),
            ("{} chunk{s} changed", self.chunks.changed),
            ("{} description{s} changed", self.chunks.descriptions),
        )
        parts = [text.format(n, s="" if n == 1 else "s") for text, n in counts if n]
        columns = (("+", self.columns.added), ("-", self.columns.removed))
        parts += [f"{sign}{name}" for sign, names in columns for name in names]
        parts += [f"{name} of another type" for name in self.columns.changed]
        return ", ".join(parts) or ("words and metadata only" if self.upload_files else "no change")


def diff_releases(before: Release, after: Release, progress: Progress = no_progress) -> Difference:
    """What changed from one release to the other; no audio and no codes are read.

    Example:
        >>> with open_release("dataset") as one, open_release("newer") as other:
        ...     diff_releases(one, other).summary
        'no change'

    Raises:
        ReleaseError: one of them is no release, or a file of it cannot be read.
        HubError: the Hub refuses, or cannot be reached.
    """
    old, new = before.manifest, after.manifest
    with (
        before.place.fetched(*_changed_tracks(old, new)),
        after.place.fetched(*_changed_tracks(new, old)),
    ):
        tracks, totals = _tracks(before, after), _totals(before, after)
    held = {entry.sha256 for entry in old.files.values()}
    sent = [entry.bytes for entry in new.files.values() if entry.sha256 not in held]
    return Difference(
        before.name,
        after.name,
        tracks,
        compare_chunks(before, after, progress),
        _columns(before, after),
        totals=totals,
        recipe=_changed(old.recipe, new.recipe),
        encoding=_changed(old.encoding or {}, new.encoding or {}),
        upload_files=len(sent),
        upload_bytes=sum(sent),
    )


def _changed(old: Mapping[str, object], new: Mapping[str, object]) -> dict[str, tuple[Any, Any]]:
    keys = [*old, *(key for key in new if key not in old)]
    return {key: (old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)}


def _changed_tracks(manifest: Manifest, other: Manifest) -> list[str]:
    """The shards of `tracks` where they are not all the same in the other release."""
    shards = manifest.shards("tracks")
    return list(shards) if shards != other.shards("tracks") else []


def _tracks(before: Release, after: Release) -> TrackChanges:
    """Tracks by id, and by path where a file has other bytes now."""
    if not _changed_tracks(before.manifest, after.manifest):
        return TrackChanges((), (), ())

    def kept(columns: Collection[str]) -> tuple[pa.Table, pa.Table]:
        return before.kept_tracks(columns), after.kept_tracks(columns)

    one, other = kept(_NAMES)
    same = pc.index_in(other["track_id"], one["track_id"])
    gone = pc.invert(pc.is_in(one["track_id"], other["track_id"]))
    again = pc.index_in(other["path"], pc.if_else(gone, one["path"], None))
    again = pc.if_else(pc.is_null(same), again, None)
    came = pc.is_null(pc.coalesce(same, again))
    replaced = pc.is_in(one["path"], other["path"].filter(pc.is_valid(again)))
    names = dict.fromkeys(name for one in (before, after) for name in _track_columns(one))
    changed: list[TrackChange] = []
    for at in (same, again):
        columns = _changes(kept, list(names), at)
        rows = other.filter(pc.is_valid(at)).take(pa.array(sorted(columns), pa.int64()))
        named = zip(_named(rows), sorted(columns), strict=True)
        changed += (replace(track, columns=columns[row]) for track, row in named)
    return TrackChanges(
        tuple(_named(other.filter(came))),
        tuple(_named(one.filter(pc.and_not(gone, replaced)))),
        tuple(changed),
    )


def _track_columns(release: Release) -> list[str]:
    return list(release.place.schema(min(release.shards("tracks"))).names)


def _named(tracks: pa.Table) -> Iterator[TrackChange]:
    for row in tracks.select(_NAMES).to_pylist():
        yield TrackChange(**row)


def _changes(
    kept: Callable[[Collection[str]], tuple[pa.Table, pa.Table]],
    names: Sequence[str],
    at: pa.ChunkedArray,
) -> dict[int, dict[str, tuple[Any, Any]]]:
    """What differs, by row and column, between tracks of `kept` and those that lie `at` these rows
    of the release before; null is nowhere."""
    there, rows = pc.is_valid(at), at.drop_null()
    changes: dict[int, dict[str, tuple[Any, Any]]] = {}
    for start in range(0, len(names) if len(rows) else 0, _COLUMNS_AT_ONCE):
        columns = names[start : start + _COLUMNS_AT_ONCE]
        old, new = kept(columns)
        for name in columns:
            one, other = _column(old, name).take(rows), _column(new, name).filter(there)
            if one.equals(other):
                continue
            for row, pair in enumerate(zip(one.to_pylist(), other.to_pylist(), strict=True)):
                if pair[0] != pair[1]:
                    changes.setdefault(row, {})[name] = pair
    return changes


def _column(tracks: pa.Table, name: str) -> pa.ChunkedArray:
    """A column, of nulls where there is no such."""
    if name in tracks.column_names:
        return tracks[name]
    return pa.chunked_array([pa.nulls(len(tracks))])


def _totals(before: Release, after: Release) -> dict[str, dict[str, tuple[float, float]]]:
    """Hours of all, and chunks of all and of each split, style and session."""
    one = other = _amounts(after)
    if _changed_tracks(before.manifest, after.manifest):
        one = _amounts(before)
    return {
        heading: {
            name: (one[heading].get(name, 0), other[heading].get(name, 0))
            for name in sorted(one[heading].keys() | other[heading].keys())
        }
        for heading in other
    }


def _amounts(release: Release) -> dict[str, dict[str, float]]:
    """What `_totals` gives, of one release."""
    grouped = ("split", "style", "session")
    kept = release.kept_tracks(("duration_seconds", "chunks", *grouped))
    hours, chunks = sum(kept["duration_seconds"].to_pylist()) / 3600, kept["chunks"].to_pylist()
    amounts: dict[str, dict[str, float]] = {
        "hours": {"all": hours},
        "tracks": {"all": len(kept)},
        "chunks": {"all": sum(chunks)},
    }
    for column in grouped:
        counts: Counter[str] = Counter()
        for name, count in zip(kept[column].to_pylist(), chunks, strict=True):
            counts[name] += count
        amounts[column] = dict(counts)
    return amounts


def _columns(before: Release, after: Release) -> ColumnChanges:
    """Columns that came, went or changed their type; a config alone where it did as a whole."""
    added, removed, changed = [], [], []
    for config in CONFIGS:
        olds, news = before.shards(config), after.shards(config)
        if not olds or not news:
            added += [config] if news else []
            removed += [config] if olds else []
        elif not olds.items() & news.items():
            one, other = before.place.schema(min(olds)), after.place.schema(min(news))
            added += [f"{config}.{name}" for name in other.names if name not in one.names]
            for field_ in one:
                found = other.names.count(field_.name)
                if not found:
                    removed.append(f"{config}.{field_.name}")
                elif other.field(field_.name).type != field_.type:
                    changed.append(f"{config}.{field_.name}")
    return ColumnChanges(tuple(added), tuple(removed), tuple(changed))
