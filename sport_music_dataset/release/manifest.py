"""The manifest of a release, `sportgen.json`: its files, and how they were made."""

import json
import re
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NotRequired

from annotated_types import Interval
from typing_extensions import TypedDict  # pydantic reads that of typing from Python 3.12 on only

from .._version import __version__
from ..errors import ReleaseError, SettingError
from ..outside.documents import load_json
from ..outside.files import MANIFEST_BYTES, check_in_folder, read_text
from ..outside.names import check_name, shown
from ..outside.records import said_plainly
from ..recipe import Recipe, check_splits, samples_of
from ..storage.atomic import write_atomically
from .labels import LabelStyle
from .layout import ASSETS, MANIFEST, is_release_path, split_of

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MANIFEST_SCHEMA = 1

LIBRARIES = ("datasets", "numpy", "pyarrow", "scipy", "soundfile", "soxr")
"""The libraries that the rows of `raw` and their files depend on."""

# JSON does not separate int and float: 25 must not become 25.0 when a manifest is rewritten.
Number = int | float
# Ranges beyond which a value cannot be meant: arrays are made of these sizes.
Seconds = Annotated[int, Interval(ge=0, le=3600)] | Annotated[float, Interval(ge=0, le=3600)]
Count = Annotated[int, Interval(ge=0, lt=1 << 53)]
Codebooks = Annotated[int, Interval(ge=1, le=128)]
# Codes are stored as int16.
CodebookSize = Annotated[int, Interval(ge=1, le=1 << 15)]
PadId = Annotated[int, Interval(ge=0, lt=1 << 15)]
Length = Annotated[int, Interval(ge=0, le=1 << 20)]
_ANY_KEYS = {"extra": "allow"}
_TYPE = re.compile(r"\.(constrained-)?(int|float|str|bool)$")


class RecipeRecord(TypedDict):
    """`Recipe.as_dict()` in a manifest; earlier versions of sportgen wrote fewer settings."""

    __pydantic_config__ = _ANY_KEYS  # type: ignore[misc]  # pydantic reads this

    chunk_seconds: Seconds
    overlap_seconds: Seconds
    splits: dict[str, Number]
    seed: NotRequired[int]
    styles: NotRequired[list[str]]
    keep_silence: NotRequired[bool]
    keep_truncated: NotRequired[bool]
    max_track_seconds: NotRequired[Number]
    max_expansion: NotRequired[Number]
    analysis: NotRequired[bool]
    tagger: NotRequired[str]
    tagger_revision: NotRequired[str]
    descriptions: NotRequired[str]
    descriptions_per_chunk: NotRequired[Count]
    sessions: NotRequired[str]
    only_fitting: NotRequired[bool]
    without_vocals: NotRequired[bool]
    min_fit: NotRequired[str]
    require_tempo: NotRequired[bool]
    duplicates: NotRequired[str]
    group_by: NotRequired[str]
    sampling_rate: NotRequired[Count]
    audio: NotRequired[str]
    rows_version: NotRequired[Count]


class Encoding(TypedDict):
    """How `encoded` was made: the facts of `encode.encoder.Encoder`, then its results.

    The results are the number of truncated descriptions, the longest description in tokens, and
    the number of frames, T, of codes and of labels.
    """

    __pydantic_config__ = _ANY_KEYS  # type: ignore[misc]

    model: str
    model_revision: NotRequired[str]
    codec: str
    codec_revision: str
    device: NotRequired[str]
    dtype: NotRequired[str]
    backend: NotRequired[str]
    batch_size: NotRequired[Count]
    rows_version: NotRequired[Count]
    software: NotRequired[dict[str, str]]
    num_codebooks: Codebooks
    codebook_size: CodebookSize
    nano: bool
    max_length: Length
    labels: LabelStyle
    special_tokens: bool
    pad_token_id: PadId
    truncated: Count
    longest: Count
    frames: Length
    label_frames: Length


class ChangelogEntry(TypedDict):
    """A published version: its number, its ISO date, the changes, and the publisher's notes."""

    version: str
    date: str
    changes: str
    notes: str


class SharedRecord(TypedDict, total=False):
    """Number of compared fingerprints, number of pairs of tracks that share audio, and the seconds
    of audio that are in two splits."""

    fingerprints: Count
    matches: Count
    seconds: Number


class ReviewEntry(TypedDict):
    """What a review decided, as far as the build knew it: the id of a track or chunk, a field and
    its value, why, and the place of the chunk in its track (`45 to 70`, in seconds)."""

    id: str
    field: str
    value: str
    reason: str
    seconds: str


class CodebookUse(TypedDict):
    """Perplexity of a codebook, and the share of its entries that never occur."""

    perplexity: Number
    dead: Number


