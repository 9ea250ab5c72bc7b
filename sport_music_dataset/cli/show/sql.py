"""Print the result of a query."""

import csv
import json
import math
import shutil
import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..console import hint
from ..tables import show_table

if TYPE_CHECKING:
    from ...look.sql import Result

_MOST_ROWS = 100
_MOST_LETTERS = 60


def show_result(result: "Result", as_csv: bool, as_json: bool) -> None:
    """Print all rows of a query as CSV or JSON, or the first rows as a table.

    If the table is wider than the terminal, each row is a table of its own.
    """
    names = result.columns
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_text(value) for value in row] for row in result.rows)
        return
    if as_json:
        rows = [dict(zip(names, map(_plain_json, row), strict=True)) for row in result.rows]
        print(json.dumps(rows, indent=2))
        return
    first = list(islice(result.rows, _MOST_ROWS))
    texts = [list(map(_rounded, row)) for row in first]
    cells = [[_short(text) for text in row] for row in texts]
    is_cut = cells != texts
    if (
        sum(max(map(len, column)) + 2 for column in zip(names, *cells, strict=True))
        > shutil.get_terminal_size().columns
    ):
        for row in cells:
            pairs = zip(names, row, strict=True)
            is_cut |= show_table(["column", "value"], pairs, ["left", "left"], whole="")
            print()
    else:
        numeric = (all(isinstance(row[i], int | float) for row in first) for i in range(len(names)))
        is_cut |= show_table(
            names, cells, ["right" if yes else "left" for yes in numeric], whole=""
        )
    if is_cut:
        hint("note: what ends in … is cut; --csv or --json gives all")
    if next(result.rows, None) is not None:
        hint(f"the first {_MOST_ROWS} rows; --csv or --json gives all")


def _rounded(value: Any) -> str:
    """A value of a query as text for a table."""
    return f"{value:.6g}" if isinstance(value, float) else _text(value)


def _short(text: str) -> str:
    """A text cut to `_MOST_LETTERS` characters."""
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"


def _text(value: Any) -> str:
    """A value of a query as the text of one cell."""
    value = _plain_json(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def _plain_json(value: Any) -> Any:
    """A value of a query for JSON: bytes as their count, infinity and NaN as None."""
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, dict):
        return {str(key): _plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)
