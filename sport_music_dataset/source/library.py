"""The audio files of a source folder as tracks: usable, or left out with the reason."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..audio.decode import EXTENSIONS
from ..describe.sessions import find, folded
from ..errors import SourceError, counted
from ..reasons import Reason, is_of_one_run
from ..records import Track
from .facts import Facts, read_facts
from .files import FoundFiles, SourceFile, display_path, fill, find_files
from .layouts import ONLY_TITLES, Layout, choose_layout
from .metadata import Metadata, read_metadata
from .names import Fields, original_first, style_key
from .notes import gap_notes, unknown_session, unknown_sessions, unused_sessions
from .source import Source

# Most kinds of files that the error for a folder without audio names.
_KINDS_NAMED = 5
# Tracks that show how all are read, and the fields that are shown of each.
_EXAMPLES = 3
_SHOWN = ("session", "style", "artist", "album", "title")
# What separates several genres in one tag.
_GENRES = re.compile(r"[;|]|, ")

# The option, as an example, that fills a gap of all tracks; and the tracks for which it is right.
_GAPS = {
    "session": ("--session running", "for running"),
    "style": ("--default-style house", "house"),
}

ReadMap = Callable[[Callable[[Track], Facts], Iterable[Track]], Iterable[Facts]]


@dataclass(frozen=True, slots=True)
class Reading:
    """How the files of a source become tracks.

    Args:
        source: the source, with the layout of its names, and what is true where nothing else says.
        styles: the styles to take; all when empty. One alone is also the style of tracks for which
            nothing says one.
        sessions: the user's own sessions, as YAML.
        run: maps `read_facts` over the tracks, in order; the map of a pool makes it parallel.
        splits: whether folders of the source may be splits.
    """

    source: Source
    styles: tuple[str, ...] = ()
    sessions: str = ""
    run: ReadMap = map
    splits: bool = True


@dataclass(frozen=True, slots=True)
class Library:
    """The tracks of a source.

    `tracks` has every audio file, sorted by path; a file that is left out has a `reason`. `ignored`
    counts the other files by extension. `notes` are messages for the user. `layout` says how names
    are read. `source` has the `dataset` on the Hub and its `revision`, or the URL of the
    `store`, and is empty for a folder.
    """

    tracks: tuple[Track, ...]
    ignored: Mapping[str, int]
    notes: tuple[str, ...]
    layout: Layout = ONLY_TITLES
    source: Mapping[str, str] = field(default_factory=dict)

    @property
    def usable(self) -> tuple[Track, ...]:
        """The tracks to decode."""
        return tuple(track for track in self.tracks if not track.reason)

    @property
    def is_final(self) -> bool:
        """Whether every file was read, or cannot be: the next run has nothing to try again."""
        return not any(is_of_one_run(track.reason) for track in self.tracks)

    def left_out(self, reasons: Mapping[str, str]) -> "Library":
        """The library with these tracks left out: path -> reason."""
        tracks = (
            replace(track, reason=reasons[track.path]) if track.path in reasons else track
            for track in self.tracks
        )
        return replace(self, tracks=tuple(tracks))

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


def scan_folder(folder: Path, files: FoundFiles, reading: Reading) -> Library:
    """Name, hash and probe the audio files under a folder.

    Args:
        folder: the folder, as for `find_music`.
        files: the files that `find_music` found in it.
        reading: how they become tracks.

    Raises:
        SettingError: the layout or the rule for names cannot be used.
        SourceError: there is no audio, or the metadata cannot be used.
    """
    root = folder.resolve()
    if not files.audio:
        most = files.ignored.most_common(_KINDS_NAMED)
        kinds = ", ".join(f"{count} {kind}" for kind, count in most)
        raise SourceError(
            f"{folder}: no audio files in it ({'found ' + kinds if kinds else 'it is empty'}); "
            f"mp3, flac, wav, m4a, ogg and {len(EXTENSIONS) - 5} more are read: `sportgen doctor` "
            "lists them"
        )
    metadata = read_metadata(root, files, reading.source.columns)
    paths = _composed(files.audio)
    found = [
        SourceFile(paths[name], str(root / name), reason) for name, reason in files.audio.items()
    ]
    # Sorted by bytes: the result depends neither on the order of the folder nor on the locale.
    found.sort(key=lambda file: file.path.encode())
    return to_library(found, display_path(root.name), metadata, reading, files.ignored)


def _composed(names: Iterable[str]) -> dict[str, str]:
    """Map names of files to paths in NFC; where two names have one, the second stays as it is."""
    paths: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names, key=lambda name: (not unicodedata.is_normalized("NFC", name), name)):
        path = display_path(name)
        composed = unicodedata.normalize("NFC", path)
        paths[name] = path if composed in taken else composed
        taken.add(paths[name])
    return paths


def to_library(
    files: Sequence[SourceFile],
    root: str,
    metadata: Metadata,
    reading: Reading,
    ignored: Mapping[str, int],
) -> Library:
    """Name, hash and probe files; their tracks have the same order.

    What is known of a track comes from the metadata, else from tags in the file, else from names,
    else from `reading`; of a track's genre and the style that its name says, the name counts.

    Args:
        files: the audio files of a source.
        root: the source's name.
        metadata: what users wrote about them.
        reading: how they become tracks.
        ignored: extension -> number of other files.

    Raises:
        SettingError: the layout or the rule for names cannot be used.
        SourceError: one of the styles to take has no track, or no name is as the rule says.
    """
    source = reading.source
    paths = [unicodedata.normalize("NFC", file.path) for file in files]
    layout = choose_layout(
        paths, root, source.layout, source.names, reading.sessions, reading.splits
    )
    written = [*metadata.notes, *_rule_notes(layout, paths)]
    wanted = _Wanted(root, reading.styles)
    tracks = []
    for file, path in zip(files, paths, strict=True):
        track = Track(file=file.file, path=file.path, reason=file.reason)
        track = replace(track, **metadata.fields.get(path, {}))
        tracks.append(fill(track, {"style": layout.read(path).get("style", "")}))
    # Where metadata or the name say the style, files of other styles need not be read.
    tracks = wanted.of(tracks, certain=False)
    read = zip(tracks, reading.run(read_facts, tracks), strict=True)
    tracks = [facts.of(track, source.tags) for track, facts in read]
    layout = layout.told_by(tracks)
    tracks = [
        fill(track, layout.read(unicodedata.normalize("NFC", track.path))) for track in tracks
    ]
    filled = [*gap_notes([track for track in tracks if not track.reason], source)]
    named = _styles_spelled([_filled(track, reading) for track in tracks], written)
    spelled = _one_spelling(wanted.of(named, certain=True), reading.sessions)
    wanted.check()
    found = tuple(_without_copies(spelled))
    notes = (
        *(*written, *wanted.notes(), *filled, *unused_sessions(found, reading.sessions)),
        *unknown_session(source.session, reading.sessions),
        *unknown_sessions(found, layout, source, reading.sessions),
    )
    return Library(found, dict(ignored), notes, layout)


def _rule_notes(layout: Layout, paths: Sequence[str]) -> Iterator[str]:
    """A note on files that are not called as the user's rule says; SourceError if none is."""
    others = [path for path in paths if layout.rule and not layout.read(path)]
    if layout.rule and others:
        count = f"{len(others)} of {counted(len(paths), 'file')}"
        text = f"--names {layout.rule.text}: not the name of {count}, e.g. {others[0]}"
        if len(others) == len(paths):
            raise SourceError(text)
        yield text


