"""Filter and sort the rows of a catalogue for the server."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import SettingError
from .catalogue import WORDS, Catalogue

ORDERS = ("session", "style", "split", "tempo_bpm", "loudness_lufs", "energy", "fit")
_SEARCHED = ("chunk_id", "description", "session", "style", "title", "artist")
_CHOICES = ("split", "style", "session", "fit", "voice")
_NOTHING = pa.array([], pa.string())
_MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class Query:
    """A query of the page.

    `show` is all, misfits or duplicates. A choice (`split` to `moods`) is empty for any value, or
    `=` and the value, which of `instruments` and `moods` must be among a chunk's; so is `review`,
    one of `review.MARKS`. `low` and `high` are bounds of the tempo; all `words` must occur. `sort`
    is a column, or empty for the order of the release; rows without a value always come last.

    Raises:
        SettingError: a value is not allowed.
    """

    show: str = "all"
    split: str = ""
    style: str = ""
    session: str = ""
    fit: str = ""
    voice: str = ""
    instruments: str = ""
    moods: str = ""
    review: str = ""
    low: float | None = None
    high: float | None = None
    words: str = ""
    sort: str = ""
    descending: bool = False
    offset: int = 0
    limit: int = 100

    def __post_init__(self) -> None:
        if self.show not in ("all", "misfits", "duplicates"):
            raise SettingError(f"show={self.show!r}: all, misfits or duplicates")
        if self.sort and self.sort not in ORDERS:
            raise SettingError(f"sort={self.sort!r}: one of {', '.join(ORDERS)}")
        if self.offset < 0 or not 0 < self.limit <= _MOST_ROWS:
            raise SettingError(f"offset={self.offset}, limit={self.limit}: at most {_MOST_ROWS}")

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> Self:
        """Make a query from the parameters of a URL; empty ones count as not given."""
        kinds: dict[str, Any] = {"low": float, "high": float, "offset": int, "limit": int}
        kinds["descending"] = bool
        known = {field.name for field in fields(cls)}
        try:
            given = {
                name: kinds.get(name, str)(text)
                for name, text in texts.items()
                if name in known and text
            }
        except ValueError as error:
            raise SettingError(f"a number cannot be read: {error}") from None
        return cls(**given)


class Finder:
    """Answers queries over a catalogue; keeps its texts in lower case.

    `matching` in page/source.js is the same filter for a page without a server. They are two
    because a browser runs no Python and the server must not send all rows; a test compares them.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._table = catalogue.table
        paths = pa.array(
            [catalogue.tracks[t]["path"] for t in self._table["track_id"].to_pylist()], pa.string()
        )
        searched = [name for name in _SEARCHED if name in self._table.schema.names]
        texts = [pc.fill_null(self._table[name], "") for name in searched]
        self._texts = pc.utf8_lower(pc.binary_join_element_wise(*texts, paths, "\n"))

    def find(
        self, query: Query, marks: Callable[[], pa.Array] = lambda: _NOTHING
    ) -> tuple[int, list[int]]:
        """The number of rows that match a query, and the rows of the requested page.

        `marks` says how far each row is reviewed.
        """
        mask = self._mask(query)
        if query.review:
            mask = pc.and_(mask, pc.equal(marks(), query.review[1:]))
        found = pa.array(range(len(self._table)), pa.int64()).filter(mask)
        if query.sort:
            column = self._table[query.sort].take(found)
            order = "descending" if query.descending else "ascending"
            if pa.types.is_string(column.type):
                column = pc.if_else(pc.equal(column, ""), None, column)
            at = pc.sort_indices(pa.table({"value": column}), sort_keys=[("value", order)])
            found = found.take(at)
        return len(found), found[query.offset : query.offset + query.limit].to_pylist()

    def _mask(self, query: Query) -> pa.ChunkedArray:
        table = self._table
        mask = pa.chunked_array([pa.array([True] * len(table))])
        if query.show == "misfits":
            mask = pc.and_(mask, pc.equal(table["fit"], "no"))
        if query.show == "duplicates":
            mask = pc.and_(mask, pc.greater(table["copies"], 1))
        for name in _CHOICES:
            if value := getattr(query, name):
                mask = pc.and_(mask, pc.equal(pc.fill_null(table[name], ""), value[1:]))
        for name in WORDS:
            if value := getattr(query, name):
                mask = pc.and_(mask, _having(table[name], value[1:]))
        if query.low is not None:
            mask = pc.and_(mask, pc.greater_equal(_numbers(table["tempo_bpm"]), query.low))
        if query.high is not None:
            mask = pc.and_(mask, pc.less_equal(_numbers(table["tempo_bpm"]), query.high))
        for word in query.words.lower().split():
            mask = pc.and_(mask, pc.match_substring(self._texts, word))
        return pc.fill_null(mask, False)


def _having(lists: pa.ChunkedArray, word: str) -> pa.Array:
    """Which lists have a word; for the empty word, which lists are empty."""
    if not word:
        return pc.equal(pc.fill_null(pc.list_value_length(lists), 0), 0)
    lists = lists.combine_chunks()
    rows = pc.list_parent_indices(lists).filter(pc.equal(pc.list_flatten(lists), word))
    return pc.is_in(pa.array(range(len(lists)), rows.type), rows)


def _numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as float64; a column with only nulls may have any type."""
    return column.cast(pa.float64())
