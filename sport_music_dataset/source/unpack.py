"""Unpack the rows of a Parquet file: audio files, and a table with the other columns."""

import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..audio.decode import EXTENSIONS
from ..errors import SourceError
from ..records import Row
from ..storage.atomic import write_atomically
from ..storage.parquet import read_batches
from .columns import check_audio, is_binary, is_text

# The name of the table, and our columns in it: file and size of a row's audio, and the row's path.
_TABLE = "rows.parquet"
FILE, SIZE, PATH = "sportgen_file", "sportgen_bytes", "sportgen_path"


def unpack(parquet: Path, column: str, folder: Path) -> None:
    """Write the audio of every row of `parquet` to `folder`, and last the table of its rows.

    Memory holds one row group of `parquet`.

    Raises:
        SourceError: `parquet` cannot be read, or the audio column is missing or of another type.
        OSError: `folder` cannot be written to.
    """
    try:
        table = pq.read_table(parquet, columns=_light_columns(parquet, column))
        rows: list[Row] = []
        # Batches of one row: memory holds a batch beside its row group, and a track has megabytes.
        for batch in read_batches(parquet, [column], rows=1):
            rows.append(_store(batch[column][0], folder, len(rows)))
    except (pa.ArrowException, OSError) as error:
        # Arrow raises OSError for damaged pages.
        if getattr(error, "errno", None) is not None:
            raise
        detail = " ".join(str(error).split())
        raise SourceError(f"{parquet}: cannot be read ({detail})") from error
    ours = pa.schema({FILE: pa.string(), SIZE: pa.int64(), PATH: pa.string()})
    found = pa.Table.from_pylist(rows, schema=ours)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({**_columns(table), **_columns(found)}), sink)
    write_atomically(folder / _TABLE, sink.getvalue())


def is_unpacked(folder: Path) -> bool:
    """Whether `unpack` has finished in `folder`, and all its files exist."""
    try:
        table = pq.read_table(folder / _TABLE, columns=[FILE, SIZE])
    except (OSError, pa.ArrowException):
        return False
    files = ((folder / row[FILE], row[SIZE]) for row in table.to_pylist() if row[FILE])
    return all(file.is_file() and file.stat().st_size == size for file, size in files)


def read_unpacked(
    folder: Path, columns: Sequence[str], labels: dict[str, list[str]]
) -> list[dict[str, str]]:
    """Yield the rows that `unpack` wrote to `folder`, as text, without nulls.

    Args:
        folder: a folder in which `unpack` has finished.
        columns: columns of the dataset to read; missing ones are skipped.
        labels: column -> the names that its numbers stand for.
    """
    schema = pq.read_schema(folder / _TABLE)
    names = [FILE, PATH, *(name for name in columns if name in schema.names)]
    table = pq.read_table(folder / _TABLE, columns=names)
    texts = {name: _texts(table[name], labels.get(name)) for name in names}
    return [
        {name: values[row] for name, values in texts.items() if values[row]}
        for row in range(table.num_rows)
    ]


def _light_columns(parquet: Path, column: str) -> list[str]:
    """The columns of texts and numbers; raises SourceError as `unpack`."""
    schema = pq.read_schema(parquet)
    names = schema.names
    if column not in names or len(set(names)) != len(names):
        found = f"there are {', '.join(names)}"
        raise SourceError(f"{parquet}: needs one column {column}, and each name once; {found}")
    check_audio(schema.field(column).type, f"{parquet}: {column}")
    return [field.name for field in schema if field.name != column and _is_light(field)]


def _store(value: pa.Scalar, folder: Path, number: int) -> Row:
    """Write the audio of a row; returns the file, its size and the path of the row."""
    content, path = value, None
    if pa.types.is_struct(value.type):
        parts = value if value.is_valid else {}
        content, path = parts.get("bytes"), parts.get("path")
    elif is_text(value.type):
        content, path = None, value
    row = {PATH: _decoded(path.as_buffer().to_pybytes()) if path and path.is_valid else None}
    if content is None or not content.is_valid:
        return row
    # The extension is kept, because FFmpeg uses it too to find the format.
    suffix = PurePosixPath(row[PATH] or "").suffix.lower()
    name = f"{number:06d}{suffix if suffix in EXTENSIONS else ''}"
    data = content.as_buffer()
    write_atomically(folder / name, data)
    return {**row, FILE: name, SIZE: data.size}


def _texts(column: pa.ChunkedArray, names: list[str] | None) -> list[str]:
    """The values of a column as text; null becomes empty."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if is_text(column.type):
        # Through bytes, because Parquet does not ensure valid UTF-8.
        return [_decoded(value or b"") for value in column.cast(pa.large_binary()).to_pylist()]
    values = column.to_pylist()
    if names is not None:
        values = [names[v] if v is not None and 0 <= v < len(names) else None for v in values]
    return ["" if value is None else _text(value) for value in values]


def _text(value: Any) -> str:
    """A list of texts as JSON, which `read_descriptions` reads."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    return dict(zip(table.column_names, table.columns, strict=True))


def _is_light(field: pa.Field) -> bool:
    kind = field.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return is_text(kind.value_type)
    ours = field.name in (FILE, SIZE, PATH)
    return not (ours or pa.types.is_nested(kind) or is_binary(kind))
