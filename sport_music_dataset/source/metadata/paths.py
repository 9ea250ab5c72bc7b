"""Which audio file a path means that somebody wrote into a sheet, maybe on another machine."""

import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterable, Set
from pathlib import PurePosixPath
from urllib.parse import unquote

from ...audio.decode import EXTENSIONS

# Extensions that a path may have where the file on the disk has another one, or the path none.
_AUDIO = EXTENSIONS | set(
    ".aif .ape .caf .m4b .mka .mp4 .mpc .oga .ogx .spx .w64 .weba .webm .wma .wv".split()
)
_SEPARATORS = re.compile(r"[\\/]+")
_DRIVE = re.compile(r"[A-Za-z]:|file:|~")


class Paths:
    """The audio files of a source, by their paths in NFC relative to it."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.all = frozenset(paths)
        self._folders = {posixpath.dirname(path) for path in self.all}
        for folder in list(self._folders):
            self._folders.update(map(str, PurePosixPath(folder).parents))
        self._indexes = [_Index(self.all, key) for key in (_same, str.casefold, _stem)]

    def named(self, name: str, folder: str) -> str | None:
        """The file that a path names, relative to `folder`: `/` and `\\` are one, blanks none.

        `%20` is a blank, as in addresses.
        """
        for one in dict.fromkeys((name, name.strip(), unquote(name.strip()))):
            tidy = posixpath.normpath(posixpath.join(folder, *_parts(one)))
            for written in (posixpath.join(folder, one), tidy):
                path = unicodedata.normalize("NFC", written)
                if path in self.all:
                    return path
        return None

    def meant(self, name: str, folder: str, taken: Set[str]) -> list[str]:
        """The files outside of `taken` that a path may mean which names none; one is certain.

        Folders may be missing before the path, or be too many; case and extension may differ.
        """
        for written in dict.fromkeys((name, unquote(name))):
            parts = [unicodedata.normalize("NFC", part) for part in _parts(written)]
            found = self._meant([part for part in parts if part != ".."], folder, taken)
            if found:
                return found
        return []

    def _meant(self, parts: list[str], folder: str, taken: Set[str]) -> list[str]:
        if not parts:
            return []
        # A folder that is there is meant; then its file is missing.
        may_drop = not {posixpath.join(folder, parts[0]), parts[0]} & self._folders
        for index in self._indexes:
            found = index.whole(parts, folder, may_drop) or {
                path
                for path in index.endings(parts)
                if path.startswith(f"{folder}/") or folder not in self._folders - {""}
            }
            if found - taken:
                return sorted(found - taken)
        return []


class _Index:
    """The files by their paths in some form, and by the last part of these paths."""

    def __init__(self, paths: Iterable[str], key: Callable[[str], str]) -> None:
        self._key = key
        self._whole: dict[str, set[str]] = {}
        self._last: dict[str, set[str]] = {}
        for path in paths:
            form = key(path)
            self._whole.setdefault(form, set()).add(path)
            self._last.setdefault(form.rpartition("/")[2], set()).add(path)

    def whole(self, parts: list[str], folder: str, may_drop: bool) -> set[str]:
        """The files of a path in `folder`, or in the source.

        `may_drop` says whether the path's first folders may be those of another machine.
        """
        for start in range(len(parts) if may_drop else 1):
            rest = "/".join(parts[start:])
            for place in (posixpath.join(folder, rest), rest):
                for form in self._forms(place):
                    if form in self._whole:
                        return self._whole[form]
        return set()

    def endings(self, parts: list[str]) -> set[str]:
        """The files whose paths end as a path does."""
        return {
            path
            for form in self._forms("/".join(parts))
            for path in self._last.get(form.rpartition("/")[2], ())
            if self._key(path).endswith(f"/{form}")
        }

    def _forms(self, written: str) -> list[str]:
        # A path without an extension has maybe a point in its last word.
        whole = written.casefold() if self._key is _stem else self._key(written)
        return list(dict.fromkeys((self._key(written), whole)))


def _parts(name: str) -> list[str]:
    parts = _SEPARATORS.split(name.strip())
    while parts and _DRIVE.fullmatch(parts[0]):
        parts = parts[1:]
    return [part for part in parts if part not in ("", ".")]


def _same(path: str) -> str:
    return path


def _stem(path: str) -> str:
    """A path without case and without the extension of an audio file."""
    folded = path.casefold()
    stem, suffix = posixpath.splitext(folded)
    return stem if suffix in _AUDIO else folded
