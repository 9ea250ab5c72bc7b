"""What a release holds, in numbers: from its manifest, `tracks`, light columns and codes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..reasons import Reason, kind_of
from ..records import KEY_CONFIDENCE, TEMPO_CONFIDENCE
from ..release.chunks import read_chunks
from ..release.codebooks import codebook_use
from ..release.manifest import Manifest, SharedRecord
from ..release.release import Release
from ..release.spreads import Spread, spread, sure
from ..release.tracks import kept_tracks, worst_misfits

_TRACK_COLUMNS = (
    *("path", "track_id", "status", "reason", "group", "split", "style", "session"),
    *("chunks", "misfit_chunks", "duration_seconds"),
)
_CHUNK_COLUMNS = (
    *("description", "attention_mask", "tempo_bpm", "tempo_confidence", "loudness_lufs"),
    *("key", "key_confidence", "fit", "fit_reason"),
)
_TEMPO_STEP_BPM = 10
_LOUDNESS_STEP_LU = 2


@dataclass(frozen=True, slots=True)
class Share:
    """What a split, a style, a session or the whole has of kept tracks."""

    tracks: int
    chunks: int
    hours: float


@dataclass(frozen=True, slots=True)
class TokenLengths:
    """T5 tokens of the descriptions: their lengths, end-of-sequence included, as kept of
    `max_length`; `longest` untruncated."""

    lengths: Spread
    max_length: int
    truncated: int
    longest: int


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels [shape], their range, and the id where no code is."""

    shape: tuple[int, int]
    lowest: int | None
    highest: int | None
    pad_token_id: int


@dataclass(frozen=True, slots=True)
class Codebook:
    """How much of a codebook is used: `perplexity` of at most its size, share of `dead` entries."""

    perplexity: float
    dead: float


@dataclass(frozen=True, slots=True)
class Misfits:
    """`fit` has chunks by their fit; `reasons` those that do not, by reason; `tracks` with such,
    the worst first."""

    fit: dict[str, int]
    reasons: dict[str, int]
    tracks: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Stats:
    """The numbers of the release `name`. None where it has not the config that they are of."""

    name: str
    total: Share
    left_out: dict[str, int]
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
    misfits: Misfits
    duplicates: tuple[dict[str, Any], ...]
    shared: SharedRecord
    bytes: dict[str, int]


def release_stats(release: Release) -> Stats:
    """The numbers of a release. Neither audio nor labels are read, and codes only where the
    manifest does not say how codebooks are used; of a release on the Hub, no more is downloaded.

    Raises:
        ReleaseError: it is no release, or a file of it cannot be read.
        HubError: the Hub refuses, or cannot be reached.
    """
    manifest, tracks = release.manifest, release.track_table(_TRACK_COLUMNS)
    kept = kept_tracks(tracks)
    chunks = read_chunks(release, columns=_CHUNK_COLUMNS, shorten=_with_lengths)
    return Stats(
        name=release.name,
        total=_share(list(_amounts(kept))),
        left_out=dict(Counter(kind_of(r) for r in tracks["reason"].to_pylist() if r).most_common()),
        splits=_shares(kept, "split"),
        styles=_shares(kept, "style"),
        sessions=_shares(kept, "session"),
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
        misfits=_misfits(kept, chunks),
        duplicates=tuple(_duplicates(tracks)),
        shared=manifest.shared,
        bytes=_bytes(manifest),
    )


def _with_lengths(chunks: pa.Table) -> pa.Table:
    """A shard with the lengths of descriptions and of their tokens in place of them."""
    mask = chunks["attention_mask"].combine_chunks()
    flat = mask.flatten().to_numpy()
    tokens = flat.reshape(len(mask), len(flat) // max(1, len(mask))).sum(axis=1)
    lengths = {"description": pc.utf8_length(chunks["description"]), "attention_mask": tokens}
    columns = dict(zip(chunks.column_names, chunks.columns, strict=True))
    return pa.table(columns | lengths)


def _amounts(kept: pa.Table) -> Iterator[tuple[int, float]]:
    """Chunks and seconds of each track."""
    columns = (kept[name].to_pylist() for name in ("chunks", "duration_seconds"))
    return zip(*columns, strict=True)


def _share(amounts: list[tuple[int, float]]) -> Share:
    hours = sum(seconds for _, seconds in amounts) / 3600
    return Share(len(amounts), sum(chunks for chunks, _ in amounts), hours)


def _shares(kept: pa.Table, column: str) -> dict[str, Share]:
    """Share by the values of a column, the one with the most chunks first."""
    amounts: dict[str, list[tuple[int, float]]] = {}
    for name, amount in zip(kept[column].to_pylist(), _amounts(kept), strict=True):
        amounts.setdefault(name, []).append(amount)
    shares = {name: _share(members) for name, members in amounts.items()}
    return dict(sorted(shares.items(), key=lambda item: (-item[1].chunks, item[0])))


def _counted(column: pa.ChunkedArray) -> dict[str, int]:
    """Value -> how often it stands in a column, in the order of their first."""
    return {found["values"]: found["counts"] for found in pc.value_counts(column).to_pylist()}


def _keys(chunks: pa.Table) -> dict[str, int]:
    """Confident key -> chunks, the commonest first."""
    keys = _counted(sure(chunks, "key", KEY_CONFIDENCE))
    return dict(sorted(keys.items(), key=lambda item: (-item[1], item[0])))


def _tokens(manifest: Manifest, chunks: pa.Table) -> TokenLengths | None:
    facts = manifest.encoding
    if not facts:
        return None
    lengths = spread(chunks["attention_mask"])
    return TokenLengths(lengths, facts["max_length"], facts["truncated"], facts["longest"])


def _labels(release: Release) -> Labels | None:
    """From the manifest, and from what the footers of the shards say of the range."""
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
    for group in map(footer.row_group, range(footer.num_row_groups)):
        for column in map(group.column, range(group.num_columns)):
            if column.path_in_schema.startswith("labels.") and column.statistics:
                yield column.statistics.min, column.statistics.max


def _misfits(kept: pa.Table, chunks: pa.Table) -> Misfits:
    unfit = chunks["fit_reason"].filter(pc.equal(chunks["fit"], "no"))
    reasons: Counter[str] = Counter()
    for reason, count in _counted(unfit).items():
        # "tempo 151 BPM, running wants 120-140": one reason, whatever the number.
        reasons[f"{reason.partition(' ')[0]}, {reason.partition(', ')[2]}"] += count
    if "misfit_chunks" in kept.column_names:
        kept = kept.filter(pc.greater(kept["misfit_chunks"], 0))
    return Misfits(
        dict(sorted(_counted(chunks["fit"].drop_null()).items())),
        dict(reasons.most_common()),
        tuple(worst_misfits(kept.to_pylist())),
    )


def _duplicates(tracks: pa.Table) -> Iterator[dict[str, Any]]:
    """The groups of more than one file, exact copies among them."""
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
