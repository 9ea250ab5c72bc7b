"""Recognises what a folder of music is, and with that how the names in it are read."""

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath

from ..describe.sessions import MOST_WORDS, find, spaced
from ..describe.styles import is_style
from ..errors import SettingError
from ..records import Track
from .names import (
    Fields,
    NameRule,
    bare,
    split_library_path,
    split_name,
    split_title,
    style_key,
)

LAYOUTS = {
    "sport": "folders of styles with names of sessions (style/Session_style)",
    "sessions": "folders of sessions (session/title)",
    "styles": "folders of styles (style/title)",
    "library": "a music library (artist/album/title)",
    "flat": "names that are titles",
    "audiofolder": "folders of splits (train/..., test/...)",
}
"""Each layout, and what it is in words."""

# The words by which datasets recognises folders of splits (datasets.data_files).
SPLIT_WORDS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}
# Most folders around all others that are looked into.
_MOST_AROUND = 4
# From this share of its files on, a source is taken for a layout.
_MOST = 0.5


@dataclass(frozen=True, slots=True)
class Layout:
    """How the names of a source are read.

    `kind` is a key of LAYOUTS, or `folders`: folders of which nothing tells what they are. `root`
    is the source's name if that is a style, or the user named the layout. `splits` says whether the
    top folders are splits, `asked` whether the user named the layout. `styles` are the styles that
    names may end in (of the form of `style_key`), `sessions` the user's sessions, as YAML; `rule`
    is the user's rule. `around` is the folder around all others, such as `data/`.
    """

    kind: str
    root: str = ""
    splits: bool = False
    asked: bool = False
    styles: frozenset[str] = frozenset()
    sessions: str = ""
    rule: NameRule | None = None
    around: str = ""

    def __str__(self) -> str:
        if self.rule:
            return f"names by the rule {self.rule.text}"
        words = LAYOUTS.get(self.kind, "folders of which nothing tells what they are")
        return f"{LAYOUTS['audiofolder']}, in them {words}" if self.splits else words

    def read(self, path: str) -> Fields:
        """The fields of a track that its path says."""
        if self.rule:
            return self.rule.read(path)
        path = path.removeprefix(self.around)
        split, _, rest = path.partition("/") if self.splits else ("", "", path)
        fields = {key: value for key, value in self._read(rest).items() if value}
        return {**fields, "split": SPLIT_WORDS[split.casefold()]} if split else fields

    def _read(self, path: str) -> Fields:
        pure = PurePosixPath(path)
        top = pure.parts[0] if len(pure.parts) > 1 else self.root
        if self.kind == "sport":
            session, style = split_name(bare(pure.stem), top, self.styles)
            is_session = self.asked or self.is_sport(path)
            return {"session": session, "style": style} if is_session else {"style": style}
        if self.kind == "library":
            return split_library_path(path)
        fields = split_title(pure.stem)
        if self.kind not in ("sessions", "styles") or not top:
            return fields
        # The second folder may be the other of the two, or the folders of a library follow.
        of_session = self.kind == "sessions"
        second = pure.parts[1] if len(pure.parts) > 2 else ""
        is_other = is_style(second) if of_session else self.is_session(second)
        rest = pure.parts[1 + is_other :]
        fields = split_library_path("/".join(rest)) if len(rest) > 2 else fields
        session, style = (top, second * is_other) if of_session else (second * is_other, top)
        return {**fields, "session": spaced(session), "style": style}

    def is_sport(self, path: str, surely: bool = False) -> bool:
        """Whether the name of a file ends in a style, or all of it is a session.

        `surely` asks for a session or a style that is known: else it may be a title and an artist.
        """
        pure = PurePosixPath(path)
        top, stem = pure.parts[0] if len(pure.parts) > 1 else self.root, bare(pure.stem)
        session, style = split_name(stem, top, self.styles)
        if session != (spaced(stem) or stem):
            return not surely or self.is_session(session) or is_style(style)
        # With a number before it, a session is the title of a track.
        return self.is_session(pure.stem) and not self.is_session(top)

    def is_session(self, name: str) -> bool:
        """Whether a name is that of a session."""
        return 0 < len(name) <= MOST_WORDS and find(name, self.sessions) is not None

    def told_by(self, tracks: Sequence[Track]) -> "Layout":
        """The layout, of folders that nobody knows as the tags of the files in them tell it."""
        if self.kind != "folders":
            return self
        named: dict[str, Callable[[Track], tuple[str, ...]]] = {
            "library": lambda track: (track.artist, track.album_artist),
            "styles": lambda track: (track.genre,),
        }
        for kind, names in named.items():
            folders = [style_key(PurePosixPath(track.path).parent.name) for track in tracks]
            pairs = zip(folders, tracks, strict=True)
            fits = sum(name in map(style_key, names(track)) for name, track in pairs if name)
            if fits > _MOST * len(tracks):
                return replace(self, kind=kind)
        return self


