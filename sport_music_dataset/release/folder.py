"""The folder of a release: whether it is one, whether it is ours, and what may be deleted in it.

A folder is ours if it has a manifest, or the marker that the first build leaves. In it, nothing is
deleted that neither a manifest nor a note of ours names, no link is followed, and a file of the
user's own among the shards is an error that names it. While a command writes to it, a note says
which: where the command was interrupted, all others can say how it goes on.
"""

import json
import os
import re
import shlex
import shutil
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from filelock import FileLock, Timeout

from ..engines.base import PROBE
from ..errors import ReleaseError
from ..outside.documents import load_json
from ..outside.files import SETTINGS_BYTES, kind_of_file, read_bytes
from ..outside.records import Kind, as_record
from ..storage.atomic import file_of_partial, write_atomically
from ..storage.store import Store, is_store
from .layout import (
    ASSETS,
    BUILT,
    CARD,
    CONFIGS,
    DECISIONS,
    ENCODE,
    EXPORT,
    KNOWN_CODES,
    MANIFEST,
    REVIEW,
    REVIEW_LOCK,
    SESSIONS,
    SINCE,
    UNFINISHED,
    WORK_FOLDER,
    is_folder,
    is_release_path,
    note_file,
    noted,
)

LOCK = f"{WORK_FOLDER}/lock"
"""The file of the lock, in a folder that is written."""

