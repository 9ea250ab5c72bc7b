"""`dataset_info` of the card: the features of each config, as `datasets` and the Hub read them.

They come from the files, not from what this version would write. Numbers of rows are left out:
`datasets` would refuse to load a part of a split, which has fewer.
"""

from typing import Any

import pyarrow as pa

from ..recipe import SAMPLING_RATE
from ..release.layout import CONFIGS
from ..release.release import Release


def dataset_info(release: Release) -> list[dict[str, Any]]:
    """Name, features and bytes of each config of a release; one shard's footer of each is read.

    Raises:
        ReleaseError: a shard cannot be read.
    """
    return [
        {
            "config_name": config,
            "features": [
                {"name": field.name, **_feature(field.type)}
                for field in release.place.schema(min(shards))
            ],
            "download_size": sum(entry.bytes for entry in shards.values()),
        }
        for config in CONFIGS
        if (shards := release.shards(config))
    ]


def _feature(kind: pa.DataType) -> dict[str, Any]:
    """A feature in the form of `datasets`' `Features._to_yaml_list`."""
    if pa.types.is_list(kind):
        item = _feature(kind.value_type)
        return {"list": item["dtype"] if [*item] == ["dtype"] else item}
    if pa.types.is_struct(kind):
        return {"dtype": {"audio": {"sampling_rate": SAMPLING_RATE}}}
    return {"dtype": "float64" if pa.types.is_float64(kind) else str(kind)}
