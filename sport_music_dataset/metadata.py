"""metadata.csv, .jsonl or .parquet beside the music: what people know of their tracks."""

import csv
import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import SourceError

COLUMNS = frozenset(
    "session style title artist album license source_url description group split".split()
)
METADATA_NAMES = ("metadata.csv", "metadata.jsonl", "metadata.parquet")


def read_metadata(root: Path) -> dict[str, dict[str, str]]:
    """Path of a track, relative to `root` and in NFC -> its columns that have a value.

    The column `file_name` names the track, as in Hugging Face's AudioFolder; columns that we do
    not know are left alone. Empty when there is no metadata file.

    Raises:
        SourceError: there are two metadata files, or one cannot be read, lacks `file_name`
            or names a track twice.
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
    metadata: dict[str, dict[str, str]] = {}
    for number, row in enumerate(rows, start=1):
        name = row.get("file_name") if isinstance(row, Mapping) else None
        if not name:
            raise SourceError(f"{file}: row {number} has no file_name; it names the track's file")
        path = unicodedata.normalize("NFC", str(name).removeprefix("./"))
        if path in metadata:
            raise SourceError(f"{file}: row {number}: {path} stands twice; keep one row")
        metadata[path] = {
            key: str(value).strip() for key, value in row.items() if key in COLUMNS and value
        }
    return metadata


def _read_csv(file: Path) -> list[dict[str, Any]]:
    # utf-8-sig: spreadsheets put a byte order mark in front of the header.
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