_MARKER = f"{WORK_FOLDER}/made-by-sportgen"
_MARKER_TEXT = b"This folder is sportgen's own: what lies in it may be replaced and deleted.\n"
# Folders in which we write, their parents first.
_FOLDERS = (WORK_FOLDER, f"{WORK_FOLDER}/cut", KNOWN_CODES, *CONFIGS, ASSETS)
_NOTES = tuple(f"{WORK_FOLDER}/{name}" for name in (*CONFIGS, ASSETS))
_FILES = (MANIFEST, CARD, REVIEW)
_WORK_FILES = (BUILT, DECISIONS, ENCODE, SESSIONS, SINCE, UNFINISHED)
_PROBE_NAME = re.compile(rf"{PROBE}\w+")
_BUSY = "another sportgen is writing to it; wait for it"


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a command that writes to a release folder; of a build, with the source.

    The folder is not in it, which may be moved, and has another name from elsewhere.
    """

    command: str
    options: list[str] = field(default_factory=list)
    source: str = ""

    def typed(self, folder: Path | str) -> str:
        """The command line, for a shell."""
        places = filter(None, [self.source, str(folder)])
        return shlex.join(["sportgen", self.command, *places, *self.options])


def check_release(folder: Path) -> None:
    """Raise ReleaseError unless a folder has a manifest, whatever is in it."""
    if is_store(folder):
        url = Store(folder).url
        raise ReleaseError(f"{url}: is not on a disk; copy it to a folder (aws s3 sync), give that")
    file = folder / MANIFEST
    if file.exists() or file.is_symlink():
        return
    if note := unfinished_note(folder):
        raise ReleaseError(f"{folder}: {note}")
    if (folder / EXPORT).exists():
        raise ReleaseError(f"{folder}: is an export; give the release that it was made of")
    # What has something in it is more likely the music.
    is_music = folder.is_dir() and any(folder.iterdir())
    places = (str(folder), "OUT") if is_music else ("SRC", str(folder))
    state = "is not a release folder" if folder.is_dir() else "does not exist"
    build = shlex.join(["sportgen", "build", *places])
    raise ReleaseError(f"{folder}: {state}; `{build}` makes one{' of its music' * is_music}")


def check_named(text: str) -> None:
    """Raise ReleaseError unless `text` names a release elsewhere, or a folder with a manifest."""
    if is_folder(text):
        check_release(Path(text))


def unfinished(folder: Path) -> Run | None:
    """The run that is writing to a folder, or was interrupted in it; None if its last one ended."""
    return read_hint(Run, folder / UNFINISHED)


def built(folder: Path) -> Run | None:
    """The run that builds what a folder has; None if no build of it has ended."""
    return read_hint(Run, folder / BUILT)


def build_command(folder: Path) -> str:
    """The command that builds a release folder again, with the options of its last build."""
    return (built(folder) or Run("build", source="SRC")).typed(folder)


def note_built(folder: Path, run: Run) -> None:
    """Write down the build that gives what a release folder has."""
    # What was forced then is forced once.
    again = replace(run, options=[word for word in run.options if word != "--force"])
    _write_run(folder / BUILT, again)


def _write_run(file: Path, run: Run) -> None:
    write_atomically(file, json.dumps(asdict(run)).encode())


def read_hint(kind: type[Kind], file: Path) -> Kind | None:
    """What was written down for what a command may say; None if it is not there, or damaged."""
    try:
        return as_record(
            kind, load_json(read_bytes(file, SETTINGS_BYTES, ReleaseError), file.name, ReleaseError)
        )
    except ReleaseError:
        return None


def unfinished_note(folder: Path) -> str:
    """What to say of a folder to which a command has begun to write; empty if its last one ended.

    A line without a full stop, as of `stale_note`.
    """
    run = unfinished(folder)
    if run is None and (folder / _MARKER).is_file() and not (folder / MANIFEST).exists():
        run = Run("build", ["..."], "SRC")  # of a version that did not write it down
    if run is None:
        return ""
    if _is_locked(folder):
        return _BUSY
    article = "an" if run.command[:1] in "aeiou" else "a"
    return f"{article} {run.command} was interrupted here; `{run.typed(folder)}` goes on"


def other_run_note(folder: Path, run: Run) -> str:
    """That another run of the same command was interrupted in a folder; empty if none was."""
    before = unfinished(folder)
    if before is None or before.command != run.command or before == run:
        return ""
    return f"{folder}: the {before.command} that was interrupted here was `{before.typed(folder)}`"


def check_ours(folder: Path) -> None:
    """Raise ReleaseError unless a folder may be written to.

    It is absent, empty, a release, or the unfinished work of a build; it has no link where we
    write, and no file among the shards that is not ours.
    """
    if folder.is_symlink() and not folder.exists():
        raise ReleaseError(f"{folder}: is a link that leads nowhere; give a folder")
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ReleaseError(f"{folder}: is not a folder; give another name")
    marked = any((folder / name).is_file() for name in (MANIFEST, _MARKER))
    if not marked and not _is_begun(folder):
        raise ReleaseError(f"{folder}: holds something else than a release; give an empty folder")
    _check_kinds(folder)
    _check_names(folder)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a folder for one writer; raises ReleaseError while another process has the lock."""
    try:
        with FileLock(folder / LOCK, timeout=0):
            yield
    except Timeout as error:
        raise ReleaseError(f"{folder}: {_BUSY}") from error


