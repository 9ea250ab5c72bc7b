"""JSON values as a dataclass, checked without the time that importing pydantic takes.

Where pydantic checks, in manifests and in what Typer reads, `said_plainly` puts its faults in our
words.
"""

import re
from dataclasses import fields
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")

# What pydantic says, and what is said instead.
_PLAINLY = {
    r"Value error, ": "",
    r"Input should be ": "must be ",
    r", unable to parse .*": "",
    r"greater than or equal to": "at least",
    r"less than or equal to": "at most",
    r"a valid integer": "a whole number",
    r"a valid number": "a number",
    r"a valid string": "a text",
    r"a valid boolean": "true or false",
    r"Field required": "is missing",
    r"Unexpected keyword argument": "is no key that sportgen knows",
}


def said_plainly(fault: str) -> str:
    """A message with a fault that pydantic found, without pydantic's own words."""
    for pattern, words in _PLAINLY.items():
        fault = re.sub(pattern, words, fault)
    return fault


def as_record(kind: type[Kind], data: Any) -> Kind | None:
    """The dataclass `kind` with the values of `data`; None if a key or a type is wrong.

    A key may be missing where the dataclass has a default. An int is accepted as a float, and a
    list, which is all that JSON has, as a tuple of any length.
    """
    hints: dict[str, Any] = _hints(kind)  # type: ignore[arg-type]  # a class is hashable
    if not isinstance(data, dict) or not data.keys() <= hints.keys():
        return None
    if not all(_is(hints[key], value) for key, value in data.items()):
        return None
    try:
        return kind(**data)
    except TypeError:  # a key is missing
        return None


@cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _is(hint: Any, value: Any) -> bool:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is UnionType:
        return any(_is(part, value) for part in parts)
    if origin in (list, tuple):
        return isinstance(value, (list, tuple)) and all(_is(parts[0], item) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(_is(parts[1], item) for item in value.values())
    if hint is float:
        return type(value) in (int, float)
    return hint is Any or type(value) is hint
