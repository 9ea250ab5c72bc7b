"""The distribution of the values of a column, and counts of what a tagger heard."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ..records import VOICE
from ..storage.arrays import numbers_of, scalar_of

COUNTED_COLUMNS = ("vocals", "instruments", "moods", "heard_style")
"""The columns that are counted."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The distribution of `count` values; lowest, median and highest are None if there are none.

    `bins` has (from, below, count) in equal steps, and is empty if no step was given. `unsure` is
    the number of values that are not reliable, `missing` the number of rows without a value;
    neither are part of the other numbers.
    """

    count: int
    lowest: float | None = None
    median: float | None = None
    highest: float | None = None
    bins: tuple[tuple[float, float, int], ...] = ()
    unsure: int = 0
    missing: int = 0


def spread(values: pa.ChunkedArray, column: pa.ChunkedArray | None = None, step: int = 0) -> Spread:
    """The distribution of the reliable values of a column.

    Args:
        values: the reliable values.
        column: the whole column, to count unreliable and missing values; by default `values`.
        step: width of the bins, in the unit of the values; 0 for no bins.
    """
    column = values if column is None else column
    numbers = numbers_of(values)
    count, missing = len(numbers), column.null_count
    unsure = len(column) - missing - count
    if not count:
        return Spread(0, unsure=unsure, missing=missing)
    lowest, median, highest = (float(f(numbers)) for f in (np.min, np.median, np.max))
    bins: tuple[tuple[float, float, int], ...] = ()
    if step:
        bin_numbers = np.floor(numbers / step).astype(np.int64)
        counts = np.bincount(bin_numbers - bin_numbers.min()).tolist()
        edges = range(int(bin_numbers.min()) * step, int(bin_numbers.max() + 1) * step, step)
        bins = tuple((edge, edge + step, n) for edge, n in zip(edges, counts, strict=True))
    return Spread(count, lowest, median, highest, bins, unsure, missing)


def sure(table: pa.Table, column: str, least: float) -> pa.ChunkedArray:
    """The values of a measure whose confidence, 0 to 1, is `least` or more."""
    # As in `tracks.kept_tracks`.
    import pyarrow.compute as pc

    confidence = table[column.removesuffix("_bpm") + "_confidence"]
    return table[column].filter(pc.greater_equal(confidence, least)).drop_null()


@dataclass(frozen=True, slots=True)
class HeardCounts:
    """Chunks or tracks by voice (`yes` or `no`), instrument, mood and style that were heard.

    A chunk counts for each of its instruments and moods; the most frequent come first.
    """

    voices: dict[str, int]
    instruments: dict[str, int]
    moods: dict[str, int]
    styles: dict[str, int]


def heard_counts(table: pa.Table) -> HeardCounts | None:
    """Counts over the rows of a table with `COUNTED_COLUMNS`; None if nobody listened to a row."""
    if table["vocals"].null_count == len(table):
        return None
    # As in `tracks.kept_tracks`.
    import pyarrow.compute as pc

    listened = table["vocals"].drop_null()
    sung = pc.sum(pc.greater_equal(listened, scalar_of(VOICE, pa.float64()))).as_py()
    words = (pc.list_flatten(table[name]) for name in ("instruments", "moods"))
    voices = {"yes": sung, "no": len(listened) - sung}
    return HeardCounts(voices, *map(counted_words, (*words, table["heard_style"])))


def counted_words(column: pa.ChunkedArray) -> dict[str, int]:
    """Word -> number of its rows, the most frequent first; empty words do not count."""
    # As in `tracks.kept_tracks`.
    import pyarrow.compute as pc

    found = pc.value_counts(column.drop_null()).to_pylist()
    counts = {entry["values"]: entry["counts"] for entry in found if entry["values"]}
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
