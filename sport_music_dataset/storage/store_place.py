"""A prefix of an object store, downloaded file by file into an empty folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from ..errors import StoreError
from ..outside.names import is_inside, shown
from .place import RemotePlace
from .store import Store


class StorePlace(RemotePlace):
    """A prefix of an object store, by its URL, which has no secrets.

    Columns of Parquet are read in the store, without the others.
    """

    def __init__(self, store: Store, folder: Path, keep: bool = False) -> None:
        super().__init__(folder, store.url, keep)
        self.store = store
        self._paths: set[str] | None = None

    def paths(self) -> set[str]:
        """The path of every file under the prefix; the store is asked once."""
        if self._paths is None:
            self._paths = set(self.store.files())
        return self._paths

    def _download(self, path: str) -> None:
        self._check(path)
        try:
            self.store.fetch(path, self.folder / path)
        except FileNotFoundError as error:
            raise _absent(self.name, path) from error

    def _open(self, path: str) -> IO[bytes]:
        self._check(path)
        try:
            return self.store.open(path)
        except FileNotFoundError as error:
            raise _absent(self.name, path) from error

    def _check(self, path: str) -> None:
        if not is_inside(path):
            raise StoreError(f"{self.name}: names {shown(path)}, which leads out of its folder")


def _absent(name: str, path: str) -> StoreError:
    return StoreError(
        f"{name}/{path}: is not there; look at the URL, and see that no push to it is under way"
    )


@contextmanager
def in_store(url: str, keep: bool = False) -> Iterator[StorePlace]:
    """A prefix of an object store, with a temporary folder for the time of a `with` block.

    Raises:
        SettingError: the URL names no bucket.
    """
    with TemporaryDirectory(prefix="sportgen-") as folder:
        yield StorePlace(Store(url), Path(folder), keep)
