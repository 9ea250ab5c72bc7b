"""How the values of a column lie."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True, slots=True)
class Spread:
    """How `count` values lie; None where there are none.

    `bins` has (from, below, count) in equal steps, where values are binned. Values that are not to
    be relied upon are counted in `unsure`, rows without one in `missing`, and in nothing else.
    """

    count: int
    lowest: float | None = None
    median: float | None = None
    highest: float | None = None
    bins: tuple[tuple[float, float, int], ...] = ()
    unsure: int = 0
    missing: int = 0


def spread(values: pa.ChunkedArray, column: pa.ChunkedArray | None = None, step: int = 0) -> Spread:
    """The spread of `values`, those that may be relied upon of a `column`; all of it if not given.

    With `step`, they are binned.
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
    """The values of a measure whose confidence is `least` or more."""
    confidence = table[column.removesuffix("_bpm") + "_confidence"]
    return table[column].filter(pc.greater_equal(confidence, least)).drop_null()
