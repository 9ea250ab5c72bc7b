"""Make tracks of the files of a source; each is kept, or left out with its reason."""

import os
import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from ..audio.decode import EXTENSIONS
from ..errors import SourceError
from ..reasons import Reason
from ..records import Track
from .files import FoundFiles, SourceFile, display_path, find_files, inspect
from .metadata import read_metadata

_TAKE = re.compile(r"\d+")
# Most extensions that an error names if no file is audio.
_KINDS_NAMED = 5

InspectMap = Callable[[Callable[[Track], Track], Iterable[Track]], Iterable[Track]]


@dataclass(frozen=True, slots=True)
class Library:
    """The tracks of a source.

    `tracks` has every audio file, sorted by path; those that are left out have a `reason`.
    `ignored` counts other files by extension. `notes` are lines for the user. `source` names the
    dataset on the Hub that the tracks come from, if any.
    """

    tracks: tuple[Track, ...]
    ignored: Mapping[str, int]
    notes: tuple[str, ...]
    source: Mapping[str, str] = field(default_factory=dict)

    @property
    def usable(self) -> tuple[Track, ...]:
        """The tracks to decode."""
        return tuple(track for track in self.tracks if not track.reason)

    def without(self, withdrawn: Iterable[str]) -> "Library":
        """The library with the tracks of these ids left out, because they were withdrawn."""
        gone = frozenset(withdrawn)
        tracks = (
            replace(track, reason=str(Reason.WITHDRAWN))
            if not track.reason and track.track_id in gone
            else track
            for track in self.tracks
        )
        return replace(self, tracks=tuple(tracks))


def find_music(source: Path, exclude: Path | None = None) -> FoundFiles:
    """Walk a source folder, once.

    Args:
        source: a folder of style folders, or one style's folder.
        exclude: a folder inside `source` to skip (the release that is being built).

    Raises:
        SourceError: `source` is not a folder.
    """
    if not source.is_dir():
        state = "is not a folder" if source.exists() else "does not exist"
        raise SourceError(f"{source}: {state}; give the folder that holds the music")
    return find_files(source.resolve(), exclude)


def scan_folder(
    source: Path, files: FoundFiles, styles: Iterable[str] = (), run: InspectMap = map
) -> Library:
    """Name, hash and probe the audio files under `source`.

    Args:
        source: as for `find_music`.
        files: the result of `find_music`.
        styles: the styles to take; all if empty.
        run: maps `inspect` over the files, in order; the map of a pool runs it in parallel.

    Raises:
        SourceError: there is no audio, or the metadata cannot be used.
    """
    root = source.resolve()
    if not files.audio:
        most = files.ignored.most_common(_KINDS_NAMED)
        kinds = ", ".join(f"{count} {kind}" for kind, count in most)
        raise SourceError(
            f"{source}: no audio files in it ({'found ' + kinds if kinds else 'it is empty'}); "
            f"readable are {' '.join(sorted(EXTENSIONS))}"
        )
    found = [
        SourceFile(display_path(name), str(root / name), reason)
        # Sorted by bytes, which does not depend on the file system or the locale.
        for name, reason in sorted(files.audio.items(), key=lambda item: os.fsencode(item[0]))
    ]
    metadata = read_metadata(root)
    paths = {unicodedata.normalize("NFC", file.path) for file in found}
    notes = [f"metadata: no such file: {path}" for path in sorted(metadata.keys() - paths)]
    tracks = to_tracks(found, display_path(root.name), metadata, styles, run)
    return Library(tracks, dict(files.ignored), tuple(notes))


def to_tracks(
    files: Sequence[SourceFile],
    folder: str,
    metadata: Mapping[str, Mapping[str, str]],
    styles: Iterable[str],
    run: InspectMap,
) -> tuple[Track, ...]:
    """Name, hash and probe files, in the given order.

    Args:
        files: the audio files of a source.
        folder: the source's name, and the style of files that are directly in the source.
        metadata: path in NFC -> values that replace those from the file name, and further values.
        styles: the styles to take; all if empty.
        run: as for `scan_folder`.

    Raises:
        SourceError: a style of `styles` has no file.
    """
    known_styles = _styles_named([file.path for file in files])
    tracks = [_name(file, folder, known_styles, metadata) for file in files]
    tracks = _of_styles(folder, tracks, {style.casefold() for style in styles})
    return tuple(_without_copies(run(inspect, tracks)))


def split_name(stem: str, folder: str, styles: Container[str]) -> tuple[str, str]:
    """(session, style) of a file name: `Course_a_pied_2_latino` -> ("Course a pied", "latino").

    The last part is the style if it is the folder's style or one of `styles`, which are casefolded.
    Otherwise the folder gives the style, and the whole stem is the session.
    """
    *words, last = stem.split("_")
    is_style = last.casefold() in styles or last.casefold() == folder.casefold()
    if not any(words) or not is_style:
        return " ".join(stem.replace("_", " ").split()) or stem, folder
    if len(words) > 1 and _TAKE.fullmatch(words[-1]) and any(words[:-1]):
        words.pop()
    return " ".join(" ".join(words).split()), last


def _styles_named(paths: Iterable[str]) -> frozenset[str]:
    """The styles of a source, casefolded: the names of its folders.

    In a source without folders, the last parts of its file names.
    """
    folders = {path.partition("/")[0] for path in paths if "/" in path}
    names = folders or (PurePosixPath(path).stem.rpartition("_")[2] for path in paths)
    return frozenset(name.casefold() for name in names)


def _name(
    file: SourceFile,
    folder: str,
    styles: Container[str],
    metadata: Mapping[str, Mapping[str, Any]],
) -> Track:
    path = file.path
    folder = path.partition("/")[0] if "/" in path else folder
    session, style = split_name(PurePosixPath(path).stem, folder, styles)
    track = Track(
        file=file.file, path=path, session=session, style=style or "music", reason=file.reason
    )
    # Names in a table are usually composed (NFC); names from some file systems are not.
    known = metadata.get(unicodedata.normalize("NFC", path), {})
    return replace(track, **known)


def _of_styles(folder: str, tracks: list[Track], wanted: set[str]) -> list[Track]:
    styles = {track.style.casefold() for track in tracks}
    if missing := wanted - styles:
        raise SourceError(
            f"{folder}: no track of style {', '.join(sorted(missing))} in it; "
            f"there are {', '.join(sorted(styles))}"
        )
    return [track for track in tracks if not wanted or track.style.casefold() in wanted]


def _without_copies(tracks: Iterable[Track]) -> Iterator[Track]:
    """Leave out exact copies of a track; the first by path stays."""
    first: dict[str, str] = {}
    for track in tracks:
        if track.reason:
            yield track
            continue
        original = first.setdefault(track.sha256, track.path)
        copy = Reason.DUPLICATE.because(original) if original != track.path else ""
        yield replace(track, reason=copy)
