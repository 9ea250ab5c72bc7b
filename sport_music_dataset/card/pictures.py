"""The pictures of a release: which ones it has, and their numbers, also in words."""

from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow as pa

from ..describe.fit import beat_factor
from ..describe.sessions import find
from ..errors import counted
from ..records import TEMPO_CONFIDENCE, Row
from ..release.chunks import read_chunks
from ..release.manifest import CodebookUse, Manifest
from ..release.release import Release
from ..release.spreads import spread
from ..release.tracks import kept_rows
from ..storage.arrays import scalar_of
from .panels import Bars, Histogram, Picture, Points
from .samples import SAMPLE_COLUMNS, Sampler
from .text import one_line

NAMES = ("chunks", "splits", "tempo", "loudness", "codebooks")

_TRACK_COLUMNS = ("session", "style", "split", "chunks", "status")
CHUNK_COLUMNS = ("session", "tempo_bpm", "tempo_confidence", "loudness_lufs")
"""The columns of `raw` or `encoded` that pictures need."""
# Limits for a picture that is legible at a width of 600 px.
_MOST_LETTERS = 40
_MOST_ROWS, _MOST_COLOURS, _MOST_POINTS = 12, 6, 80
_KINDS = ("in the band", "its half or double is", "outside", "no band for the session")
_NOT_SURE = "no sure tempo"


def pictures(release: Release, sampler: Sampler | None = None) -> Iterator[Picture]:
    """Yield the pictures for which a release has numbers; `sampler` gets all chunks.

    Raises:
        ReleaseError: a shard cannot be read.
    """
    kept = kept_rows(release.tracks(_TRACK_COLUMNS))

    def sampled(shard: pa.Table) -> pa.Table:
        if sampler:
            sampler.add(shard)
        return shard.select(CHUNK_COLUMNS)

    columns = {*CHUNK_COLUMNS, *(SAMPLE_COLUMNS if sampler else ())}
    chunks = read_chunks(release, [release.manifest.rows_config], columns, sampled)
    yield from pictures_of(release.manifest, kept, chunks)


def pictures_of(manifest: Manifest, kept: list[Row], chunks: pa.Table) -> Iterator[Picture]:
    """As `pictures`, from the rows of kept tracks and the columns of `raw` in CHUNK_COLUMNS."""
    yield _chunks(kept)
    yield _splits(kept)
    yield from _tempo(chunks, manifest.recipe.get("sessions", ""))
    yield from _loudness(chunks)
    if manifest.encoding and manifest.codebooks:
        yield _codebooks(manifest.codebooks, manifest.encoding["codebook_size"])


def _chunks(kept: list[Row]) -> Picture:
    bars = _bars(kept, "session", "style", "Chunks of each session, by style")
    words = f"By session: {_in_words(kept, 'session')}. By style: {_in_words(kept, 'style')}."
    return Picture("chunks", [bars], f"{counted(sum(t['chunks'] for t in kept), 'chunk')}. {words}")


def _splits(kept: list[Row]) -> Picture:
    panels = [
        _bars(kept, "split", "style", "Splits, by style (% of chunks)", shares=True),
        _bars(kept, "session", "split", "Sessions, by split (% of chunks)", shares=True),
    ]
    words = (
        f"{split}: {_in_words([track for track in kept if track['split'] == split], 'style')}."
        for split in sorted({track["split"] for track in kept})
    )
    return Picture("splits", panels, "Chunks of each split by style. " + " ".join(words))


def _bars(kept: list[Row], rows: str, parts: str, title: str, shares: bool = False) -> Bars:
    """Chunks by track column: a bar for each value of `rows`, a colour for each value of `parts`.

    Lengths are counts, or, with `shares`, % of the bar's chunks.
    """
    by_row, by_part = _counts(kept, rows), _counts(kept, parts)
    row_of, part_of = _top(by_row, _MOST_ROWS), _top(by_part, _MOST_COLOURS)
    cells: Counter[tuple[str, str]] = Counter()
    for track in kept:
        cells[part_of[track[parts]], row_of[track[rows]]] += track["chunks"]
    names = list(dict.fromkeys(row_of.values()))
    if len(by_row) > _MOST_ROWS:
        # No bar for all others together: it can be longer than the rest, and shows little.
        names.pop()
        title += f": {len(names)} of {len(by_row)}"
    totals = [sum(n for (_, row), n in cells.items() if row == name) for name in names]
    scale = [100 / max(total, 1) if shares else 1 for total in totals]
    return Bars(
        title,
        names,
        [
            (part, [cells[part, name] * by for name, by in zip(names, scale, strict=True)])
            for part in dict.fromkeys(part_of.values())
        ],
        rest=len(by_part) > _MOST_COLOURS,
        ends=[f"{total}" for total in totals],
        highest=100 if shares else None,
        coloured=parts == "style",
    )


