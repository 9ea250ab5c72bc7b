"""A release: the place where its files lie, and its manifest, which says what they are."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from re import compile as pattern
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from ..errors import ReleaseError
from ..records import Row
from ..storage.place import Place
from .layout import MANIFEST, WORK_FOLDER
from .manifest import FileEntry, Manifest, read_manifest
from .tracks import as_rows, kept_tracks, read_track_table

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_ON_HUB = pattern(r"([^/@]+/[^/@]+)@([^@]+)")


class Release:
    """A release in a folder or on the Hub.

    Args:
        place: where its files lie.
        manifest: what of the place counts, where that is not what its own manifest says: a part of
            a release, or one that is being made.

    Raises:
        ReleaseError: there is no manifest that can be read.
        HubError: the Hub has no such revision, or no manifest in it.
    """

    def __init__(self, place: Place, manifest: Manifest | None = None) -> None:
        self.place = place
        if manifest is None:
            with place.fetched(MANIFEST):
                manifest = read_manifest(place.folder)
        self.manifest = manifest

    @classmethod
    def of(cls, folder: Path, manifest: Manifest | None = None) -> Self:
        """The release in a folder of this machine."""
        return cls(Place(folder), manifest)

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.place.name

    @property
    def folder(self) -> Path:
        """Where its files are on this machine, those that are fetched."""
        return self.place.folder

    def shards(self, config: str) -> dict[str, FileEntry]:
        """The files of a config, by path."""
        return self.manifest.shards(config)

    def paths(self) -> set[str]:
        """Every file of the place, our own notes apart."""
        return {path for path in self.place.paths() if path.partition("/")[0] != WORK_FOLDER}

    def tracks(self, columns: Collection[str] = ()) -> list[Row]:
        """The rows of the `tracks` config: of the `columns` that it has, or of all; raises
        ReleaseError."""
        return as_rows(self.track_table(columns))

    def track_table(self, columns: Collection[str] = ()) -> pa.Table:
        """`tracks` as a table, which takes a tenth of the memory; raises ReleaseError."""
        shards = self.shards("tracks")
        with self.place.fetched(*shards):
            return read_track_table(self.folder, shards, columns)

    def kept_tracks(self, columns: Collection[str]) -> pa.Table:
        """The tracks that gave chunks, of these columns that there are; raises ReleaseError."""
        tracks = self.track_table({"status", *columns})
        there = [name for name in tracks.column_names if name in columns]
        return kept_tracks(tracks).select(there)


@contextmanager
def open_release(text: str, api: "HfApi | None" = None, keep: bool = False) -> Iterator[Release]:
    """The release that `text` names: a folder, or `ORG/NAME@TAG` on the Hub.

    Files of the Hub are fetched one by one into a temporary folder, and with `keep` stay there
    until the block ends.

    Example:
        >>> with open_release("dataset") as release:
        ...     release.manifest.splits("raw")
        {'train': 21, 'test': 12}

    Raises:
        ReleaseError: there is no such folder and it is not of the other form, or no manifest.
        SettingError: ORG/NAME cannot be the name of a dataset.
        HubError: the Hub refuses, or cannot be reached.
    """
    found = _ON_HUB.fullmatch(text)
    if found is None or Path(text).is_dir():
        if not Path(text).exists():
            raise ReleaseError(
                f"{text}: no such folder; a release on the Hub is written ORG/NAME@v1.0.0"
            )
        yield Release.of(Path(text))
        return
    # The Hub's client takes half a second to import, which a folder needs not.
    from ..storage.hub_place import on_hub

    with on_hub(found[1], found[2], api, keep) as place:
        yield Release(place)
