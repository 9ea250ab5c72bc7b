"""Reads metadata.csv, .jsonl or .parquet beside the music: what users write about their tracks."""

import csv
import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import SourceError

COLUMNS = frozenset(
    "session style title artist album license source_url description descriptions group "
    "split".split()
)
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
    try:
        rows = _READERS[file.suffix](file)
    except (OSError, ValueError, csv.Error) as error:
        raise SourceError(f"{file}: cannot be read: {' '.join(str(error).split())}") from error
    metadata: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows, start=1):
        name = row.get("file_name") if isinstance(row, Mapping) else None
        if not name:
            raise SourceError(f"{file}: row {number} has no file_name; it names the track's file")
        path = unicodedata.normalize("NFC", str(name).removeprefix("./"))
        if path in metadata:
            raise SourceError(f"{file}: row {number}: {path} stands twice; keep one row")
        values = {key: value for key, value in row.items() if key in COLUMNS and value}
        try:
            metadata[path] = {
                key: read_descriptions(value) if key == "descriptions" else str(value).strip()
                for key, value in values.items()
            }
        except ValueError as error:
            raise SourceError(f"{file}: row {number}: {error}") from error
    return metadata


def read_descriptions(value: Any) -> tuple[str, ...]:
    """The descriptions in a list, or in the text of one cell: as JSON, or with `|` between them.

    Raises:
        ValueError: `value` is neither, or not all descriptions are texts.
    """
    if isinstance(value, str):
        is_json = value.lstrip().startswith("[")
        value = json.loads(value) if is_json else value.split(_SEPARATOR)
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError(f"descriptions {value!r}: give a list of texts, or a | between them")
    return tuple(text.strip() for text in value if text.strip())


def _read_csv(file: Path) -> list[dict[str, Any]]:
    # utf-8-sig: spreadsheets write a byte order mark before the header.
    with file.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle, strict=True))


def _read_jsonl(file: Path) -> list[Any]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def _read_parquet(file: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return rows


_READERS = {".csv": _read_csv, ".jsonl": _read_jsonl, ".parquet": _read_parquet}
