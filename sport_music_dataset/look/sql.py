"""Run one SELECT over the configs of a release; no other file is opened or written."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from ..errors import SettingError
from ..release.layout import CONFIGS
from ..release.release import Release

_FETCH_ROWS = 1_000
# No extensions, no Python variables as tables, no temporary files for data larger than memory.
_LOCKED: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "python_enable_replacements": False,
    "temp_directory": "",
}
_SPLIT_COLUMN = r"regexp_extract(filename, '([^/]+)-\d{5}-of-\d{5}\.parquet$', 1) AS split"


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a query: names of its columns, and its rows, fetched as they are iterated."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def queried(release: Release, query: str) -> Iterator[Result]:
    """Run one SELECT over `raw`, `encoded` and `tracks`; rows can be read inside the `with` block.

    `raw` and `encoded` have an extra column `split`. Only shards of the configs that the query
    names are opened, and only the columns that it needs are read; if the release is on the Hub,
    these shards are downloaded first.

    Raises:
        SettingError: the query is not a single SELECT, reads what is forbidden, or fails.
        ReleaseError, HubError: the release cannot be read.
    """
    there = {config: list(release.shards(config)) for config in CONFIGS if release.shards(config)}
    with _duckdb_errors():
        _check(query)
    named = {
        config: paths
        for config, paths in there.items()
        if re.search(rf"\b{config}\b", query, re.IGNORECASE)
    }
    with (
        release.place.fetched(*(path for paths in named.values() for path in paths)) as files,
        duckdb.connect(config=_LOCKED) as connection,
        _duckdb_errors(),
    ):
        allowed = [str(file.resolve()) for file in files]
        connection.execute("SET allowed_paths = ?", [allowed])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        for config, paths in named.items():
            shards = connection.read_parquet([allowed.pop(0) for _ in paths])
            columns = "*" if config == "tracks" else f"*, {_SPLIT_COLUMN}"
            shards.project(columns).create_view(config)
        cursor = _executed(connection, query, there)
        yield Result(tuple(name for name, *_ in cursor.description), _rows(cursor))


def _check(query: str) -> None:
    """Raise SettingError unless the query is one SELECT."""
    statements = duckdb.extract_statements(query)
    kinds = [statement.type.name for statement in statements]
    if kinds != [duckdb.StatementType.SELECT.name]:
        raise SettingError(f"sql: {' and '.join(kinds) or 'nothing'}: write one SELECT")


def _executed(
    connection: duckdb.DuckDBPyConnection, query: str, tables: Iterable[str]
) -> duckdb.DuckDBPyConnection:
    try:
        return connection.execute(query)
    except duckdb.CatalogException as error:
        found = re.search(r"Table with name (\S+) does not exist", str(error))
        if not found:
            raise
        # DuckDB would suggest a table of its own.
        raise SettingError(
            f"sql: there is no {found[1]}; this release has {', '.join(tables)}"
        ) from error


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    with _duckdb_errors():
        while rows := cursor.fetchmany(_FETCH_ROWS):
            yield from rows


@contextmanager
def _duckdb_errors() -> Iterator[None]:
    """Raise an error of DuckDB as SettingError: what is wrong, and what it suggests instead."""
    try:
        yield
    except duckdb.Error as error:
        # Behind a line "LINE 1: ..." the query stands again, with a mark under the place.
        said = re.split(r"^LINE \d+:", str(error), maxsplit=1, flags=re.MULTILINE)[0]
        raise SettingError(f"sql: {' '.join(said.split())}") from error
