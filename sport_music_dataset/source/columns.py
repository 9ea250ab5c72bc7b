"""Which columns of a Parquet dataset hold the audio and the metadata of its tracks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
from datasets import Audio, ClassLabel, Features

from ..errors import SourceError
from .metadata.headers import FILE_NAME, choose
from .metadata.notes import Notes
from .metadata.values import read_fields
from .source import Source

# Fields of which an option names the column.
_TO_NAME = ("description", "style", "session")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a dataset that a build reads.

    `audio` is the name of the audio column. `fields` maps fields of a track to columns. `labels`
    maps a column of class numbers to their names. `notes` say what the user must know of them.
    """

    audio: str
    fields: dict[str, str]
    labels: dict[str, list[str]]
    notes: tuple[str, ...] = ()

    def known(self, row: Mapping[str, Any], place: str, notes: Notes) -> dict[str, Any]:
        """The metadata of a row's track, in the form of `read_metadata`: the fields with a value.

        Args:
            row: column -> value.
            place: the row, as notes name it.
            notes: gets the texts that are read as no value.

        Raises:
            ValueError: as `read_fields`.
        """
        emptied: dict[str, str] = {}
        cells = {key: row.get(column) for key, column in self.fields.items()}
        fields = read_fields(cells, emptied)
        for key, text in emptied.items():
            notes.add("such values", f"{place}: {key} {text!r} is read as no value")
        return fields


def choose_columns(
    source: Source, schema: pa.Schema, card_features: Features, place: str
) -> Columns:
    """Choose the columns that `source` names, and find the others by their type or name.

    Args:
        source: names the columns that the user asked for.
        schema: the schema of the dataset's Parquet files.
        card_features: the features on the dataset's card; they override those of the schema.
        place: the dataset, for error messages.

    Raises:
        SourceError: a column that was asked for does not exist, not exactly one column can be the
            audio column, or that column does not hold files.
    """
    try:
        features = {**Features.from_arrow_schema(schema), **card_features}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SourceError(f"{place}: {' '.join(str(error).split())}") from error
    available = f"there are {', '.join(schema.names)}"
    for column in (source.audio_column, *source.columns.values()):
        if column and column not in schema.names:
            raise SourceError(f"{place}: has no column {column}; {available}")
    audio = [name for name in schema.names if isinstance(features.get(name), Audio)]
    audio = audio or [name for name in schema.names if name == "audio"]
    if source.audio_column:
        audio = [source.audio_column]
    if len(audio) != 1:
        found = f"{len(audio)} columns hold audio" if audio else "no column holds audio"
        raise SourceError(f"{place}: {found}, --audio-column names the one; {available}")
    check_audio(schema.field(audio[0]).type, f"{place}: {audio[0]}")
    labels = {n: f.names for n, f in features.items() if isinstance(f, ClassLabel)}
    light = [field.name for field in schema if field.name != audio[0] and is_light(field.type)]
    for name, column in source.columns.items():
        if column not in light:
            kind = schema.field(column).type
            raise SourceError(f"{place}: --{name}-column {column}: holds {kind}, not text")
    chosen = choose(light, source.columns, but=[FILE_NAME])
    heavy = [name for name in schema.names if name not in light and name != audio[0]]
    chosen = replace(chosen, unknown=(*chosen.unknown, *heavy))
    free = [f"--{name}-column" for name in _TO_NAME if name not in chosen.fields]
    remedy = f"; {', '.join(free)} name{'s' * (len(free) == 1)} one" if free else ""
    return Columns(audio[0], chosen.fields, labels, tuple(chosen.notes(place, remedy)))


def check_audio(kind: pa.DataType, place: str) -> None:
    """Raise SourceError unless a column of this type holds files, as bytes or as paths."""
    parts = {field.name: field.type for field in kind} if pa.types.is_struct(kind) else {"": kind}
    if "bytes" in parts or "path" in parts:
        parts = {name: parts[name] for name in ("bytes", "path") if name in parts}
    if all(is_binary(part) or is_text(part) for part in parts.values()):
        return
    if "array" in parts:
        raise SourceError(
            f"{place}: holds decoded samples, not files; "
            "`dataset.cast_column(name, datasets.Audio())` encodes them"
        )
    raise SourceError(f"{place}: holds {kind}, not audio")


def is_binary(kind: pa.DataType) -> bool:
    """Whether this type is binary."""
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def is_text(kind: pa.DataType) -> bool:
    """Whether this type is text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def is_light(kind: pa.DataType) -> bool:
    """Whether this type is text, a list of texts or a number: what metadata may be."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return is_text(kind.value_type)
    return not (pa.types.is_nested(kind) or is_binary(kind))
