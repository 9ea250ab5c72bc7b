"""SQL over the configs of a release: one SELECT, and no other file is opened or written."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from ..errors import SettingError
from ..release.layout import CONFIGS
from ..release.release import Release

_FETCH_ROWS = 1_000
# Neither extensions, nor Python's variables as tables, nor files for what does not fit in memory.
_CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "python_enable_replacements": False,
    "temp_directory": "",
}
_SPLIT = r"regexp_extract(filename, '([^/]+)-\d{5}-of-\d{5}\.parquet$', 1) AS split"


@dataclass(frozen=True, slots=True)
class Result:
    """What a query gives: the names of its columns, and its rows as they come."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def queried(release: Release, query: str) -> Iterator[Result]:
    """The result of one SELECT over `raw`, `encoded` and `tracks`, for the time of a `with` block.

    `raw` and `encoded` have a column `split` too. Only what the query needs is read of the shards
    of the configs that it names; of a release on the Hub, these shards are downloaded first.

    Raises:
        SettingError: it is no single SELECT, wants what it may not have, or fails.
        ReleaseError, HubError: the release cannot be had.
    """
    with _refusals():
        _check(query)
    named = {
        config: list(release.shards(config))
        for config in CONFIGS
        if release.shards(config) and re.search(rf"\b{config}\b", query, re.IGNORECASE)
    }
    with (
        release.place.fetched(*(path for paths in named.values() for path in paths)) as files,
        duckdb.connect(config=_CLOSED) as connection,
        _refusals(),
    ):
        allowed = [str(file.resolve()) for file in files]
        connection.execute("SET allowed_paths = ?", [allowed])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        for config, paths in named.items():
            shards = connection.read_parquet([allowed.pop(0) for _ in paths])
            columns = "*" if config == "tracks" else f"*, {_SPLIT}"
            shards.project(columns).create_view(config)
        found = connection.execute(query)
        yield Result(tuple(name for name, *_ in found.description), _rows(found))


def _check(query: str) -> None:
    """Raise SettingError unless a query is one SELECT."""
    statements = duckdb.extract_statements(query)
    kinds = [statement.type.name for statement in statements]
    if kinds != [duckdb.StatementType.SELECT.name]:
        raise SettingError(f"sql: {' and '.join(kinds) or 'nothing'}: write one SELECT")


def _rows(found: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    with _refusals():
        while rows := found.fetchmany(_FETCH_ROWS):
            yield from rows


@contextmanager
def _refusals() -> Iterator[None]:
    """What DuckDB refuses, in one line."""
    try:
        yield
    except duckdb.Error as error:
        raise SettingError(f"sql: {str(error).partition(chr(10))[0]}") from error
