"""Session and style to a description: the text prompt of a chunk."""

import random
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

_NUMBER_AT_END = re.compile(r"[\s#]*\d+$")
_BETWEEN_WORDS = re.compile(r"[\s_\-'’]+")


@dataclass(frozen=True, slots=True)
class Session:
    """A sport session: its English name, and the words that suit it."""

    name: str
    energy: tuple[str, ...]
    moods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What sessions.yaml holds, ready to use."""

    sessions: dict[str, Session]
    plain: tuple[str, ...]
    known: tuple[str, ...]


def describe(session: str, style: str, seed: int, chunk_id: str) -> str:
    """An English sentence for a chunk; the phrasing is drawn from `seed` and `chunk_id`.

    Sessions are recognised in French and English; others are used as they are.
    """
    words = vocabulary()
    draw = random.Random(f"{seed}:{chunk_id}")
    known = words.sessions.get(normalise(session))
    style_words = " ".join(style.replace("_", " ").split())
    if known is None:
        return draw.choice(words.plain).format(style=style_words, session=session)
    return draw.choice(words.plain + words.known).format(
        style=style_words,
        session=known.name,
        energy=draw.choice(known.energy),
        mood=draw.choice(known.moods),
    )


def normalise(name: str) -> str:
    """A name without case, accents, hyphens, apostrophes and a number at its end."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _NUMBER_AT_END.sub("", _BETWEEN_WORDS.sub(" ", plain).strip())


@cache
def vocabulary() -> Vocabulary:
    """The sessions and templates of sessions.yaml."""
    data = yaml.safe_load(Path(__file__).with_name("sessions.yaml").read_text(encoding="utf-8"))
    sessions: dict[str, Session] = {}
    for name, entry in data["sessions"].items():
        energy = tuple(data["energy"][entry["intensity"]])
        session = Session(name, energy, tuple(entry["moods"]))
        for alias in (name, *entry["aliases"]):
            sessions[normalise(alias)] = session
    templates = data["templates"]
    return Vocabulary(sessions, tuple(templates["plain"]), tuple(templates["known"]))
