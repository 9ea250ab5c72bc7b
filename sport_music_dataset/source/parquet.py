"""A Parquet dataset as a source: every row is a track, its audio is unpacked once into a file."""

import glob
import posixpath
import re
import shutil
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from datasets import Features, load_dataset_builder
from datasets.packaged_modules.parquet.parquet import Parquet
from filelock import FileLock
from huggingface_hub import HfApi

from ..digests import digest
from ..errors import ReleaseError, SourceError
from ..outside.documents import split_front_matter
from ..outside.files import CARD_BYTES, read_text
from ..progress import Progress, going_on
from ..reasons import Reason, is_machine_fault
from ..storage.hub_client import hub_errors
from ..storage.place import Place
from .columns import Columns, choose_columns
from .files import SourceFile
from .library import Library, Reading, to_library
from .metadata import Metadata
from .metadata.notes import Notes
from .source import Source
from .unpack import FILE, PATH, is_unpacked, read_unpacked, unpack

_CARD = "README.md"
_ABSOLUTE = re.compile(r"/|[A-Za-z]:[\\/]")

Fields = dict[str, dict[str, Any]]
"""Fields of tracks by their paths."""


@dataclass(slots=True)
class ParquetSource:
    """A Parquet dataset in a folder or on the Hub.

    `root` is the folder, or `hf://datasets/ORG/NAME@COMMIT`. For a dataset on the Hub, `revision`
    is the commit, and `files` maps the path of every file to its (size in bytes, blob id). `place`
    has the Parquet files, `linked` the audio files that rows name by path. Audio is unpacked into
    `cache`.
    """

    source: Source
    root: str
    place: Place
    linked: Place
    cache: Path
    revision: str | None = None
    files: Mapping[str, tuple[int, str]] = field(default_factory=dict)

    def library(self, reading: Reading, progress: Progress) -> Library:
        """The rows as tracks; raises as `read_source`."""
        parquet, card_features = self._parquet_files()
        columns = self._columns(next(iter(parquet)), card_features)
        folders = {path: self._unpack_folder(path, columns.audio) for path in parquet}
        with writing_cache(self.cache):
            self._unpack(folders, columns.audio, progress)
            notes = Notes()
            files, metadata = self._rows(parquet, folders, columns, notes)
        if not files:
            raise SourceError(f"{self.root}: its Parquet has no rows")
        root = PurePosixPath(self._load_location).name
        # The splits of a dataset are those that load_dataset gives, not what paths of rows say.
        written = Metadata(metadata, (*columns.notes, *notes.texts()))
        return to_library(files, root, written, replace(reading, splits=False), {})

    def _parquet_files(self) -> tuple[dict[str, str], Features]:
        """(path -> split of the Parquet files that load_dataset finds, features on the card)."""
        self._check_card()
        try:
            with hub_errors(HfApi(), self.root) if self.revision else nullcontext():
                builder = load_dataset_builder(
                    self._load_location, self.source.subset or None, revision=self.revision
                )
        except (ValueError, TypeError, AttributeError, KeyError, OSError, yaml.YAMLError) as error:
            # The rest of the message is an example in Python, of no use on a command line.
            detail = " ".join(str(error).partition("Example of usage")[0].split())
            hint = "; --subset names one" if "onfig" in detail else ""
            if not self.revision and glob.has_magic(self.root):
                hint = "; rename the folder: datasets takes its name for a pattern"
            raise SourceError(f"{self.root}: cannot be opened ({detail}){hint}") from error
        if not isinstance(builder, Parquet):
            remedy = "the Hub's own conversion lies at the revision refs/convert/parquet"
            if builder.name == "audiofolder":
                remedy = "without options for a dataset it is read as a folder"
            raise SourceError(f"{self.root}: its data is {builder.name}, not Parquet; {remedy}")
        parquet: dict[str, str] = {}
        for split, files in (builder.config.data_files or {}).items():
            for file in sorted(files):
                path = file.removeprefix(f"{self.root}/")
                if path == file or ".." in path.split("/") or not self._is_inside(path):
                    raise SourceError(
                        f"{self.root}: {file} lies outside of it, or is a link that leads there"
                    )
                parquet.setdefault(path, str(split))
        return parquet, builder.info.features or Features()

    def _check_card(self) -> None:
        """Raise SourceError if the card is beyond our limits: datasets reads it without limits."""
        if self.revision and _CARD not in self.files:
            return
        with self.place.fetched(_CARD) as [file]:
            if file.exists():
                text = read_text(file, CARD_BYTES, SourceError, links=True)
                split_front_matter(text, f"{self.root}/{_CARD}", SourceError)

    def _columns(self, parquet: str, card_features: Features) -> Columns:
        """The columns to read, chosen from the schema of a Parquet file and the card's features."""
        try:
            schema = self.place.schema(parquet)
        except ReleaseError as error:
            raise SourceError(str(error)) from error
        return choose_columns(self.source, schema, card_features, self.root)

    @property
    def _load_location(self) -> str:
        """The location for load_dataset, which takes `revision` as an argument of its own."""
        return self.root.removesuffix(f"@{self.revision}")

    def _is_inside(self, path: str) -> bool:
        if self.revision:
            return path in self.files
        folder = self.place.folder
        return (folder / path).resolve().is_relative_to(folder)

    def _size_and_identity(self, path: str) -> tuple[int, str]:
        if path in self.files:
            return self.files[path]
        found = (self.place.folder / path).stat()
        return found.st_size, str(found.st_mtime_ns)

    def _unpack_folder(self, path: str, column: str) -> Path:
        """The cache folder for a Parquet file's audio; a file that has changed gets another one."""
        return self.cache / digest([path, *self._size_and_identity(path), column])[:16]

    def _unpack(self, folders: Mapping[str, Path], column: str, progress: Progress) -> None:
        """Unpack the Parquet files that are not unpacked yet, into their `folders`."""
        todo = [path for path, folder in folders.items() if not is_unpacked(folder)]
        need = sum(self._size_and_identity(path)[0] for path in todo)
        free = shutil.disk_usage(self.cache).free
        if need > free:
            raise SourceError(
                f"{self.cache}: unpacking {self.root} needs {need / 1e9:.1f} GB, "
                f"{free / 1e9:.1f} GB are free; set HF_HOME to a folder with more room"
            )
        with progress(going_on("Unpacking", len(todo), len(folders)), len(todo)) as advance:
            for path in todo:
                with self.place.fetched(path) as [file]:
                    unpack(file, column, folders[path])
                advance(1)

    def _rows(
        self,
        parquet: Mapping[str, str],
        folders: Mapping[str, Path],
        columns: Columns,
        notes: Notes,
    ) -> tuple[list[SourceFile], Fields]:
        """(audio files, sorted by path; their metadata): the rows of all Parquet files."""
        files: list[SourceFile] = []
        metadata: Fields = {}
        taken: Counter[str] = Counter()
        for path, split in parquet.items():
            rows = read_unpacked(folders[path], list(columns.fields.values()), columns.labels)
            for number, row in enumerate(rows):
                name = _relative_path(row.get(PATH, ""))
                file, reason = self._audio(path, row, folders[path])
                if file and not name and {"style", "session"} - columns.fields.keys():
                    raise SourceError(
                        f"{self.root}: row {number} of {path} has no path to take style and "
                        "session from; --style-column and --session-column name what has them"
                    )
                name = _unique(name or f"{path.removesuffix('.parquet')}/{number:06d}", taken)
                split_field = {"split": split} if self.source.keep_splits else {}
                try:
                    place = f"row {number} of {path}"
                    metadata[_key(name)] = split_field | columns.known(row, place, notes)
                except ValueError as error:
                    raise SourceError(f"{self.root}: row {number} of {path}: {error}") from error
                files.append(SourceFile(name, file, reason))
        return sorted(files, key=lambda file: file.path.encode()), metadata

    def _audio(self, parquet: str, row: Mapping[str, Any], folder: Path) -> tuple[str, str]:
        """(file with a row's audio, ""), or ("", the reason why the row has no usable file)."""
        if FILE in row:
            return str(folder / row[FILE]), ""
        if PATH not in row:
            return "", Reason.NOT_AUDIO.because("the row has none")
        candidates = _candidate_paths(parquet, row[PATH])
        on_hub = [path for path in candidates if path in self.files]
        root = self.linked.folder.resolve()
        with self.linked.fetched(*on_hub[:1]):
            found = next((root / path for path in candidates if _is_file(root / path)), None)
        if not candidates or (found and not found.resolve().is_relative_to(root)):
            return "", str(Reason.OUTSIDE)
        if found is None:
            return "", Reason.UNREADABLE.because("not a file of the dataset")
        return str(found), ""


