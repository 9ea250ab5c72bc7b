"""A page to look at a release and listen to it: one file, or with its audio beside it."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from .catalogue import Catalogue, summary
from .codec import Codec
from .errors import ModelError, SettingError
from .fit import ENERGY
from .preview_page import TAIL, block, embedded, gallery, head, media_types
from .preview_sound import Sound, Sounds
from .progress import Progress, no_progress
from .reconstruct import load_codec
from .records import Row
from .remote import HubPlace, Place
from .sessions import find
from .tokens import TextModel

FILES_SUFFIX = "_files"
AUDIO_ENDING, PICTURE_ENDING, CODES_MARK = ".webm", ".png", ".codes"


@dataclass(frozen=True, slots=True)
class PreviewSettings:
    """What goes into a page.

    `chunks` are drawn by `seed`; with `everything` all of them, their audio in files beside the
    page. `decode` adds what the codes give; `codec` and `model` stand in for those that the
    release names. `threads` compress audio.

    Raises:
        SettingError: a page of no chunks.
    """

    chunks: int = 60
    seed: int = 0
    everything: bool = False
    decode: bool = True
    codec: str = ""
    model: str = ""
    device: str = "auto"
    threads: int = 1

    def __post_init__(self) -> None:
        if self.chunks < 1:
            raise SettingError(f"chunks={self.chunks}: must be at least 1")


@dataclass(frozen=True, slots=True)
class PreviewReport:
    """What was written: `size` is that of the page alone, in bytes."""

    page: Path
    size: int
    chunks: int
    total: int
    notes: tuple[str, ...]


class View:
    """A release as the page shows it: its models, and rows with their tokens."""

    def __init__(self, place: Place, settings: PreviewSettings) -> None:
        self.place, self.settings = place, settings
        self.catalogue = Catalogue(place)
        self.notes: list[str] = []
        self._text = self._load_text() if self.catalogue.has_codes else None
        self.codec = self._load_codec() if self.catalogue.has_codes and settings.decode else None
        if not self.catalogue.has_codes:
            self.notes.append("Not encoded: there are no tokens and no codes to show.")
        if not self.catalogue.has_raw:
            self.notes.append("The release leaves its audio out: chunks are heard from codes.")
        self.sounds = Sounds(place, self.catalogue, self.codec)

    def rows(self, indices: Sequence[int]) -> list[Row]:
        """Rows of the page, with what T5 sees of their descriptions."""
        rows = self.catalogue.rows(indices)
        for index, row in zip(indices, rows, strict=True):
            row["tokens"] = self._tokens(index, row.get("description", ""))
        return rows

    def tracks(self, rows: Sequence[Row]) -> dict[str, Row]:
        """The tracks of some rows, by id."""
        return {row["track_id"]: self.catalogue.track(row["track_id"]) for row in rows}

    def data(self) -> dict[str, Any]:
        """What the page needs besides rows and tracks."""
        own = str(self.catalogue.manifest.recipe.get("sessions", ""))
        found = {name: find(name, own) for name in self.catalogue.counts("session")}
        return {
            "name": _name(self.place),
            "summary": summary(self.catalogue),
            "notes": self.notes,
            "decoded": self.codec is not None,
            "raw": self.catalogue.has_raw,
            "types": media_types(),
            "sessions": {
                name: {"tempo": session.tempo_bpm, "energy": ENERGY[session.intensity]}
                for name, session in found.items()
                if session
            },
        }

    def pictures(self) -> bytes:
        """The block of the release's pictures."""
        paths = sorted(p for p in self.place.paths() if p.startswith("assets/"))
        with self.place.fetched(*(p for p in paths if p.endswith(".png"))) as files:
            return block("pictures", gallery(files))

    def _tokens(self, index: int, description: str) -> Row | None:
        ids = self.catalogue.tokens(index)
        if ids is None or self._text is None:
            return None
        cut = self._text.cut_off(description, ids)
        kept = list(zip(self._text.pieces(ids), ids, strict=True))
        return {"kept": kept, "cut": self._text.pieces(cut or []), "of_it": cut is not None}

    def _load_text(self) -> TextModel | None:
        facts = self.catalogue.manifest.encoding or {}
        try:
            return TextModel(self.settings.model or str(facts["model"]))
        except ModelError as error:
            self.notes.append(f"Tokens are not shown: {error} (--model)")
            return None

    def _load_codec(self) -> Codec | None:
        settings = self.settings
        try:
            return load_codec(self.catalogue.manifest, settings.codec, settings.device)
        except ModelError as error:
            self.notes.append(f"Codes are not heard: {error}")
            return None


def _name(place: Place) -> str:
    """As anybody may read it: of a folder, the last part alone."""
    return place.name if isinstance(place, HubPlace) else place.folder.resolve().name


def write_preview(
    place: Place, output: Path, settings: PreviewSettings, progress: Progress = no_progress
) -> PreviewReport:
    """Write the page of a release to `output`; what it takes in memory does not grow with it.

    Raises:
        ReleaseError: there is no release, or it has no chunks.
        SettingError: `output` cannot be written.
    """
    view = View(place, settings)
    total = len(view.catalogue)
    whole = settings.everything or settings.chunks >= total
    indices = list(range(total)) if whole else view.catalogue.sample(settings.chunks, settings.seed)
    rows = view.rows(indices)
    beside = output.with_name(output.stem + FILES_SUFFIX)
    try:
        with ExitStack() as stack:
            page = stack.enter_context(_replacing(output))
            store: _Store = (
                _Files(stack.enter_context(_replacing_folder(beside)))
                if settings.everything
                else _Blocks(stack.enter_context(TemporaryFile(dir=output.parent)))
            )
            with progress("Chunks", len(rows)) as advance:
                sounds = view.sounds.each(indices, settings.threads)
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


class _Store:
    """Where the sound of a page's chunks goes."""

    def add(self, chunk_id: str, sound: Sound) -> None:
        raise NotImplementedError

    def copy_to(self, page: IO[bytes]) -> None:
        """Write what belongs into the page itself."""


class _Blocks(_Store):
    """Into the page, behind all that it shows first."""

    def __init__(self, held: IO[bytes]) -> None:
        self._held = held

    def add(self, chunk_id: str, sound: Sound) -> None:
        pair = [embedded(sound.chunk), embedded(sound.decoded)]
        self._held.write(block(f"sound-{chunk_id}", pair))

    def copy_to(self, page: IO[bytes]) -> None:
        self._held.seek(0)
        shutil.copyfileobj(self._held, page)


class _Files(_Store):
    """Into files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, chunk_id: str, sound: Sound) -> None:
        for media, mark in ((sound.chunk, ""), (sound.decoded, CODES_MARK)):
            if media:
                (self._folder / f"{chunk_id}{mark}{AUDIO_ENDING}").write_bytes(media.audio)
                (self._folder / f"{chunk_id}{mark}{PICTURE_ENDING}").write_bytes(media.picture)


@contextmanager
def _replacing(file: Path) -> Iterator[IO[bytes]]:
    """A stream that becomes `file` when the block ends well."""
    partial = file.with_name(file.name + ".partial")
    try:
        with partial.open("wb") as stream:
            yield stream
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _replacing_folder(folder: Path) -> Iterator[Path]:
    """An empty folder that becomes `folder`, in place of one of ours, when the block ends well."""
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
