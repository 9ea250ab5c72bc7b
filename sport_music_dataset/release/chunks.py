"""The chunks of a release without what is heavy: all columns but audio, codes and labels."""

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from ..errors import ReleaseError
from ..storage.place import Place
from .manifest import Manifest, split_of

HEAVY = frozenset({"audio", "codes", "labels"})
# Reading Parquet leaves Python's lock alone.
THREADS = 2

# As in schema.py, without what that takes to import.
LIGHT = pa.schema(
    [
        *((name, pa.string()) for name in ("chunk_id", "track_id", "split", "description")),
        *((name, pa.string()) for name in ("session", "style", "title", "artist", "license")),
        ("chunk_index", pa.int32()),
        *((name, pa.float64()) for name in ("start_seconds", "position")),
        *((name, pa.float64()) for name in ("tempo_bpm", "tempo_alternative_bpm")),
        *((name, pa.float64()) for name in ("tempo_confidence", "beat_strength")),
        ("key", pa.string()),
        *((name, pa.float64()) for name in ("key_confidence", "loudness_lufs", "energy")),
        *((name, pa.float64()) for name in ("dynamic_range_db", "silence_ratio")),
        ("clipping_ratio", pa.float64()),
        *((name, pa.string()) for name in ("arc", "fit", "fit_reason")),
        ("descriptions", pa.list_(pa.field("element", pa.string()))),
        ("input_ids", pa.list_(pa.field("element", pa.int32()))),
        ("attention_mask", pa.list_(pa.field("element", pa.int8()))),
    ]
)


def read_chunks(
    place: Place,
    manifest: Manifest,
    configs: Iterable[str] = ("raw", "encoded"),
    columns: Collection[str] = LIGHT.names,
    shorten: Callable[[pa.Table], pa.Table] = lambda shard: shard,
) -> pa.Table:
    """One row a chunk, in the order of the shards: of LIGHT the `columns`, of `configs` side by
    side, null where the release has not their config. What `shorten` makes of each shard stays in
    memory.

    Raises:
        ReleaseError: a shard cannot be read, or raw and encoded are not of the same chunks.
    """
    configs = [config for config in configs if manifest.shards(config)]
    empty = LIGHT.empty_table().select(columns)
    # It tells whether configs are of the same chunks.
    read_too = {"chunk_id", *columns}

    def read(path: str) -> pa.Table:
        _, _, shard = path.partition("/")
        table = place.only(path, read_too)
        for config in configs[1:]:
            other = place.only(f"{config}/{shard}", read_too)
            table = _beside(table, other, place.name, shard)
        split = pa.array([split_of(path)] * len(table), pa.string())
        table = table.append_column("split", split).replace_schema_metadata()
        table = table.select([name for name in columns if name in table.column_names])
        return shorten(pa.concat_tables([empty, table], promote_options="default"))

    with ThreadPoolExecutor(THREADS) as threads:
        tables = list(threads.map(read, manifest.shards(configs[0]) if configs else ()))
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