@contextmanager
def writing_cache(folder: Path) -> Iterator[None]:
    """Lock a folder of the cache for one writer; other writers wait.

    Raises:
        SourceError: the disk is full or read-only.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "lock"):
            yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(f"{folder}: {reason}; see to it, or set HF_HOME elsewhere") from error


def _relative_path(path: str) -> str:
    """A row's path without `.` and `..`; of an absolute path, only the file's name."""
    parts = re.split(r"[\\/]", path)[-1:] if _ABSOLUTE.match(path) else path.split("/")
    return "/".join(part for part in parts if part not in ("", ".", ".."))


def _unique(path: str, taken: Counter[str]) -> str:
    """The path, or the path with `#2` (`#3`, ...) behind it if another row has the path already.

    The number is behind the path so that style and session stay the same. `taken` counts how often
    each path was asked for or returned.
    """
    name = path
    while taken[_key(name)]:
        taken[_key(path)] += 1
        name = f"{path}#{taken[_key(path)]}"
    taken[_key(name)] += 1
    return name


def _key(path: str) -> str:
    """A path as a key of metadata: in the Unicode form NFC."""
    return unicodedata.normalize("NFC", path)


def _candidate_paths(parquet: str, path: str) -> list[str]:
    """The files that a row's path may name: relative to its Parquet's folder, or to the dataset."""
    joined = (posixpath.join(folder, path) for folder in (posixpath.dirname(parquet), ""))
    normal = dict.fromkeys(map(posixpath.normpath, joined))
    return [name for name in normal if name[0] != "/" and name.split("/")[0] not in (".", "..")]


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except (OSError, ValueError) as error:  # the path is too long, or has a zero byte
        if is_machine_fault(error):
            raise
        return False
