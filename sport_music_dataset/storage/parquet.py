"""Parquet files of a release, read with as little memory as it takes."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import ReleaseError

_BATCH_ROWS = 50


def read_parquet(file: Path, columns: list[str] | None = None) -> pa.Table:
    """A Parquet file as a table; of all columns if none are named.

    Raises:
        ReleaseError: it is missing or damaged.
    """
    # Not by read_table, which takes a third of a second to import what reads many files. With
    # threads, whose row groups are of 50 rows, it takes three times the memory.
    with _parquet(file) as parquet:
        return parquet.read(columns=columns, use_threads=False)


def read_batches(
    file: Path, columns: list[str] | None = None, rows: int = _BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """The rows of a shard in batches of `rows`, one row group at a time in memory."""
    with pq.ParquetFile(file) as parquet:
        yield from group_batches(parquet, columns, rows)


def group_batches(
    parquet: pq.ParquetFile, columns: list[str] | None = None, rows: int = _BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """The rows of an open shard in batches of `rows`, one row group at a time in memory."""
    for group in range(parquet.metadata.num_row_groups):
        # Over all groups at once, iter_batches keeps every one that it has read.
        yield from parquet.iter_batches(rows, row_groups=[group], columns=columns)


def read_single_rows(
    file: Path, columns: list[str], rows: Iterable[int]
) -> Iterator[dict[str, pa.Scalar]]:
    """Single rows of a shard, in the order asked for: one row group at a time in memory, and of
    rows in ascending order each group is read once.

    Raises:
        ReleaseError: the file is missing or damaged.
    """
    with _parquet(file) as parquet:
        footer = parquet.metadata
        sizes = (footer.row_group(group).num_rows for group in range(footer.num_row_groups))
        starts = [0, *accumulate(sizes)]
        held, table = -1, None
        for row in rows:
            group = bisect_right(starts, row) - 1
            if table is None or group != held:
                held, table = group, parquet.read_row_group(group, columns)
            yield {name: table[name][row - starts[group]] for name in columns}


@contextmanager
def _parquet(file: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(file) as parquet:
            yield parquet
    except (OSError, pa.ArrowException) as error:
        raise ReleaseError(f"{file}: cannot be read ({error}); build the release again") from error
