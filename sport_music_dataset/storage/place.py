"""A folder of files on this machine, and reading of columns from its Parquet files."""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import ReleaseError, SettingError
from ..outside.files import check_in_folder, check_regular, open_regular, walk
from ..outside.names import is_inside, shown
from .parquet import group_batches
from .store import is_store

# A URL; `Path` leaves only one of its two slashes. `hf:` names a dataset on the Hub.
_URL = re.compile(r"(?!hf:)([a-z][a-z0-9+.-]+):/+(.*)")


def check_on_disk(place: Path | str) -> None:
    """Raise SettingError if a place is a URL: files are renamed, locked and read in parts."""
    url = _URL.match(str(place))
    if url and not Path(place).exists():
        if is_store(place):
            raise SettingError(
                f"{url[1]}://{url[2]}: is not on a disk; give a local folder here, then run "
                f"`sportgen push FOLDER {url[1]}://{url[2]}`"
            )
        raise SettingError(
            f"{url[1]}://{url[2]}: is not on a disk; mount it (rclone mount, s3fs), or copy it to "
            "a local or shared disk, and give that folder"
        )


class Place:
    """A folder of this machine; messages call it by `name`.

    `links` says whether its files may be links: in a release they may not.
    """

    is_remote = False
    """Whether the folder is a copy of what lies elsewhere, for a short time."""

    def __init__(self, folder: Path, name: str = "", links: bool = False) -> None:
        self.folder = folder
        self.name = name or str(folder)
        self._links = links

    @property
    def public_name(self) -> str:
        """The name that a release may show: only the last part of the folder's path."""
        return self.folder.resolve().name

    @property
    def reference(self) -> str:
        """What `open_release` opens again, from any folder of this machine."""
        return str(self.folder.resolve())

    def paths(self) -> set[str]:
        """The path of every file, and of every link to one, relative to the folder."""
        found = (Path(folder, name) for folder, _, names in walk(self.folder) for name in names)
        return {file.relative_to(self.folder).as_posix() for file in found}

    @contextmanager
    def fetched(self, *paths: str) -> Iterator[list[Path]]:
        """The files on this machine, for the time of a `with` block.

        Raises:
            ReleaseError: a path leads out of the folder, or is a link, a pipe or the like.
        """
        for path in paths:
            self._check(path)
        yield [self.folder / path for path in paths]

    def without(self, path: str, heavy: Container[str]) -> pa.Table:
        """A Parquet file without its `heavy` columns, whose bytes are not read.

        Raises:
            ReleaseError: the file is missing or damaged.
        """
        with self._parquet(path) as file:
            names = [name for name in file.schema_arrow.names if name not in heavy]
            return file.read(columns=names, use_threads=False)

    def only(self, path: str, columns: Collection[str]) -> pa.Table:
        """The columns of a Parquet file whose names are in `columns`; no other column is read.

        Raises:
            ReleaseError: the file is missing or damaged.
        """
        with self._parquet(path) as file:
            return file.read(columns=list(columns), use_threads=False)

    def batches(self, path: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """Yield `columns` of a Parquet file with one row group at a time in memory.

        No other column is read.

        Raises:
            ReleaseError: the file is missing or damaged.
        """
        with self._parquet(path) as file:
            yield from group_batches(file, columns)

    def footer(self, path: str) -> pq.FileMetaData:
        """The metadata at the end of a Parquet file.

        Raises:
            ReleaseError: the file is missing or damaged.
        """
        with self._parquet(path) as file:
            return file.metadata

    def schema(self, path: str) -> pa.Schema:
        """The names and types of all columns of a Parquet file, read from its footer.

        Raises:
            ReleaseError: the file is missing or damaged.
        """
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
        self._check(path)
        return open_regular(self.folder / path, links=True)

    def _check(self, path: str) -> None:
        """Raise ReleaseError unless a path is absent, or a regular file inside the folder."""
        if not is_inside(path):
            raise ReleaseError(f"{self.name}: {shown(path)} leads out of the folder")
        try:
            if self._links:
                check_regular((self.folder / path).resolve())
            else:
                check_in_folder(self.folder, path)
        except FileNotFoundError:
            return
        except OSError as error:
            raise ReleaseError(f"{error.filename}: {error.strerror}") from error


class RemotePlace(Place, ABC):
    """A place elsewhere, whose files are downloaded into `folder`; `name` opens it again.

    `folder` must be empty at first, so that every file comes from there and not from a cache. Each
    file is deleted after its use, unless `keep` is set.
    """

    is_remote = True

    def __init__(self, folder: Path, name: str, keep: bool) -> None:
        super().__init__(folder, name)
        self.keep = keep

    @property
    def public_name(self) -> str:
        """The name, which says nothing of this machine."""
        return self.name

    reference = public_name

    @contextmanager
    def fetched(self, *paths: str) -> Iterator[list[Path]]:
        """The files on this machine, for the time of a `with` block; missing ones are downloaded.

        Raises:
            HubError, StoreError: a file cannot be downloaded.
        """
        files = {path: self.folder / path for path in paths}
        missing = [path for path, file in files.items() if not file.is_file()]
        try:
            for path in missing:
                self._download(path)
            yield [files[path] for path in paths]
        finally:
            for path in [] if self.keep else missing:
                files[path].unlink(missing_ok=True)

    @abstractmethod
    def _download(self, path: str) -> None:
        """Write a file of the place to `folder`."""
