"""The files of a folder: found inside it only, hashed, probed, and checked for changes."""

import os
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from ..audio.decode import EXTENSIONS
from ..digests import file_digest
from ..outside.files import walk
from ..reasons import Reason, TrackError, read_fault
from ..records import Track

METADATA_KINDS = (".csv", ".tsv", ".jsonl", ".parquet")
"""Extensions of a metadata file, which is called `metadata`."""
SIDECAR_ENDINGS = (".caption.txt", ".caption", ".info.json", ".json", ".txt")
"""Ends of the names of sidecars; the one that says most is first."""
# Tables that are not called `metadata`, most likely written for the music beside them.
_TABLES = frozenset(
    ".csv .tsv .jsonl .ndjson .json .yaml .yml .parquet .xlsx .xls .ods .numbers".split()
)
# Words in the names of texts that are lists of tracks.
_LISTS = re.compile(
    r"(?:^|[\W_\d])(?:metadata|metadonnees|tracks?|tracklist|playlist|songs?|files?|filelist|"
    r"list|liste|index|titles?|titres|captions?|prompts?|descriptions?|legendes|licen[cs]es|"
    r"credits)(?:$|[\W_\d])"
)
# Ends of texts that may be captions, and what their names have behind that of the audio file.
_TEXT_ENDINGS = (*SIDECAR_ENDINGS, ".description")
_BEHIND = re.compile(
    r"[._ -](?:[a-z]{2}(?:[-_][a-z]{2})?|eng|fra|fre|english|french|anglais|francais|français|"
    r"captions?|descriptions?|prompts?)$"
)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """An audio file of a source.

    `path` and `file` are those of `Track`; `reason` says why the file is left out, empty if the
    file is used.
    """

    path: str
    file: str
    reason: str = ""


@dataclass(slots=True)
class FoundFiles:
    """The files under a folder.

    `audio` maps the path of each audio file, relative to the folder, to the reason why the file is
    left out, empty if the file is used; it also has the folders that cannot be listed or that are
    links out of the folder. `metadata` are the paths of metadata files, in all folders; `sidecars`
    maps audio files to the files with text that belong to them. `ignored` counts all other files by
    extension; `tables` are those of them that may be metadata by another name, and `captions` those
    that have nearly the name of an audio file.
    """

    audio: dict[str, str] = field(default_factory=dict)
    metadata: list[str] = field(default_factory=list)
    sidecars: dict[str, list[str]] = field(default_factory=dict)
    ignored: Counter[str] = field(default_factory=Counter)
    tables: list[str] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)


def find_files(root: Path, exclude: Path | None = None) -> FoundFiles:
    """Find every file under `root` by its name; no link that leads out of `root` is followed.

    Args:
        root: a folder, resolved.
        exclude: a folder inside `root` to skip.
    """
    files = FoundFiles()
    others: list[str] = []
    excluded = exclude.resolve() if exclude else None

    def unreadable(error: OSError) -> None:
        path = os.path.relpath(error.filename, root)
        files.audio[path] = _reason(path, error)

    for folder, subfolders, names in walk(root, unreadable):
        here = Path(folder)
        for name in subfolders:
            if os.path.islink(here / name):  # noqa: PTH114 - too long a path is none
                if _leads_outside(here / name, root):
                    files.audio[os.path.relpath(here / name, root)] = str(Reason.OUTSIDE)
                else:
                    files.ignored["link to a folder"] += 1
            elif name.startswith("."):
                files.ignored["hidden"] += 1
        subfolders[:] = [name for name in subfolders if name[0] != "." and here / name != excluded]
        for name in names:
            if name.startswith("."):
                files.ignored["hidden"] += 1
            elif Path(name).suffix.lower() in EXTENSIONS:
                files.audio[os.path.relpath(here / name, root)] = _refusal(here / name, root)
            elif is_metadata(name):
                files.metadata.append(os.path.relpath(here / name, root))
            else:
                others.append(os.path.relpath(here / name, root))
    files.sidecars = pair_sidecars(files.audio, others)
    _sort_others(files, others)
    return files


def _sort_others(files: FoundFiles, others: Iterable[str]) -> None:
    """Count the files that are nobody's sidecar, and find those that the user meant to be read."""
    used = {name for names in files.sidecars.values() for name in names}
    suffixes = {PurePosixPath(name).suffix for name in files.audio}
    stems = {_stem(name, ends) for name in files.audio for ends in (suffixes, ())}
    for name in sorted(set(others) - used):
        files.ignored[_extension(name)] += 1
        pure = PurePosixPath(name.lower())
        stem = _stem(name, _TEXT_ENDINGS)
        bare = _BEHIND.sub("", stem)
        if pure.name.endswith(_TEXT_ENDINGS) and {stem, bare, _BEHIND.sub("", bare)} & stems:
            files.captions.append(name)
        elif (
            pure.suffix in _TABLES
            or pure.name.startswith("metadata")
            or (pure.suffix == ".txt" and _LISTS.search(pure.stem))
        ):
            files.tables.append(name)


