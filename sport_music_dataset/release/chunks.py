"""Reads the chunks of a release, without the heavy columns audio, codes and labels."""

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from ..columns import ENCODED_COLUMNS, HEAVY_COLUMNS, RAW_COLUMNS, Kind
from ..errors import ReleaseError
from ..storage.arrays import array_of, table_of
from .layout import split_of
from .release import Release

# Threads help: Arrow releases Python's lock while it reads Parquet.
THREADS = 2


def _arrow_type(kind: Kind) -> pa.DataType:
    if isinstance(kind, list):
        return pa.list_(pa.field("element", _arrow_type(kind[0])))
    return pa.type_for_alias(kind)


# The columns of raw and encoded together; `split` is from the shard's name.
LIGHT = pa.schema(
    {
        name: _arrow_type(kind)
        for name, kind in {"split": "string", **RAW_COLUMNS, **ENCODED_COLUMNS}.items()
        if name not in HEAVY_COLUMNS
    }
)


def read_chunks(
    release: Release,
    configs: Iterable[str] = ("raw", "encoded"),
    columns: Collection[str] = LIGHT.names,
    shorten: Callable[[pa.Table], pa.Table] = lambda shard: shard,
) -> pa.Table:
    """Read one row per chunk, in the order of the shards.

    Args:
        release: the release to read.
        configs: configs whose columns are joined; those that the release lacks are skipped.
        columns: names of columns in LIGHT; a column is null where its config is missing.
        shorten: applied to each shard's table, of which only the result stays in memory.

    Raises:
        ReleaseError: a shard cannot be read, or raw and encoded hold different chunks.
    """
    configs = [config for config in configs if release.shards(config)]
    empty = table_of([], LIGHT).select(columns)
    # chunk_id shows whether the configs hold the same chunks.
    read_columns = {"chunk_id", *columns}

    def read(path: str) -> pa.Table:
        _, _, shard = path.partition("/")
        table = release.place.only(path, read_columns)
        for config in configs[1:]:
            missing = read_columns - {*table.column_names}
            other = release.place.only(f"{config}/{shard}", {"chunk_id", *missing})
            table = _joined(table, other, release.name, shard)
        split = array_of([split_of(path)] * len(table), pa.string())
        table = table.append_column("split", split).replace_schema_metadata()
        table = table.select([name for name in columns if name in table.column_names])
        return shorten(pa.concat_tables([empty, table], promote_options="default"))

    with ThreadPoolExecutor(THREADS) as threads:
        tables = list(threads.map(read, release.shards(configs[0]) if configs else ()))
    return pa.concat_tables([shorten(empty), *tables])


def _joined(raw: pa.Table, encoded: pa.Table, release: str, shard: str) -> pa.Table:
    if not raw["chunk_id"].equals(encoded["chunk_id"]):
        raise ReleaseError(
            f"{release}: raw/{shard} and encoded/{shard} hold other chunks; run `sportgen encode`"
        )
    for name in encoded.column_names:
        if name not in raw.column_names:
            raw = raw.append_column(name, encoded[name])
    return raw
