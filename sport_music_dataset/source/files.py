"""Find the files inside a folder; hash and probe them, and check them for changes."""

import os
import stat
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..audio.decode import EXTENSIONS, probe
from ..digests import file_digest
from ..reasons import Reason, TrackError
from ..records import Track
from .metadata import METADATA_NAMES


@dataclass(frozen=True, slots=True)
class SourceFile:
    """An audio file, with `path` and `file` as in a Track, and the reason if it is left out."""

    path: str
    file: str
    reason: str = ""


@dataclass(slots=True)
class FoundFiles:
    """The files under a folder.

    `audio` maps the paths of audio files, relative to the folder, to the reason why they are left
    out, empty if they are not. `ignored` counts all other files by extension.
    """

    audio: dict[str, str] = field(default_factory=dict)
    ignored: Counter[str] = field(default_factory=Counter)


def find_files(root: Path, exclude: Path | None = None) -> FoundFiles:
    """Find every file under `root`; links that lead out of `root` are not followed.

    Args:
        root: a resolved folder.
        exclude: a folder inside `root` to skip.
    """
    files = FoundFiles()
    passed_by = exclude.resolve() if exclude else None

    def unreadable(error: OSError) -> None:
        place = os.path.relpath(error.filename, root)
        files.audio[place] = Reason.UNREADABLE.because(error.strerror or "cannot be listed")

    for folder, subfolders, names in os.walk(root, onerror=unreadable):
        here = Path(folder)
        for name in subfolders:
            if (here / name).is_symlink():
                if _leaves(here / name, root):
                    files.audio[os.path.relpath(here / name, root)] = str(Reason.OUTSIDE)
                else:
                    files.ignored["link to a folder"] += 1
            elif name.startswith("."):
                files.ignored["hidden"] += 1
        subfolders[:] = [name for name in subfolders if name[0] != "." and here / name != passed_by]
        for name in names:
            if name.startswith("."):
                files.ignored["hidden"] += 1
            elif Path(name).suffix.lower() in EXTENSIONS:
                files.audio[os.path.relpath(here / name, root)] = _refused(here / name, root)
            elif here != root or name not in METADATA_NAMES:
                files.ignored[_extension(name)] += 1
    return files


def display_path(path: str) -> str:
    """A relative path as text, with `/` between parts and `\\xNN` for bytes that are not UTF-8."""
    return os.fsencode(path).decode("utf-8", "backslashreplace").replace(os.sep, "/")


def inspect(track: Track) -> Track:
    """The track with its sha256 and its container's facts, or with the reason to leave it out."""
    if track.reason:
        return track
    try:
        before = signature(track.file)
        sha256 = file_digest(Path(track.file))
        track = replace(track, sha256=sha256, signature=before, size_bytes=before[0])
        info = probe(track.file)
        if signature(track.file) != before:
            raise TrackError(Reason.CHANGED)
    except TrackError as error:
        return replace(track, reason=str(error))
    except OSError as error:
        detail = error.strerror or "cannot be read"
        return replace(track, reason=Reason.UNREADABLE.because(detail))
    return replace(
        track,
        format=info.format,
        sampling_rate=info.sampling_rate,
        channels=info.channels,
        claimed_seconds=info.claimed_seconds,
        duration_seconds=info.estimated_seconds,
    )


def check_unchanged(track: Track) -> None:
    """Raise TrackError if a file has changed since it was hashed.

    A new time stamp with the same bytes, after a rename or a change of rights, is no change.
    """
    try:
        if (
            signature(track.file) != track.signature
            and file_digest(Path(track.file)) != track.sha256
        ):
            raise TrackError(Reason.CHANGED)
    except OSError as error:
        raise TrackError(Reason.CHANGED, error.strerror or "cannot be read any more") from error


def signature(file: str) -> tuple[int, ...]:
    """Size, times and inode of a file: they show a possible change without reading the file."""
    found = Path(file).stat()
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _refused(file: Path, root: Path) -> str:
    """Why a file with an audio extension must not be opened; empty if it may be."""
    try:
        if file.is_symlink() and _leaves(file, root):
            return str(Reason.OUTSIDE)
        mode = file.stat().st_mode
    except (OSError, RuntimeError):
        return Reason.UNREADABLE.because("a link that leads nowhere")
    # Opening a FIFO waits without end, and reading a device may not end.
    return "" if stat.S_ISREG(mode) else str(Reason.NOT_REGULAR)


def _leaves(link: Path, root: Path) -> bool:
    return not link.resolve(strict=True).is_relative_to(root)


def _extension(name: str) -> str:
    """The text after the last dot of a name, if it is an extension and not part of a title."""
    extension = Path(name).suffix.lower()
    if not extension:
        return "no extension"
    return extension if extension[1:].isascii() and extension[1:].isalnum() else "other"
