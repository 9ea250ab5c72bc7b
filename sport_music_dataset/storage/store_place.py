"""A prefix of an object store, downloaded file by file into an empty folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from ..errors import StoreError
from ..outside.names import is_inside, shown
from .place import Place
from .store import Store


class StorePlace(Place):
    """A prefix of an object store, whose files are downloaded into `folder`.

    `folder` must be empty at first. Each file is deleted after its use, unless `keep` is set.
    Columns of Parquet are read in the store, without the others.
    """

    def __init__(self, store: Store, folder: Path, keep: bool = False) -> None:
        super().__init__(folder, store.url)
        self.store, self.keep = store, keep
        self._paths: set[str] | None = None

    @property
    def public_name(self) -> str:
        """The URL, which has no secrets."""
        return self.name

    reference = public_name

    def paths(self) -> set[str]:
        """The path of every file under the prefix; the store is asked once."""
        if self._paths is None:
            self._paths = set(self.store.files())
        return self._paths

    @contextmanager
    def fetched(self, *paths: str) -> Iterator[list[Path]]:
        """The files on this machine, for the time of a `with` block; missing ones are downloaded.

        Raises:
            StoreError: a file is not there, or cannot be read.
        """
        missing = [path for path in paths if not (self.folder / path).is_file()]
        try:
            for path in missing:
                self._fetch(path)
            yield [self.folder / path for path in paths]
        finally:
            for path in [] if self.keep else missing:
                (self.folder / path).unlink(missing_ok=True)

    def _fetch(self, path: str) -> None:
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
