"""The manifest of a release, `sportgen.json`: what the release holds and how it was made."""

import json
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NotRequired

from typing_extensions import TypedDict  # pydantic reads typing's only since Python 3.12

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

# A manifest that is read and written again must keep 25, and not change it to 25.0.
Number = int | float
_ANY_KEYS = {"extra": "allow"}


class RecipeRecord(TypedDict):
    """`Recipe.as_dict()` in a manifest; earlier versions of sportgen wrote fewer settings."""

    __pydantic_config__ = _ANY_KEYS  # type: ignore[misc]  # an attribute that pydantic reads

    chunk_seconds: Number
    overlap_seconds: Number
    splits: dict[str, Number]
    sessions: NotRequired[str]
    group_by: NotRequired[str]


class Encoding(TypedDict):
    """How `encoded` was made, and facts about its texts and codes.

    The first keys are the facts of `encode.encoder.Encoder`. Then `truncated` is the number of
    truncated descriptions, `longest` the length of the longest in tokens, `frames` the T of codes
    and `label_frames` the T of labels.
    """

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
    """One release: its version, its ISO date, what changed, and the publisher's own notes."""

    version: str
    date: str
    changes: str
    notes: str


class SharedRecord(TypedDict, total=False):
    """What the search for shared audio found.

    `fingerprints` is the number of fingerprints compared, `matches` the number of pairs of tracks
    that share audio, `seconds` the audio that is in two splits.
    """

    fingerprints: int
    matches: int
    seconds: Number


class CodebookUse(TypedDict):
    """Perplexity of a codebook's codes, and the share of its entries that no code names."""

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
    """What a release holds and how it was made.

    `files` maps the path of every shard and picture to its entry. `changelog` has one entry per
    release, the newest first. `withdrawn` has the ids of tracks that no later build may use again.
    `source` has the `dataset` on the Hub and its `revision`, and is empty if the rows come from a
    folder. `codebooks` has the use of each codebook. `pictures` describes each picture in `assets`
    in words. `card` is the front matter that sportgen wrote to README.md.
    """

    # read_manifest checks the JSON with pydantic: no value is converted, no unknown key allowed.
    __pydantic_config__: ClassVar[dict[str, Any]] = {"strict": True, "extra": "forbid"}

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
        """A manifest without files for a recipe."""
        record: Any = recipe.as_dict()
        return cls(record, recipe.fingerprint, software=software())

    def shards(self, config: str) -> dict[str, FileEntry]:
        """The shards of a config: path -> entry."""
        return {path: entry for path, entry in self.files.items() if path.startswith(config + "/")}

    def splits(self, config: str) -> dict[str, int]:
        """Split -> number of rows of a config; the recipe's splits come first."""
        rows = dict.fromkeys(self.recipe["splits"], 0)
        for path, entry in self.shards(config).items():
            split = split_of(path)
            rows[split] = rows.get(split, 0) + entry.rows
        present = {split_of(path) for path in self.shards(config)}
        return {split: count for split, count in rows.items() if split in present}

    @property
    def rows_config(self) -> str:
        """The config of the chunks, which loads by default: `raw` if it exists, else `encoded`."""
        return "raw" if self.shards("raw") else "encoded"

    @property
    def chunk_samples(self) -> int:
        """Number of samples of a chunk at 32 kHz."""
        return samples_of(self.recipe["chunk_seconds"])

    @property
    def hop_samples(self) -> int:
        """Samples from the start of a chunk to the start of the next, at 32 kHz."""
        return self.chunk_samples - samples_of(self.recipe["overlap_seconds"])

    def as_json(self) -> bytes:
        """The content of `sportgen.json`, in UTF-8."""
        data = asdict(replace(self, files=dict(sorted(self.files.items()))))
        return (
            json.dumps({"schema": self.schema, **data}, indent=2, ensure_ascii=False) + "\n"
        ).encode()

    def write(self, folder: Path) -> None:
        """Write `sportgen.json`, atomically."""
        write_atomically(folder / MANIFEST, self.as_json())


def software() -> dict[str, str]:
    """The versions of all software that the rows of `raw` and their files depend on."""
    libraries = {name: version(name) for name in _LIBRARIES}
    return {"sportgen": __version__, "decoder": decoder_version(), **libraries}


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a release folder, and check the type of every value.

    Raises:
        ReleaseError: the folder is not a release, the manifest has an unknown schema, or it is
            damaged; the message names the first wrong key.
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
    # Made from `data`, not from pydantic's result, whose keys are in another order.
    data["files"] = {path: FileEntry(**entry) for path, entry in data["files"].items()}
    return Manifest(**data)


def _validate(text: str, file: Path) -> None:
    """Raise ReleaseError for wrong keys, values of a wrong type, or a path out of the release."""
    # Imported here: pydantic takes a fifth of a second, and only reading a manifest needs it.
    from pydantic import ValidationError

    try:
        manifest = _adapter().validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        detail = " ".join(f"{key}: {first['msg']}".split())
        raise ReleaseError(f"{file}: is damaged ({detail}); build the release again") from error
    # A release may come from anybody: no path in its manifest may lead out of its folder.
    outside = [p for p in manifest.files if p.startswith("/") or ".." in p.split("/")]
    if outside:
        raise ReleaseError(f"{file}: names {outside[0]}, which lies outside the release")


@cache
def _adapter() -> "TypeAdapter[Manifest]":
    from pydantic import TypeAdapter

    return TypeAdapter(Manifest)