def _filled(track: Track, reading: Reading) -> Track:
    """The track with what is true where nothing else says."""
    default = reading.styles[0] if len(reading.styles) == 1 else ""
    genre = _GENRES.split(track.genre)[0].strip()
    style = genre or reading.source.default_style or default
    return fill(track, {"style": style, "session": reading.source.session})


def _styles_spelled(tracks: Sequence[Track], notes: list[str]) -> Iterator[Track]:
    """Give one spelling to a style: that most in use. Adds a note for each other one."""
    styles = Counter(track.style for track in tracks if track.style)
    spelled = {
        style: spelling.strip(". ") or spelling
        for style, spelling in _most_used(styles, style_key).items()
    }
    for style, spelling in spelled.items():
        if spelling != style:
            notes.append(
                f"style {style} of {counted(styles[style], 'track')} is written {spelling}"
            )
    for track in tracks:
        yield replace(track, style=spelled.get(track.style, ""))


def _one_spelling(tracks: Sequence[Track], own: str) -> Iterator[Track]:
    """Give one name to tracks of one session: its English name, else the spelling most in use."""
    named = [unicodedata.normalize("NFC", track.session) for track in tracks]
    names = _most_used(Counter(named), folded)
    for name in names:
        if name and (known := find(name, own)):
            names[name] = known.name
    for track, name in zip(tracks, named, strict=True):
        yield replace(track, session=names[name], session_as_named=name)


def _most_used(names: Counter[str], key: Callable[[str], str]) -> dict[str, str]:
    """Map each name to the one most in use, else the first by letters, of those with its key."""
    order = sorted(names, key=lambda name: (-names[name], name))
    # From the last to the first: of those with one key, the first stays.
    best = {key(name): name for name in reversed(order)}
    return {name: best[key(name)] for name in order}


