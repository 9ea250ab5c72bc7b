"""What the name of a file says of its track: session and style, or artist, album and title."""

import posixpath
import re
import unicodedata
from collections.abc import Container
from pathlib import PurePosixPath

from ..describe.sessions import spaced
from ..errors import SettingError
from ..outside.names import shown

# The number of a take in a file name: the 2 of `Course_a_pied_2_latino`.
_TAKE = re.compile(r"\d+")
_BETWEEN_WORDS = re.compile(r"[\s_-]+")
# The number of a track, with that of its disc: `01 - `, `1-07 `, `03. `, `A2 `. A number and a
# blank alone may belong to the title: 99 Luftballons.
_NUMBER = re.compile(
    r"(?:[A-D]?\d{1,3}(?:\s*-\s+|\s*[.)]\s*(?!\d))|(?:0\d|[A-D]\d|\d-\d\d)\s+)(?=\S)"
)
# What downloaders add behind a title: the id of a video.
_VIDEO_ID = re.compile(r"\s*\[[\w-]{11}\]$")
# What file managers add to the name of a copy.
_COPY = re.compile(r"(?:\s+\(\d+\)|\s*-\s*cop(?:y|ie)(?:\s*\(\d+\))?)$", re.IGNORECASE)
# What may be a part of a title too, as in `Carbon copy`: it decides between equal files alone.
_COPY_WORD = r"(?:cop(?:y|ie|ia)|cópia|kopie)"
_MAYBE_COPY = re.compile(
    rf"{_COPY_WORD}(?:\s*\(\d+\))?\s+(?:of|d[eiu]|von)\s.+|.+[\s(-]{_COPY_WORD}\)?(?:\s*\(?\d+\)?)?",
    re.IGNORECASE,
)
# Folders of many artists, and what stands before the name of such an album.
_MANY = re.compile(
    r"compilations?|various(?: artists)?|va|divers|soundtracks?|bandes originales", re.IGNORECASE
)
_MANY_BEFORE = re.compile(r"(?:va|various(?: artists)?)\s*-\s*(?=\S)", re.IGNORECASE)
_DISC = re.compile(r"(?:cd|dis[ck]|disque|volume|vol)[\s_.-]*\d+", re.IGNORECASE)

RULE_FIELDS = frozenset(
    "session style title artist album album_artist genre group split license number".split()
)
"""What a rule for names may name; `number` is read and not kept."""

Fields = dict[str, str]


def style_key(name: str) -> str:
    """A style for comparing: without case, and with one blank for `_`, `-` and blanks."""
    return _BETWEEN_WORDS.sub(" ", unicodedata.normalize("NFC", name).casefold()).strip()


def bare(stem: str) -> str:
    """A file name without the number of a track before it, and the mark of a copy behind it."""
    return _COPY.sub("", _NUMBER.sub("", stem, count=1) if _NUMBER.match(stem) else stem) or stem


def original_first(path: str) -> tuple[bool, str]:
    """The key by which the name of an original sorts before those of its copies, then by path.

    Without the extension, `Fast Lane` is the beginning of `Fast Lane (1)` and of `Fast Lane_1`.
    """
    name, _ = posixpath.splitext(path)
    stem = unicodedata.normalize("NFC", posixpath.basename(name))
    return bool(_COPY.search(stem) or _MAYBE_COPY.fullmatch(stem)), name


def split_name(stem: str, folder: str, styles: Container[str]) -> tuple[str, str]:
    """(session, style) of a file name: `Course_a_pied_2_latino` -> ("Course a pied", "latino").

    The end of the name is the style, of one word or of several, if it is the folder's name or one
    of `styles` (of the form of `style_key`). Otherwise the folder is the style, and the whole stem
    is the session.
    """
    words = stem.split("_")
    for at in range(1, len(words)):
        ending = "_".join(words[at:])
        if not any(words[:at]):
            continue
        if style_key(ending) == style_key(folder):
            return _session(words[:at]), folder
        if style_key(ending) in styles:
            return _session(words[:at]), ending
    return spaced(stem) or stem, folder


