"""The distribution of the values of a column."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


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
    numbers = values.drop_null().to_numpy()
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
    confidence = table[column.removesuffix("_bpm") + "_confidence"]
    return table[column].filter(pc.greater_equal(confidence, least)).drop_null()