def check_named(library: Library, place: str) -> None:
    """Raise SourceError for usable tracks of which nothing says the session or the style.

    A title as a session or an artist as a style would go into descriptions without a word.
    """
    lacking = {
        name: [track for track in library.usable if not getattr(track, name)]
        for name in ("session", "style")
    }
    lacking = {name: tracks for name, tracks in lacking.items() if tracks}
    if not lacking:
        return
    counts = " and ".join(f"the {name} of {len(tracks)}" for name, tracks in lacking.items())
    example = next(iter(lacking.values()))[0]
    gaps = [_GAPS[name] for name in lacking]
    options = " and ".join(option.split()[0] for option, _ in gaps)
    # Of a name in no folder, neither a rule nor a layout makes more than a title.
    fields = [f"{{{name}}}" for name in lacking][: example.path.count("/")]
    rule = "/".join([*fields, "{title}"])
    others = f"a rule that fits, as --names '{rule}', or --layout, " if fields else ""
    raise SourceError(
        f"{place}: nothing says {counts} of {counted(len(library.usable), 'track')}, e.g. "
        f"{example.path} ({said(known(example))}); taken for {library.layout}. You say it: "
        f"{options} for all of these, {others}or metadata.csv with the columns file_name and "
        f"{' and '.join(lacking)}; or move what you do not want out of {place}; sportgen scan "
        "shows how names are read",
        options=" ".join(option for option, _ in gaps),
        when=f"for instance, if they are {' '.join(such for _, such in reversed(gaps))}",
    )


def examples(tracks: Sequence[Track]) -> list[Track]:
    """Tracks that show how names are read: the first, the middle and the last one."""
    places = range(0, len(tracks), max(1, (len(tracks) - 1) // (_EXAMPLES - 1)))
    return [tracks[place] for place in places][:_EXAMPLES]


def known(track: Track) -> Fields:
    """What metadata, tags, names and options say of a track."""
    words = replace(track, session=track.session_as_named)
    return {name: value for name in _SHOWN if (value := getattr(words, name))}


def overruled(named: Fields, taken: Fields) -> Fields:
    """What the name of a track says, and what is known of the track says otherwise."""
    return {
        name: value
        for name, value in named.items()
        if name in taken and style_key(value) != style_key(taken[name])
    }


def said(fields: Fields) -> str:
    """Fields in words: `session Yoga, style latino`."""
    return ", ".join(f"{key} {value}" for key, value in fields.items()) or "nothing is known"


class _Wanted:
    """Takes the tracks of some styles, of all if there are none, and tells which it leaves."""

    def __init__(self, root: str, styles: Iterable[str]) -> None:
        self._root = root
        self._keys = {style_key(style): style for style in styles}
        self._taken: set[str] = set()
        self._left: Counter[str] = Counter()

    def of(self, tracks: Iterable[Track], certain: bool) -> list[Track]:
        """The tracks of these styles, and unless styles are `certain` those without a style."""
        found = []
        for track in tracks:
            key = style_key(track.style)
            if not self._keys or key in self._keys or not (certain or track.style):
                found.append(track)
                self._taken.add(key)
            else:
                self._left[track.style] += 1
        return found

    def notes(self) -> Iterator[str]:
        """A note on the tracks of other styles."""
        if self._left:
            styles = ", ".join(sorted(self._left))
            left = counted(self._left.total(), "track")
            yield f"--style leaves {left} of other styles ({styles})"

    def check(self) -> None:
        """Raise SourceError if one of the styles has no track."""
        missing = [style for key, style in self._keys.items() if key not in self._taken]
        if missing:
            raise SourceError(
                f"{self._root}: no track of style {', '.join(missing)} in it; "
                f"there are {', '.join(sorted(self._left)) or 'none that are known'}"
            )


def _without_copies(tracks: Iterable[Track]) -> Iterator[Track]:
    """Leave out exact copies of a track (equal sha256): the first by `original_first` stays."""
    tracks = list(tracks)
    same: dict[str, list[str]] = defaultdict(list)
    for track in tracks:
        if not track.reason:
            same[track.sha256].append(track.path)
    originals = {
        sha256: min(paths, key=original_first) for sha256, paths in same.items() if len(paths) > 1
    }
    for track in tracks:
        original = "" if track.reason else originals.get(track.sha256, "")
        is_copy = original not in ("", track.path)
        yield replace(track, reason=Reason.DUPLICATE.because(original)) if is_copy else track
