"""The audio files of a source folder as tracks: usable, or left out with the reason."""

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

# The number of a take in a file name: the 2 of `Course_a_pied_2_latino`.
_TAKE = re.compile(r"\d+")
# Most kinds of files that the error for a folder without audio names.
_KINDS_NAMED = 5

InspectMap = Callable[[Callable[[Track], Track], Iterable[Track]], Iterable[Track]]


@dataclass(frozen=True, slots=True)
class Library:
    """The tracks of a source.

    `tracks` has every audio file, sorted by path; a file that is left out has a `reason`. `ignored`
    counts the other files by extension. `notes` are messages for the user. `source` has the
    `dataset` on the Hub and its `revision`, and is empty for a folder.
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
        """The library with the tracks of these ids left out: they were withdrawn."""
        withdrawn_ids = frozenset(withdrawn)
        tracks = (
            replace(track, reason=str(Reason.WITHDRAWN))
            if not track.reason and track.track_id in withdrawn_ids
            else track
            for track in self.tracks
        )
        return replace(self, tracks=tuple(tracks))


def find_music(source: Path, exclude: Path | None = None) -> FoundFiles:
    """Find the files of a source folder, in one walk through it.

    Args:
        source: a folder of style folders, or one style's folder.
        exclude: a folder inside `source` to skip (the release being built).

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
        source: the folder, as for `find_music`.
        files: the files that `find_music` found in it.
        styles: the styles to take; all when empty.
        run: maps `inspect` over the tracks, in order; the map of a pool makes it parallel.

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
        # Sorted by bytes: the result depends neither on the order of the folder nor on the locale.
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
    """Name, hash and probe files; returns their tracks in the same order.

    Args:
        files: the audio files of a source.
        folder: the source's name, which is the style of files that are in none of its folders.
        metadata: path in NFC -> fields of the track; they override those from the file's name.
        styles: the styles to take; all when empty.
        run: as for `scan_folder`.

    Raises:
        SourceError: one of `styles` has no track.
    """
    known_styles = _styles_named([file.path for file in files])
    tracks = [_named_track(file, folder, known_styles, metadata) for file in files]
    tracks = _only_styles(folder, tracks, {style.casefold() for style in styles})
    return tuple(_without_copies(run(inspect, tracks)))


def split_name(stem: str, folder: str, styles: Container[str]) -> tuple[str, str]:
    """(session, style) of a file name: `Course_a_pied_2_latino` -> ("Course a pied", "latino").

    The last part is the style if it equals the folder's name or one of `styles`, which are
    casefolded. Otherwise the folder is the style, and the whole stem is the session.
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

    For a source without folders, they are the last parts of the file names.
    """
    folders = {path.partition("/")[0] for path in paths if "/" in path}
    names = folders or (PurePosixPath(path).stem.rpartition("_")[2] for path in paths)
    return frozenset(name.casefold() for name in names)


def _named_track(
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
    # Paths typed into a table are composed Unicode (NFC), paths of some file systems are not.
    fields = metadata.get(unicodedata.normalize("NFC", path), {})
    return replace(track, **fields)


def _only_styles(folder: str, tracks: list[Track], wanted: set[str]) -> list[Track]:
    styles = {track.style.casefold() for track in tracks}
    if missing := wanted - styles:
        raise SourceError(
            f"{folder}: no track of style {', '.join(sorted(missing))} in it; "
            f"there are {', '.join(sorted(styles))}"
        )
    return [track for track in tracks if not wanted or track.style.casefold() in wanted]


def _without_copies(tracks: Iterable[Track]) -> Iterator[Track]:
    """Leave out exact copies of a track (equal sha256): the first one by path stays."""
    first: dict[str, str] = {}
    for track in tracks:
        if track.reason:
            yield track
            continue
        original = first.setdefault(track.sha256, track.path)
        reason = Reason.DUPLICATE.because(original) if original != track.path else ""
        yield replace(track, reason=reason)
