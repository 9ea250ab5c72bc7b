"""What changed between two releases, from their manifests, `tracks` and light columns alone."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .chunk_changes import ChunkChanges, compare_chunks
from .places import Place
from .progress import Progress, no_progress
from .records import Row
from .release import Manifest, kept_rows
from .shards import CONFIGS


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


def compare(before: Place, after: Place, progress: Progress = no_progress) -> Difference:
    """What changed from one release to the other; no audio and no codes are read.

    Raises:
        ReleaseError: one of them is no release, or a file of it cannot be read.
        HubError: the Hub refuses, or cannot be reached.
    """
    old, new = before.manifest(), after.manifest()
    old_tracks, new_tracks = kept_rows(before.tracks(old)), kept_rows(after.tracks(new))
    held = {entry.sha256 for entry in old.files.values()}
    sent = [entry.bytes for entry in new.files.values() if entry.sha256 not in held]
    return Difference(
        before.name,
        after.name,
        _tracks(old_tracks, new_tracks),
        compare_chunks(before, after, old, new, progress),
        _columns(before, after, old, new),
        totals=_totals(old_tracks, new_tracks),
        recipe=_changed(old.recipe, new.recipe),
        encoding=_changed(old.encoding or {}, new.encoding or {}),
        upload_files=len(sent),
        upload_bytes=sum(sent),
    )


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    keys = [*old, *(key for key in new if key not in old)]
    return {key: (old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)}


def _tracks(old: list[Row], new: list[Row]) -> TrackChanges:
    """Tracks by id, and by path where a file has other bytes now."""
    olds, news = ({row["track_id"]: row for row in rows} for rows in (old, new))
    pairs = [(olds[key], row) for key, row in news.items() if key in olds]
    added = [row for key, row in news.items() if key not in olds]
    removed = [row for key, row in olds.items() if key not in news]
    paths = {row["path"]: row for row in removed}
    replaced = [(paths[row["path"]], row) for row in added if row["path"] in paths]
    again = {row["path"] for _, row in replaced}
    changes = (
        TrackChange(row["track_id"], row["path"], _changed(one, row))
        for one, row in pairs + replaced
    )

    def named(rows: list[Row]) -> tuple[TrackChange, ...]:
        return tuple(TrackChange(r["track_id"], r["path"]) for r in rows if r["path"] not in again)

    changed = tuple(change for change in changes if change.columns)
    return TrackChanges(named(added), named(removed), changed)


def _totals(old: list[Row], new: list[Row]) -> dict[str, dict[str, tuple[float, float]]]:
    """Hours of all, and chunks of all and of each split, style and session."""
    totals: dict[str, dict[str, tuple[float, float]]] = {}
    hours = [sum(row["duration_seconds"] for row in rows) / 3600 for rows in (old, new)]
    totals["hours"] = {"all": (hours[0], hours[1])}
    totals["tracks"] = {"all": (len(old), len(new))}
    chunks = [sum(row["chunks"] for row in rows) for rows in (old, new)]
    totals["chunks"] = {"all": (chunks[0], chunks[1])}
    for column in ("split", "style", "session"):
        counts: list[Counter[str]] = [Counter(), Counter()]
        for count, rows in zip(counts, (old, new), strict=True):
            for row in rows:
                count[row[column]] += row["chunks"]
        names = sorted(counts[0].keys() | counts[1].keys())
        totals[column] = {name: (counts[0][name], counts[1][name]) for name in names}
    return totals


def _columns(before: Place, after: Place, old: Manifest, new: Manifest) -> ColumnChanges:
    """Columns that came, went or changed their type; a config alone where it did as a whole."""
    added, removed, changed = [], [], []
    for config in CONFIGS:
        olds, news = old.shards(config), new.shards(config)
        if not olds or not news:
            added += [config] if news else []
            removed += [config] if olds else []
        elif not olds.items() & news.items():
            one, other = before.schema(min(olds)), after.schema(min(news))
            added += [f"{config}.{name}" for name in other.names if name not in one.names]
            for field_ in one:
                found = other.names.count(field_.name)
                if not found:
                    removed.append(f"{config}.{field_.name}")
                elif other.field(field_.name).type != field_.type:
                    changed.append(f"{config}.{field_.name}")
    return ColumnChanges(tuple(added), tuple(removed), tuple(changed))
