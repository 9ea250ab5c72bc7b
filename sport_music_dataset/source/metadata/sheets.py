"""Reads a metadata file, of whatever form, as rows with their places."""

import io
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ...audio.decode import EXTENSIONS
from ...errors import SourceError, counted
from ...outside.files import METADATA_BYTES, read_bytes
from ...outside.names import shown
from ...outside.tables import read_lines
from ...outside.texts import decode
from .headers import is_header, shorn
from .json_text import REMEDY, json_values
from .notes import Notes
from .values import text_of

_POINT_ZERO = re.compile(r"-?\d+\.0")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A metadata file: the names of its columns, and its rows as (place, cells by column).

    The place is `line 3` of a text file, `row 3` of Parquet.
    """

    columns: tuple[str, ...]
    rows: list[tuple[str, dict[str, Any]]]


def read_sheet(file: Path, name: str, notes: Notes) -> Sheet:
    """Read a metadata file.

    Args:
        file: the file; its extension says what it is.
        name: the file as notes name it.
        notes: gets what the user must know.

    Raises:
        SourceError: the file cannot be read; the message names the line and the remedy.
    """
    data = read_bytes(file, METADATA_BYTES, SourceError, links=True)
    kind = file.suffix.lower()
    try:
        if kind == ".parquet":
            return _read_parquet(data)
        text, said = decode(data)
        if said:
            notes.add(f"notes on the encoding of {name}", f"{name}: {said}")
        return _read_json(text) if kind == ".jsonl" else _read_table(text, name, kind, notes)
    except ValueError as error:
        raise SourceError(f"{file}: {error}") from error


def _read_table(text: str, name: str, kind: str, notes: Notes) -> Sheet:
    lines = read_lines(text, is_header, tabs=kind == ".tsv")
    if not lines:
        return Sheet((), [])
    columns = _distinct(lines[0][1])
    rows = []
    for number, cells in lines[1:]:
        extra = [cell for cell in cells[len(columns) :] if cell.strip()]
        if extra:
            raise ValueError(
                f"line {number}: has {counted(len(cells), 'cell')}, and line {lines[0][0]} "
                f"{counted(len(columns), 'column')} (behind the last one {shown(extra[0])}); put "
                'quotes (") around a text that has the sign between cells in it'
            )
        _check_quotes(number, cells)
        if len(cells) < len(columns):
            notes.add(
                f"lines of {name} with cells missing at their end",
                f"{name}: line {number} has {counted(len(cells), 'cell')} of {len(columns)}",
            )
        rows.append((f"line {number}", dict(zip(columns, cells, strict=False))))
    _restore_numbers(columns, rows, name, notes)
    return Sheet(columns, rows)


def _restore_numbers(
    columns: tuple[str, ...], rows: list[tuple[str, dict[str, Any]]], name: str, notes: Notes
) -> None:
    """Take the `.0` from a column of whole numbers, which pandas writes where some are missing."""
    for column in columns:
        texts = [cells[column] for _, cells in rows if text_of(cells.get(column))]
        if texts and len(texts) < len(rows) and all(map(_POINT_ZERO.fullmatch, texts)):
            for _, cells in rows:
                cells[column] = cells.get(column, "").removesuffix(".0")
            notes.add(
                "columns of numbers",
                f"{name}: the numbers of `{shorn(column)}` are read without .0",
            )


def _distinct(header: list[str]) -> tuple[str, ...]:
    """The names of columns, told apart by their numbers where they are empty or stand twice."""
    names: dict[str, None] = {}
    for number, name in enumerate(header, start=1):
        is_own = name.strip() and name not in names
        names[name if is_own else f"{name.strip() or 'without a name'} (column {number})"] = None
    return tuple(names)


def _check_quotes(number: int, cells: list[str]) -> None:
    """Raise ValueError for a cell that has swallowed rows: its quote was never meant to open."""
    for cell in cells:
        if "\n" not in cell and "\r" not in cell:
            continue
        for line in cell.splitlines():
            parts = [part.strip(' "') for delimiter in ",;\t" for part in line.split(delimiter)]
            if len(parts) > 3 and any(PurePosixPath(p).suffix.lower() in EXTENSIONS for p in parts):
                raise ValueError(
                    f'line {number}: a quote (") opens here and closes lines later, behind '
                    f"{shown(line)}; close it, or double it where it is part of a text"
                )


def _read_json(text: str) -> Sheet:
    """JSON objects, one a line; over several lines, or in one list, they are read too."""
    rows = []
    columns: dict[str, None] = {}
    for line, value in json_values(text):
        place = f"line {line}"
        items = value if isinstance(value, list) else [value]
        for number, item in enumerate(items, start=1):
            where = f"{place}, item {number}" if isinstance(value, list) else place
            if not isinstance(item, dict):
                raise ValueError(f"{where}: is {shown(item)}, no object; {REMEDY}")
            columns |= dict.fromkeys(item)
            rows.append((where, item))
    return Sheet(tuple(columns), rows)


def _read_parquet(data: bytes) -> Sheet:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(data))
        names = table.column_names
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"has two columns {shorn(twice[0])}; take one away")
        rows = table.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise ValueError("is no Parquet, or is damaged; write it again") from error
    except UnicodeDecodeError as error:
        raise ValueError("has text that is not UTF-8; write it again") from error
    return Sheet(tuple(names), [(f"row {n}", row) for n, row in enumerate(rows, start=1)])
