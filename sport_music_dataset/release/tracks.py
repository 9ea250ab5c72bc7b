"""The rows of the `tracks` config: reads them, and counts tracks and chunks by their values."""

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..errors import ReleaseError, counted
from ..reasons import CHUNK_COUNTS, Reason, Status, kind_of
from ..recipe import SAMPLING_RATE, chunk_count
from ..records import Row
from ..storage.parquet import read_parquet
from .manifest import Manifest, RecipeRecord

SOURCE_COLUMNS = ("artist", "title", "source_url", "license")
"""The columns that say whose music a track is."""


def read_track_table(folder: Path, paths: Iterable[str], columns: Collection[str] = ()) -> pa.Table:
    """Read the shards of `tracks` in a folder as one table, with `columns` or all columns.

    Raises:
        ReleaseError: there is no shard, or a shard is damaged.
    """
    files = sorted(paths)
    if not files:
        raise ReleaseError(f"{folder}: has no tracks config; build the release again")
    names = list(columns) or None
    return pa.concat_tables([read_parquet(folder / file, names) for file in files])


def as_rows(table: pa.Table) -> list[Row]:
    """The rows of a table; they take ten times the memory of the table."""
    values = map(_values, table.columns)
    return [dict(zip(table.column_names, row, strict=True)) for row in zip(*values, strict=True)]


def _values(column: pa.ChunkedArray) -> list[Any]:
    """The values of a column; equal texts (sessions, artists) become one object, to save memory."""
    values: list[Any] = column.to_pylist()
    known: dict[str | None, str | None] = {}
    text = pa.types.is_string(column.type)
    return [known.setdefault(value, value) for value in values] if text else values


def kept_rows(tracks: list[Row]) -> list[Row]:
    """The rows of `tracks` that gave chunks."""
    return [row for row in tracks if row["status"] != Status.LEFT_OUT]


def kept_tracks(tracks: pa.Table) -> pa.Table:
    """As `kept_rows`, for a table."""
    # Here, since the import takes a tenth of a second: a build that changes nothing needs none.
    import pyarrow.compute as pc

    return tracks.filter(pc.not_equal(tracks["status"], Status.LEFT_OUT))


def leaves_misfits_out(recipe: RecipeRecord) -> bool:
    """Whether chunks that do not fit their session are left out; `only_fitting` is what earlier
    versions wrote."""
    return recipe.get("min_fit", "no") != "no" or recipe.get("only_fitting", False)


def left_out_chunks(tracks: Iterable[Row], recipe: RecipeRecord) -> dict[str, int]:
    """Reason -> number of chunks that are left out for it, of kept tracks and others, if any."""
    counts: Counter[str] = Counter()
    for row in tracks:
        for reason, column in CHUNK_COUNTS.items():
            if reason != Reason.MISFIT or leaves_misfits_out(recipe):
                counts[reason] += row.get(column) or 0
    return {str(reason): counts[reason] for reason in CHUNK_COUNTS if counts[reason]}


def session_counts(kept: list[Row]) -> list[dict[str, Any]]:
    """Each distinct (session, style) of kept tracks, with its numbers of tracks and chunks."""
    chunks: Counter[tuple[str, str]] = Counter()
    tracks: Counter[tuple[str, str]] = Counter()
    for track in kept:
        key = (track["session"], track["style"])
        chunks[key] += track["chunks"]
        tracks[key] += 1
    return [
        {"session": key[0], "style": key[1], "tracks": tracks[key], "chunks": chunks[key]}
        for key in sorted(chunks)
    ]


def worst_misfits(kept: list[Row]) -> list[dict[str, Any]]:
    """Kept tracks with chunks that do not suit the session; those with most misfits come first."""
    columns = ("path", "session", "chunks", "misfit_chunks")
    rows = [{key: row[key] for key in columns} for row in kept if row.get("misfit_chunks")]
    return sorted(rows, key=lambda row: (-row["misfit_chunks"], row["path"]))


def source_counts(kept: list[Row]) -> list[dict[str, Any]]:
    """Each distinct artist, title, source and licence of kept tracks, with its number of tracks."""
    counts = Counter(tuple(track[name] for name in SOURCE_COLUMNS) for track in kept)
    known = sorted(key for key in counts if any(key))
    return [{**dict(zip(SOURCE_COLUMNS, key, strict=True)), "tracks": counts[key]} for key in known]


def license_counts(kept: list[Row]) -> Counter[str]:
    """Licence -> number of tracks; tracks without a licence are not counted."""
    return Counter(track["license"] for track in kept if track["license"])


def by_id(tracks: Iterable[Row]) -> dict[str, Row]:
    """Track id -> row of `tracks`; of copies, the one that is kept."""
    order = sorted(tracks, key=lambda row: row["status"] != Status.LEFT_OUT)
    return {row["track_id"]: row for row in order}


def why_absent(track: Row, index: int, manifest: Manifest) -> tuple[str, set[str] | None]:
    """Why a track has no chunk of this index, and the reasons for which it may be left out.

    They are None where the track is too short for it. That a review drops single chunks is not
    asked: the manifest has their ids.
    """
    path = track["path"]
    if track["status"] == Status.LEFT_OUT:
        return f"{path} is left out ({track['reason']})", {kind_of(track["reason"])}
    samples = round(track["duration_seconds"] * SAMPLING_RATE)
    count = chunk_count(samples, manifest.chunk_samples, manifest.hop_samples)
    if index >= count:
        return f"{path} has {counted(count, 'chunk')}", None
    counts = left_out_chunks([track], manifest.recipe)
    counts.pop(Reason.DROPPED, None)
    kinds = " or ".join(f"{reason} ({number} of the track)" for reason, number in counts.items())
    return f"this chunk of {path} is left out: {kinds or '`tracks` does not say why'}", {*counts}
