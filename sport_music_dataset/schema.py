"""The columns of each config."""

from datasets import Audio, Features, List, Value

from .recipe import SAMPLING_RATE


def _strings(*names: str) -> dict[str, Value]:
    return {name: Value("string") for name in names}


def _floats(*names: str) -> dict[str, Value]:
    return {name: Value("float64") for name in names}


MEASURES = {
    **_floats("tempo_bpm", "tempo_alternative_bpm", "tempo_confidence", "beat_strength"),
    "key": Value("string"),
    **_floats("key_confidence", "loudness_lufs", "dynamic_range_db"),
    **_floats("silence_ratio", "clipping_ratio", "energy"),
}

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

TRACK_FEATURES = Features(
    {
        **_strings("path", "sha256", "track_id"),
        "duration_seconds": Value("float64"),
        "claimed_seconds": Value("float64"),
        "format": Value("string"),
        "sampling_rate": Value("int32"),
        "channels": Value("int32"),
        **_strings("session", "style", "title", "artist", "album", "license", "source_url"),
        **_strings("split", "group"),
        "chunks": Value("int32"),
        "silent_chunks": Value("int32"),
        "misfit_chunks": Value("int32"),
        "tail_seconds": Value("float64"),
        "clipped_samples": Value("int64"),
        "nonfinite_samples": Value("int64"),
        "damaged_packets": Value("int64"),
        **MEASURES,
        **_strings("status", "reason"),
    }
)
