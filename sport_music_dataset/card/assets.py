"""The pictures of a release folder as files: `assets/NAME-light.png` and `-dark.png`."""

from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from itertools import product
from pathlib import Path

from ..digests import digest
from ..progress import Progress, no_progress
from ..release.folder import remove_stale
from ..release.layout import ASSETS
from ..release.manifest import FileEntry
from ..release.release import Release
from ..release.shards import ShardNote, intact_note, write_note
from ..storage.atomic import write_atomically
from .panels import Picture
from .pictures import pictures

THEMES = ("light", "dark")
# Increase it when the same numbers are drawn differently: then all pictures are drawn again.
_VERSION = 2


@dataclass(frozen=True, slots=True)
class Drawn:
    """Picture files of a release folder by path, and `words`: the text of each picture by name."""

    files: dict[str, FileEntry]
    words: dict[str, str]


def write_pictures(release: Release, progress: Progress = no_progress) -> Drawn:
    """Draw the pictures of a release folder, and delete picture files that it no longer needs.

    An existing picture is drawn again only if its numbers or the drawing software changed.

    Raises:
        ReleaseError: a shard cannot be read.
    """
    folder = release.folder
    wanted = list(pictures(release))
    jobs = [_Job.of(picture, theme) for picture, theme in product(wanted, THEMES)]
    recorded = ((job.path, intact_note(folder, job.path, job.inputs)) for job in jobs)
    notes = {path: note for path, note in recorded if note}
    todo = [job for job in jobs if job.path not in notes]
    with progress("Drawing", len(todo)) as advance:
        for job in todo:
            notes[job.path] = _draw(folder, job)
            advance(1)
    remove_stale(folder, ASSETS, notes, release.manifest.files)
    files = {path: note.file for path, note in notes.items()}
    return Drawn(files, {picture.name: picture.alt for picture in wanted})


def picture_path(name: str, theme: str) -> str:
    """Path of a picture file, relative to the release folder."""
    return f"{ASSETS}/{name}-{theme}.png"


@dataclass(frozen=True, slots=True)
class _Job:
    """One picture file; `inputs` is the digest of everything that determines its bytes."""

    picture: Picture
    theme: str
    path: str
    inputs: str

    @classmethod
    def of(cls, picture: Picture, theme: str) -> "_Job":
        renderer = [_VERSION, version("matplotlib"), theme]
        panels = [[type(panel).__name__, asdict(panel)] for panel in picture.panels]
        return cls(picture, theme, picture_path(picture.name, theme), digest([renderer, panels]))


def _draw(folder: Path, job: _Job) -> ShardNote:
    # Importing Matplotlib takes a second: do so only if there is a picture to draw.
    from .plots import render

    data = render(job.picture.panels, job.theme)
    note = ShardNote.of(job.inputs, FileEntry(sha256(data).hexdigest(), 0, len(data)))
    write_note(folder, job.path, note)
    write_atomically(folder / job.path, data)
    return note
