"""The release folder: its manifest `sportgen.json`, and what belongs to it."""

import json
import re
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .._version import __version__
from ..audio.decode import decoder_version
from ..errors import ReleaseError
from ..reasons import Status
from ..recipe import SAMPLING_RATE, Recipe
from ..records import Row
from ..storage.parquet import read_parquet
from .shards import WORK_FOLDER, ShardNote, write_atomically

MANIFEST = "sportgen.json"
CARD = "README.md"
MANIFEST_SCHEMA = 1

_LIBRARIES = ("datasets", "numpy", "pyarrow", "scipy", "soundfile", "soxr")
_SHARD_NAME = re.compile(r"(raw|encoded|tracks)/([^/]+)-\d{5}-of-(\d{5})\.parquet")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a release, as the manifest records it."""

    sha256: str
    rows: int
    bytes: int

    @classmethod
    def of(cls, note: ShardNote) -> "FileEntry":
        """What the manifest says of a file that is finished."""
        return cls(note.sha256, note.rows, note.bytes)


@dataclass(slots=True)
class Manifest:
    """What a release holds and how it was made; `files` has every shard and picture by its path.

    `changelog` has an entry (version, date, changes, notes) for every release, the newest first;
    `withdrawn` the ids of tracks that no later build may bring back; `shared` how many fingerprints
    were compared, how many pairs share audio, and the seconds that two splits share; `source` the
    `dataset` on the Hub and the `revision` that the rows come from, if they do;
    `codebooks` how much of each is used; `pictures` what each in `assets` shows, in words.
    """

    recipe: dict[str, Any]
    fingerprint: str
    files: dict[str, FileEntry] = field(default_factory=dict)
    encoding: dict[str, Any] | None = None
    card: dict[str, Any] = field(default_factory=dict)
    software: dict[str, str] = field(default_factory=dict)
    changelog: list[dict[str, Any]] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    shared: dict[str, Any] = field(default_factory=dict)
    source: dict[str, str] = field(default_factory=dict)
    codebooks: list[dict[str, float]] = field(default_factory=list)
    pictures: dict[str, str] = field(default_factory=dict)
    schema: int = MANIFEST_SCHEMA

    @classmethod
    def of(cls, recipe: Recipe) -> "Manifest":
        """An empty manifest for a recipe."""
        return cls(recipe.as_dict(), recipe.fingerprint, software=software())

    def shards(self, config: str) -> dict[str, FileEntry]:
        """The files of a config, by path."""
        return {path: entry for path, entry in self.files.items() if path.startswith(config + "/")}

    def splits(self, config: str) -> dict[str, int]:
        """Split -> rows of a config, the recipe's splits first."""
        rows = dict.fromkeys(self.recipe["splits"], 0)
        for path, entry in self.shards(config).items():
            split = split_of(path)
            rows[split] = rows.get(split, 0) + entry.rows
        present = {split_of(path) for path in self.shards(config)}
        return {split: count for split, count in rows.items() if split in present}

    @property
    def chunk_samples(self) -> int:
        """Samples of a chunk at 32 kHz."""
        return int(self.recipe["chunk_seconds"] * SAMPLING_RATE)

    @property
    def hop_samples(self) -> int:
        """Samples from the start of a chunk to the start of the next, at 32 kHz."""
        return self.chunk_samples - int(self.recipe["overlap_seconds"] * SAMPLING_RATE)

    def as_json(self) -> bytes:
        """What `sportgen.json` holds, UTF-8."""
        self.files = dict(sorted(self.files.items()))
        data = {"schema": self.schema, **asdict(self)}
        return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()

    def write(self, folder: Path) -> None:
        """Write `sportgen.json`, atomically."""
        write_atomically(folder / MANIFEST, self.as_json())


def software() -> dict[str, str]:
    """The versions of all that rows of `raw` and their files depend on."""
    libraries = {name: version(name) for name in _LIBRARIES}
    return {"sportgen": __version__, "decoder": decoder_version(), **libraries}


def split_of(path: str) -> str:
    """The split that a shard's path names."""
    match = _SHARD_NAME.fullmatch(path)
    if match is None:
        raise ReleaseError(f"{path}: is not a shard's name; build the release again")
    return match[2]


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a release folder.

    Raises:
        ReleaseError: the folder is no release, or of a schema we do not know.
    """
    file = folder / MANIFEST
    if not file.is_file():
        state = "is not a release folder" if folder.is_dir() else "does not exist"
        raise ReleaseError(f"{folder}: {state}; `sportgen build SRC {folder}` makes one")
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if data["schema"] != MANIFEST_SCHEMA:
            raise ReleaseError(
                f"{file}: schema {data['schema']}, this sportgen reads {MANIFEST_SCHEMA}; "
                "use the version that wrote it or build again"
            )
        data["files"] = {path: FileEntry(**entry) for path, entry in data["files"].items()}
        # A release may come from anywhere: no path in it leads out of its folder.
        outside = [p for p in data["files"] if p.startswith("/") or ".." in p.split("/")]
        if outside:
            raise ReleaseError(f"{file}: names {outside[0]}, which lies outside the release")
        return Manifest(**data)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReleaseError(f"{file}: is damaged ({error}); build the release again") from error


def is_ours(folder: Path) -> bool:
    """Whether a folder may be written to: absent, empty, a release or one begun."""
    if not folder.exists():
        return True
    marks = (MANIFEST, WORK_FOLDER)
    return folder.is_dir() and (
        not any(folder.iterdir()) or any((folder / name).exists() for name in marks)
    )


def read_tracks(folder: Path, manifest: Manifest, columns: Collection[str] = ()) -> list[Row]:
    """The rows of the `tracks` config: of the `columns` that it has, or of all."""
    table = track_table(folder, manifest, columns)
    values = map(_shared, table.columns)
    return [dict(zip(table.column_names, row, strict=True)) for row in zip(*values, strict=True)]


def track_table(folder: Path, manifest: Manifest, columns: Collection[str] = ()) -> pa.Table:
    """`read_tracks` as a table, which takes a tenth of the memory.

    Raises:
        ReleaseError: there is none, or it is damaged.
    """
    files = sorted(manifest.shards("tracks"))
    if not files:
        raise ReleaseError(f"{folder}: has no tracks config; build the release again")
    names = list(columns) or None
    return pa.concat_tables([read_parquet(folder / file, names) for file in files])


def kept_rows(tracks: list[Row]) -> list[Row]:
    """The rows of `tracks` that gave chunks."""
    return [row for row in tracks if row["status"] != Status.LEFT_OUT]


def kept_tracks(tracks: pa.Table) -> pa.Table:
    """`kept_rows` of a table."""
    return tracks.filter(pc.not_equal(tracks["status"], Status.LEFT_OUT))


def _shared(column: pa.ChunkedArray) -> list[Any]:
    """The values of a column; texts that are equal, as sessions and artists are, are one object."""
    values: list[Any] = column.to_pylist()
    known: dict[str | None, str | None] = {}
    text = pa.types.is_string(column.type)
    return [known.setdefault(value, value) for value in values] if text else values
