"""What sportgen measures and writes, from a release that it built of the pieces."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def build(sportgen: str, audio: Path, out: Path, options: Sequence[str]) -> None:
    """Build a release, with eight descriptions of each chunk."""
    command = [sportgen, "build", str(audio), str(out), "--license", "unknown"]
    subprocess.run([*command, "--descriptions-per-chunk", "8", *options], check=True)


def read(out: Path) -> tuple[dict[str, Row], list[Row]]:
    """(path -> row of the track, rows of the chunks without audio, each with its `path`)."""
    tracks = {row["path"]: row for row in _rows(out / "tracks") if row["chunks"]}
    paths = {row["track_id"]: path for path, row in tracks.items()}
    chunks = [row | {"path": paths[row["track_id"]]} for row in _rows(out / "raw")]
    return tracks, chunks


def _rows(folder: Path) -> list[Row]:
    from pyarrow import parquet

    rows: list[Row] = []
    for file in sorted(folder.glob("*.parquet")):
        names = [name for name in parquet.read_schema(file).names if name != "audio"]
        rows += parquet.read_table(file, columns=names).to_pylist()
    return rows
