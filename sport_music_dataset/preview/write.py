"""Write the page of a release: one file, or a file with audio beside it."""

import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from ..errors import SettingError
from ..progress import Progress, no_progress
from ..records import CHUNK_ID
from ..release.last_runs import PAGE_HEAD_BYTES
from ..release.release import Release
from ..storage.atomic import partial_name
from .page import MARK, TAIL, block, embedded, head
from .sound import Sound
from .view import PreviewSettings, View

FILES_SUFFIX = "_files"
AUDIO_ENDING, PICTURE_ENDING, CODES_MARK = ".webm", ".png", ".codes"
LIST = "files.txt"
"""The file that lists what a preview wrote to its folder."""

_OURS = re.compile(rf"{CHUNK_ID}(\{CODES_MARK})?(\{AUDIO_ENDING}|\{PICTURE_ENDING})")


@dataclass(frozen=True, slots=True)
class PreviewReport:
    """What was written; `size` is the size of the page without other files, in bytes."""

    page: Path
    size: int
    chunks: int
    total: int
    notes: tuple[str, ...]


def write_preview(
    release: Release, output: Path, settings: PreviewSettings, progress: Progress = no_progress
) -> PreviewReport:
    """Write the page of a release to `output`; memory does not grow with the number of sounds.

    Only a page and a folder that a preview wrote are replaced.

    Raises:
        ReleaseError: there is no release, or it has no chunks.
        SettingError: `output` cannot be written, or something else is there.
    """
    if not output.name:
        raise SettingError(f"{output}: is a folder; give a file as --output")
    beside = output.with_name(output.stem + FILES_SUFFIX)
    # Before the work, which may take an hour.
    _check_page(output)
    if settings.everything:
        _written_before(beside)
    view = View(release, settings)
    total = len(view.catalogue)
    whole = settings.everything or settings.chunks >= total
    indices = list(range(total)) if whole else view.catalogue.sample(settings.chunks, settings.seed)
    rows = view.rows(indices)
    try:
        with ExitStack() as stack:
            page = stack.enter_context(_replacing(output))
            store = (
                _Files(stack.enter_context(_replacing_folder(beside)))
                if settings.everything
                else _Blocks(stack.enter_context(TemporaryFile(dir=output.parent)))
            )
            sounds = view.sounds.each(indices, settings.threads)
            with progress("Chunks", len(rows)) as advance:
                for row, sound in zip(rows, sounds, strict=True):
                    store.add(row["chunk_id"], sound)
                    if sound.distance_db is not None:
                        row["distance_db"] = round(sound.distance_db, 2)
                    advance(1)
            data = {
                **view.data(),
                "base": f"{beside.name}/" if settings.everything else "",
                "seed": settings.seed,
                "rows": rows,
                "tracks": view.tracks(rows),
            }
            mode = "files" if settings.everything else "embedded"
            page.write(head(mode, view.mark, data))
            page.write(view.pictures())
            store.copy_to(page)
            page.write(TAIL)
        size = output.stat().st_size
    except OSError as error:
        raise SettingError(f"{output}: {error.strerror or error}; give another --output") from error
    return PreviewReport(output, size, len(rows), total, tuple(view.notes))


class _Blocks:
    """Collects sounds for blocks at the end of the page."""

    def __init__(self, held: IO[bytes]) -> None:
        self._held = held

    def add(self, chunk_id: str, sound: Sound) -> None:
        """Add the sound of a chunk."""
        pair = [embedded(sound.chunk), embedded(sound.decoded)]
        self._held.write(block(f"sound-{chunk_id}", pair))

    def copy_to(self, page: IO[bytes]) -> None:
        """Copy the blocks to the page."""
        self._held.seek(0)
        shutil.copyfileobj(self._held, page)


class _Files:
    """Writes sounds to files in a new folder, and their names to its list."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, chunk_id: str, sound: Sound) -> None:
        """Write the sound of a chunk."""
        for media, mark in ((sound.chunk, ""), (sound.decoded, CODES_MARK)):
            if media:
                self._write(f"{chunk_id}{mark}{AUDIO_ENDING}", media.audio)
                self._write(f"{chunk_id}{mark}{PICTURE_ENDING}", media.picture)

    def _write(self, name: str, data: bytes) -> None:
        with (self._folder / LIST).open("a", encoding="utf-8") as names:
            names.write(f"{name}\n")
        (self._folder / name).write_bytes(data)

    def copy_to(self, page: IO[bytes]) -> None:
        """Nothing to do: the files stay beside the page."""


@contextmanager
def _replacing(file: Path) -> Iterator[IO[bytes]]:
    """A stream that replaces the page `file` if the `with` block ends without an error."""
    partial = partial_name(file)
    with partial.open("xb") as stream:
        try:
            yield stream
            stream.flush()
            _check_page(file)
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def _replacing_folder(folder: Path) -> Iterator[Path]:
    """A new folder that replaces the preview's `folder` if the block ends without an error."""
    partial = partial_name(folder)
    partial.mkdir()
    try:
        yield partial
        for file in _written_before(folder):
            file.unlink()
        if folder.exists():
            folder.rmdir()
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _check_page(file: Path) -> None:
    """Raise SettingError if there is something else than a page of a preview."""
    mode = _mode(file)
    if mode and stat.S_ISREG(mode):
        with file.open("rb") as stream:
            if MARK in stream.read(PAGE_HEAD_BYTES):
                return
    if mode:
        raise SettingError(f"{file}: is there and is no preview; give another --output")


def _written_before(folder: Path) -> list[Path]:
    """The files in the folder of an earlier preview, all of which it wrote; none without a folder.

    Raises:
        SettingError: there is something that no preview wrote.
    """
    mode = _mode(folder)
    if not mode:
        return []
    if not stat.S_ISDIR(mode):
        raise SettingError(f"{folder}: is there and is no folder; give another --output")
    listed, there = _listed(folder / LIST), list(folder.iterdir())
    for file in there:
        if file.name not in listed or not _is_file(file):
            raise SettingError(f"{file}: was written by no preview; give another --output")
    return there


def _listed(names: Path) -> set[str]:
    """The names that a preview wrote by its list, itself included."""
    if not _is_file(names):
        return set()
    with names.open(encoding="utf-8", errors="replace") as lines:
        # The list may come from a stranger.
        return {LIST, *(name for name in map(str.rstrip, lines) if _OURS.fullmatch(name))}


def _is_file(path: Path) -> bool:
    return stat.S_ISREG(_mode(path))


def _mode(path: Path) -> int:
    """Type and rights of what has this name, links not followed; 0 if nothing has it."""
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return 0
