"""Names and paths that strangers wrote: which of them may become file names and config names."""

import os
import re
import reprlib

from ..errors import SettingError, SportgenError

MOST_NAME = 64
# Letters, digits and _, as datasets demands of the names of splits; it also allows single dots
# inside. A first digit or _ is left out: datasets reads `_` as hidden in the names of files.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")
# On Windows, both separate parts of a path.
_NEVER_IN_PATHS = re.compile(r"[\\:\0]" if os.name == "nt" else r"\0")
_MOST_SHOWN = 80


def check_name(name: str, what: str, error: type[SportgenError] = SettingError) -> str:
    """A name that becomes a part of file names and of the names of configs: returns it.

    Raises:
        error: the name has other characters than letters, digits, `_` and single dots, is
            too long, or has a meaning of its own in datasets; the message starts with `what`.
    """
    if not _NAME.fullmatch(name) or len(name) > MOST_NAME or name == "all":
        raise error(
            f"{what}: the name {shown(name)} cannot be used; letters, digits and _ only, at most "
            f"{MOST_NAME}, not 'all'"
        )
    return name


def is_inside(path: str) -> bool:
    """Whether a relative path with `/` between parts stays inside of its folder.

    Links are not looked at: `files.check_regular` refuses them.
    """
    parts = path.split("/")
    return all(part not in ("", ".", "..") for part in parts) and not _NEVER_IN_PATHS.search(path)


def is_text(text: str) -> bool:
    """Whether a text can be written as UTF-8: it has no half of a surrogate pair."""
    return text.isascii() or not re.search("[\ud800-\udfff]", text)


def shown(value: object) -> str:
    """The repr of any value, shortened for a message: a stranger's value may have megabytes."""
    text = _shortened.repr(value)
    return text if len(text) <= 2 * _MOST_SHOWN else f"{text[: 2 * _MOST_SHOWN]}..."


_shortened = reprlib.Repr()
_shortened.maxstring = _shortened.maxother = _shortened.maxlong = _MOST_SHOWN
