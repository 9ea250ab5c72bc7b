"""A release: the place of its files, and its manifest, which describes the files."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from ..digests import file_digest
from ..errors import ReleaseError
from ..records import Row
from ..storage.place import Place
from ..storage.store import is_store
from .folder import check_release, unfinished, unfinished_note
from .layout import MANIFEST, WORK_FOLDER, hub_release
from .manifest import FileEntry, Manifest, read_manifest
from .shards import is_replaced
from .tracks import as_rows, kept_rows, kept_tracks, read_track_table

if TYPE_CHECKING:
    from huggingface_hub import HfApi


class Release:
    """A release in a folder or on the Hub.

    Args:
        place: the folder or the Hub revision with the files.
        manifest: used in place of the manifest that is in `place`: for a part of a release, or for
            a release that is being made.

    Raises:
        ReleaseError: the manifest is missing or cannot be read.
        HubError: the revision is missing on the Hub, or it has no manifest.
    """

    def __init__(self, place: Place, manifest: Manifest | None = None) -> None:
        self.place = place
        if manifest is None:
            with place.fetched(MANIFEST):
                manifest = read_manifest(place.folder)
        self.manifest = manifest

    @classmethod
    def of(cls, folder: Path, manifest: Manifest | None = None, command: str = "") -> Self:
        """The release in a folder on this machine.

        Args:
            folder: the folder.
            manifest: as for `Release`; then nobody asks whether the folder's own files are whole.
            command: the command that opens it, which may go on with what it began itself.

        Raises:
            ReleaseError: as `Release`, or a command that wrote to the folder was interrupted.
        """
        if manifest:
            return cls(Place(folder), manifest)
        check_release(folder)
        release, run = cls(Place(folder)), unfinished(folder)
        # Until it replaces a file, all that the manifest names is there.
        if run and run.command != command and is_replaced(folder, release.manifest.files):
            raise ReleaseError(f"{folder}: {unfinished_note(folder)}")
        return release

    @property
    def name(self) -> str:
        """The release's name in messages."""
        return self.place.name

    @property
    def folder(self) -> Path:
        """The folder on this machine; of a release on the Hub, it has the files fetched so far."""
        return self.place.folder

    def shards(self, config: str) -> dict[str, FileEntry]:
        """The shards of a config: path -> entry in the manifest."""
        return self.manifest.shards(config)

    def paths(self) -> set[str]:
        """The path of every file of the place, except those in the work folder."""
        return {path for path in self.place.paths() if path.partition("/")[0] != WORK_FOLDER}

    def tracks(self, columns: Collection[str] = ()) -> list[Row]:
        """The rows of the `tracks` config, with all columns or with `columns`.

        Raises:
            ReleaseError: there are no shards of `tracks`, or one is damaged.
        """
        return as_rows(self.track_table(columns))

    def track_table(self, columns: Collection[str] = ()) -> pa.Table:
        """As `tracks`, but as a table, which takes a tenth of the memory."""
        shards = self.shards("tracks")
        with self.place.fetched(*shards):
            return read_track_table(self.folder, shards, columns)

    def intact_tracks(self, columns: Collection[str] = ()) -> list[Row]:
        """As `tracks`; raises ReleaseError too if a shard is not what the manifest says."""
        shards = self.shards("tracks")
        with self.place.fetched(*shards) as files:
            for file, entry in zip(files, shards.values(), strict=True):
                if not file.is_file() or file_digest(file) != entry.sha256:
                    raise ReleaseError(
                        f"{file}: is not what the manifest says; take it from the Hub or from a "
                        "backup, or give another folder"
                    )
            return self.tracks(columns)

    def kept_tracks(self, columns: Collection[str]) -> pa.Table:
        """The tracks that gave chunks, with those of `columns` that exist; raises as `tracks`."""
        tracks = self.track_table({"status", *columns})
        existing = [name for name in tracks.column_names if name in columns]
        return kept_tracks(tracks).select(existing)

    def groups(self) -> dict[str, str]:
        """Id -> group of each track that gave chunks; raises as `intact_tracks`."""
        kept = kept_rows(self.intact_tracks(("track_id", "group", "status")))
        return {row["track_id"]: row["group"] for row in kept}


@contextmanager
def open_release(text: str, api: "HfApi | None" = None, keep: bool = False) -> Iterator[Release]:
    """Open the release that `text` names: a folder, `ORG/NAME@TAG` on the Hub, or an s3:// URL.

    `ORG/NAME` is the latest release, the one with the highest tag vX.Y.Z.

    Files on the Hub or in a store are downloaded one by one into a temporary folder; with `keep`
    they stay there until the `with` block ends.

    Example:
        >>> with open_release("dataset") as release:
        ...     release.manifest.splits("raw")
        {'train': 24, 'test': 9}

    Raises:
        ReleaseError: `text` is neither a folder nor the name of a release; or as `Release`.
        SettingError: ORG/NAME is not a valid name of a dataset.
        HubError: the Hub refused, or could not be reached.
        StoreError: an object store refused, could not be reached, or has no release there.
    """
    if is_store(text):
        from ..storage.store_place import in_store

        with in_store(text, keep) as place:
            yield Release(place)
        return
    named = hub_release(text)
    if named is None:
        yield Release.of(Path(text))
        return
    # Imported here: the Hub's client takes half a second, and a folder does not need it.
    from ..storage.hub_place import on_hub

    with on_hub(*named, api, keep) as place:
        yield Release(place)
