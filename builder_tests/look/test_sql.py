"""SQL over a release: what it answers, what it does not read, and all that it refuses."""

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from builder_tests.support.folders import rows_of, spoil
from sport_music_dataset.cli import main
from sport_music_dataset.errors import SettingError
from sport_music_dataset.look.sql import queried
from sport_music_dataset.release.release import Release


def ask(folder: Path, query: str) -> list[tuple[object, ...]]:
    """All rows that a query gives."""
    with queried(Release.of(folder), query) as result:
        return list(result.rows)


def test_views_and_their_splits(encoded: Path) -> None:
    raw = rows_of(encoded, "raw", ["style"])
    counts = ask(encoded, "SELECT style, count(*) FROM raw GROUP BY 1 ORDER BY 1")
    styles = ("classic", "latino")
    assert counts == [(style, sum(row["style"] == style for row in raw)) for style in styles]
    query = """
        SELECT r.split, t.split, count(*) FROM RAW r JOIN tracks t USING (track_id)
        JOIN encoded e USING (chunk_id) WHERE t.status <> 'left_out' AND len(e.codes) = 4
        GROUP BY ALL
    """
    found = ask(encoded, query)
    assert {(one, other) for one, other, _ in found} == {("train", "train"), ("test", "test")}
    assert sum(int(str(count)) for *_, count in found) == len(raw)


def test_only_what_a_query_needs_is_read(encoded: Path, tmp_path: Path) -> None:
    # DuckDB takes these letters for a pattern.
    out = shutil.copytree(encoded, tmp_path / "a[b]*'c?")
    spoil(out, "audio.bytes")
    query = "SELECT count(*), count(tempo_bpm) FROM raw WHERE style <> ''"
    assert ask(out, query) == ask(encoded, query)
    with pytest.raises(SettingError, match="sql: "):
        ask(out, "SELECT sum(octet_length(audio.bytes)) FROM raw")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('{folder}/README.md')",
        "SELECT * FROM read_json('{folder}/sportgen.json')",
        "SELECT * FROM read_parquet('{folder}/other.parquet')",
        "SELECT * FROM read_parquet('{folder}/*/*.parquet')",
        "SELECT * FROM read_parquet('{folder}/raw/../other.parquet')",
        "SELECT * FROM parquet_metadata('{folder}/other.parquet')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM '{folder}/other.parquet'",
        "SELECT * FROM 'https://example.com/x.parquet'",
        "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
        "SELECT getenv('HOME')",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM manifest",
        "SELECT * FROM connection",
        "FROM '/etc/passwd'",
        "ATTACH '{folder}/new.db'",
        "ATTACH '{folder}/other.parquet' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "LOAD '{folder}/new.duckdb_extension'",
        "COPY raw TO '{folder}/new.parquet'",
        "COPY (SELECT 1) TO '{folder}/README.md'",
        "COPY raw FROM '/etc/passwd'",
        "EXPORT DATABASE '{folder}/new'",
        "IMPORT DATABASE '{folder}'",
        "CREATE TABLE new AS SELECT 1",
        "CREATE OR REPLACE VIEW raw AS SELECT 1",
        "CREATE SECRET (TYPE s3)",
        "CREATE MACRO f() AS 1",
        "DROP VIEW raw",
        "INSERT INTO raw SELECT * FROM raw",
        "UPDATE raw SET style = ''",
        "DELETE FROM raw",
        "ALTER VIEW raw RENAME TO other",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET VARIABLE a = 1",
        "RESET allowed_paths",
        "PRAGMA database_list",
        "PRAGMA enable_profiling",
        "CALL enable_logging()",
        "SELECT * FROM enable_logging(storage_path := '{folder}/new')",
        "CHECKPOINT",
        "VACUUM",
        "USE memory",
        "PREPARE a AS SELECT 1",
        "BEGIN",
        "EXPLAIN ANALYZE COPY raw TO '{folder}/new.parquet'",
        "PIVOT raw ON style",
        "SELECT 1; SELECT 2",
        "SELECT 1; COPY raw TO '{folder}/new.parquet'",
        "SELECT 1 /* ; */; DROP VIEW raw --",
        "WITH a AS (INSERT INTO raw SELECT 1) SELECT * FROM a",
        "",
        "-- nothing",
        "SELECT",
        "SELECT nothing FROM raw",
    ],
)
def test_anything_else_is_refused_and_nothing_changes(
    encoded: Path, tmp_path: Path, query: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "dataset"
    for config in ("raw", "tracks"):
        shutil.copytree(encoded / config, out / config)
    for name in ("README.md", "sportgen.json"):
        shutil.copy(encoded / name, out / name)
    shutil.copy(next((out / "raw").iterdir()), out / "other.parquet")
    before = {file: file.read_bytes() for file in out.rglob("*") if file.is_file()}
    assert main(["stats", str(out), "--sql", query.format(folder=out)]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("error: sql: ")
    assert captured.err.count("\n") == 1
    assert {file: file.read_bytes() for file in out.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT stile FROM raw", 'Candidate bindings: "style", "title"'),
        ("SELECT cont(*) FROM raw", 'Did you mean "count"?'),
        ("SELECT * FROM rwa", "there is no rwa; this release has raw, encoded, tracks"),
    ],
)
def test_an_error_says_what_may_be_meant(encoded: Path, query: str, said: str) -> None:
    with pytest.raises(SettingError) as raised:
        ask(encoded, query)
    assert said in str(raised.value) and "LINE 1" not in str(raised.value)


def test_csv_json_and_tables(encoded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def out(*arguments: str) -> str:
        assert main(["stats", str(encoded), "--sql", *arguments]) == 0
        return capsys.readouterr().out

    classic = "SELECT count(*) FROM raw WHERE style = 'classic'"
    query = "SELECT session, audio, 'NaN'::double AS n, [1, 2] AS a FROM raw ORDER BY chunk_id"
    rows = json.loads(out(query, "--json"))
    assert rows[0]["audio"]["bytes"].endswith(" bytes") and rows[0]["n"] is None
    table = list(csv.reader(io.StringIO(out(query, "--csv"))))
    assert table[0] == ["session", "audio", "n", "a"] and len(table) == len(rows) + 1
    assert [line[0] for line in table[1:]] == [row["session"] for row in rows]
    lines = out("SELECT style, count(*) AS chunks FROM raw GROUP BY 1 ORDER BY 1").splitlines()
    assert lines[0].split() == ["style", "chunks"]
    assert lines[1].split() == ["classic", str(ask(encoded, classic)[0][0])]
    wide = out("SELECT * FROM tracks LIMIT 1").splitlines()
    assert max(map(len, wide)) <= 80 and any(line.startswith("sha256") for line in wide)
    assert main(["stats", str(encoded), "--sql", "SELECT repeat('x', 61) AS long"]) == 0
    captured = capsys.readouterr()
    assert "…" in captured.out and "is cut; --csv or --json gives all" in captured.err
    assert "\x1b" not in out("SELECT '\x1b[31m' || chr(27) AS \"\x1b\" FROM raw LIMIT 1")
    assert main(["stats", str(encoded), "--sql", "SELECT * FROM range(101)"]) == 0
    captured = capsys.readouterr()
    assert "the first 100 rows" in captured.err and len(captured.out.splitlines()) == 101
    assert main(["stats", str(encoded), "--csv"]) == 2
