"""The pictures of a release folder as files: `assets/NAME-light.png` and `-dark.png`."""

from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import product
from pathlib import Path

from ..digests import digest, file_digest
from ..progress import Progress, no_progress
from ..release.manifest import FileEntry
from ..release.release import Release
from ..release.shards import ShardNote, read_note, write_note
from ..storage.atomic import write_atomically
from .panels import Picture
from .pictures import NAMES, pictures

FOLDER = "assets"
THEMES = ("light", "dark")
# Raised when the same numbers give other pictures.
_VERSION = 2


@dataclass(frozen=True, slots=True)
class Drawn:
    """The picture files of a release folder by their path, and what each picture shows in words."""

    files: dict[str, FileEntry]
    words: dict[str, str]


def write_pictures(release: Release, progress: Progress = no_progress) -> Drawn:
    """Draw the pictures of a release folder, and remove those that it no longer has.

    A picture that shows what it showed is left as it is. Raises ReleaseError where a shard cannot
    be read.
    """
    folder = release.folder
    shown = list(pictures(release))
    jobs = [_Job.of(picture, theme) for picture, theme in product(shown, THEMES)]
    found = ((job.path, read_note(folder, job.path, job.inputs)) for job in jobs)
    notes = {path: note for path, note in found if note}
    todo = [job for job in jobs if job.path not in notes]
    with progress("Drawing", len(todo)) as advance:
        for job in todo:
            notes[job.path] = _draw(folder, job)
            advance(1)
    for path in (picture_path(name, theme) for name in NAMES for theme in THEMES):
        if path not in notes:
            (folder / path).unlink(missing_ok=True)
    files = {path: note.file for path, note in notes.items()}
    return Drawn(files, {picture.name: picture.alt for picture in shown})


def picture_path(name: str, theme: str) -> str:
    """Where a picture lies in a release folder."""
    return f"{FOLDER}/{name}-{theme}.png"


@dataclass(frozen=True, slots=True)
class _Job:
    """A file of a picture, and the digest of what determines it."""

    picture: Picture
    theme: str
    path: str
    inputs: str

    @classmethod
    def of(cls, picture: Picture, theme: str) -> "_Job":
        made = [_VERSION, version("matplotlib"), theme]
        panels = [[type(panel).__name__, asdict(panel)] for panel in picture.panels]
        return cls(picture, theme, picture_path(picture.name, theme), digest([made, panels]))


def _draw(folder: Path, job: _Job) -> ShardNote:
    # Matplotlib takes a second to import: only where there is something to draw.
    from .plots import render

    data = render(job.picture.panels, job.theme)
    write_atomically(folder / job.path, data)
    entry = FileEntry(file_digest(folder / job.path), 0, len(data))
    note = ShardNote.of(job.inputs, entry)
    write_note(folder, job.path, note)
    return note
