"""A folder of files, and the columns that are read of the Parquet files in it."""

import re
from collections.abc import Collection, Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import ReleaseError, SettingError
from .parquet import group_batches

# As a path shows it, with one slash; `hf` is the Hub's own.
_URL = re.compile(r"(?!hf:)([a-z][a-z0-9+.-]+):/+(.*)")


def check_on_disk(place: Path | str) -> None:
    """Raise SettingError where a place is a URL: files are renamed, locked and read in pieces."""
    url = _URL.match(str(place))
    if url and not Path(place).exists():
        raise SettingError(
            f"{url[1]}://{url[2]}: is not on a disk; mount it (rclone mount, s3fs), or copy it to "
            "a local or shared disk, and give that folder"
        )


class Place:
    """A folder of this machine. `name` is what messages call it."""

    def __init__(self, folder: Path, name: str = "") -> None:
        self.folder = folder
        self.name = name or str(folder)

    @property
    def public_name(self) -> str:
        """Its name as a release may show it: of a folder, the last part alone."""
        return self.folder.resolve().name

    def paths(self) -> set[str]:
        """Every file, by its path relative to the folder."""
        found = (file for file in self.folder.rglob("*") if file.is_file())
        return {file.relative_to(self.folder).as_posix() for file in found}

    @contextmanager
    def fetched(self, *paths: str) -> Iterator[list[Path]]:
        """The files on this machine, for the time of a `with` block."""
        yield [self.folder / path for path in paths]

    def without(self, path: str, heavy: Container[str]) -> pa.Table:
        """A Parquet file but for its `heavy` columns, whose bytes are not read. Raises
        ReleaseError."""
        with self._parquet(path) as file:
            names = [name for name in file.schema_arrow.names if name not in heavy]
            return file.read(columns=names, use_threads=False)

    def only(self, path: str, columns: Collection[str]) -> pa.Table:
        """Those of `columns` that a Parquet file has; no others are read. Raises ReleaseError."""
        with self._parquet(path) as file:
            return file.read(columns=list(columns), use_threads=False)

    def batches(self, path: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """Columns of a Parquet file, one row group at a time in memory; no other column is read.
        Raises ReleaseError."""
        with self._parquet(path) as file:
            yield from group_batches(file, columns)

    def footer(self, path: str) -> pq.FileMetaData:
        """The metadata at the end of a Parquet file. Raises ReleaseError."""
        with self._parquet(path) as file:
            return file.metadata

    def schema(self, path: str) -> pa.Schema:
        """All columns of a Parquet file, from its footer alone. Raises ReleaseError."""
        with self._parquet(path) as file:
            return file.schema_arrow

    @contextmanager
    def _parquet(self, path: str) -> Iterator[pq.ParquetFile]:
        try:
            with self._open(path) as stream, pq.ParquetFile(stream, pre_buffer=True) as file:
                yield file
        except (OSError, pa.ArrowException) as error:
            detail = " ".join(str(error).split())
            raise ReleaseError(f"{self.name}: {path} cannot be read ({detail})") from error

    def _open(self, path: str) -> IO[bytes]:
        return (self.folder / path).open("rb")
