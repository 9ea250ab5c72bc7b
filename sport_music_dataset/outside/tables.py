"""Text with delimiters (CSV, TSV) as rows with the numbers of their lines."""

import re
from collections.abc import Callable, Iterator, Sequence

Line = tuple[int, list[str]]

_DELIMITERS = ",;\t"
# The first line by which Excel tells itself the delimiter.
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[;,\t]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE)


def read_lines(text: str, is_header: Callable[[Sequence[str]], bool], tabs: bool) -> list[Line]:
    """The lines of a table that are not blank: (number of the line in the file, its cells).

    The delimiter is `,`, `;` or a tab: that of the line `sep=;`, else the one by which the first
    line is a header, else the one with the most columns.

    Args:
        text: the table.
        is_header: whether cells are the header of such a table.
        tabs: whether the file's name says that tabs separate the cells.
    """
    told = _SEPARATOR_LINE.match(text)
    if told:
        delimiter = told[1]
    else:
        heads = {
            candidate: next((cells for _, cells in _lines(text, candidate)), [])
            for candidate in sorted(_DELIMITERS, key=lambda one: tabs and one != "\t")
        }
        delimiter = max(heads, key=lambda one: (is_header(heads[one]), len(heads[one])))
    return list(_lines(text, delimiter, told.end() if told else 0))


def _lines(text: str, delimiter: str, at: int = 0) -> Iterator[Line]:
    """Cells of lines: quoted as in RFC 4180, or as they stand where quotes are not placed so.

    A quote inside a text needs no doubling if what follows its last quote is no delimiter:
    `"Heroes" (live)` and `12" mix` are read as they stand. Lines end as the first one does: the
    other sign (`\r` or `\n`) is a part of a text.
    """
    mark = re.escape(delimiter)
    blank = "[ ]" if delimiter == "\t" else r"[ \t]"
    is_old_mac = re.match(r"[^\r\n]*\r(?!\n)", text) is not None
    end = r"\r" if is_old_mac else r"\r?\n"
    letters = rf"[^{mark}\r]++" if is_old_mac else rf"[^{mark}\r\n]++|\r(?!\n)"
    quoted = re.compile(rf'{blank}*+"((?:[^"]++|"")*+)"{blank}*+(?={mark}|{end}|\Z)')
    plain = re.compile(rf"(?:{letters})*+")
    number = 1 + _breaks(text[:at])
    while at < len(text):
        first, cells = number, []
        while True:
            found = quoted.match(text, at)
            if found:
                cells.append(found[1].replace('""', '"'))
            else:
                found = plain.match(text, at)
                assert found is not None  # it may be empty
                cells.append(_unwrapped(found[0]))
            number += _breaks(found[0])
            at = found.end()
            if not text.startswith(delimiter, at):
                break
            at += 1
        at += 2 if text.startswith("\r\n", at) else 1
        number += 1
        if any(cell and not cell.isspace() for cell in cells):
            yield first, cells


def _breaks(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _unwrapped(cell: str) -> str:
    """A cell without the quotes around it where the one inside was not doubled: `"12" mix"`."""
    bare = cell.strip()
    is_wrapped = len(bare) > 2 and bare[0] == bare[-1] == '"' and bare.count('"') % 2
    return bare[1:-1] if is_wrapped else cell
