"""What changed between two releases, from manifests, `tracks` and light columns only."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import counted
from ..progress import Progress, no_progress
from ..reasons import CHUNK_COUNTS
from ..release.layout import CONFIGS
from ..release.manifest import Manifest
from ..release.release import Release
from ..release.tracks import left_out_chunks
from .diff_chunks import ChunkChanges, compare_chunks

_NAMES = ("track_id", "path")
# Columns of `tracks` in one pass. Each pass reads the footers again; a single pass over all
# columns takes as much memory for a tenth of the rows.
_COLUMNS_AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class TrackChange:
    """A track with its id and path; `columns` maps each column that differs to (before, after)."""

    track_id: str
    path: str
    columns: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrackChanges:
    """Kept tracks that were added, removed, or changed in their metadata or in their file."""

    added: tuple[TrackChange, ...]
    removed: tuple[TrackChange, ...]
    changed: tuple[TrackChange, ...]


@dataclass(frozen=True, slots=True)
class ColumnChanges:
    """Columns that were added, removed or changed in type, as `config.column`.

    A whole config that was added or removed is `config`.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between the releases `before` and `after`.

    `totals` maps heading -> name -> (before, after); `recipe` and `encoding` map each setting that
    differs to (before, after), `review` each field of a track or chunk (`ID field`) about which
    another value was decided while listening. `upload_files` and `upload_bytes` count the files of
    `after` whose content `before` does not have.
    """

    before: str
    after: str
    tracks: TrackChanges
    chunks: ChunkChanges
    columns: ColumnChanges
    totals: Mapping[str, Mapping[str, tuple[float, float]]]
    recipe: Mapping[str, tuple[Any, Any]]
    encoding: Mapping[str, tuple[Any, Any]]
    review: Mapping[str, tuple[Any, Any]]
    upload_files: int
    upload_bytes: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs, not even a file."""
        return self.summary == "no change" and not (self.recipe or self.encoding)

    @property
    def summary(self) -> str:
        """The changes in one line of text."""
        counts = (
            ("+{}", "track", len(self.tracks.added)),
            ("-{}", "track", len(self.tracks.removed)),
            ("{} changed", "track", len(self.tracks.changed)),
            ("+{}", "chunk", self.chunks.added),
            ("-{}", "chunk", self.chunks.removed),
            ("{} in another split", "chunk", self.chunks.moved),
            ("{} changed", "chunk", self.chunks.changed),
            ("{} changed", "description", self.chunks.descriptions),
            ("{} of a review", "decision", len(self.review)),
        )
        parts = [text.format(counted(n, noun)) for text, noun, n in counts if n]
        columns = (("+", self.columns.added), ("-", self.columns.removed))
        parts += [f"{sign}{name}" for sign, names in columns for name in names]
        parts += [f"{name} of another type" for name in self.columns.changed]
        return ", ".join(parts) or ("words and metadata only" if self.upload_files else "no change")


def diff_releases(before: Release, after: Release, progress: Progress = no_progress) -> Difference:
    """Compare two releases; no audio and no codes are read.

    Example:
        >>> with open_release("dataset") as one, open_release("newer") as other:
        ...     diff_releases(one, other).summary
        'no change'

    Raises:
        ReleaseError: one of them is not a release, or one of its files cannot be read.
        HubError: the Hub refuses a request, or cannot be reached.
    """
    old, new = before.manifest, after.manifest
    with (
        before.place.fetched(*_track_shards_if_changed(old, new)),
        after.place.fetched(*_track_shards_if_changed(new, old)),
    ):
        tracks, totals = _tracks(before, after), _totals(before, after)
    old_digests = {entry.sha256 for entry in old.files.values()}
    new_sizes = [entry.bytes for entry in new.files.values() if entry.sha256 not in old_digests]
    return Difference(
        before.name,
        after.name,
        tracks,
        compare_chunks(before, after, progress),
        _columns(before, after),
        totals=totals,
        recipe=_changed(old.recipe, new.recipe),
        encoding=_changed(old.encoding or {}, new.encoding or {}),
        review=_changed(_decisions(old), _decisions(new)),
        upload_files=len(new_sizes),
        upload_bytes=sum(new_sizes),
    )


def _changed(old: Mapping[str, object], new: Mapping[str, object]) -> dict[str, tuple[Any, Any]]:
    """Key -> (old value, new value), for each key whose values differ."""
    keys = [*old, *(key for key in new if key not in old)]
    return {key: (old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)}


def _decisions(manifest: Manifest) -> dict[str, str]:
    """What a review decided, as `ID field` -> its value and the reason, if one was given."""
    return {
        f"{entry['id']} {entry['field']}": f"{entry['value']}: {entry['reason']}".removesuffix(": ")
        for entry in manifest.review
    }


def _track_shards_if_changed(manifest: Manifest, other: Manifest) -> list[str]:
    """Paths of the shards of `tracks`; none if the other release has the same shards."""
    shards = manifest.shards("tracks")
    return list(shards) if shards != other.shards("tracks") else []


