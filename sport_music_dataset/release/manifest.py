"""The manifest of a release, `sportgen.json`: what it holds and how it was made."""

import json
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NotRequired

from typing_extensions import TypedDict  # pydantic reads that of typing from Python 3.12 on only

from .._version import __version__
from ..audio.decode import decoder_version
from ..errors import ReleaseError
from ..recipe import Recipe, samples_of
from ..storage.atomic import write_atomically
from .labels import LabelStyle
from .layout import MANIFEST, split_of

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MANIFEST_SCHEMA = 1

_LIBRARIES = ("datasets", "numpy", "pyarrow", "scipy", "soundfile", "soxr")

# JSON knows one kind of numbers: 25 must not become 25.0 when a manifest is written again.
Number = int | float
_ANY_KEYS = {"extra": "allow"}


class RecipeRecord(TypedDict):
    """`Recipe.as_dict()` as a release records it; an earlier sportgen wrote fewer settings."""

    __pydantic_config__ = _ANY_KEYS  # type: ignore[misc]  # pydantic's way to say it

    chunk_seconds: Number
    overlap_seconds: Number
    splits: dict[str, Number]
    sessions: NotRequired[str]
    group_by: NotRequired[str]


class Encoding(TypedDict):
    """How `encoded` was made, and what came of it: the facts of `encode.encoder.Encoder`, then
    how many descriptions were truncated, the longest in tokens, and T of codes and labels."""

    __pydantic_config__ = _ANY_KEYS  # type: ignore[misc]

    model: str
    codec: str
    codec_revision: str
    num_codebooks: int
    codebook_size: int
    nano: bool
    max_length: int
    labels: LabelStyle
    special_tokens: bool
    pad_token_id: int
    truncated: int
    longest: int
    frames: int
    label_frames: int


class ChangelogEntry(TypedDict):
    """One release: its version, its ISO date, what changed, and what the publisher wrote."""

    version: str
    date: str
    changes: str
    notes: str


class SharedRecord(TypedDict, total=False):
    """How many fingerprints were compared, how many pairs of tracks share audio, and the seconds
    that lie in two splits."""

    fingerprints: int
    matches: int
    seconds: Number


class CodebookUse(TypedDict):
    """Perplexity of a codebook's use, and the share of its entries that no code names."""

    perplexity: Number
    dead: Number


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a release, as the manifest records it."""

    sha256: str
    rows: int
    bytes: int


@dataclass(slots=True)
class Manifest:
    """What a release holds and how it was made; `files` has every shard and picture by its path.

    `changelog` has an entry for every release, the newest first; `withdrawn` the ids of tracks that
    no later build may bring back; `source` the `dataset` on the Hub and the `revision` that the
    rows come from, if they do; `codebooks` how much of each is used; `pictures` what each in
    `assets` shows, in words; `card` the front matter that we gave to README.md.
    """

    # read_manifest lets pydantic check that JSON has these keys and no other, of these types.
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    recipe: RecipeRecord
    fingerprint: str
    files: dict[str, FileEntry] = field(default_factory=dict)
    encoding: Encoding | None = None
    card: dict[str, Any] = field(default_factory=dict)
    software: dict[str, str] = field(default_factory=dict)
    changelog: list[ChangelogEntry] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    shared: SharedRecord = field(default_factory=SharedRecord)
    source: dict[str, str] = field(default_factory=dict)
    codebooks: list[CodebookUse] = field(default_factory=list)
    pictures: dict[str, str] = field(default_factory=dict)
    schema: int = MANIFEST_SCHEMA

    @classmethod
    def of(cls, recipe: Recipe) -> "Manifest":
        """An empty manifest for a recipe."""
        record: Any = recipe.as_dict()
        return cls(record, recipe.fingerprint, software=software())

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
    def rows_config(self) -> str:
        """The config that has the chunks and loads by default: raw, where there is one."""
        return "raw" if self.shards("raw") else "encoded"

    @property
    def chunk_samples(self) -> int:
        """Samples of a chunk at 32 kHz."""
        return samples_of(self.recipe["chunk_seconds"])

    @property
    def hop_samples(self) -> int:
        """Samples from the start of a chunk to the start of the next, at 32 kHz."""
        return self.chunk_samples - samples_of(self.recipe["overlap_seconds"])

    def as_json(self) -> bytes:
        """What `sportgen.json` holds, UTF-8."""
        data = asdict(replace(self, files=dict(sorted(self.files.items()))))
        return (
            json.dumps({"schema": self.schema, **data}, indent=2, ensure_ascii=False) + "\n"
        ).encode()

    def write(self, folder: Path) -> None:
        """Write `sportgen.json`, atomically."""
        write_atomically(folder / MANIFEST, self.as_json())


def software() -> dict[str, str]:
    """The versions of all that rows of `raw` and their files depend on."""
    libraries = {name: version(name) for name in _LIBRARIES}
    return {"sportgen": __version__, "decoder": decoder_version(), **libraries}


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a release folder, every value of its type.

    Raises:
        ReleaseError: the folder is no release, of a schema we do not know, or its manifest is
            damaged; the message names the first key that is wrong.
    """
    file = folder / MANIFEST
    if not file.is_file():
        state = "is not a release folder" if folder.is_dir() else "does not exist"
        raise ReleaseError(f"{folder}: {state}; `sportgen build SRC {folder}` makes one")
    try:
        text = file.read_text(encoding="utf-8")
        data = json.loads(text)
    except ValueError as error:
        raise ReleaseError(f"{file}: is damaged ({error}); build the release again") from error
    schema = data.get("schema") if isinstance(data, dict) else None
    if isinstance(schema, int) and schema != MANIFEST_SCHEMA:
        raise ReleaseError(
            f"{file}: schema {schema}, this sportgen reads {MANIFEST_SCHEMA}; "
            "use the version that wrote it or build again"
        )
    _validate(text, file)
    # As it was read: what pydantic makes of it has its keys in another order.
    data["files"] = {path: FileEntry(**entry) for path, entry in data["files"].items()}
    return Manifest(**data)


def _validate(text: str, file: Path) -> None:
    """Raise ReleaseError unless the JSON text of a manifest has our keys, and values of their types
    that lead nowhere outside of the release."""
    # A fifth of a second to import: only where a manifest is read.
    from pydantic import ValidationError

    try:
        manifest = _adapter().validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        detail = " ".join(f"{key}: {first['msg']}".split())
        raise ReleaseError(f"{file}: is damaged ({detail}); build the release again") from error
    # A release may come from anywhere: no path in it leads out of its folder.
    outside = [p for p in manifest.files if p.startswith("/") or ".." in p.split("/")]
    if outside:
        raise ReleaseError(f"{file}: names {outside[0]}, which lies outside the release")


@cache
def _adapter() -> "TypeAdapter[Manifest]":
    from pydantic import TypeAdapter

    return TypeAdapter(Manifest)