def _is_locked(folder: Path) -> bool:
    try:
        with FileLock(folder / LOCK, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # on a disk that takes no file
        return False


@contextmanager
def writing(out: Path, run: Run) -> Iterator[None]:
    """Lock the release folder for one writer, and raise errors of the disk as one line.

    Unless the block ends without an error, the folder says that `run` was interrupted.

    Raises:
        ReleaseError: the folder is not ours, has a link or a file of the user's own where we write,
            another process writes to it, or the disk is full or read-only.
    """
    try:
        check_ours(out)
        # The marker is the first file: whenever a run is killed, the folder stays ours.
        if not (out / _MARKER).exists():
            write_atomically(out / _MARKER, _MARKER_TEXT)
        with locked(out):
            _remove_partial(out)
            _write_run(out / UNFINISHED, run)
            yield
            _remove_partial(out)
            (out / UNFINISHED).unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReleaseError(
            f"{error.filename or out}: {reason}; mend that and run the same command again"
        ) from error


def remove_stale(
    folder: Path, config: str, current: Container[str], before: Iterable[str] = ()
) -> None:
    """Remove the shards of a config whose paths are not in `current`, and their notes.

    Only shards of ours: those with a note, and those of `before`, the manifest before this run.
    """
    for name in sorted(noted(folder, config).union(before)):
        if name.startswith(f"{config}/") and name not in current:
            (folder / name).unlink(missing_ok=True)
            note_file(folder, name).unlink(missing_ok=True)


def _is_begun(folder: Path) -> bool:
    """Whether a folder has nothing but what a run leaves that was killed before its marker, and
    perhaps a review: who starts anew keeps what was decided."""
    with _listed(folder) as entries:
        names = {entry.name for entry in entries}
    with _listed(folder / WORK_FOLDER) as entries:
        work = {f"{WORK_FOLDER}/{entry.name}" for entry in entries}
    begun = {name for name in work if file_of_partial(name) == _MARKER} | {REVIEW_LOCK}
    return names <= {WORK_FOLDER, REVIEW} and work <= begun


def _check_kinds(folder: Path) -> None:
    """Raise ReleaseError for a link or another odd file in the places where we write."""
    for name in (*_FOLDERS, *_NOTES):
        with _listed(folder / name) as entries:
            for entry in entries:
                kind = kind_of_file(entry.stat(follow_symlinks=False).st_mode)
                if kind and not entry.is_dir(follow_symlinks=False):
                    _refuse(Path(entry.path), kind)
    for name in (*_FOLDERS, *_NOTES, *_FILES):
        path = folder / name
        if path.is_symlink():
            _refuse(path, "a link")
        if path.exists() and path.is_dir() != (name not in _FILES):
            _refuse(path, kind_of_file(path.lstat().st_mode) or "a file")


def _refuse(path: Path, kind: str) -> None:
    raise ReleaseError(f"{path}: is {kind}, where sportgen writes; move it away")


def _check_names(folder: Path) -> None:
    """Raise ReleaseError for a file among the shards that no manifest and no note of ours names."""
    # Imported here: it loads numpy, and what is no release is told sooner without.
    from .manifest import read_manifest

    known = {*read_manifest(folder).files} if (folder / MANIFEST).is_file() else set()
    for config in (*CONFIGS, ASSETS):
        known |= noted(folder, config)
        with _listed(folder / config) as entries:
            for entry in entries:
                path = f"{config}/{entry.name}"
                # datasets ignores hidden files, and file managers leave some everywhere.
                if path not in known and entry.name[0] != "." and not _is_partial(path):
                    raise ReleaseError(
                        f"{entry.path}: is not a file of this release; move it elsewhere, and run "
                        "the same command again"
                    )


def _is_partial(path: str) -> bool:
    """Whether `path` is the temporary name of a file of a release."""
    return is_release_path(file_of_partial(path))


def _remove_partial(folder: Path) -> None:
    """Remove unfinished files and probe folders of killed runs and of workers that disappeared."""
    for name in (*CONFIGS, ASSETS):
        for file in _partials(folder / name):
            if _is_partial(f"{name}/{file.name}"):
                file.unlink(missing_ok=True)
    for file in _partials(folder):
        # Not those of the review, to which somebody may be adding.
        if file_of_partial(file.name) in (MANIFEST, CARD):
            file.unlink(missing_ok=True)
    for file in _partials(folder / WORK_FOLDER):
        if f"{WORK_FOLDER}/{file_of_partial(file.name)}" in _WORK_FILES:
            file.unlink(missing_ok=True)
    for name in _NOTES:
        for file in _partials(folder / name):
            note = file_of_partial(file.name).removesuffix(".json")
            if is_release_path(f"{name.partition('/')[2]}/{note}"):
                file.unlink(missing_ok=True)
    with _listed(folder / WORK_FOLDER) as entries:
        for entry in entries:
            if _PROBE_NAME.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)


def _partials(folder: Path) -> list[Path]:
    with _listed(folder) as entries:
        return [Path(entry.path) for entry in entries if file_of_partial(entry.name)]


@contextmanager
def _listed(folder: Path) -> Iterator[Iterable[os.DirEntry[str]]]:
    """The entries of a folder; none if it is missing or something else."""
    try:
        with os.scandir(folder) as entries:
            yield entries
    except (FileNotFoundError, NotADirectoryError):
        yield ()
