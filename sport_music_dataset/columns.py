"""Columns of the three configs, by name and type; features and schemas are made from these tables.

A type is a type name of datasets (`string`, `int32`, `float64`, ...) or `audio`; `[kind]` is the
type of a list of `kind`. This module imports neither datasets nor pyarrow.
"""

from dataclasses import fields

from .reasons import CHUNK_COUNTS
from .records import Heard, Measures

Kind = str | list["Kind"]
Columns = dict[str, Kind]


def _strings(*names: str) -> Columns:
    return dict.fromkeys(names, "string")


MEASURE_COLUMNS: Columns = {
    field.name: "string" if field.name == "key" else "float64" for field in fields(Measures)
}

_HEARD_TYPES = dict[str, Kind](
    vocals="float64",
    instruments_confidence=["float64"],
    moods_confidence=["float64"],
    heard_style="string",
    heard_style_confidence="float64",
)
HEARD_COLUMNS: Columns = {
    field.name: _HEARD_TYPES.get(field.name, ["string"]) for field in fields(Heard)
}

NULLABLE: Columns = {**MEASURE_COLUMNS, **HEARD_COLUMNS}
"""Columns that are null where nobody has measured or listened."""

# The prompt of a chunk, and the list of all its phrasings, the prompt first.
_DESCRIPTIONS: Columns = {"description": "string", "descriptions": ["string"]}

RAW_COLUMNS: Columns = {
    **_strings("chunk_id", "track_id"),
    "chunk_index": "int32",
    "start_seconds": "float64",
    "audio": "audio",
    "audio_md5": "string",
    **_DESCRIPTIONS,
    **_strings("session", "session_as_named", "style", "title", "artist", "license"),
    "position": "float64",
    **MEASURE_COLUMNS,
    **HEARD_COLUMNS,
    **_strings("arc", "fit", "fit_reason"),
}

# What `encoded` copies from `raw`: with these and the group, a part of the rows is chosen, or dealt
# to other splits, without a join.
COPIED_COLUMNS: Columns = {name: kind for name, kind in RAW_COLUMNS.items() if kind != "audio"}

ENCODED_COLUMNS: Columns = {
    **COPIED_COLUMNS,
    "group": "string",
    "input_ids": ["int32"],
    "attention_mask": ["int8"],
    "codes": [["int16"]],
    "labels": [["int16"]],
}

TRACK_COLUMNS: Columns = {
    **_strings("path", "sha256", "track_id"),
    **dict.fromkeys(("duration_seconds", "claimed_seconds"), "float64"),
    "format": "string",
    **dict.fromkeys(("sampling_rate", "channels"), "int32"),
    **_strings("decoder", "mixdown"),
    **_strings("session", "session_as_named", "style", "title", "artist", "album", "album_artist"),
    **_strings("genre", "isrc"),
    "claimed_bpm": "float64",
    **_strings("claimed_key", "license", "copyright", "source_url", "split", "group"),
    **dict.fromkeys(("chunks", *CHUNK_COUNTS.values()), "int32"),
    "tail_seconds": "float64",
    **dict.fromkeys(("clipped_samples", "nonfinite_samples", "damaged_packets"), "int64"),
    **MEASURE_COLUMNS,
    **HEARD_COLUMNS,
    **_strings("status", "reason"),
}

HEAVY_COLUMNS = frozenset({"audio", "codes", "labels"})
"""Columns that take nearly all bytes of `raw` and `encoded`."""
