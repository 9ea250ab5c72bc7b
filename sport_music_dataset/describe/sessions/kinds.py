"""The lists of sessions.yaml: which words are events, contests, activities and sports."""

from functools import cache

from ...outside.documents import own_yaml
from .table import folded, normalise


def is_event(word: str) -> bool:
    """Whether a name that ends in a word is that of an event, behind "a": `a leg race`."""
    return word.casefold() in listed_words("events")


def is_activity(word: str) -> bool:
    """Whether a name that ends in a word is what one does, without "a": `cheer practice`."""
    return word.casefold() in listed_words("activities")


def is_contest(event: str) -> bool:
    """Whether what one takes part in is a match or a race."""
    return event.split()[-1] in listed_words("contests")


def is_sport(name: str) -> bool:
    """Whether a name is that of a sport that one does, in English: `curling`, `Jiu-jitsu`."""
    return normalise(name) in named("sports")


@cache
def proper() -> dict[str, str]:
    """The words that have a capital within a sentence, by these in small letters."""
    data = own_yaml(__file__, "sessions.yaml")
    words = [name for name in (*data["proper"], *data["sports"]) if " " not in name]
    return {word.casefold(): word for word in words if not word.islower()}


@cache
def named(name: str) -> frozenset[str]:
    """The normalised names of a list in sessions.yaml."""
    return frozenset(map(normalise, own_yaml(__file__, "sessions.yaml")[name]))


@cache
def listed_words(name: str) -> frozenset[str]:
    """The folded words of a list in sessions.yaml."""
    return frozenset(map(folded, own_yaml(__file__, "sessions.yaml")[name]))
