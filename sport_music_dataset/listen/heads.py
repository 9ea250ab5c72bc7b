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
FEATURES = HIDDEN + 2 * TAGS
"""A score has the first network's last layer, its tags, and the tags of the second network."""

_OWN = HIDDEN + TAGS


@dataclass(frozen=True, slots=True)
class Heads:
    """Linear heads on what the first network hears, trained on rendered scores.

    Attributes:
        names: instruments, and last `voice`: choirs and synthesised voices, which the network has
            not met where it was trained.
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
        return np.asarray(scores[:, :_OWN] @ self.weights.T + self.bias, np.float32)


@cache
def read_heads() -> Heads:
    """The heads in `heads.npz`."""
    with np.load(Path(__file__).with_name("heads.npz")) as file:
        names = tuple(map(str, file["names"]))
        return Heads(names, *(file[name] for name in ("weights", "bias", "scale", "offset")))


def say(parts: Sequence[Floats], track: Floats) -> list[Heard]:
    """What is heard in parts [n, features] of a track with scores [m, features].

    The second network hears few excerpts, and a chunk has few: so a chunk has the moods and styles
    of its track where that network hears them, and of all others half the weight is the track's.
    """
    whole, whole_tags = read_heads()(track).mean(axis=0), _mean(track[:, HIDDEN:])
    return [_say(scores, whole, whole_tags) for scores in parts]


def _say(scores: Floats, whole: Floats, whole_tags: Floats) -> Heard:
    """What is heard in scores [n, features], by the means of the track's logits and tags too."""
    heads = read_heads()
    own = heads(scores).mean(axis=0)
    sure = probability(((own + whole) / 2) * heads.scale + heads.offset)
    instruments = zip(heads.names[:-1], sure[:-1], strict=True)
    # Singing by the tags, as recordings have it, or a choir by the head.
    sung = np.logaddexp(own[-1], _sung(scores))
    vocals = float(probability(sung * heads.scale[-1] + heads.offset[-1]))
    tags: Floats = (_mean(scores[:, HIDDEN:]) + whole_tags) / np.float32(2)
    lacking = np.isnan(tags)
    tags[lacking] = whole_tags[lacking]
    return heard(vocals, instruments, _words("moods", tags), _words("styles", tags))


def _mean(tags: Floats) -> Floats:
    """Mean of each column, [n, tags], over the rows that have it; NaN if none has."""
    count = np.isfinite(tags).sum(axis=0)
    total = np.nansum(tags, axis=0)
    return np.asarray(np.where(count, total / np.maximum(count, 1), np.nan), np.float32)


def _sung(scores: Floats) -> float:
    """The mean over excerpts of how much more tags speak of a voice than of none."""
    tags = _columns()
    found = np.logaddexp.reduce(scores[:, tags.voices], axis=1)
    return float(np.mean(found - scores[:, tags.no_voices].mean(axis=1) / 2))


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
