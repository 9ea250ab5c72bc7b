"""The pictures of a release folder as files: `assets/NAME-light.png` and `-dark.png`."""

from dataclasses import asdict
from importlib.metadata import version
from itertools import product
from pathlib import Path

from .digests import digest, file_digest
from .panels import Picture
from .pictures import NAMES, pictures
from .progress import Progress, no_progress
from .release import FileEntry, Manifest
from .shards import ShardNote, read_note, write_atomically, write_note

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
    with progress("Drawing", len(shown) * len(THEMES)) as advance:
        for picture, theme in product(shown, THEMES):
            note = _drawn(folder, picture, theme)
            entry = FileEntry(note.sha256, note.rows, note.bytes)
            manifest.files[picture_path(picture.name, theme)] = entry
            advance(1)
    for path in (picture_path(name, theme) for name in NAMES for theme in THEMES):
        if path not in manifest.files:
            (folder / path).unlink(missing_ok=True)


def picture_path(name: str, theme: str) -> str:
    """Where a picture lies in a release folder."""
    return f"{FOLDER}/{name}-{theme}.png"


def _drawn(folder: Path, picture: Picture, theme: str) -> ShardNote:
    made = [_VERSION, version("matplotlib"), theme]
    panels = [[type(panel).__name__, asdict(panel)] for panel in picture.panels]
    path, inputs = picture_path(picture.name, theme), digest([made, panels])
    note = read_note(folder, path, inputs)
    if note is None:
        # Matplotlib takes a second to import: only where there is something to draw.
        from .plots import render

        data = render(picture.panels, theme)
        write_atomically(folder / path, data)
        note = ShardNote(inputs, file_digest(folder / path), 0, len(data))
        write_note(folder, path, note)
    return note
