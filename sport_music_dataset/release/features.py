"""The features of each config, as types of datasets."""

from datasets import Audio, Features, List, Value

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
