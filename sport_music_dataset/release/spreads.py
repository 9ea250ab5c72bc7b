"""The spread of the values of a column: count, percentiles, histogram."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True, slots=True)
class Spread:
    """The spread of `count` values; its figures are None if there is no value.

    `bins` has (from, below, count) for equal steps, if the values are binned. Values with too
    little confidence are only counted, in `unsure`; rows without a value are counted in `missing`.
    """

    count: int
    lowest: float | None = None
    median: float | None = None
    highest: float | None = None
    bins: tuple[tuple[float, float, int], ...] = ()
    unsure: int = 0
    missing: int = 0


def spread(values: pa.ChunkedArray, column: pa.ChunkedArray | None = None, step: int = 0) -> Spread:
    """The spread of a `column`, from its confident `values`, or from all values if not given.

    With `step`, the values are also binned.
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
        places = np.floor(numbers / step).astype(np.int64)
        counts = np.bincount(places - places.min()).tolist()
        edges = range(int(places.min()) * step, int(places.max() + 1) * step, step)
        bins = tuple((edge, edge + step, n) for edge, n in zip(edges, counts, strict=True))
    return Spread(count, lowest, median, highest, bins, unsure, missing)


def sure(table: pa.Table, column: str, least: float) -> pa.ChunkedArray:
    """The values of a measure whose confidence is at least `least`."""
    confidence = table[column.removesuffix("_bpm") + "_confidence"]
    return table[column].filter(pc.greater_equal(confidence, least)).drop_null()
