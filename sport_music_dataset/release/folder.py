"""The folder of a release that is written: whether it is ours, and what may be deleted in it.

A folder is ours if it has a manifest, or the marker that the first build leaves. In it, nothing is
deleted that neither a manifest nor a note of ours names, no link is followed, and a file of the
user's own among the shards is an error that names it.
"""

import os
import re
import shutil
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..engines.base import PROBE
from ..errors import ReleaseError
from ..outside.files import kind_of_file
from ..storage.atomic import file_of_partial, write_atomically
from .layout import (
    ASSETS,
    CARD,
    CONFIGS,
    DECISIONS,
    ENCODE,
    KNOWN_CODES,
    MANIFEST,
    REVIEW,
    REVIEW_LOCK,
    SINCE,
    WORK_FOLDER,
    is_release_path,
)
from .manifest import read_manifest
from .shards import note_file, noted

LOCK = f"{WORK_FOLDER}/lock"
"""The file of the lock, in a folder that is written."""

_MARKER = f"{WORK_FOLDER}/made-by-sportgen"
_MARKER_TEXT = b"This folder is sportgen's own: what lies in it may be replaced and deleted.\n"
# Folders in which we write, their parents first.
_FOLDERS = (WORK_FOLDER, f"{WORK_FOLDER}/cut", KNOWN_CODES, *CONFIGS, ASSETS)
_NOTES = tuple(f"{WORK_FOLDER}/{name}" for name in (*CONFIGS, ASSETS))
_FILES = (MANIFEST, CARD, REVIEW)
_PROBE_NAME = re.compile(rf"{PROBE}\w+")


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
        raise ReleaseError(f"{folder}: another sportgen is writing to it; wait for it") from error


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Lock the release folder for one writer, and raise errors of the disk as one line.

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
            yield
            _remove_partial(out)
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
        if f"{WORK_FOLDER}/{file_of_partial(file.name)}" in (DECISIONS, ENCODE, SINCE):
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