class SampleRecord(TypedDict):
    """A chunk whose description the card shows."""

    chunk_id: str
    description: str
    session: str
    style: str


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a release, as the manifest records it."""

    sha256: str
    rows: Count
    bytes: Count


@dataclass(slots=True)
class Manifest:
    """The files of a release and how they were made.

    `files` has every shard and picture by its path. `changelog` has an entry for every version,
    newest first. `withdrawn` has the ids of tracks that no later build may include. `review` has
    what somebody decided while listening (`release.review`). `source` has
    the `dataset` and the `revision` on the Hub that the rows come from, or the URL of the `store`.
    `codebooks` has the use of each codebook. `pictures` describes each picture in `assets` in
    words. `samples` are the chunks whose descriptions the card shows. `card` is the front matter
    that sportgen wrote to README.md. `reading` has the settings by which the music was read, where
    they are not the usual ones: fields of `source.Source`, and `license`.
    """

    # read_manifest uses pydantic to check that the JSON has exactly these keys and types.
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    recipe: RecipeRecord
    fingerprint: str
    files: dict[str, FileEntry] = field(default_factory=dict)
    encoding: Encoding | None = None
    card: dict[str, Any] = field(default_factory=dict)
    software: dict[str, str] = field(default_factory=dict)
    changelog: list[ChangelogEntry] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    review: list[ReviewEntry] = field(default_factory=list)
    shared: SharedRecord = field(default_factory=SharedRecord)
    source: dict[str, str] = field(default_factory=dict)
    codebooks: list[CodebookUse] = field(default_factory=list)
    pictures: dict[str, str] = field(default_factory=dict)
    samples: list[SampleRecord] = field(default_factory=list)
    reading: dict[str, str | bool] = field(default_factory=dict)
    schema: int = MANIFEST_SCHEMA

    @classmethod
    def of(cls, recipe: Recipe) -> "Manifest":
        """A manifest without files for a recipe."""
        record: Any = recipe.as_dict()
        return cls(record, recipe.fingerprint, software=software())

    def shards(self, config: str) -> dict[str, FileEntry]:
        """The shards of a config, by path."""
        return {path: entry for path, entry in self.files.items() if path.startswith(config + "/")}

    def splits(self, config: str) -> dict[str, int]:
        """Split -> number of rows of a config; the splits of the recipe come first."""
        rows = dict.fromkeys(self.recipe["splits"], 0)
        for path, entry in self.shards(config).items():
            split = split_of(path)
            rows[split] = rows.get(split, 0) + entry.rows
        present = {split_of(path) for path in self.shards(config)}
        return {split: count for split, count in rows.items() if split in present}

    @property
    def rows_config(self) -> str:
        """The config that `load_dataset` loads by default: raw if there is one, else encoded."""
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
        """The bytes of `sportgen.json`, UTF-8."""
        data = asdict(replace(self, files=dict(sorted(self.files.items()))))
        return (
            json.dumps({"schema": self.schema, **data}, indent=2, ensure_ascii=False) + "\n"
        ).encode()

    def write(self, folder: Path) -> None:
        """Write `sportgen.json`, atomically."""
        write_atomically(folder / MANIFEST, self.as_json())


def software() -> dict[str, str]:
    """The versions of all software that the rows of `raw` and their files depend on."""
    # Imported here: PyAV takes a tenth of a second, and a manifest that is read needs none of it.
    from ..audio.decode import decoder_version

    libraries = {name: version(name) for name in LIBRARIES}
    return {"sportgen": __version__, "decoder": decoder_version(), **libraries}


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a release folder, and check the type of every value.

    Raises:
        ReleaseError: there is none, its schema is unknown, or it is damaged; the message names the
            first wrong key.
    """
    file = folder / MANIFEST
    try:
        check_in_folder(folder, MANIFEST)
    except OSError as error:
        raise ReleaseError(f"{error.filename}: {error.strerror}") from error
    text = read_text(file, MANIFEST_BYTES, ReleaseError, links=True)
    try:
        data = load_json(text, "it", ReleaseError)
    except ReleaseError as error:
        raise _damaged(file, str(error)) from error
    schema = data.get("schema") if isinstance(data, dict) else None
    if isinstance(schema, int) and schema != MANIFEST_SCHEMA:
        raise ReleaseError(
            f"{file}: schema {schema}, this sportgen reads {MANIFEST_SCHEMA}; "
            "use the version that wrote it or build again"
        )
    _validate(text, file)
    # Not the result of pydantic, which has the keys in another order.
    data["files"] = {path: FileEntry(**entry) for path, entry in data["files"].items()}
    return Manifest(**data)


def _damaged(file: Path, detail: str) -> ReleaseError:
    return ReleaseError(
        f"{file}: is damaged ({' '.join(detail.split())}); take it from the Hub or from a backup, "
        "or delete it and build again"
    )


def _validate(text: str, file: Path) -> None:
    """Raise ReleaseError if a key, a type or a range in the JSON text of a manifest is wrong, or if
    a path is not that of a shard or a picture."""
    # Importing pydantic takes 0.2 s: only commands that read a manifest need it.
    from pydantic import ValidationError

    try:
        manifest = _adapter().validate_json(text, strict=True)
    except ValidationError as error:
        # Of several types that a value may have, each gives an error, and its name ends the key.
        found = [
            (_TYPE.sub("", ".".join(map(str, one["loc"]))), said_plainly(one["msg"]))
            for one in error.errors(include_url=False)
        ]
        key, _ = found[0]
        faults = dict.fromkeys(fault for other, fault in found if other == key)
        raise _damaged(file, f"{key}: {' or '.join(faults).replace('or must be', 'or')}") from error
    # The release may come from a stranger: its paths must not lead out of its folder.
    for path in manifest.files:
        if not is_release_path(path):
            raise ReleaseError(f"{file}: names {shown(path)}, which is no file of a release")
    if not manifest.hop_samples > 0:
        raise _damaged(file, "recipe: chunks overlap by their whole length")
    try:
        check_splits(manifest.recipe["splits"])
        for path in manifest.files:
            if not path.startswith(f"{ASSETS}/"):
                check_name(split_of(path), f"files.{path}")
    except SettingError as error:
        raise _damaged(file, str(error)) from error


@cache
def _adapter() -> "TypeAdapter[Manifest]":
    from pydantic import TypeAdapter

    return TypeAdapter(Manifest)
