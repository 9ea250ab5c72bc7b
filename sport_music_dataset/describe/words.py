"""What the words of descriptions claim of the music, and whether they agree."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

import numpy as np

from ..outside.documents import own_yaml

# Energy below the first limit is called low, below the second medium. Of 80 pieces of orchestras
# and synthesisers, those with a calm title have 0.18 to 0.39, those with a driving title 0.31 to
# 0.71.
LOW, MEDIUM = 0.35, 0.5
# What two words claim must overlap by this much on the scale of energy: words whose claims only
# touch ("relaxed" and "lively") are heard as opposites.
_OVERLAP = 0.35
_ANY = (0.0, 3.0)
_ANY_TEMPO = (0.0, 1000.0)
# The level of an intensity, where no energy is measured.
_MIDDLES = {"low": 0.5, "medium": 1.5, "high": 2.5}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a word claims of the music.

    `energy` is a range of the level of energy (0 to 3), `tempo` one in BPM, `mode` is `major` or
    `minor`, `tone` `light` or `dark`. Words that claim nothing have full ranges, no mode and no
    tone.
    """

    energy: tuple[float, float] = _ANY
    tempo: tuple[float, float] = _ANY_TEMPO
    mode: str = ""
    tone: str = ""

    def hold(self, level: float | None, tempo_bpm: float | None, mode: str) -> bool:
        """Whether the claims are true of a level, a tempo and a mode, as far as these are known."""
        return (
            (level is None or self.energy[0] <= level <= self.energy[1])
            and (tempo_bpm is None or self.tempo[0] <= tempo_bpm <= self.tempo[1])
            and (not mode or self.mode in ("", mode))
        )

    def agree(self, others: Iterable["Claims"]) -> bool:
        """Whether each of `others` may stand in one text with these claims."""
        return all(
            min(self.energy[1], other.energy[1]) - max(self.energy[0], other.energy[0]) >= _OVERLAP
            and min(self.tempo[1], other.tempo[1]) > max(self.tempo[0], other.tempo[0])
            and (not self.mode or other.mode in ("", self.mode))
            and (not self.tone or other.tone in ("", self.tone))
            for other in others
        )


NO_CLAIMS = Claims()


def both(one: Claims, other: Claims) -> Claims:
    """The claims of two words that say one thing together; where they disagree, the second's."""
    return Claims(
        _shared(one.energy, other.energy, _OVERLAP),
        _shared(one.tempo, other.tempo, 0.0),
        other.mode or one.mode,
        other.tone or one.tone,
    )


def _shared(
    one: tuple[float, float], other: tuple[float, float], least: float
) -> tuple[float, float]:
    """The range that two ranges share; the second if they share no more than `least`."""
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if high - low > least else other


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of words.yaml with their claims.

    `energy` has the words for energy, `words` these and the moods, `sense` the claims of sessions
    by intensity, `arcs` the words and the claims of each phase of a track. `feelings` are the moods
    that stand before "feel", `near` the words that say nearly the same as a word.
    """

    energy: dict[str, Claims]
    words: dict[str, Claims]
    sense: dict[str, Claims]
    arcs: dict[str, tuple[str, Claims]]
    feelings: frozenset[str]
    near: dict[str, frozenset[str]]

    def claims(self, word: str) -> Claims:
        """The claims of a word; a word that nobody knows claims nothing."""
        return self.words.get(word.casefold(), NO_CLAIMS)


def level_of(energy: float) -> float:
    """The level of an energy: 0 to 1 is low, 1 to 2 medium, 2 to 3 high."""
    return float(np.interp(energy, (0.0, LOW, MEDIUM, 1.0), (0.0, 1.0, 2.0, 3.0)))


def level_of_intensity(intensity: str) -> float:
    """The level that music for sessions of an intensity has by convention."""
    return _MIDDLES[intensity]


@cache
def lexicon() -> Lexicon:
    """The words of words.yaml."""
    data = own_yaml(__file__, "words.yaml")
    energy = {word: claims_of(claims) for word, claims in data["energy"].items()}
    moods = {word: claims_of(claims) for word, claims in data["moods"].items()}
    return Lexicon(
        energy,
        energy | moods,
        {name: Claims(energy=(low, high)) for name, (low, high) in data["sense"].items()},
        {name: (entry["says"], claims_of(entry)) for name, entry in data["arcs"].items()},
        frozenset(data["feelings"]),
        {word: _near(word, [list(energy), *data["near"]]) for word in energy | moods},
    )


def _near(word: str, lists: list[list[str]]) -> frozenset[str]:
    return frozenset(chain.from_iterable(near for near in lists if word in near)) - {word}


def claims_of(entry: dict[str, Any]) -> Claims:
    """The claims of an entry of words.yaml or styles.yaml."""
    return Claims(
        tuple(entry.get("energy", _ANY)),
        tuple(entry.get("tempo", _ANY_TEMPO)),
        entry.get("key", ""),
        entry.get("tone", ""),
    )