def _session(words: list[str]) -> str:
    """The words of a session without the number of its take."""
    if len(words) > 1 and _TAKE.fullmatch(words[-1]) and any(words[:-1]):
        words = words[:-1]
    return " ".join(" ".join(words).split())


def split_title(stem: str) -> Fields:
    """What a file name says: `03 Title`, `Artist - Title`, or `Artist - Album - 03 - Title`.

    A number alone is no title.
    """
    text = _VIDEO_ID.sub("", stem if " " in stem else stem.replace("_", " "))
    match = _NUMBER.match(text)
    parts = [part.strip() for part in text[match.end() if match else 0 :].split(" - ")]
    parts = [part for part in parts if part] or [spaced(stem) or stem]
    if len(parts) > 3 and _TAKE.fullmatch(parts[2]):
        return {"artist": parts[0], "album": parts[1], "title": " - ".join(parts[3:])}
    if len(parts) > 2 and _TAKE.fullmatch(parts[1]):
        return {"artist": parts[0], "title": " - ".join(parts[2:])}
    *artist, title = [parts[0], " - ".join(parts[1:])] if len(parts) > 1 else parts
    if artist:
        return {"artist": artist[0], "title": title}
    return {} if title.isdecimal() else {"title": title}


def split_library_path(path: str) -> Fields:
    """Artist, album and title of a path like `Artist/Album/CD 1/03 - Title.mp3`."""
    pure = PurePosixPath(path)
    folders = [name for name in pure.parts[:-1] if not _DISC.fullmatch(name)]
    fields = split_title(pure.stem)
    above = {"artist": folders[-2], "album": folders[-1]} if len(folders) > 1 else {}
    if folders and not above:
        above = {"artist": folders[0]}
        if many := _MANY_BEFORE.match(folders[0]):
            above = {"artist": many[0].rstrip(" -"), "album": folders[0][many.end() :]}
    if "artist" in fields and _MANY.fullmatch(above.get("artist", "")):
        above["album_artist"] = above.pop("artist")
    return {key: spaced(value) for key, value in (fields | above).items()}


class NameRule:
    """A user's rule for names, such as `{artist}/{album}/{number} - {title}`.

    It describes the end of a path without its extension, from a whole folder or name on; `{}` is
    anything. Of several places where a field may end, the first counts before a separator with a
    blank (` - `), the last before any other (`_`).

    Raises:
        SettingError: the rule has no field, one field twice, or one that nobody knows.
    """

    def __init__(self, rule: str) -> None:
        self.text = unicodedata.normalize("NFC", rule)
        parts = re.split(r"\{(\w*)\}", self.text)
        named = [name for name in parts[1::2] if name]
        wrong = set(named) - RULE_FIELDS or {name for name in named if named.count(name) > 1}
        if wrong or not named:
            fault = f"{shown(sorted(wrong)[0])} is no field, or stands twice" if wrong else ""
            raise SettingError(
                f"--names {shown(rule)}: {fault or 'has no field'}; "
                f"there are {' '.join(f'{{{name}}}' for name in sorted(RULE_FIELDS))}"
            )
        pattern = re.escape(parts[0])
        for name, literal in zip(parts[1::2], parts[2::2], strict=True):
            letters = r"\d+" if name == "number" else r"[^/]+" + "?" * (" " in literal)
            pattern += (f"(?P<{name}>{letters})" if name else f"(?:{letters})") + re.escape(literal)
        self._pattern = re.compile(rf"(?:.*/)?{pattern}")

    def read(self, path: str) -> Fields:
        """The fields that the rule finds in a path; empty where the rule does not match."""
        found = self._pattern.fullmatch(str(PurePosixPath(path).with_suffix("")))
        fields = found.groupdict() if found else {}
        if "session" in fields:
            fields["session"] = _session(fields["session"].split("_"))
        return {key: spaced(value) for key, value in fields.items() if key != "number"}
