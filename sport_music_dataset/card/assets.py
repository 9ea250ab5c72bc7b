"""The pictures of a release folder as files: `assets/NAME-light.png` and `-dark.png`."""

from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import product
from pathlib import Path

from ..digests import digest, file_digest
from ..progress import Progress, no_progress
from ..release.manifest import FileEntry, Manifest
from ..release.shards import ShardNote, read_note, write_atomically, write_note
from .panels import Picture
from .pictures import NAMES, pictures

FOLDER = "assets"
THEMES = ("light", "dark")
# Raised when the same numbers give other pictures.
_VERSION = 2


def write_pictures(folder: Path, manifest: Manifest, progress: Progress = no_progress) -> None:
    """Draw the pictures of a release folder, and record files and words in the manifest.

    A picture that shows what it showed is left as it is. Raises ReleaseError where a shard cannot
    be read.
    """
    for path in manifest.shards(FOLDER):
        del manifest.files[path]
    shown = list(pictures(folder, manifest))
    manifest.pictures = {picture.name: picture.alt for picture in shown}
    jobs = [_Job.of(picture, theme) for picture, theme in product(shown, THEMES)]
    found = ((job.path, read_note(folder, job.path, job.inputs)) for job in jobs)
    notes = {path: note for path, note in found if note}
    todo = [job for job in jobs if job.path not in notes]
    with progress("Drawing", len(todo)) as advance:
        for job in todo:
            notes[job.path] = _draw(folder, job)
            advance(1)
    manifest.files |= {path: FileEntry.of(note) for path, note in notes.items()}
    for path in (picture_path(name, theme) for name in NAMES for theme in THEMES):
        if path not in manifest.files:
            (folder / path).unlink(missing_ok=True)


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
    note = ShardNote(job.inputs, file_digest(folder / job.path), 0, len(data))
    write_note(folder, job.path, note)
    return note
