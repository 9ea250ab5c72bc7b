"""A source folder's files, as tracks: kept, or left out with the reason."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .audio import EXTENSIONS, probe
from .errors import SourceError
from .metadata import METADATA_NAMES, read_metadata
from .schema import Reason, Track

_TAKE = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Library:
    """What a source folder holds.

    `tracks` has every audio file, by path, those left out with their `reason`; `ignored` counts
    the other files by extension; `notes` says what the user should know besides.
    """

    tracks: tuple[Track, ...]
    ignored: Mapping[str, int]
    notes: tuple[str, ...]

    @property
    def usable(self) -> tuple[Track, ...]:
        """The tracks to decode."""
        return tuple(track for track in self.tracks if not track.reason)


InspectMap = Callable[[Callable[[Track], Track], Iterable[Track]], Iterable[Track]]


def scan(
    source: Path, styles: Iterable[str] = (), exclude: Path | None = None, run: InspectMap = map
) -> Library:
    """Find, name, hash and probe every audio file under `source`.

    Args:
        source: a folder of style folders, or one style's folder.
        styles: the styles to take; all when empty.
        exclude: a folder inside `source` to pass by (the release being built).
        run: how `inspect` is mapped over the files, in order; a pool's map makes it parallel.

    Raises:
        SourceError: `source` is no folder, holds no audio, or its metadata cannot be used.
    """
    if not source.is_dir():
        state = "is not a folder" if source.exists() else "does not exist"
        raise SourceError(f"{source}: {state}; give the folder that holds the music")
    root = source.resolve()
    ignored: Counter[str] = Counter()
    files = sorted(_audio_files(root, exclude, ignored), key=os.fsencode)
    if not files:
        found = ", ".join(f"{n} {ext or 'without extension'}" for ext, n in sorted(ignored.items()))
        raise SourceError(
            f"{source}: no audio files in it ({'found ' + found if found else 'it is empty'}); "
            f"readable are {' '.join(sorted(EXTENSIONS))}"
        )
    metadata = read_metadata(root)
    known_styles = _styles_named(root, files)
    tracks = [_name(root, file, known_styles, metadata) for file in files]
    unused = metadata.keys() - {track.path for track in tracks}
    notes = [f"metadata: no such file: {path}" for path in sorted(unused)]
    wanted = {style.casefold() for style in styles}
    if wanted:
        missing = wanted - {track.style.casefold() for track in tracks}
        if missing:
            raise SourceError(f"{source}: no track of style {', '.join(sorted(missing))} in it")
        tracks = [track for track in tracks if track.style.casefold() in wanted]
    return Library(tuple(_without_copies(run(inspect, tracks))), dict(ignored), tuple(notes))


def inspect(track: Track) -> Track:
    """The track with its sha256 and what its container says, or the reason why not."""
    try:
        if not Path(track.file).is_file():
            return replace(track, reason=str(Reason.NOT_REGULAR))
        with Path(track.file).open("rb") as handle:
            track = replace(track, sha256=hashlib.file_digest(handle, "sha256").hexdigest())
        info = probe(track.file)
    except (SourceError, OSError) as error:
        detail = getattr(error, "strerror", None) or str(error)
        return replace(track, reason=Reason.UNREADABLE.because(detail))
    if info is None:
        return replace(track, reason=str(Reason.NOT_AUDIO))
    return replace(
        track,
        format=info.format,
        sampling_rate=info.sampling_rate,
        channels=info.channels,
        duration_seconds=info.duration_seconds,
    )


def split_name(stem: str, folder: str, styles: Iterable[str]) -> tuple[str, str]:
    """(session, style) of a file name: `Course_a_pied_2_latino` -> ("Course a pied", "latino").

    The last part is taken for the style where it names one (its folder's, or one of `styles`);
    elsewhere the folder gives the style and the whole stem the session.
    """
    *words, last = stem.split("_")
    known = {style.casefold() for style in styles} | {folder.casefold()}
    if not words or last.casefold() not in known:
        return " ".join(stem.replace("_", " ").split()), folder
    if len(words) > 1 and _TAKE.fullmatch(words[-1]):
        words.pop()
    return " ".join(word for word in words if word), last


def display_path(path: str) -> str:
    """A relative path as text: `/` between parts, bytes that are not UTF-8 as `\\xNN`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace").replace(os.sep, "/")


def _audio_files(root: Path, exclude: Path | None, ignored: Counter[str]) -> Iterator[str]:
    """Paths relative to `root`; counts what is not audio by extension into `ignored`."""
    passed_by = exclude.resolve() if exclude else None
    for folder, subfolders, names in os.walk(root):
        here = Path(folder)
        subfolders[:] = [name for name in subfolders if name[0] != "." and here / name != passed_by]
        for name in names:
            extension = Path(name).suffix.lower()
            if name.startswith("."):
                ignored["hidden"] += 1
            elif extension in EXTENSIONS:
                yield os.path.relpath(here / name, root)
            elif here != root or name not in METADATA_NAMES:
                ignored[display_path(extension)] += 1


def _styles_named(root: Path, files: Iterable[str]) -> frozenset[str]:
    """The styles that a source's folders name; in a flat source, those its file names end in."""
    folders = {parts[0] for file in files if len(parts := Path(file).parts) > 1}
    return frozenset(folders or (Path(file).stem.rpartition("_")[2] for file in files))


def _name(
    root: Path, file: str, styles: Iterable[str], metadata: Mapping[str, Mapping[str, str]]
) -> Track:
    path = display_path(file)
    folder = path.split("/")[0] if "/" in path else display_path(root.name)
    session, style = split_name(path.rpartition("/")[2].rpartition(".")[0], folder, styles)
    track = Track(file=str(root / file), path=path, session=session, style=style)
    return replace(track, **metadata.get(path, {}))  # type: ignore[arg-type]  # all columns are strings


def _without_copies(tracks: Iterable[Track]) -> Iterator[Track]:
    """Exact copies are one track: the first by path stays."""
    first: dict[str, str] = {}
    for track in tracks:
        original = first.setdefault(track.sha256, track.path)
        if not track.reason and original != track.path:
            yield replace(track, reason=Reason.DUPLICATE.because(original))
        else:
            yield track
