"""No metadata is lost without a note: random sheets in every dialect, written and read back."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sport_music_dataset.errors import SourceError
from sport_music_dataset.source.files import FoundFiles
from sport_music_dataset.source.metadata import Metadata, read_metadata
from sport_music_dataset.source.metadata.values import text_of

PATHS = ("latino/Yoga, 1.flac", "latino/Été.mp3", "Boxe.wav", "rock/deep/x;y.flac")
FIELDS = {
    "title": ("title", " Title ", "Titre", "track_title", "\ufeffTITLE"),
    "artist": ("artist", "Artiste", "interprète"),
    "license": ("license", "licence", "LICENCES"),
    "description": ("description", "caption", "Légende", "prompt"),
    "style": ("style", "genre", "Genre musical"),
    "group": ("group", "groupe"),
}
FILE_NAMES = ("file_name", "Filename", "fichier", "audio path")
NOTHING = ("", "nan", "NaN", "None", "null", "N/A", "-", "  ")
WORDS = frozenset(
    "  - -- — nan -nan +nan none null nil nat na n/a n.a. <na> (null) (none)".split(" ")
)
LETTERS = "ab1 ,;|\t'\"“”\n\r\\/=:[]{}#éàœ’\u2028\x0b€"

texts = st.one_of(
    st.sampled_from(NOTHING),
    st.text(LETTERS, max_size=12),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
    st.sampled_from(['12" mix', '"Heroes" (live)', "1999.0", "0", "=A1", "L'été", '""', '"']),
)
tables = st.fixed_dictionaries(
    {
        "names": st.fixed_dictionaries({k: st.sampled_from(v) for k, v in FIELDS.items()}),
        "file_name": st.sampled_from(FILE_NAMES),
        "order": st.permutations(["file_name", *FIELDS]),
        "rows": st.lists(
            st.fixed_dictionaries(dict.fromkeys(FIELDS, texts)), min_size=1, max_size=4
        ),
    }
)
dialects = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;\t"),
        "lineterminator": st.sampled_from(["\n", "\r\n"]),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    }
) | st.just({"delimiter": ";", "lineterminator": "\r", "quoting": csv.QUOTE_ALL})
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1252"]
hard = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def rows_of(table: dict[str, Any]) -> tuple[list[str], list[dict[str, Any]]]:
    """(header, rows by the names of the columns) of a drawn table."""
    names = {**table["names"], "file_name": table["file_name"]}
    rows = [
        {names[key]: {**row, "file_name": path}[key] for key in table["order"]}
        for path, row in zip(PATHS, table["rows"], strict=False)
    ]
    return [names[key] for key in table["order"]], rows


def read(folder: Path, name: str, data: bytes) -> Metadata | None:
    """What the sheet says; None if it is refused with its name, a place and a remedy."""
    for file in folder.glob("metadata.*"):
        file.unlink()
    (folder / name).write_bytes(data)
    try:
        return read_metadata(folder, FoundFiles(dict.fromkeys(PATHS, ""), [name]), {})
    except SourceError as error:
        text = str(error)
        assert text.startswith(f"{folder / name}: ") and ";" in text and "\n" not in text, text
        return None


def check(table: dict[str, Any], found: Metadata) -> None:
    """Every value that means something has arrived, unchanged; others are named."""
    for path, row in zip(PATHS, table["rows"], strict=False):
        fields = found.fields.get(path, {})
        for key, written in row.items():
            text = written.strip()
            if key == "description":  # a caption is one line
                text = re.sub(r"[ \t]*[\r\n]\s*", " ", text)
            if key == "license" and set(text) == {"?"} and key not in fields:
                assert any(": license " in note for note in found.notes)
            elif text_of(text) == "":
                assert key not in fields
                said = any(f": {key} " in note for note in found.notes)
                assert said or not text
                assert text.casefold() in WORDS
            else:
                assert fields[key] == text, (key, fields)
        assert fields.keys() <= row.keys()


def is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@given(table=tables, dialect=dialects, encoding=st.sampled_from(ENCODINGS))
@hard
def test_no_value_of_a_table_is_lost(
    tmp_path: Path, table: dict[str, Any], dialect: dict[str, Any], encoding: str
) -> None:
    header, rows = rows_of(table)
    text = io.StringIO()
    writer = csv.DictWriter(text, header, **dialect)
    writer.writeheader()
    writer.writerows(rows)
    if encoding == "cp1252" and dialect["lineterminator"] == "\r":
        encoding = "mac_roman"
    data = text.getvalue().encode(encoding, "replace")
    if encoding in (
        "cp1252",
        "mac_roman",
    ):  # Windows-1252 has fewer letters, and few pairs of them are UTF-8
        assume(not any(is_utf8(line) for line in data.splitlines() if not line.isascii()))
        for row in table["rows"]:
            row |= {key: v.encode(encoding, "replace").decode(encoding) for key, v in row.items()}
    found = read(tmp_path, "metadata.tsv" if dialect["delimiter"] == "\t" else "metadata.csv", data)
    assert found is not None
    if any("are read without .0" in note for note in found.notes):
        return
    check(table, found)


@given(table=tables, indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
@hard
def test_no_value_of_json_is_lost(
    tmp_path: Path, table: dict[str, Any], indent: int | None, ascii_only: bool
) -> None:
    _, rows = rows_of(table)
    lines = (json.dumps(row, indent=indent, ensure_ascii=ascii_only) for row in rows)
    found = read(tmp_path, "metadata.jsonl", "\n".join(lines).encode())
    assert found is not None
    check(table, found)


@given(table=tables)
@hard
def test_no_value_of_parquet_is_lost(tmp_path: Path, table: dict[str, Any]) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows_of(table)[1]), sink)
    found = read(tmp_path, "metadata.parquet", sink.getvalue())
    assert found is not None
    check(table, found)


@given(table=tables, delimiter=st.sampled_from(",;"))
@hard
def test_what_is_typed_by_hand_is_read_or_refused(
    tmp_path: Path, table: dict[str, Any], delimiter: str
) -> None:
    """Without any rule for quotes: no value may end up in another field or with another track."""
    header, rows = rows_of(table)
    for row in rows:
        for name, text in row.items():
            row[name] = " ".join(text.split())
    for row in table["rows"]:
        row |= {name: " ".join(text.split()) for name, text in row.items()}
    lines = [delimiter.join(header), *(delimiter.join(row.values()) for row in rows)]
    found = read(tmp_path, "metadata.csv", "\n".join(lines).encode())
    if found is None or found.notes:
        return
    for path, row in zip(PATHS, table["rows"], strict=False):
        fields = found.fields.get(path, {})
        for key, value in fields.items():
            assert value in (row[key], row[key].strip('"'), row[key][1:-1].replace('""', '"'))


@pytest.mark.parametrize("size", [20_000])
def test_a_long_sheet_is_read(tmp_path: Path, size: int) -> None:
    paths = [f"a/{number}.flac" for number in range(size)]
    lines = [f'{path},"a ""b"" {number}"' for number, path in enumerate(paths)]
    (tmp_path / "metadata.csv").write_text("\n".join(["file_name,title", *lines]))
    found = read_metadata(tmp_path, FoundFiles(dict.fromkeys(paths, ""), ["metadata.csv"]), {})
    assert found.fields[paths[-1]] == {"title": f'a "b" {size - 1}'} and len(found.fields) == size
