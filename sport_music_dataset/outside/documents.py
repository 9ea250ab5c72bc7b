"""JSON and YAML that strangers wrote, read within limits of depth and size.

YAML is read as datasets and the Hub read it, by PyYAML's safe loader, but dates stay texts. An
alias stands for all that its anchor holds: the limit counts what a document has after they are all
replaced, since nine aliases of nine levels are a billion values. sportgen's own YAML needs no
limits, and is read faster.
"""

import json
import math
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NoReturn

import yaml

from ..errors import SportgenError
from .names import is_text

# sportgen's own documents have at most six levels, and cards of the Hub about as many.
_MOST_DEPTH = 32
_MOST_NODES = 100_000
_FENCE = "---"
# PyYAML reads 100 KB a second; the front matter of cards has a few KB.
_MOST_LETTERS = 500_000


def load_json(text: str | bytes, place: str, error: type[SportgenError]) -> Any:
    """The value of a JSON text; NaN and infinite numbers are refused.

    Raises:
        error: it is not JSON, is nested too deeply, or has text that is not Unicode; the message
            starts with `place`.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except ValueError as fault:
        raise error(f"{place}: is not JSON ({fault})") from fault
    except RecursionError as fault:
        raise error(f"{place}: is nested too deeply") from fault
    problem = _problem_in(value)
    if problem:
        raise error(f"{place}: {problem}")
    return value


# In C if PyYAML has it: that is five times as fast, and every process reads sportgen's own files.
_OwnLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def own_yaml(module: str, name: str) -> dict[Any, Any]:
    """The YAML file `name` of sportgen, beside the file of a module: its `__file__`."""
    text = Path(module).with_name(name).read_text(encoding="utf-8")
    data: dict[Any, Any] = yaml.load(text, _OwnLoader)
    return data


def compose_yaml(text: str, place: str, error: type[SportgenError]) -> yaml.Node | None:
    """The nodes of a YAML document, with their lines; None if it is empty.

    Raises:
        error: it is not YAML, or over a limit; the message starts with `place` and names the line.
    """
    if len(text) > _MOST_LETTERS:
        raise error(
            f"{place}: has {len(text):,} letters of YAML, at most {_MOST_LETTERS:,} are read"
        )
    try:
        return _composed(text)
    except (yaml.YAMLError, ValueError) as fault:
        raise error(_yaml_message(place, fault)) from fault


# A command reads the card of a release folder more than once, and this parser is slow.
@lru_cache(maxsize=4)
def _composed(text: str) -> yaml.Node | None:
    root: yaml.Node | None = _Loader(text).get_single_node()
    if root is not None:
        _expanded_size(root, {})
    return root


def construct_yaml(node: yaml.Node, place: str, error: type[SportgenError]) -> Any:
    """The value of a node; raises as `compose_yaml`."""
    try:
        return _Loader("").construct_document(node)
    except (yaml.YAMLError, ValueError, TypeError) as fault:
        raise error(_yaml_message(place, fault)) from fault


def load_yaml(text: str, place: str, error: type[SportgenError]) -> Any:
    """The value of a YAML document, None if it is empty; raises as `compose_yaml`."""
    root = compose_yaml(text, place, error)
    return None if root is None else construct_yaml(root, place, error)


def split_front_matter(
    text: str, place: str, error: type[SportgenError]
) -> tuple[dict[str, Any], str]:
    """Split the text of a card into (front matter, body); the front matter may be absent.

    Raises:
        error: the front matter is not a YAML mapping; the message starts with `place`.
    """
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].rstrip() != _FENCE:
        return {}, text
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE), 0)
    if not end:
        return {}, text
    data = load_yaml("".join(lines[1:end]), f"{place}: the front matter", error) or {}
    if not isinstance(data, dict):
        raise error(f"{place}: the front matter is no mapping; mend it")
    return data, "".join(lines[end + 1 :])


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with a limit of depth, and without dates."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """As in PyYAML, which recurses here."""
        if self._depth >= _MOST_DEPTH:
            raise ValueError(f"is nested more than {_MOST_DEPTH} levels deep")
        self._depth += 1
        try:
            node: yaml.Node | None = super().compose_node(parent, index)
        finally:
            self._depth -= 1
        return node


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if not tag.endswith(":timestamp")]
    for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _expanded_size(node: yaml.Node, known: dict[int, int]) -> int:
    """Number of nodes below `node` and itself once all aliases are replaced.

    `known` has the sizes of nodes by identity, and 0 for a node whose size is being counted.
    """
    if id(node) in known:
        if not known[id(node)]:
            raise ValueError("holds an alias of itself")
        return known[id(node)]
    if isinstance(node, yaml.ScalarNode) and not is_text(node.value):
        raise ValueError("has text with half of a surrogate pair")
    known[id(node)] = 0
    size = 1 + sum(_expanded_size(child, known) for child in _children(node))
    if size > _MOST_NODES:
        raise ValueError(f"has more than {_MOST_NODES:,} values, aliases replaced")
    known[id(node)] = size
    return size


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _problem_in(value: Any) -> str:
    """Why a value of JSON is refused; empty if it is not."""
    level = [value]
    for _ in range(_MOST_DEPTH):
        texts = [item for item in level if isinstance(item, str)]
        texts += [key for item in level if isinstance(item, dict) for key in item]
        if not all(map(is_text, texts)):
            return "has text with half of a surrogate pair"
        if any(isinstance(item, float) and not math.isfinite(item) for item in level):
            return "has a number that is not finite"
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return ""
    return f"is nested more than {_MOST_DEPTH} levels deep"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _yaml_message(place: str, fault: Exception) -> str:
    mark = getattr(fault, "problem_mark", None)
    line = f" line {mark.line + 1}:" if mark else ""
    problem = getattr(fault, "problem", None) or " ".join(str(fault).split())
    return f"{place}:{line} {problem}; it must be YAML within limits"