def _tracks(before: Release, after: Release) -> TrackChanges:
    """Compare kept tracks by id, and by path where a file has other bytes (so another id) now."""
    if not _track_shards_if_changed(before.manifest, after.manifest):
        return TrackChanges((), (), ())

    def kept(columns: Collection[str]) -> tuple[pa.Table, pa.Table]:
        return before.kept_tracks(columns), after.kept_tracks(columns)

    old, new = kept(_NAMES)
    # For each new track: the row of the old track with its id, or else of the replaced file.
    same_id = pc.index_in(new["track_id"], old["track_id"])
    removed = pc.invert(pc.is_in(old["track_id"], new["track_id"]))
    same_path = pc.index_in(new["path"], pc.if_else(removed, old["path"], None))
    same_path = pc.if_else(pc.is_null(same_id), same_path, None)
    added = pc.is_null(pc.coalesce(same_id, same_path))
    replaced = pc.is_in(old["path"], new["path"].filter(pc.is_valid(same_path)))
    names = dict.fromkeys(name for release in (before, after) for name in _track_columns(release))
    changed: list[TrackChange] = []
    for old_rows in (same_id, same_path):
        columns = _changes(kept, list(names), old_rows)
        rows = new.filter(pc.is_valid(old_rows)).take(pa.array(sorted(columns), pa.int64()))
        named = zip(_as_changes(rows), sorted(columns), strict=True)
        changed += (replace(track, columns=columns[row]) for track, row in named)
    return TrackChanges(
        tuple(_as_changes(new.filter(added))),
        tuple(_as_changes(old.filter(pc.and_not(removed, replaced)))),
        tuple(changed),
    )


def _track_columns(release: Release) -> list[str]:
    return list(release.place.schema(min(release.shards("tracks"))).names)


def _as_changes(tracks: pa.Table) -> Iterator[TrackChange]:
    for row in tracks.select(_NAMES).to_pylist():
        yield TrackChange(**row)


def _changes(
    kept: Callable[[Collection[str]], tuple[pa.Table, pa.Table]],
    names: Sequence[str],
    old_rows: pa.ChunkedArray,
) -> dict[int, dict[str, tuple[Any, Any]]]:
    """Row -> column -> (before, after), for the columns `names` of tracks that differ.

    `old_rows` has the row of the old track for each new track, null if there is none. A row of the
    result counts only new tracks that have an old track.
    """
    has_old, rows = pc.is_valid(old_rows), old_rows.drop_null()
    changes: dict[int, dict[str, tuple[Any, Any]]] = {}
    for start in range(0, len(names) if len(rows) else 0, _COLUMNS_AT_ONCE):
        columns = names[start : start + _COLUMNS_AT_ONCE]
        old, new = kept(columns)
        for name in columns:
            olds, news = _column(old, name).take(rows), _column(new, name).filter(has_old)
            if olds.equals(news):
                continue
            for row, pair in enumerate(zip(olds.to_pylist(), news.to_pylist(), strict=True)):
                if pair[0] != pair[1]:
                    changes.setdefault(row, {})[name] = pair
    return changes


def _column(tracks: pa.Table, name: str) -> pa.ChunkedArray:
    """A column of the table; all null if the table does not have it."""
    if name in tracks.column_names:
        return tracks[name]
    return pa.chunked_array([pa.nulls(len(tracks))])


def _totals(before: Release, after: Release) -> dict[str, dict[str, tuple[float, float]]]:
    """Heading -> name -> (before, after).

    Hours, tracks and chunks of all, chunks of each split, style and session, and chunks that are
    left out, by reason.
    """
    old = new = _amounts(after)
    if _track_shards_if_changed(before.manifest, after.manifest):
        old = _amounts(before)
    return {
        heading: {
            name: (old[heading].get(name, 0), new[heading].get(name, 0))
            for name in sorted(old[heading].keys() | new[heading].keys())
        }
        for heading in new
    }


def _amounts(release: Release) -> dict[str, dict[str, float]]:
    """Heading -> name -> amount, of one release, for `_totals`."""
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
    rows = release.tracks(CHUNK_COUNTS.values())
    amounts["left out"] = {**left_out_chunks(rows, release.manifest.recipe)}
    return amounts


def _columns(before: Release, after: Release) -> ColumnChanges:
    """Compare the columns of each config, or whole configs where one release lacks the config."""
    added, removed, changed = [], [], []
    for config in CONFIGS:
        olds, news = before.shards(config), after.shards(config)
        if not olds or not news:
            added += [config] if news else []
            removed += [config] if olds else []
        # Releases with a shard in common have the same columns.
        elif not olds.items() & news.items():
            old, new = before.place.schema(min(olds)), after.place.schema(min(news))
            added += [f"{config}.{name}" for name in new.names if name not in old.names]
            for field_ in old:
                if field_.name not in new.names:
                    removed.append(f"{config}.{field_.name}")
                elif new.field(field_.name).type != field_.type:
                    changed.append(f"{config}.{field_.name}")
    return ColumnChanges(tuple(added), tuple(removed), tuple(changed))
