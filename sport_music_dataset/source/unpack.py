"""Unpacks a Parquet file: the audio of its rows into files, the other columns into one table."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..audio.decode import EXTENSIONS
from ..errors import SourceError
from ..records import Row
from ..storage.atomic import write_atomically
from ..storage.parquet import group_batches
from .columns import check_audio, is_light, is_text

# The table, and the columns that `unpack` adds to it: the file with a row's audio, the file's size
# in bytes, and the path in the row's audio column.
_TABLE = "rows.parquet"
FILE, SIZE, PATH = "sportgen_file", "sportgen_bytes", "sportgen_path"


def unpack(parquet: Path, column: str, folder: Path) -> None:
    """Write the audio of every row of `parquet` to `folder`, and last the table of its rows.

    One row group of `parquet` is in memory at a time.

    Raises:
        SourceError: `parquet` cannot be read, or `column` is not a column of audio files.
        OSError: `folder` cannot be written to.
    """
    try:
        table = pq.read_table(parquet, columns=_light_columns(parquet, column))
        rows: list[Row] = []
        # One row a batch: batch and row group are in memory together, and a track is megabytes.
        with pq.ParquetFile(parquet) as file:
            for batch in group_batches(file, [column], rows=1):
                rows.append(_store(batch[column][0], folder, len(rows)))
    except (pa.ArrowException, OSError) as error:
        # An OSError with errno comes from the disk; Arrow raises one without for damaged pages.
        if getattr(error, "errno", None) is not None:
            raise
        detail = " ".join(str(error).split())
        raise SourceError(f"{parquet}: cannot be read ({detail})") from error
    added_schema = pa.schema({FILE: pa.string(), SIZE: pa.int64(), PATH: pa.string()})
    added = pa.Table.from_pylist(rows, schema=added_schema)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({**_columns(table), **_columns(added)}), sink)
    write_atomically(folder / _TABLE, sink.getvalue())


def is_unpacked(folder: Path) -> bool:
    """Whether `unpack` has finished in `folder`, and all files that it wrote still exist."""
    try:
        table = pq.read_table(folder / _TABLE, columns=[FILE, SIZE])
    except (OSError, pa.ArrowException):
        return False
    files = ((folder / row[FILE], row[SIZE]) for row in table.to_pylist() if row[FILE])
    return all(file.is_file() and file.stat().st_size == size for file, size in files)


def read_unpacked(folder: Path, columns: Sequence[str], labels: dict[str, list[str]]) -> list[Row]:
    """The rows that `unpack` wrote to `folder`: column -> value, without null and empty values.

    Texts are UTF-8, with other bytes as `\\xNN`.

    Args:
        folder: a folder in which `unpack` has finished.
        columns: the dataset's columns to read; columns that do not exist are ignored.
        labels: column of class numbers -> the names of these numbers.
    """
    schema = pq.read_schema(folder / _TABLE)
    names = [FILE, PATH, *(name for name in columns if name in schema.names)]
    table = pq.read_table(folder / _TABLE, columns=names)
    texts = {name: _values(table[name], labels.get(name)) for name in names}
    return [
        {name: values[row] for name, values in texts.items() if values[row] not in (None, "")}
        for row in range(table.num_rows)
    ]


def _light_columns(parquet: Path, column: str) -> list[str]:
    """The columns of texts, lists of texts or numbers; raises SourceError as `unpack`."""
    schema = pq.read_schema(parquet)
    names = schema.names
    if column not in names or len(set(names)) != len(names):
        found = f"there are {', '.join(names)}"
        raise SourceError(f"{parquet}: needs one column {column}, and each name once; {found}")
    check_audio(schema.field(column).type, f"{parquet}: {column}")
    return [field.name for field in schema if field.name != column and _is_stored(field)]


def _store(value: pa.Scalar, folder: Path, number: int) -> Row:
    """Write the audio of a row; returns the values of the columns FILE, SIZE and PATH."""
    content, path = value, None
    if pa.types.is_struct(value.type):
        parts = value if value.is_valid else {}
        content, path = parts.get("bytes"), parts.get("path")
    elif is_text(value.type):
        content, path = None, value
    row = {PATH: _decoded(path.as_buffer().to_pybytes()) if path and path.is_valid else None}
    if content is None or not content.is_valid:
        return row
    # The file keeps its extension: FFmpeg uses it too, so probing gives the same result.
    suffix = PurePosixPath(row[PATH] or "").suffix.lower()
    name = f"{number:06d}{suffix if suffix in EXTENSIONS else ''}"
    data = content.as_buffer()
    write_atomically(folder / name, data)
    return {**row, FILE: name, SIZE: data.size}


def _values(column: pa.ChunkedArray, names: list[str] | None) -> list[Any]:
    """The values of a column; class numbers as their names."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if is_text(column.type):
        # Cast to bytes first: Arrow does not check that texts in a file are UTF-8.
        return [_decoded(value or b"") for value in column.cast(pa.large_binary()).to_pylist()]
    values: list[Any] = column.to_pylist()
    if names is not None:
        values = [names[v] if v is not None and 0 <= v < len(names) else None for v in values]
    return values


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    return dict(zip(table.column_names, table.columns, strict=True))


def _is_stored(field: pa.Field) -> bool:
    return field.name not in (FILE, SIZE, PATH) and is_light(field.type)
