"""JSON that people and programs wrote: one object a line, several lines for one, NaN, 1999.0."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

REMEDY = 'write one object a line, as {"file_name": "a.flac", "title": "A"}'
_BLANK = " \t\r\n"


def json_values(text: str) -> Iterator[tuple[int, Any]]:
    """The values in a text, one behind the other, with the numbers of their lines.

    NaN and infinite numbers are null, numbers with a point keep their digits, and control
    characters may stand in texts.

    Raises:
        ValueError: something is not JSON; the message has the line and the remedy.
    """
    at, line, counted = 0, 1, 0
    while True:
        # JSON's own blanks alone: Python's also has separators of lines that stand in texts.
        while at < len(text) and text[at] in _BLANK:
            at += 1
        if at == len(text):
            return
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = _DECODER.raw_decode(text, at)
        except json.JSONDecodeError as error:
            bad = line + text.count("\n", counted, error.pos)
            letter = error.pos - text.rfind("\n", 0, error.pos)
            begun = f" (of what begins on line {line})" if bad != line else ""
            raise ValueError(
                f"line {bad}{begun}: is no JSON at letter {letter:,}; {REMEDY}"
            ) from error
        except RecursionError as error:
            raise ValueError(f"line {line}: is nested too deeply; take that value away") from error
        except _KeyTwiceError as error:
            raise ValueError(f"line {line}: {error}") from error
        except ValueError as error:
            raise ValueError(f"line {line}: has too long a number; put quotes around it") from error
        yield line, value


def json_value(text: str) -> Any:
    """The one value of a text; raises as `json_values`."""
    values = [value for _, value in json_values(text)]
    if len(values) != 1:
        raise ValueError("has more than one value; keep one" if values else "is empty")
    return values[0]


class _KeyTwiceError(ValueError):
    """An object has a key twice, of which a reader would see one."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _KeyTwiceError(f"has the key {twice[:60]!r} twice; keep one")
    return value


def _number(text: str) -> Any:
    try:
        return Decimal(text)
    except ArithmeticError:  # an exponent of very many digits
        return text


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_number, parse_constant=lambda name: None, strict=False
)
