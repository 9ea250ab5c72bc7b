"""Make the description of a chunk, its text prompt, from facts about the chunk."""

import random
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from .sessions import energy_words, find, spaced

# Energy below the first limit is called low, below the second medium. Of 80 pieces of orchestras
# and synthesisers, those with a calm title have 0.18 to 0.39, those with a driving title 0.31 to
# 0.71.
_LOW, _MEDIUM = 0.35, 0.5
_FIELD = re.compile(r"\{(a )?(\w+)\}")
# About as many letters as 20 T5 tokens, EOS included: a token has three to four letters.
_MOST_LETTERS = 62


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts for the description of a chunk; tempo and key only if their confidence is high."""

    session: str
    style: str
    tempo_bpm: float | None = None
    key: str = ""
    energy: float | None = None
    arc: str = ""


def describe(facts: Facts, seed: int, chunk_id: str, own: str = "") -> str:
    """The first of the chunk's `phrasings`, which is its prompt."""
    return phrasings(facts, seed, chunk_id, own)[0]


def phrasings(facts: Facts, seed: int, chunk_id: str, own: str = "", count: int = 1) -> list[str]:
    """English phrasings for a chunk, chosen at random from `seed` and `chunk_id`.

    The same arguments give the same phrasings; a higher `count` adds phrasings at the end. Sessions
    are recognised in French and English; the name of any other session is used as it is. A template
    can be chosen if all its words are known and its text is short enough for 20 T5 tokens. If no
    text is short enough, the shortest text is the only phrasing.

    Args:
        facts: facts about the chunk.
        seed: number that, if it changes, gives other phrasings.
        chunk_id: id of the chunk.
        own: the user's sessions, as YAML.
        count: number of phrasings, each from another template; fewer if no template is left.
    """
    draw = random.Random(f"{seed}:{chunk_id}")
    unused, found = list(templates()), list[str]()
    while len(found) < count:
        words = _words(facts, draw, own)
        texts = {
            template: _filled(template, words)
            for template in unused
            if all(words.get(name) for _, name in _FIELD.findall(template))
        }
        fitting = [template for template, text in texts.items() if len(text) <= _MOST_LETTERS]
        if not fitting:
            return found or [min(texts.values(), key=len)]
        chosen = draw.choice(fitting)
        unused.remove(chosen)
        found.append(texts[chosen])
    return found


def describe_plain(session: str, style: str) -> str:
    """The description that the notebook uses: `<style> music for <session>`."""
    return f"{spaced(style)} music for {spaced(session)}"


@cache
def templates() -> tuple[str, ...]:
    """All templates in templates.yaml."""
    text = Path(__file__).with_name("templates.yaml").read_text(encoding="utf-8")
    return tuple(template for group in yaml.safe_load(text).values() for template in group)


def _words(facts: Facts, draw: random.Random, own: str) -> dict[str, str]:
    """Map each field of a template to its words; empty if they are not known."""
    session = find(facts.session, own)
    level = session.intensity if session else ""
    if facts.energy is not None:
        # Measured energy replaces the intensity of the session.
        level = "low" if facts.energy < _LOW else "medium" if facts.energy < _MEDIUM else "high"
    style = spaced(facts.style) or "instrumental"
    energy = draw.choice(_cached_energy_words()[level]) if level else ""
    moods = [mood for mood in (session.moods if session else ()) if mood != energy]
    # A name may consist only of underscores and spaces.
    name = session.name if session else spaced(facts.session) or "sport"
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


@cache
def _cached_energy_words() -> dict[str, tuple[str, ...]]:
    return energy_words()
