"""Write the page of a release: one file, or a file with audio beside it."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from ..errors import SettingError
from ..progress import Progress, no_progress
from ..release.release import Release
from .page import TAIL, block, embedded, head
from .sound import Sound
from .view import PreviewSettings, View

FILES_SUFFIX = "_files"
AUDIO_ENDING, PICTURE_ENDING, CODES_MARK = ".webm", ".png", ".codes"


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

    Raises:
        ReleaseError: there is no release, or it has no chunks.
        SettingError: `output` cannot be written.
    """
    view = View(release, settings)
    total = len(view.catalogue)
    whole = settings.everything or settings.chunks >= total
    indices = list(range(total)) if whole else view.catalogue.sample(settings.chunks, settings.seed)
    rows = view.rows(indices)
    beside = output.with_name(output.stem + FILES_SUFFIX)
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
            page.write(head("files" if settings.everything else "embedded", data))
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
    """Writes sounds to files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, chunk_id: str, sound: Sound) -> None:
        """Write the sound of a chunk."""
        for media, mark in ((sound.chunk, ""), (sound.decoded, CODES_MARK)):
            if media:
                (self._folder / f"{chunk_id}{mark}{AUDIO_ENDING}").write_bytes(media.audio)
                (self._folder / f"{chunk_id}{mark}{PICTURE_ENDING}").write_bytes(media.picture)

    def copy_to(self, page: IO[bytes]) -> None:
        """Nothing to do: the files stay beside the page."""


@contextmanager
def _replacing(file: Path) -> Iterator[IO[bytes]]:
    """A stream that replaces `file` if the `with` block ends without an error."""
    partial = file.with_name(file.name + ".partial")
    try:
        with partial.open("wb") as stream:
            yield stream
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _replacing_folder(folder: Path) -> Iterator[Path]:
    """A new folder that replaces the preview's `folder` if the block ends without an error."""
    endings = (AUDIO_ENDING, PICTURE_ENDING)
    if folder.exists() and not all(file.suffix in endings for file in folder.iterdir()):
        raise SettingError(f"{folder}: holds other files than a preview's; give another --output")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        shutil.rmtree(folder, ignore_errors=True)
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
