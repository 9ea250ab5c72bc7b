"""Where a release lies: a folder, or a tag on the Hub, fetched file by file into an empty place."""

import re
from collections.abc import Collection, Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq
from huggingface_hub import HfApi, HfFileSystem
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import disable_progress_bars, validate_repo_id

from .errors import HubError, ReleaseError, SettingError
from .hub import hub_errors
from .records import Row
from .release import (
    MANIFEST,
    Manifest,
    group_batches,
    kept_tracks,
    read_manifest,
    read_tracks,
    track_table,
)
from .shards import WORK_FOLDER

_ON_HUB = re.compile(r"([^/@]+/[^/@]+)@([^@]+)")
# A download that breaks off raises without having been tried again.
_ATTEMPTS = 3


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


class HubPlace(Place):
    """A revision of a dataset on the Hub. Files come into `folder`, which starts out empty, so
    that no cache answers for the Hub; with `keep` they stay there.
    """

    def __init__(
        self, repo_id: str, revision: str, folder: Path, api: HfApi, keep: bool = False
    ) -> None:
        super().__init__(folder, f"{repo_id}@{revision}")
        self.repo_id, self.revision, self.api, self.keep = repo_id, revision, api, keep

    def manifest(self) -> Manifest:
        """Its manifest.

        Raises:
            ReleaseError: it is damaged or of a schema we do not know.
            HubError: there is no such revision, or no manifest in it.
        """
        if self._manifest:
            return self._manifest
        with self.fetched(MANIFEST):
            return super().manifest()

    def paths(self) -> set[str]:
        """Every file that the Hub lists for the revision."""
        with hub_errors(self.api, self.repo_id):
            info = self.api.dataset_info(self.repo_id, revision=self.revision)
        return {sibling.rfilename for sibling in info.siblings or []} - {".gitattributes"}

    @contextmanager
    def fetched(self, *paths: str) -> Iterator[list[Path]]:
        """The files, downloaded unless they are here; raises HubError."""
        came = [self.folder / path for path in paths if not (self.folder / path).is_file()]
        try:
            yield [self._download(path) for path in paths]
        finally:
            for file in [] if self.keep else came:
                file.unlink(missing_ok=True)

    def _download(self, path: str, attempts: int = _ATTEMPTS) -> Path:
        if (self.folder / path).is_file():
            return self.folder / path
        try:
            with hub_errors(self.api, self.repo_id):
                disable_progress_bars()
                file = self.api.hf_hub_download(
                    self.repo_id,
                    path,
                    repo_type="dataset",
                    revision=self.revision,
                    cache_dir=self.folder / ".cache",
                    local_dir=self.folder,
                )
                return Path(file)
        except OSError as error:
            if attempts > 1:
                return self._download(path, attempts - 1)
            detail = " ".join(str(error).split())
            raise HubError(
                f"{self.name}: {path} cannot be downloaded ({detail}); run this again"
            ) from error

    @contextmanager
    def _parquet(self, path: str) -> Iterator[pq.ParquetFile]:
        with hub_errors(self.api, self.repo_id), super()._parquet(path) as file:
            yield file

    def _open(self, path: str) -> IO[bytes]:
        # Instances are cached for good, with the listings they have seen.
        system = HfFileSystem(
            endpoint=self.api.endpoint, token=self.api.token, skip_instance_cache=True
        )
        file = f"datasets/{self.repo_id}@{self.revision}/{path}"
        # Without its read-ahead, which would fetch the audio that lies between.
        stream: IO[bytes] = system.open(file, "rb", cache_type="none")
        return stream


@contextmanager
def opened(text: str, api: HfApi | None = None, keep: bool = False) -> Iterator[Place]:
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
    try:
        validate_repo_id(found[1])
    except HFValidationError as error:
        raise SettingError(f"{text}: {' '.join(str(error).split())}") from error
    with on_hub(found[1], found[2], api, keep) as place:
        yield place


@contextmanager
def on_hub(
    repo_id: str, revision: str, api: HfApi | None = None, keep: bool = False
) -> Iterator[HubPlace]:
    """A revision of a dataset on the Hub, with an empty folder for the time of a `with` block."""
    with TemporaryDirectory(prefix="sportgen-") as folder:
        yield HubPlace(repo_id, revision, Path(folder), api or HfApi(), keep)
