"""Which columns of a Parquet dataset hold the audio and the metadata of its tracks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from datasets import Audio, ClassLabel, Features

from ..errors import SourceError
from .metadata import COLUMNS, read_fields
from .source import Source


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a dataset that a build reads.

    `audio` is the name of the audio column. `fields` maps each name of `metadata.COLUMNS` that the
    dataset has to the dataset's column. `labels` maps a column of class numbers to their names.
    """

    audio: str
    fields: dict[str, str]
    labels: dict[str, list[str]]

    def known(self, row: Mapping[str, str]) -> dict[str, Any]:
        """The metadata of a row's track, in the form of `read_metadata`: the fields with a value.

        Raises:
            ValueError: as `read_fields`.
        """
        return read_fields({key: row.get(column, "") for key, column in self.fields.items()})


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
    asked = {"style": source.style_column, "session": source.session_column}
    asked = {name: column for name, column in asked.items() if column}
    for column in (source.audio_column, *asked.values()):
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
    fields = {name: name for name in COLUMNS if name in schema.names} | asked
    labels = {n: f.names for n, f in features.items() if isinstance(f, ClassLabel)}
    return Columns(audio[0], fields, labels)


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
