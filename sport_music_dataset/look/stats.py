"""Statistics of a release, from its manifest, `tracks`, light columns and codes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..reasons import CHUNK_COUNTS, Reason, kind_of
from ..records import KEY_CONFIDENCE, TEMPO_CONFIDENCE, Row
from ..release.chunks import read_chunks
from ..release.codebooks import codebook_use
from ..release.manifest import Manifest, SharedRecord
from ..release.release import Release
from ..release.review.parts import parts_of
from ..release.spreads import (
    COUNTED_COLUMNS,
    HeardCounts,
    Spread,
    counted_words,
    heard_counts,
    spread,
    sure,
)
from ..release.tracks import as_rows, kept_tracks, left_out_chunks, worst_misfits

_TRACK_COLUMNS = (
    *("path", "track_id", "status", "reason", "group", "split", "style", "session"),
    *("chunks", *CHUNK_COUNTS.values(), "duration_seconds"),
)
_SHARED_COLUMNS = ("track_id", "split", "style", "session", "chunks", "duration_seconds")
_CHUNK_COLUMNS = (
    *("description", "attention_mask", "tempo_bpm", "tempo_confidence", "loudness_lufs"),
    *("key", "key_confidence", "fit", "fit_reason", *COUNTED_COLUMNS),
)
_TEMPO_STEP_BPM = 10
_LOUDNESS_STEP_LU = 2


@dataclass(frozen=True, slots=True)
class Share:
    """Kept tracks, their chunks and hours: of a split, a style, a session or the whole release."""

    tracks: int
    chunks: int
    hours: float


@dataclass(frozen=True, slots=True)
class TokenLengths:
    """T5 tokens of the descriptions, the end-of-sequence token included.

    `lengths` counts the tokens kept of each, at most `max_length`; `truncated` descriptions are
    longer; `longest` is the length of the longest one before truncation.
    """

    lengths: Spread
    max_length: int
    truncated: int
    longest: int


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels: their shape [K, frames], lowest and highest value, and the id where no code is."""

    shape: tuple[int, int]
    lowest: int | None
    highest: int | None
    pad_token_id: int


@dataclass(frozen=True, slots=True)
class Codebook:
    """Use of a codebook: `perplexity` (at most its size), `dead` (the share of unused entries)."""

    perplexity: float
    dead: float


@dataclass(frozen=True, slots=True)
class Misfits:
    """Chunks by `fit`, chunks that do not fit by reason, and `tracks` that have misfits.

    The track with the most misfits is first.
    """

    fit: dict[str, int]
    reasons: dict[str, int]
    tracks: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Stats:
    """Statistics of the release `name`; None where the release lacks the config for them.

    `left_out` counts files by reason, `chunks_left_out` chunks, also of kept tracks.
    """

    name: str
    total: Share
    left_out: dict[str, int]
    chunks_left_out: dict[str, int]
    splits: dict[str, Share]
    styles: dict[str, Share]
    sessions: dict[str, Share]
    description_characters: Spread
    tokens: TokenLengths | None
    labels: Labels | None
    codebook_size: int | None
    codebooks: tuple[Codebook, ...]
    tempo_bpm: Spread
    loudness_lufs: Spread
    keys: dict[str, int]
    heard: HeardCounts | None
    misfits: Misfits
    duplicates: tuple[dict[str, Any], ...]
    shared: SharedRecord
    bytes: dict[str, int]


def release_stats(release: Release) -> Stats:
    """Compute the statistics of a release.

    Audio and labels are not read; codes are read only if the manifest does not have the use of
    codebooks. If the release is on the Hub, only what is read is downloaded.

    Raises:
        ReleaseError: it is not a release, or one of its files cannot be read.
        HubError: the Hub refuses a request, or cannot be reached.
    """
    manifest, tracks = release.manifest, release.track_table(_TRACK_COLUMNS)
    kept = kept_tracks(tracks)
    chunks = read_chunks(release, columns=_CHUNK_COLUMNS, shorten=_with_lengths)
    rows = as_rows(kept.select(_SHARED_COLUMNS))
    parts = parts_of(rows, manifest)
    return Stats(
        name=release.name,
        total=_share(rows),
        left_out=dict(Counter(kind_of(r) for r in tracks["reason"].to_pylist() if r).most_common()),
        chunks_left_out=left_out_chunks(_counts(tracks), manifest.recipe),
        splits=_shares(rows, "split"),
        styles=_shares(parts, "style"),
        sessions=_shares(parts, "session"),
        description_characters=spread(chunks["description"]),
        tokens=_tokens(manifest, chunks),
        labels=_labels(release),
        codebook_size=manifest.encoding["codebook_size"] if manifest.encoding else None,
        codebooks=tuple(Codebook(**book) for book in manifest.codebooks or codebook_use(release)),
        tempo_bpm=spread(
            sure(chunks, "tempo_bpm", TEMPO_CONFIDENCE), chunks["tempo_bpm"], _TEMPO_STEP_BPM
        ),
        loudness_lufs=spread(chunks["loudness_lufs"], step=_LOUDNESS_STEP_LU),
        keys=_keys(chunks),
        heard=heard_counts(chunks),
        misfits=_misfits(kept, chunks),
        duplicates=tuple(_duplicates(tracks)),
        shared=manifest.shared,
        bytes=_bytes(manifest),
    )