def _counts(kept: list[Row], column: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for track in kept:
        counts[track[column]] += track["chunks"]
    return counts


def _top(counts: Counter[str], most: int) -> dict[str, str]:
    """Name -> its label, at most `most` different ones.

    Names with the highest counts are their own labels; the rest share the label "N others".
    """
    names = sorted(counts, key=lambda name: (-counts[name], name))
    own = most if len(names) <= most else most - 1
    others = counted(len(names) - own, "other")
    return {name: name if place < own else others for place, name in enumerate(names)}


def _in_words(kept: list[Row], column: str) -> str:
    """Chunks by the values of a track column, in words: "rock 12, pop 5"."""
    counts = _counts(kept, column)
    by_label: Counter[str] = Counter()
    for name, label in _top(counts, _MOST_ROWS).items():
        by_label[label] += counts[name]
    return ", ".join(f"{one_line(label, _MOST_LETTERS)} {n}" for label, n in by_label.items())


def _tempo(chunks: pa.Table, own_sessions: str) -> Iterator[Picture]:
    """Picture of confident tempi by session, those with the most chunks; others have no points.

    There is none where nobody has measured, or no tempo is sure.
    """
    counts = Counter(chunks["session"].to_pylist())
    # As in `release.tracks`.
    import pyarrow.compute as pc

    least = scalar_of(TEMPO_CONFIDENCE, pa.float64())
    sure = chunks.filter(pc.greater_equal(chunks["tempo_confidence"], least))
    tempi: dict[str, list[float]] = {name: [] for name in counts}
    for name, tempo in zip(*(sure[c].to_pylist() for c in ("session", "tempo_bpm")), strict=True):
        if tempo:
            tempi[name].append(tempo)
    if not any(tempi.values()):
        return
    names = sorted(counts, key=lambda name: (-counts[name], name))[:_MOST_ROWS]
    bands = {name: _band(name, own_sessions) for name in names}
    # Slow sessions first; those without a band stand below.
    names.sort(key=lambda name: (bands[name] is None, bands[name] or (0, 0), name))
    kinds = {name: [_kind(tempo, bands[name]) for tempo in tempi[name]] for name in names}
    panel = Points(
        "Tempo of chunks and bands of sessions (BPM)",
        names,
        [bands[name] for name in names],
        [_thinned(sorted(zip(tempi[name], kinds[name], strict=True))) for name in names],
        _KINDS if None in bands.values() else _KINDS[:-1],
        ["" if tempi[name] else _NOT_SURE for name in names],
    )
    words = (_tempo_in_words(name, bands[name], kinds[name], counts[name]) for name in names)
    yield Picture("tempo", [panel], f"Tempo against the bands of sessions. {'; '.join(words)}.")


def _band(name: str, own_sessions: str) -> tuple[float, float] | None:
    session = find(name, own_sessions)
    return session.tempo_bpm if session else None


def _tempo_in_words(
    name: str, band: tuple[float, float] | None, kinds: Sequence[int], chunks: int
) -> str:
    found = [f"{n} {_KINDS[kind]}" for kind, n in sorted(Counter(kinds).items())]
    if chunks > len(kinds):
        found.append(f"{chunks - len(kinds)} {_NOT_SURE}")
    limits = f" ({band[0]:g} to {band[1]:g} BPM)" if band else ""
    return f"{one_line(name, _MOST_LETTERS)}{limits}: {', '.join(found)}"


def _kind(tempo: float, band: tuple[float, float] | None) -> int:
    """Index into `_KINDS` for a tempo and the band of its session."""
    if band is None:
        return len(_KINDS) - 1
    factor = beat_factor(tempo, band)
    return len(_KINDS) - 2 if factor is None else int(factor != 1)


def _thinned(points: Sequence[tuple[float, int]]) -> list[tuple[float, int]]:
    """At most `_MOST_POINTS` of the points, taken at even steps."""
    step = max(1, len(points) / _MOST_POINTS)
    return [points[int(place * step)] for place in range(int(len(points) / step))]


def _loudness(chunks: pa.Table) -> Iterator[Picture]:
    found = spread(chunks["loudness_lufs"], step=1)
    if found.median is None:
        return
    edges = [low for low, *_ in found.bins] + [found.bins[-1][1]]
    middle = f"median {found.median:.1f} LUFS"
    panel = Histogram(
        "Chunks by loudness (LUFS)", edges, [n for *_, n in found.bins], found.median, middle
    )
    words = f"{middle}, from {found.lowest:.1f} to {found.highest:.1f}"
    yield Picture("loudness", [panel], f"Loudness of {counted(found.count, 'chunk')}: {words}.")


def _codebooks(codebooks: list[CodebookUse], size: int) -> Picture:
    names = [f"codebook {number}" for number in range(len(codebooks))]
    perplexities = [book["perplexity"] for book in codebooks]
    dead = [100 * book["dead"] for book in codebooks]
    panels = [
        Bars(
            f"Perplexity of codebooks, of {size}",
            names,
            [("perplexity", perplexities)],
            ends=[f"{value:.0f}" for value in perplexities],
            highest=size,
        ),
        Bars(
            "Entries that no code names (%)",
            names,
            [("dead", dead)],
            ends=[f"{value:.1f}" for value in dead],
            highest=100,
        ),
    ]
    words = "; ".join(
        f"{name}: perplexity {value:.0f}, {share:.1f}% of the entries are not used"
        for name, value, share in zip(names, perplexities, dead, strict=True)
    )
    return Picture("codebooks", panels, f"Use of codebooks of {size} entries. {words}.")
