"""The Arrow schema of each config, and the writer that puts rows of it into a Parquet file.

Schemas and files are those of the Parquet writer of datasets 5.2, byte for byte: importing datasets
takes longer than building a small release. What differs is the name of a list in the metadata: from
4 on datasets says `List`, at which earlier versions stop; `[{...}]` is read by all.
"""

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..columns import ENCODED_COLUMNS, RAW_COLUMNS, TRACK_COLUMNS, Columns, Kind
from ..recipe import SAMPLING_RATE

# Where it cuts pages by their content, an upload of a changed shard sends its new pages alone.
_PAGES = {"min_chunk_size": 256 * 1024, "max_chunk_size": 1024 * 1024, "norm_level": 0}

_AUDIO = pa.struct({"bytes": pa.binary(), "path": pa.string()})


def _arrow(kind: Kind) -> pa.DataType:
    if isinstance(kind, list):
        return pa.list_(_arrow(kind[0]))
    return _AUDIO if kind == "audio" else pa.type_for_alias(kind)


def _feature(kind: Kind) -> Any:
    """The type as datasets names it in the metadata of a file."""
    if isinstance(kind, list):
        return [_feature(kind[0])]
    if kind == "audio":
        return {"sampling_rate": SAMPLING_RATE, "_type": "Audio"}
    return {"dtype": kind, "_type": "Value"}


def schema_of(columns: Columns) -> pa.Schema:
    """The schema of a file with these columns, from whose metadata datasets takes its features."""
    features = {name: _feature(kind) for name, kind in columns.items()}
    said = json.dumps({"info": {"features": features}})
    return pa.schema(
        {name: _arrow(kind) for name, kind in columns.items()}, metadata={"huggingface": said}
    )


SCHEMAS = {
    "raw": schema_of(RAW_COLUMNS),
    "encoded": schema_of(ENCODED_COLUMNS),
    "tracks": schema_of(TRACK_COLUMNS),
}


def parquet_writer(stream: Any, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer of a Parquet file with the metadata, compression and pages that datasets chooses.

    FLAC is stored as it is, since it cannot be compressed again.
    """
    audio: list[str] = []
    others: list[str] = []
    for field in schema:
        (audio if field.type == _AUDIO else others).extend(_leaves(field.name, field.type))
    writer = pq.ParquetWriter(
        stream,
        schema.with_metadata({"huggingface": schema.metadata[b"huggingface"]}),
        use_content_defined_chunking=_PAGES,
        write_page_index=True,
        compression=dict.fromkeys(audio, "none") | dict.fromkeys(others, "snappy"),
        use_dictionary=others,
        column_encoding=dict.fromkeys(audio, "PLAIN"),
    )
    writer.add_key_value_metadata({"content_defined_chunking": json.dumps(_PAGES)})
    return writer


def _leaves(path: str, kind: pa.DataType) -> Iterator[str]:
    """The columns of Parquet that a column of Arrow becomes."""
    if pa.types.is_struct(kind):
        for field in kind:
            yield from _leaves(f"{path}.{field.name}", field.type)
    elif pa.types.is_list(kind):
        yield from _leaves(f"{path}.list.element", kind.value_type)
    else:
        yield path
