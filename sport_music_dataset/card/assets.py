"""The pictures of a release folder as files: `assets/NAME-light.png` and `-dark.png`."""

from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

from .._version import __version__
from ..digests import digest
from ..outside.interrupts import interrupts_held
from ..progress import Progress, no_progress
from ..release.folder import remove_stale
from ..release.layout import ASSETS
from ..release.manifest import FileEntry, Manifest, SampleRecord
from ..release.release import Release
from ..release.shards import ShardNote, intact_note, is_intact, read_notes, write_note
from ..storage.atomic import write_atomically
from .panels import Picture
from .pictures import NAMES, pictures
from .samples import Sampler

THEMES = ("light", "dark")
# Increase it when the same release is drawn differently: then all pictures are drawn again.
_VERSION = 4


@dataclass(frozen=True, slots=True)
class Drawn:
    """Picture files of a release folder by path, and what else follows from its chunks.

    `words` has the text of each picture by name, `samples` the descriptions that the card shows.
    """

    files: dict[str, FileEntry]
    words: dict[str, str]
    samples: list[SampleRecord]


def write_pictures(release: Release, progress: Progress = no_progress) -> Drawn:
    """Draw the pictures of a release folder, and delete picture files that it no longer needs.

    An existing picture is drawn again only if its numbers or the drawing software changed.

    Raises:
        ReleaseError: a shard cannot be read.
    """
    folder, sources = release.folder, _sources(release.manifest)
    if drawn := _drawn_before(folder, sources):
        return drawn
    sampler = Sampler()
    wanted = list(pictures(release, sampler))
    jobs = [_Job.of(picture, theme) for picture, theme in product(wanted, THEMES)]
    recorded = ((job.path, intact_note(folder, job.path, job.inputs)) for job in jobs)
    notes = {path: note for path, note in recorded if note}
    todo = [job for job in jobs if job.path not in notes]
    with progress("Drawing", len(todo)) as advance:
        for job in todo:
            notes[job.path] = _draw(folder, job)
            advance(1)
    remove_stale(folder, ASSETS, notes, release.manifest.files)
    words, samples = {picture.name: picture.alt for picture in wanted}, sampler.chosen()
    outcomes = {"sources": sources, "words": words, "samples": samples}
    for path, note in notes.items():
        write_note(folder, path, replace(note, outcomes=outcomes))
    return Drawn({path: note.file for path, note in notes.items()}, words, samples)


def _sources(manifest: Manifest) -> str:
    """The digest of all that the pictures of a release show, and of what draws them."""
    shards = [manifest.shards(config) for config in (manifest.rows_config, "tracks")]
    files = [{path: entry.sha256 for path, entry in each.items()} for each in shards]
    numbers = [files, manifest.recipe, manifest.encoding, manifest.codebooks]
    return digest([_VERSION, __version__, version("matplotlib"), numbers])


def _drawn_before(folder: Path, sources: str) -> Drawn | None:
    """The pictures of a release folder, if an earlier run drew them all from `sources`."""
    notes = read_notes(folder, ASSETS)
    outcomes = [note.outcomes for note in notes.values()]
    first: dict[str, Any] = outcomes[0] if outcomes else {}
    words, samples = first.get("words"), first.get("samples", [])
    wanted = {"sources": sources, "words": words, "samples": samples}
    if not isinstance(words, dict) or any(outcome != wanted for outcome in outcomes):
        return None
    paths = {picture_path(name, theme) for name, theme in product(words, THEMES)}
    intact = (note.inputs and is_intact(folder, path, note) for path, note in notes.items())
    if paths != notes.keys() or not all(intact):
        return None
    ordered = {name: words[name] for name in NAMES if name in words}
    return Drawn({path: note.file for path, note in notes.items()}, ordered, samples)


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
    with interrupts_held():
        # Importing Matplotlib takes a second: do so only if there is a picture to draw.
        from .plots import render

        data = render(job.picture.panels, job.theme)
    note = ShardNote.of(job.inputs, FileEntry(sha256(data).hexdigest(), 0, len(data)))
    write_note(folder, job.path, note)
    write_atomically(folder / job.path, data)
    return note