def _stem(path: str, endings: Iterable[str]) -> str:
    """The last part of a path in one form, without the first of these endings that it has."""
    name = unicodedata.normalize("NFC", PurePosixPath(path).name).casefold()
    ending = next((end for end in endings if end and name.endswith(end.casefold())), "")
    return name.removesuffix(ending.casefold())


def is_metadata(name: str) -> bool:
    """Whether a file of this name holds metadata of the files beside it."""
    return name.lower() in {f"metadata{kind}" for kind in METADATA_KINDS}


def pair_sidecars(audio: Iterable[str], others: Iterable[str]) -> dict[str, list[str]]:
    """Map paths of audio files to their sidecars among `others`, in the order of SIDECAR_ENDINGS.

    The sidecars of `x.flac` are `x.txt` or `x.flac.txt`, and so on, whatever the case and the
    Unicode form of their names; of two audio files, the one with the same case has the sidecar.
    """
    owners: dict[str, list[tuple[str, str]]] = {}
    for path in audio:
        for stem in {str(PurePosixPath(path).with_suffix("")), path}:
            name = unicodedata.normalize("NFC", stem)
            owners.setdefault(name.casefold(), []).append((name, path))
    pairs: dict[str, list[tuple[int, bool, str]]] = {}
    for other in others:
        for rank, ending in enumerate(SIDECAR_ENDINGS):
            if not other.lower().endswith(ending):
                continue
            stem = unicodedata.normalize("NFC", other[: -len(ending)])
            found = owners.get(stem.casefold(), [])
            exact = [pair for pair in found if pair[0] == stem]
            for _, path in exact or found:
                pairs.setdefault(path, []).append((rank, not exact, other))
            if found:
                break
    return {path: [name for *_, name in sorted(found)] for path, found in pairs.items()}


def display_path(path: str) -> str:
    """A relative path as text, with `/` between parts and `\\xNN` for bytes that are not UTF-8."""
    return os.fsencode(path).decode("utf-8", "backslashreplace").replace(os.sep, "/")


def fill(track: Track, fields: Mapping[str, Any]) -> Track:
    """The track with these fields where it has no value yet."""
    return replace(
        track, **{key: value for key, value in fields.items() if not getattr(track, key)}
    )


def check_unchanged(track: Track) -> None:
    """Raise TrackError if a track's file has changed since it was hashed.

    A new time stamp alone is no change: renaming a file or setting its access rights gives one.
    Raises MachineFault if the machine failed at reading it.
    """
    try:
        if (
            signature(track.file) != track.signature
            and file_digest(Path(track.file)) != track.sha256
        ):
            raise TrackError(Reason.CHANGED)
    except OSError as error:
        raise read_fault(track.file, error) from error


def signature(file: str) -> tuple[int, ...]:
    """Size in bytes, modification and change time in ns, and inode number of a file.

    A file with an unchanged signature need not be read again.
    """
    found = Path(file).stat()
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def os_reason(error: OSError) -> Reason:
    """What an error says that is not the machine's: a file that was found is gone, or is barred."""
    gone = isinstance(error, FileNotFoundError | NotADirectoryError)
    return Reason.CHANGED if gone else Reason.UNREADABLE


def _refusal(file: Path, root: Path) -> str:
    """The reason not to open a file with an audio extension; empty if it may be opened."""
    try:
        if file.is_symlink() and _leads_outside(file, root):
            return str(Reason.OUTSIDE)
        mode = file.stat().st_mode
    except FileNotFoundError as error:
        if not file.is_symlink():
            return _reason(str(file), error)
        return Reason.UNREADABLE.because("a link that leads nowhere")
    except RuntimeError:
        return Reason.UNREADABLE.because("a link that leads to itself")
    except OSError as error:
        return _reason(str(file), error)
    # Only regular files: opening a FIFO may wait for ever, and a device may have no end.
    return "" if stat.S_ISREG(mode) else str(Reason.NOT_REGULAR)


def _reason(path: str, error: OSError) -> str:
    """The reason of a file or folder that the walk cannot look at."""
    fault = read_fault(path, error, os_reason(error))
    return str(fault) if isinstance(fault, TrackError) else fault.reason


def _leads_outside(link: Path, root: Path) -> bool:
    return not link.resolve(strict=True).is_relative_to(root)


def _extension(name: str) -> str:
    """A name's extension, in lower case; `other` where it is more likely part of a title."""
    extension = Path(name).suffix.lower()
    if not extension:
        return "no extension"
    return extension if extension[1:].isascii() and extension[1:].isalnum() else "other"
