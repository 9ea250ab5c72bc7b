"""Reads metadata.csv, .jsonl or .parquet beside the music: what users write about their tracks."""

import csv
import json
import os
import unicodedata
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

from ..describe.sessions import MOST_WORDS
from ..errors import SourceError
from ..outside.documents import load_json
from ..outside.files import METADATA_BYTES, open_regular
from ..outside.names import check_name, is_text, shown

COLUMNS = frozenset(
    "session style title artist album license source_url description descriptions group "
    "split".split()
)
# Most letters of a field: those of a description, which T5 would cut off long before.
_MOST_LETTERS = 10_000
# Separates the descriptions in one cell of a table.
_SEPARATOR = "|"
METADATA_NAMES = ("metadata.csv", "metadata.jsonl", "metadata.parquet")


def read_metadata(root: Path) -> dict[str, dict[str, Any]]:
    """Read a folder's metadata: path of a track -> its columns that have a value.

    Paths are relative to `root` and in the Unicode form NFC. The column `file_name` names the
    track, as in Hugging Face's AudioFolder; unknown columns are ignored. Values are strings, but
    `descriptions` is a tuple of strings: the file has them as a list, or in one cell as JSON or
    with `|` between them. The result is empty when there is no metadata file.

    Raises:
        SourceError: there are two metadata files, or the file is a link out of `root`, cannot be
            read, lacks `file_name`, names a track twice or has descriptions that are not texts.
    """
    found = [root / name for name in METADATA_NAMES if (root / name).is_file()]
    if not found:
        return {}
    if len(found) > 1:
        names = " and ".join(file.name for file in found)
        raise SourceError(f"{root}: {names} lie side by side; keep one")
    file = found[0]
    if not file.resolve().is_relative_to(root):
        raise SourceError(f"{file}: is a link that leads out of the folder; put the file there")
    metadata: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(_rows(file), start=1):
        name = row.get("file_name") if isinstance(row, Mapping) else None
        if not name:
            raise SourceError(f"{file}: row {number} has no file_name; it names the track's file")
        path = unicodedata.normalize("NFC", str(name).removeprefix("./"))
        if path in metadata:
            raise SourceError(f"{file}: row {number}: {shown(path)} stands twice; keep one row")
        try:
            metadata[path] = read_fields(row)
        except ValueError as error:
            raise SourceError(f"{file}: row {number}: {error}") from error
    return metadata


def _rows(file: Path) -> list[Any]:
    """The rows of a metadata file; raises SourceError if it cannot be read."""
    try:
        with open_regular(file, links=True) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > METADATA_BYTES:
                raise SourceError(
                    f"{file}: has {size:,} bytes, at most {METADATA_BYTES:,} are read"
                )
            return _READERS[file.suffix](stream)
    except (OSError, ValueError, RecursionError, csv.Error) as error:
        raise SourceError(f"{file}: cannot be read: {' '.join(str(error).split())}") from error


def read_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a track in a row of metadata: those of COLUMNS that have a value.

    Raises:
        ValueError: a value is too long, is not Unicode, cannot be the name of a split, or
            `descriptions` are not texts.
    """
    fields: dict[str, Any] = {}
    for key, value in row.items():
        if key not in COLUMNS or not value:
            continue
        texts = read_descriptions(value) if key == "descriptions" else (str(value).strip(),)
        most = MOST_WORDS if key in ("session", "style") else _MOST_LETTERS
        for text in texts:
            if len(text) > most or not is_text(text):
                fault = f"has {len(text):,} letters, at most {most:,}"
                raise ValueError(
                    f"{key}: {fault if len(text) > most else 'has half of a surrogate pair'}"
                )
        fields[key] = texts if key == "descriptions" else texts[0]
    if fields.get("split"):
        check_name(fields["split"], "split")
    return fields


def read_descriptions(value: Any) -> tuple[str, ...]:
    """The descriptions in a list, or in the text of one cell: as JSON, or with `|` between them.

    Raises:
        ValueError: `value` is neither, or not all descriptions are texts.
    """
    if isinstance(value, str):
        is_json = value.lstrip().startswith("[")
        value = json.loads(value) if is_json else value.split(_SEPARATOR)
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError(f"descriptions {shown(value)}: give a list of texts, or a | between them")
    return tuple(text.strip() for text in value if text.strip())


def _read_csv(stream: IO[bytes]) -> list[dict[str, Any]]:
    # utf-8-sig: spreadsheets write a byte order mark before the header.
    with TextIOWrapper(stream, "utf-8-sig", newline="") as text:
        return list(csv.DictReader(text, strict=True))


def _read_jsonl(stream: IO[bytes]) -> list[Any]:
    with TextIOWrapper(stream, "utf-8") as text:
        lines = enumerate(text, start=1)
        return [load_json(line, f"line {n}", _LineError) for n, line in lines if line.strip()]


def _read_parquet(stream: IO[bytes]) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows: list[dict[str, Any]] = pq.read_table(stream).to_pylist()
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error
    return rows


class _LineError(SourceError, ValueError):
    """A line is not JSON."""


_READERS = {".csv": _read_csv, ".jsonl": _read_jsonl, ".parquet": _read_parquet}
