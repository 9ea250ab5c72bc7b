"""The features of each config, as types of datasets, and the writer that puts them into files."""

import json
from typing import Any

from datasets import Audio, DatasetInfo, Features, List, Value
from datasets.arrow_writer import ParquetWriter

from ..columns import ENCODED_COLUMNS, RAW_COLUMNS, TRACK_COLUMNS, Columns, Kind
from ..recipe import SAMPLING_RATE


def _feature(kind: Kind) -> Audio | List | Value:
    if isinstance(kind, list):
        return List(_feature(kind[0]))
    return Audio(sampling_rate=SAMPLING_RATE) if kind == "audio" else Value(kind)


def _features(columns: Columns) -> Features:
    return Features({name: _feature(kind) for name, kind in columns.items()})


RAW_FEATURES = _features(RAW_COLUMNS)
ENCODED_FEATURES = _features(ENCODED_COLUMNS)
TRACK_FEATURES = _features(TRACK_COLUMNS)
FEATURES = {"raw": RAW_FEATURES, "encoded": ENCODED_FEATURES, "tracks": TRACK_FEATURES}


class ShardWriter(ParquetWriter):  # type: ignore[misc]  # datasets has no types
    """The writer of datasets, whose files versions before 4 read too.

    From 4 on, datasets names a list `List` in a file's metadata, at which earlier versions stop.
    What those wrote, `[{...}]`, is read by all.
    """

    @staticmethod
    def _build_metadata(info: DatasetInfo, fingerprint: str | None = None) -> dict[str, str]:
        found = {name: _as_before(kind) for name, kind in info.features.to_dict().items()}
        return {"huggingface": json.dumps({"info": {"features": found}})}


def _as_before(kind: Any) -> Any:
    """A feature as JSON values, in the form that datasets wrote before version 4."""
    is_list = isinstance(kind, dict) and kind.get("_type") == "List"
    return [_as_before(kind["feature"])] if is_list else kind
