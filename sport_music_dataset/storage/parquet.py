"""Read the Parquet files of a release with little memory."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import ReleaseError
from ..outside.files import check_regular
from ..reasons import is_machine_fault

_BATCH_ROWS = 50


def read_parquet(file: Path, columns: list[str] | None = None) -> pa.Table:
    """A Parquet file as a table with `columns`, or with all columns if `columns` is None.

    Raises:
        ReleaseError: the file is missing or damaged.
    """
    # pq.read_table would import pyarrow.dataset, which takes a third of a second. With threads and
    # row groups of 50 rows, a read takes three times the memory.
    with _parquet(file) as parquet:
        return parquet.read(columns=columns, use_threads=False)


def read_batches(
    file: Path, columns: list[str] | None = None, rows: int = _BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a shard in batches of `rows`, with one row group at a time in memory.

    Raises:
        ReleaseError: the file is missing or damaged.
    """
    with _parquet(file) as parquet:
        yield from group_batches(parquet, columns, rows)


def group_batches(
    parquet: pq.ParquetFile, columns: list[str] | None = None, rows: int = _BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of an open shard in batches of `rows`, one row group at a time in memory."""
    for group in range(parquet.metadata.num_row_groups):
        # One call of iter_batches for all row groups keeps every group that it has read.
        yield from parquet.iter_batches(rows, row_groups=[group], columns=columns)


def read_single_rows(
    file: Path, columns: list[str], rows: Iterable[int]
) -> Iterator[dict[str, pa.Scalar]]:
    """Yield single rows of a shard, in the order of the row numbers `rows`.

    One row group at a time is in memory; if `rows` ascend, each row group is read once.

    Raises:
        ReleaseError: the file is missing or damaged.
    """
    with _parquet(file) as parquet:
        footer = parquet.metadata
        sizes = (footer.row_group(group).num_rows for group in range(footer.num_row_groups))
        starts = [0, *accumulate(sizes)]
        loaded_group, table = -1, None
        for row in rows:
            group = bisect_right(starts, row) - 1
            if table is None or group != loaded_group:
                loaded_group, table = group, parquet.read_row_group(group, columns)
            yield {name: table[name][row - starts[group]] for name in columns}


@contextmanager
def _parquet(file: Path) -> Iterator[pq.ParquetFile]:
    try:
        check_regular(file.resolve())
        with pq.ParquetFile(file) as parquet:
            yield parquet
    except (OSError, pa.ArrowException) as error:
        remedy = "build the release again"
        if is_machine_fault(error):
            remedy = "see to the disk, then run the same command again"
        raise ReleaseError(f"{file}: cannot be read ({error}); {remedy}") from error