def _with_lengths(chunks: pa.Table) -> pa.Table:
    """Replace descriptions by their lengths in characters, attention masks by numbers of tokens."""
    mask = chunks["attention_mask"].combine_chunks()
    flat = mask.flatten().to_numpy()
    tokens = flat.reshape(len(mask), len(flat) // max(1, len(mask))).sum(axis=1)
    lengths = {"description": pc.utf8_length(chunks["description"]), "attention_mask": tokens}
    columns = dict(zip(chunks.column_names, chunks.columns, strict=True))
    return pa.table(columns | lengths)


def _counts(tracks: pa.Table) -> list[Row]:
    """The rows of `tracks` with their counts of chunks alone; earlier versions wrote fewer."""
    columns = [name for name in CHUNK_COUNTS.values() if name in tracks.column_names]
    return as_rows(tracks.select(columns))


def _share(rows: Sequence[Row]) -> Share:
    hours = sum(row["duration_seconds"] for row in rows) / 3600
    tracks = {row["track_id"] for row in rows}
    return Share(len(tracks), sum(row["chunks"] for row in rows), hours)


def _shares(rows: Sequence[Row], column: str) -> dict[str, Share]:
    """Share for each value of a column, the value with the most chunks first."""
    members: dict[str, list[Row]] = {}
    for row in rows:
        members.setdefault(row[column], []).append(row)
    shares = {name: _share(found) for name, found in members.items()}
    return dict(sorted(shares.items(), key=lambda item: (-item[1].chunks, item[0])))


def _counted(column: pa.ChunkedArray) -> dict[str, int]:
    """Value of a column -> number of its rows, in the order in which values first appear."""
    return {found["values"]: found["counts"] for found in pc.value_counts(column).to_pylist()}


def _keys(chunks: pa.Table) -> dict[str, int]:
    """Confident key -> number of its chunks, the most frequent key first."""
    return counted_words(sure(chunks, "key", KEY_CONFIDENCE))


def _tokens(manifest: Manifest, chunks: pa.Table) -> TokenLengths | None:
    facts = manifest.encoding
    if not facts:
        return None
    lengths = spread(chunks["attention_mask"])
    return TokenLengths(lengths, facts["max_length"], facts["truncated"], facts["longest"])


def _labels(release: Release) -> Labels | None:
    """Shape and pad id from the manifest, lowest and highest label from the footers of shards."""
    facts = release.manifest.encoding
    if not facts:
        return None
    shards = release.shards("encoded")
    ranges = [pair for path in shards for pair in _ranges(release.place.footer(path))]
    return Labels(
        (facts["num_codebooks"], facts["label_frames"]),
        min((low for low, _ in ranges), default=None),
        max((high for _, high in ranges), default=None),
        facts["pad_token_id"],
    )


def _ranges(footer: pq.FileMetaData) -> Iterator[tuple[int, int]]:
    """(lowest, highest) label of each row group."""
    for group in map(footer.row_group, range(footer.num_row_groups)):
        for column in map(group.column, range(group.num_columns)):
            if column.path_in_schema.startswith("labels.") and column.statistics:
                yield column.statistics.min, column.statistics.max


def _misfits(kept: pa.Table, chunks: pa.Table) -> Misfits:
    unfit = chunks["fit_reason"].filter(pc.equal(chunks["fit"], "no"))
    reasons: Counter[str] = Counter()
    for reason, count in _counted(unfit).items():
        # Reasons that differ only in their number count as one: the number is removed, as in
        # "tempo 151 BPM, running wants 120-140".
        reasons[f"{reason.partition(' ')[0]}, {reason.partition(', ')[2]}"] += count
    if "misfit_chunks" in kept.column_names:
        kept = kept.filter(pc.greater(kept["misfit_chunks"], 0))
    return Misfits(
        dict(sorted(_counted(chunks["fit"].drop_null()).items())),
        dict(reasons.most_common()),
        tuple(worst_misfits(kept.to_pylist())),
    )


def _duplicates(tracks: pa.Table) -> Iterator[dict[str, Any]]:
    """Groups with more than one file; an exact copy is in the group of the file it copies."""
    kept = kept_tracks(tracks)
    originals = kept["group"].take(pc.index_in(tracks["track_id"], kept["track_id"]))
    copies = pc.starts_with(tracks["reason"], Reason.DUPLICATE)
    groups = pc.if_else(copies, originals, tracks["group"])
    counts = pc.value_counts(groups)
    shared = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    files = tracks.select(["path"]).append_column("shared", groups)
    paths: dict[str, list[str]] = {}
    for row in files.filter(pc.is_in(groups, shared)).to_pylist():
        paths.setdefault(row["shared"], []).append(row["path"])
    for group in sorted(filter(None, paths)):
        yield {"group": group, "paths": sorted(paths[group])}


def _bytes(manifest: Manifest) -> dict[str, int]:
    sizes: Counter[str] = Counter()
    for path, entry in manifest.files.items():
        sizes[path.partition("/")[0]] += entry.bytes
    return dict(sorted(sizes.items()))
