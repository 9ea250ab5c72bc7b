"""The files and rows of a release folder, as they are, and spoilt."""

import os
from collections.abc import Collection
from pathlib import Path

import pyarrow.parquet as pq

from builder_tests.support.rewriting import Rows
from sport_music_dataset.release.manifest import read_manifest


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a release, by path; our notes on shards are not part of it."""
    found = (file for file in folder.rglob("*") if file.is_file() and ".sportgen" not in file.parts)
    return {str(file.relative_to(folder)): file.read_bytes() for file in found}


def tree(folder: Path, without: Collection[str] = ()) -> dict[str, bytes | str]:
    """Everything below a folder but its entries `without`: bytes of files, targets of links."""
    found: dict[str, bytes | str] = {}
    for place, folders, names in os.walk(folder):
        if Path(place) == folder:
            folders[:] = [name for name in folders if name not in without]
        for path in (Path(place, name) for name in (*folders, *names)):
            name = str(path.relative_to(folder))
            if path.is_symlink():
                found[name] = f"-> {path.readlink()}"
            elif path.is_file():
                found[name] = path.read_bytes()
            else:
                found[name] = "a folder" if path.is_dir() else "neither file nor folder"
    return found


def rows_of(folder: Path, config: str, columns: list[str] | None = None) -> Rows:
    """All rows of a config."""
    paths = sorted(read_manifest(folder).shards(config))
    return [row for p in paths for row in pq.read_table(folder / p, columns=columns).to_pylist()]


def spoil(folder: Path, column: str) -> None:
    """Overwrite the pages of a column in every shard of `raw`; footers stay."""
    for path in read_manifest(folder).shards("raw"):
        file = folder / path
        data = bytearray(file.read_bytes())
        footer = pq.read_metadata(file)
        for group in map(footer.row_group, range(footer.num_row_groups)):
            for chunk in map(group.column, range(group.num_columns)):
                if chunk.path_in_schema == column:
                    start = chunk.dictionary_page_offset or chunk.data_page_offset
                    data[start : start + chunk.total_compressed_size] = (
                        b"\xff" * chunk.total_compressed_size
                    )
        file.write_bytes(data)
