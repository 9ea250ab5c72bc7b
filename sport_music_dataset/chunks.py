"""The chunks of a release without what is heavy: all columns but audio, codes and labels."""

import pyarrow as pa
from datasets import Features, Value

from .errors import ReleaseError
from .release import Manifest, split_of
from .remote import Place
from .schema import ENCODED_FEATURES, RAW_FEATURES

HEAVY = frozenset({"audio", "codes", "labels"})

_LIGHT = {
    name: feature
    for name, feature in {**RAW_FEATURES, **ENCODED_FEATURES, "split": Value("string")}.items()
    if name not in HEAVY
}


def read_chunks(place: Place, manifest: Manifest) -> pa.Table:
    """One row a chunk, in the order of the shards: `split` and the light columns of `raw` and
    `encoded` side by side, null where the release has not that config.

    Raises:
        ReleaseError: a shard cannot be read, or raw and encoded are not of the same chunks.
    """
    configs = [config for config in ("raw", "encoded") if manifest.shards(config)]
    names = [path.partition("/")[2] for path in manifest.shards(configs[0])] if configs else []
    tables = [Features(_LIGHT).arrow_schema.remove_metadata().empty_table()]
    for name in names:
        table = place.without(f"{configs[0]}/{name}", HEAVY)
        for config in configs[1:]:
            table = _beside(table, place.without(f"{config}/{name}", HEAVY), place.name, name)
        split = pa.array([split_of(f"{configs[0]}/{name}")] * len(table), pa.string())
        tables.append(table.append_column("split", split).replace_schema_metadata())
    return pa.concat_tables(tables, promote_options="default")


def _beside(raw: pa.Table, encoded: pa.Table, release: str, shard: str) -> pa.Table:
    if not raw["chunk_id"].equals(encoded["chunk_id"]):
        raise ReleaseError(
            f"{release}: raw/{shard} and encoded/{shard} hold other chunks; run `sportgen encode`"
        )
    for name in encoded.column_names:
        if name not in raw.column_names:
            raw = raw.append_column(name, encoded[name])
    return raw
