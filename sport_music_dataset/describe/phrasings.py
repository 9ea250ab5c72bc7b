"""What is known of a chunk to a description: its text prompt."""

import random
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from .sessions import energy_words, find

# Up to where energy is called low, and medium: of 80 pieces of orchestras and synthesisers those
# with a calm title lie at 0.18 to 0.39, those with a driving one at 0.31 to 0.71.
_LOW, _MEDIUM = 0.35, 0.5
_FIELD = re.compile(r"\{(a )?(\w+)\}")
# T5's word pieces hold three to four letters each; 20 of them, with the end, are about this much.
_MOST_LETTERS = 62


@dataclass(frozen=True, slots=True)
class Facts:
    """What a description may say of a chunk: measures only where they are to be relied on."""

    session: str
    style: str
    tempo_bpm: float | None = None
    key: str = ""
    energy: float | None = None
    arc: str = ""


def describe(facts: Facts, seed: int, chunk_id: str, own: str = "") -> str:
    """The first of `phrasings`: the prompt of a chunk."""
    return phrasings(facts, seed, chunk_id, own)[0]


def phrasings(facts: Facts, seed: int, chunk_id: str, own: str = "", count: int = 1) -> list[str]:
    """English sentences for a chunk, drawn from `seed` and `chunk_id`; more begin with the same.

    Sessions are recognised in French and English; others are used as they are. Of the phrasings
    whose every word is known, those are drawn that fit into 20 T5 tokens by their length; where
    none does, the shortest is the only one.

    Args:
        facts: what is known.
        seed: draws other phrasings.
        chunk_id: the chunk's.
        own: the user's sessions, as YAML.
        count: how many, no two of one template; fewer where there are no more.
    """
    draw = random.Random(f"{seed}:{chunk_id}")
    left, found = list(templates()), list[str]()
    while len(found) < count:
        words = _words(facts, draw, own)
        texts = {
            template: _filled(template, words)
            for template in left
            if all(words.get(name) for _, name in _FIELD.findall(template))
        }
        fitting = [template for template, text in texts.items() if len(text) <= _MOST_LETTERS]
        if not fitting:
            return found or [min(texts.values(), key=len)]
        chosen = draw.choice(fitting)
        left.remove(chosen)
        found.append(texts[chosen])
    return found


def describe_plain(session: str, style: str) -> str:
    """The one sentence of the notebook: `<style> music for <session>`."""
    return f"{_spaced(style)} music for {_spaced(session)}"


@cache
def templates() -> tuple[str, ...]:
    """The phrasings of templates.yaml."""
    text = Path(__file__).with_name("templates.yaml").read_text(encoding="utf-8")
    return tuple(template for group in yaml.safe_load(text).values() for template in group)


def _words(facts: Facts, draw: random.Random, own: str) -> dict[str, str]:
    """Name of a field -> its words, empty where they are not known."""
    session = find(facts.session, own)
    level = session.intensity if session else ""
    if facts.energy is not None:
        # Near the border either word would do: the session decides.
        level = "low" if facts.energy < _LOW else "medium" if facts.energy < _MEDIUM else "high"
    style = _spaced(facts.style) or "instrumental"
    energy = draw.choice(_energy()[level]) if level else ""
    moods = [mood for mood in (session.moods if session else ()) if mood != energy]
    # A name may be nothing but marks that are not seen.
    name = session.name if session else _spaced(facts.session) or "sport"
    return {
        "style": style,
        "session": name,
        "energy": energy,
        "mood": draw.choice(moods) if moods else "",
        "tempo": f"{facts.tempo_bpm:.0f}" if facts.tempo_bpm else "",
        "key": facts.key.replace("#", " sharp"),
        "arc": "" if facts.arc == name else facts.arc,
    }


def _filled(template: str, words: dict[str, str]) -> str:
    def word(match: re.Match[str]) -> str:
        text = words[match[2]]
        article = ("an " if text[0] in "aeiou" else "a ") if match[1] else ""
        return article + text

    return _FIELD.sub(word, template)


def _spaced(name: str) -> str:
    return " ".join(name.replace("_", " ").split())


@cache
def _energy() -> dict[str, tuple[str, ...]]:
    return energy_words()
