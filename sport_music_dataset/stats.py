"""What a release holds, in numbers: from its manifest, `tracks`, light columns and codes."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .card_body import worst_misfits
from .chunks import read_chunks
from .codebooks import codebook_use
from .measures import KEY_CONFIDENCE, TEMPO_CONFIDENCE
from .places import Place
from .reasons import Reason, kind_of
from .records import Row
from .release import Manifest, kept_rows
from .spreads import Spread, spread, sure

_TEMPO_STEP_BPM = 10
_LOUDNESS_STEP_LU = 2


@dataclass(frozen=True, slots=True)
class Share:
    """What a split, a style, a session or the whole has of kept tracks."""

    tracks: int
    chunks: int
    hours: float


@dataclass(frozen=True, slots=True)
class Tokens:
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
    tokens: Tokens | None
    labels: Labels | None
    codebook_size: int | None
    codebooks: tuple[Codebook, ...]
    tempo_bpm: Spread
    loudness_lufs: Spread
    keys: dict[str, int]
    misfits: Misfits
    duplicates: tuple[dict[str, Any], ...]
    shared: dict[str, Any]
    bytes: dict[str, int]


def release_stats(place: Place) -> Stats:
    """The numbers of a release. Neither audio nor labels are read, and codes only where the
    manifest does not say how codebooks are used; of a release on the Hub, no more is downloaded.

    Raises:
        ReleaseError: it is no release, or a file of it cannot be read.
        HubError: the Hub refuses, or cannot be reached.
    """
    manifest = place.manifest()
    tracks, chunks = place.tracks(manifest), read_chunks(place, manifest)
    kept = kept_rows(tracks)
    return Stats(
        name=place.name,
        total=_share(kept),
        left_out=dict(Counter(kind_of(t["reason"]) for t in tracks if t["reason"]).most_common()),
        splits=_shares(kept, "split"),
        styles=_shares(kept, "style"),
        sessions=_shares(kept, "session"),
        description_characters=spread(pc.utf8_length(chunks["description"])),
        tokens=_tokens(manifest, chunks),
        labels=_labels(place, manifest),
        codebook_size=manifest.encoding["codebook_size"] if manifest.encoding else None,
        codebooks=tuple(
            Codebook(**book) for book in manifest.codebooks or codebook_use(place, manifest)
        ),
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


def _share(kept: Iterable[Row], **where: str) -> Share:
    rows = [row for row in kept if all(row[key] == value for key, value in where.items())]
    hours = sum(row["duration_seconds"] for row in rows) / 3600
    return Share(len(rows), sum(row["chunks"] for row in rows), hours)


def _shares(kept: list[Row], column: str) -> dict[str, Share]:
    """Share by the values of a column, the one with the most chunks first."""
    rows: dict[str, list[Row]] = {}
    for row in kept:
        rows.setdefault(row[column], []).append(row)
    shares = {name: _share(members) for name, members in rows.items()}
    return dict(sorted(shares.items(), key=lambda item: (-item[1].chunks, item[0])))


def _keys(chunks: pa.Table) -> dict[str, int]:
    """Confident key -> chunks, the commonest first."""
    keys = Counter(sure(chunks, "key", KEY_CONFIDENCE).to_pylist())
    return dict(sorted(keys.items(), key=lambda item: (-item[1], item[0])))


def _tokens(manifest: Manifest, chunks: pa.Table) -> Tokens | None:
    facts = manifest.encoding
    if not facts:
        return None
    mask = chunks["attention_mask"].combine_chunks()
    ids = mask.flatten().to_numpy().reshape(len(mask), -1).sum(axis=1)
    lengths = spread(pa.chunked_array([ids]))
    return Tokens(lengths, facts["max_length"], facts["truncated"], facts["longest"])


def _labels(place: Place, manifest: Manifest) -> Labels | None:
    """From the manifest, and from what the footers of the shards say of the range."""
    facts = manifest.encoding
    if not facts:
        return None
    ranges = [pair for path in manifest.shards("encoded") for pair in _ranges(place.footer(path))]
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


def _misfits(kept: list[Row], chunks: pa.Table) -> Misfits:
    fit = Counter(chunks["fit"].drop_null().to_pylist())
    unfit = chunks["fit_reason"].filter(pc.equal(chunks["fit"], "no"))
    # "tempo 151 BPM, running wants 120-140": one reason, whatever the number.
    reasons = Counter(
        f"{reason.partition(' ')[0]}, {reason.partition(', ')[2]}" for reason in unfit.to_pylist()
    )
    return Misfits(
        dict(sorted(fit.items())), dict(reasons.most_common()), tuple(worst_misfits(kept))
    )


def _duplicates(tracks: list[Row]) -> Iterator[dict[str, Any]]:
    """The groups of more than one file, exact copies among them."""
    ids = {row["track_id"]: row["group"] for row in kept_rows(tracks)}
    groups: dict[str, list[str]] = {}
    for row in tracks:
        copy = kind_of(row["reason"]) == Reason.DUPLICATE
        group = row["group"] or (ids.get(row["track_id"]) if copy else "")
        if group:
            groups.setdefault(group, []).append(row["path"])
    for group, paths in sorted(groups.items()):
        if len(paths) > 1:
            yield {"group": group, "paths": sorted(paths)}


def _bytes(manifest: Manifest) -> dict[str, int]:
    sizes: Counter[str] = Counter()
    for path, entry in manifest.files.items():
        sizes[path.partition("/")[0]] += entry.bytes
    return dict(sorted(sizes.items()))
