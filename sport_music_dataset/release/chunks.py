"""Read the light columns of chunks: all columns except audio, codes and labels."""

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from ..columns import ENCODED_COLUMNS, HEAVY_COLUMNS, RAW_COLUMNS, Kind
from ..errors import ReleaseError
from .layout import split_of
from .release import Release

# Threads are enough: reading Parquet releases Python's lock.
THREADS = 2


def _arrow(kind: Kind) -> pa.DataType:
    if isinstance(kind, list):
        return pa.list_(pa.field("element", _arrow(kind[0])))
    return pa.type_for_alias(kind)


# Columns of raw and encoded; `split` comes from the name of the shard.
LIGHT = pa.schema(
    {
        name: _arrow(kind)
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
    """Read a table with one row for each chunk, in the order of the shards.

    It has those `columns` that are in LIGHT, from all `configs`; a column is null if the release
    lacks its config. `shorten` is applied to the table of each shard, to save memory.

    Raises:
        ReleaseError: a shard cannot be read, or raw and encoded have different chunks.
    """
    configs = [config for config in configs if release.shards(config)]
    empty = LIGHT.empty_table().select(columns)
    # chunk_id is needed to compare the chunks of the configs.
    read_too = {"chunk_id", *columns}

    def read(path: str) -> pa.Table:
        _, _, shard = path.partition("/")
        table = release.place.only(path, read_too)
        for config in configs[1:]:
            other = release.place.only(f"{config}/{shard}", read_too)
            table = _beside(table, other, release.name, shard)
        split = pa.array([split_of(path)] * len(table), pa.string())
        table = table.append_column("split", split).replace_schema_metadata()
        table = table.select([name for name in columns if name in table.column_names])
        return shorten(pa.concat_tables([empty, table], promote_options="default"))

    with ThreadPoolExecutor(THREADS) as threads:
        tables = list(threads.map(read, release.shards(configs[0]) if configs else ()))
    return pa.concat_tables([shorten(empty), *tables])


def _beside(raw: pa.Table, encoded: pa.Table, release: str, shard: str) -> pa.Table:
    if not raw["chunk_id"].equals(encoded["chunk_id"]):
        raise ReleaseError(
            f"{release}: raw/{shard} and encoded/{shard} hold other chunks; run `sportgen encode`"
        )
    for name in encoded.column_names:
        if name not in raw.column_names:
            raw = raw.append_column(name, encoded[name])
    return raw