ONLY_TITLES = Layout("flat")
"""The layout of files of which names say a title at most."""


def choose_layout(
    paths: Sequence[str],
    root: str,
    kind: str = "",
    rule: str = "",
    sessions: str = "",
    splits: bool = True,
) -> Layout:
    """The layout of a source.

    Args:
        paths: paths of the audio files, in NFC.
        root: the source's name.
        kind: the layout that the user named; found from the paths if empty.
        rule: the user's rule for names.
        sessions: the user's sessions, as YAML.
        splits: whether folders may be splits without being asked for.

    Raises:
        SettingError: `kind` is no layout or cannot be that of these paths, or `rule` is not valid.
    """
    if kind and kind not in LAYOUTS:
        raise SettingError(f"--layout {kind}: give {', '.join(LAYOUTS)}")
    if rule:
        return Layout("flat", rule=NameRule(rule))
    outside = [path for path in paths if not _is_in_split(path)]
    if kind == "audiofolder" and outside:
        raise SettingError(
            f"--layout audiofolder: {outside[0]} is in no folder of a split "
            f"({', '.join(dict.fromkeys(SPLIT_WORDS.values()))}); move it, or name another layout"
        )
    if kind == "audiofolder" or (splits and not kind and not outside):
        return _in_splits(paths, sessions)
    layout = _sport_layout(paths, root, sessions)
    if kind:
        return replace(layout, kind=kind, asked=True, root=root)
    found, inside = _recognised(layout, paths), _inside(paths, sessions, splits)
    if inside and (inside.splits or found.kind in ("library", "folders")):
        return inside
    return found


def _is_in_split(path: str) -> bool:
    return "/" in path and path.partition("/")[0].casefold() in SPLIT_WORDS


def _in_splits(paths: Sequence[str], sessions: str) -> Layout:
    """The layout of folders of splits."""
    below = [path.partition("/")[2] for path in paths]
    return replace(_recognised(_sport_layout(below, "", sessions), below), splits=True)


def _inside(paths: Sequence[str], sessions: str, splits: bool) -> Layout | None:
    """The layout below the folders that all paths are in, if sport music or splits are there."""
    around = posixpath.commonpath([posixpath.dirname(path) for path in paths]).split("/")
    for depth in range(1, 1 + min(len(around), _MOST_AROUND) if around[0] else 1):
        prefix = "/".join(around[:depth]) + "/"
        below = [path.removeprefix(prefix) for path in paths]
        if splits and all(map(_is_in_split, below)):
            return replace(_in_splits(below, sessions), around=prefix)
        layout = _recognised(_sport_layout(below, around[depth - 1], sessions), below)
        if layout.kind == "sport":
            return replace(layout, around=prefix)
    return None


def _sport_layout(paths: Sequence[str], root: str, sessions: str) -> Layout:
    """The layout of sport music, with the styles that these paths name."""
    layout = Layout("sport", sessions=sessions)
    folders = {name for path in paths for name in _outer_and_inner(path)}
    ends = [bare(PurePosixPath(path).stem).rpartition("_") for path in paths]
    # The end of a name is a style too if what stands before is a session; within folders, where
    # titles lie as well, only if it is one that everybody knows.
    styles = {
        style_key(end)
        for before, _, end in ends
        if layout.is_session(before) and (not folders or is_style(end))
    }
    # Without folders, the source is a style if it is called so, or if names end in it.
    ending = style_key(root) in {style_key(end) for _, _, end in ends}
    has_style = not folders and (ending or is_style(root))
    styles |= set(map(style_key, folders))
    return replace(layout, styles=frozenset(styles), root=root if has_style else "")


def _outer_and_inner(path: str) -> tuple[str, ...]:
    """The outermost and the innermost folder of a path."""
    folders = PurePosixPath(path).parts[:-1]
    return (folders[0], folders[-1]) if folders else ()


def _recognised(layout: Layout, paths: Sequence[str]) -> Layout:
    """The layout that most of the paths have; `layout` is that of sport music."""

    def most(fits: Callable[[str], bool]) -> bool:
        return sum(map(fits, paths)) >= _MOST * len(paths)

    def top(path: str) -> str:
        return path.partition("/")[0] if "/" in path else layout.root

    if most(layout.is_sport) and most(partial(layout.is_sport, surely=True)):
        return layout
    if most(lambda path: layout.is_session(top(path))):
        return replace(layout, kind="sessions")
    if most(lambda path: is_style(top(path))):
        return replace(layout, kind="styles")
    if most(lambda path: path.count("/") > 1):
        return replace(layout, kind="library")
    return replace(layout, kind="folders" if most(lambda path: "/" in path) else "flat")
