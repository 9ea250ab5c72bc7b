"""Where a release lies: its files, and the columns of them that are read."""

import re
from collections.abc import Collection, Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import ReleaseError
from ..records import Row
from ..release.manifest import Manifest, kept_tracks, read_manifest, read_tracks, track_table
from ..release.shards import WORK_FOLDER
from .parquet import group_batches

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_ON_HUB = re.compile(r"([^/@]+/[^/@]+)@([^@]+)")


class Place:
    """A release folder. `name` is what messages call it; `manifest` says what of the folder
    counts, where that is not all of it."""

    def __init__(self, folder: Path, name: str = "", manifest: Manifest | None = None) -> None:
        self.folder = folder
        self.name = name or str(folder)
        self._manifest = manifest

    def manifest(self) -> Manifest:
        """Its manifest; raises ReleaseError where there is none that we can read."""
        self._manifest = self._manifest or read_manifest(self.folder)
        return self._manifest

    def paths(self) -> set[str]:
        """Every file of it, our own notes apart."""
        found = (file for file in self.folder.rglob("*") if file.is_file())
        paths = (file.relative_to(self.folder) for file in found)
        return {path.as_posix() for path in paths if path.parts[0] != WORK_FOLDER}

    @contextmanager
    def fetched(self, *paths: str) -> Iterator[list[Path]]:
        """The files on this machine, for the time of a `with` block."""
        yield [self.folder / path for path in paths]

    def tracks(self, manifest: Manifest) -> list[Row]:
        """The rows of the `tracks` config; raises ReleaseError."""
        with self.fetched(*manifest.shards("tracks")):
            return read_tracks(self.folder, manifest)

    def track_table(self, manifest: Manifest, columns: Collection[str]) -> pa.Table:
        """The `tracks` config of the `columns` that it has; raises ReleaseError."""
        with self.fetched(*manifest.shards("tracks")):
            return track_table(self.folder, manifest, columns)

    def kept_tracks(self, manifest: Manifest, columns: Collection[str]) -> pa.Table:
        """The tracks that gave chunks, of these columns that there are; raises ReleaseError."""
        tracks = self.track_table(manifest, {"status", *columns})
        there = [name for name in tracks.column_names if name in columns]
        return kept_tracks(tracks).select(there)

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
        """What the end of a Parquet file says of it. Raises ReleaseError."""
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


@contextmanager
def opened(text: str, api: "HfApi | None" = None, keep: bool = False) -> Iterator[Place]:
    """The release that `text` names: a folder, or `ORG/NAME@TAG` on the Hub.

    Raises:
        ReleaseError: there is no such folder and it is not of the other form.
        SettingError: ORG/NAME cannot be the name of a dataset.
    """
    found = _ON_HUB.fullmatch(text)
    if found is None or Path(text).is_dir():
        if not Path(text).exists():
            raise ReleaseError(
                f"{text}: no such folder; a release on the Hub is written ORG/NAME@v1.0.0"
            )
        yield Place(Path(text))
        return
    # The Hub's client takes half a second to import, which a folder needs not.
    from .hub_place import on_hub

    with on_hub(found[1], found[2], api, keep) as place:
        yield place
