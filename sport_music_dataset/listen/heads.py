"""What makes scores of musicnn's networks into words: `heads.npz`, and tags of `musicnn.yaml`."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ..outside.documents import own_yaml
from ..records import Heard
from .listener import Floats
from .words import heard, probability

HIDDEN, TAGS = 200, 50
FEATURES = HIDDEN + 2 * TAGS + 1
"""A score has the first network's last layer, its tags, the tags of the second network, and the
logit of the network of voices; NaN where a network has not heard the excerpt."""
OWN = slice(HIDDEN + TAGS)
SECOND = slice(HIDDEN + TAGS, FEATURES - 1)
VOICE = FEATURES - 1

# Excerpts in which a choir is heard count more than those in which it is silent: of the logits of
# voices, their mean as powers of this sharpness.
_SHARPNESS = 2.0
# (scale, offset) that make what the network of voices and what the tags say the logit of a voice.
_HEARD, _TAGGED = (1.6, 0.0), (1.2, -3.3)


@dataclass(frozen=True, slots=True)
class Heads:
    """Linear heads on what the first network hears, trained on rendered scores.

    Attributes:
        names: instruments.
        weights: weight of each feature, [heads, 250].
        bias: a number for each head.
        scale, offset: what makes the mean logit of a piece a probability, for each head.
    """

    names: tuple[str, ...]
    weights: Floats
    bias: Floats
    scale: Floats
    offset: Floats

    def __call__(self, scores: Floats) -> Floats:
        """Logits [n, heads] of scores [n, features]."""
        return np.asarray(scores[:, OWN] @ self.weights.T + self.bias, np.float32)


@cache
def read_heads() -> Heads:
    """The heads in `heads.npz`."""
    with np.load(Path(__file__).with_name("heads.npz")) as file:
        names = tuple(map(str, file["names"]))
        return Heads(names, *(file[name] for name in ("weights", "bias", "scale", "offset")))


def say(parts: Sequence[Floats], track: Floats) -> list[Heard]:
    """What is heard in parts [n, features] of a track with scores [m, features].

    musicnn's networks hear few excerpts, and a chunk has few: so half the weight of instruments,
    moods and styles is the track's, and all of it where a part has no excerpt that they hear.
    """
    logits, tags, sung = _means(track)
    said = []
    for scores in parts:
        own_logits, own_tags, own_sung = _means(scores)
        own_sung = np.where(np.isnan(own_sung), sung, own_sung)
        said.append(_say(scores, _half(own_logits, logits), _half(own_tags, tags), own_sung))
    return said


def _means(scores: Floats) -> tuple[Floats, Floats, Floats]:
    """Means over excerpts: logits of heads [heads], tags of both networks [100], how sung [1]."""
    heard = scores[np.isfinite(scores[:, 0])]
    return _mean(read_heads()(heard)), _mean(scores[:, HIDDEN:VOICE]), _mean(_sung(heard))


def _half(own: Floats, whole: Floats) -> Floats:
    """Half of a part's and half of the track's means, or the track's where the part has none."""
    return np.asarray((np.where(np.isnan(own), whole, own) + whole) / 2, np.float32)


def _say(scores: Floats, logits: Floats, tags: Floats, sung: Floats) -> Heard:
    """What is heard in scores [n, features], by means of logits, tags and singing."""
    heads = read_heads()
    sure = probability(logits * heads.scale + heads.offset)
    # Singing by the tags, as recordings have it, or a choir by the network of voices.
    voice = _HEARD[0] * _sharp_mean(scores[:, VOICE]) + _HEARD[1]
    voice = np.logaddexp(voice, _TAGGED[0] * float(sung[0]) + _TAGGED[1])
    instruments = zip(heads.names, sure, strict=True)
    return heard(
        float(probability(voice)), instruments, _words("moods", tags), _words("styles", tags)
    )


def _sharp_mean(logits: Floats) -> float:
    """The logarithm of the mean of powers of logits [n]: between their mean and their maximum."""
    powers = np.logaddexp.reduce(_SHARPNESS * logits.astype(np.float64)) - np.log(len(logits))
    return float(powers / _SHARPNESS)


def _mean(rows: Floats) -> Floats:
    """Mean of each column, [n, columns], over the rows that have it; NaN if none has."""
    count = np.isfinite(rows).sum(axis=0)
    total = np.nansum(rows, axis=0)
    return np.asarray(np.where(count, total / np.maximum(count, 1), np.nan), np.float32)


def _sung(scores: Floats) -> Floats:
    """How much more the tags of excerpts speak of a voice than of none, [n, 1]."""
    tags = _columns()
    found = np.logaddexp.reduce(scores[:, tags.voices], axis=1)
    return np.asarray((found - scores[:, tags.no_voices].mean(axis=1) / 2)[:, None], np.float32)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Columns of scores for the tags of voices, and of each word with its `at` as a logit."""

    voices: list[int]
    no_voices: list[int]
    words: dict[str, list[tuple[str, int, float]]]


@cache
def _columns() -> _Columns:
    data = own_yaml(__file__, "musicnn.yaml")
    first, second = data["tags"]["first"], data["tags"]["second"]
    if len(first) != TAGS or len(second) != TAGS:
        raise ValueError("musicnn.yaml: each network has 50 tags")
    column = {("first", tag): HIDDEN + at for at, tag in enumerate(first)}
    column |= {("second", tag): HIDDEN + TAGS + at for at, tag in enumerate(second)}
    words: dict[str, list[tuple[str, int, float]]] = {"moods": [], "styles": []}
    for kind, found in words.items():
        for word, rule in data[kind].items():
            [(network, tag)] = [item for item in rule.items() if item[0] != "at"]
            odds = float(np.log(rule["at"] / (1 - rule["at"])))
            found.append((word, column[network, tag], odds))
    return _Columns(
        [column["first", tag] for tag in data["voices"]],
        [column["first", tag] for tag in data["no_voices"]],
        words,
    )


def _words(kind: str, tags: Floats) -> list[tuple[str, float]]:
    return [
        (word, float(probability(tags[column - HIDDEN] - odds)))
        for word, column, odds in _columns().words[kind]
    ]
