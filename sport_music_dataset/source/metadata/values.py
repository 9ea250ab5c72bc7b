"""The values of cells: what people, spreadsheets and pandas write for a text, a number, nothing."""

import ast
import math
import re
import warnings
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, time
from decimal import Decimal
from typing import Any

from ...describe.sessions import MOST_WORDS
from ...outside.names import check_name, is_text, shown
from .headers import FIELDS
from .json_text import json_value

# Most letters of a field: those of a description, which T5 would cut off long before.
MOST_LETTERS = 10_000
# Separates the descriptions in one cell of a table.
_SEPARATOR = "|"
# What programs and people write for no value, without case.
_NOTHING = frozenset(
    "- -- — nan -nan +nan none null nil na n/a n.a. #n/a #na <na> (null) (none) 1.#qnan -1.#qnan "
    "1.#ind -1.#ind #ref! #value! #name? #div/0! #null! #num!".split()
)
# What people write, without case, for a licence that they do not know.
_NO_LICENSE = frozenset("unknown inconnu inconnue ? ?? ???".split())
# The end of a line inside a text, with the blanks around it.
_LINE_END = re.compile(r"[ \t]*[\r\n]\s*")
# What is a list in a cell, by its ends.
_LIST = re.compile(r"""\s*\[\s*["'].*["']\s*\]\s*""", re.DOTALL)
# Fields of which a list has one text for each of several people.
_PEOPLE = ("artist", "album_artist")
# Whole numbers of so many digits are exact as floats, in which pandas has them.
_EXACT_DIGITS = 15


def read_fields(cells: Mapping[str, Any], emptied: dict[str, str] | None = None) -> dict[str, Any]:
    """The fields of a track in the cells of a row: those with a value.

    Values are strings, but `descriptions` is a tuple of strings, given as a list, or in one cell as
    JSON or with `|` between them. A list of several texts as the `description` is read as
    `descriptions`. NaN, None, NA, null and the like are no value.

    Args:
        cells: field -> value.
        emptied: gets the fields in which a text stood that is no value, with the text.

    Raises:
        ValueError: a value is no text, too long, not Unicode, or cannot be the name of a split; the
            message names the field.
    """
    fields: dict[str, Any] = {}
    for key, cell in cells.items():
        if key not in FIELDS:
            continue
        field = key
        value = _list_or_text(cell) if key == "description" else cell
        if key == "descriptions" or (key == "description" and isinstance(value, (list, tuple))):
            texts = read_descriptions(value)
            field = "descriptions" if len(texts) > 1 else key
        else:
            texts = tuple(filter(None, [_text_in(key, value)]))
        if key in ("description", "descriptions"):
            texts = tuple(_LINE_END.sub(" ", text) for text in texts)
        if key == "license" and texts and texts[0].casefold() in _NO_LICENSE:
            texts = ()
        most = MOST_WORDS if key in ("session", "style") else MOST_LETTERS
        for text in texts:
            if len(text) > most:
                raise ValueError(f"{key}: has {len(text):,} letters, at most {most:,}")
            if not is_text(text):
                raise ValueError(f"{key}: has half of a surrogate pair; write the letter again")
        if texts:
            # The column `description` may have several too.
            earlier = fields.get(field, ()) if field == "descriptions" else ()
            fields[field] = (*earlier, *texts) if field == "descriptions" else texts[0]
        elif emptied is not None and isinstance(value, str) and value.strip() not in ("", "[]"):
            emptied[key] = value.strip()
    if "split" in fields:
        check_name(fields["split"], "split")
    return fields


def read_descriptions(value: Any) -> tuple[str, ...]:
    """The descriptions in a list, or in the text of one cell: as JSON, or with `|` between them.

    Raises:
        ValueError: `value` is neither, or not all descriptions are texts.
    """
    if isinstance(value, str):
        value = _listed(value) if value.lstrip().startswith("[") else value.split(_SEPARATOR)
    if text_of(value) == "":
        return ()
    if not isinstance(value, (list, tuple)) or not all(
        isinstance(item, str) or text_of(item) == "" for item in value
    ):
        raise ValueError(f"descriptions {shown(value)}: give a list of texts, or a | between them")
    return tuple(text for item in value if (text := text_of(item)))


def _list_or_text(value: Any) -> Any:
    """A value, and of a text that is a list of texts the list."""
    if isinstance(value, str) and _LIST.fullmatch(value):
        with suppress(ValueError):
            return _listed(value)
    return value


def _listed(text: str) -> Any:
    """The list in a cell: as JSON, or as pandas writes one."""
    with suppress(ValueError):
        return json_value(text)
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError(
            f"descriptions {shown(text)}: begins as a list and is none; write "
            '["one", "two"], or a | between them'
        ) from error


def _text_in(key: str, value: Any) -> str:
    """The text in a cell; of a list its one text, or for people all of them."""
    if isinstance(value, (list, tuple)):
        texts = [text_of(item) for item in value]
        several = len(list(filter(None, texts))) > 1
        if None in texts or (several and key not in _PEOPLE):
            raise ValueError(f"{key} {shown(value)}: is a list; give one text")
        return ", ".join(filter(None, texts))
    text = text_of(value)
    if text is None:
        raise ValueError(f"{key} {shown(value)}: is no text; put quotes around it")
    return text


def text_of(value: Any) -> str | None:
    """A value as the text that was meant, empty for no value; None for what is no text."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = value.strip()
        return "" if text.casefold() in _NOTHING or text == "NaT" else text
    if isinstance(value, bool):
        return None
    if isinstance(value, float | Decimal):
        if isinstance(value, float) and not math.isfinite(value):
            return ""
        whole = Decimal(value).adjusted() < _EXACT_DIGITS and value == int(value)
        return str(int(value)) if whole else str(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value) if isinstance(value, int) else None
