"""The columns of each config."""

from datasets import Audio, Features, List, Value

from ..measures import COLUMNS
from ..recipe import SAMPLING_RATE
from ..records import TRACK_COLUMNS


def _strings(*names: str) -> dict[str, Value]:
    return {name: Value("string") for name in names}


MEASURES = {name: Value(kind) for name, kind in COLUMNS.items()}

# The prompt, and all phrasings that there are, this one first.
DESCRIPTIONS = {"description": Value("string"), "descriptions": List(Value("string"))}

RAW_FEATURES = Features(
    {
        **_strings("chunk_id", "track_id"),
        "chunk_index": Value("int32"),
        "start_seconds": Value("float64"),
        "audio": Audio(sampling_rate=SAMPLING_RATE),
        **DESCRIPTIONS,
        **_strings("session", "style", "title", "artist", "license"),
        "position": Value("float64"),
        **MEASURES,
        **_strings("arc", "fit", "fit_reason"),
    }
)

ENCODED_FEATURES = Features(
    {
        **_strings("chunk_id", "track_id"),
        **DESCRIPTIONS,
        "input_ids": List(Value("int32")),
        "attention_mask": List(Value("int8")),
        "codes": List(List(Value("int16"))),
        "labels": List(List(Value("int16"))),
    }
)

TRACK_FEATURES = Features({name: Value(kind) for name, kind in TRACK_COLUMNS.items()})
