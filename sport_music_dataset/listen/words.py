"""The words that taggers have: lists of words as YAML, and what makes scores into probabilities."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..outside.documents import own_yaml
from ..records import Heard
from .listener import Floats

# A chunk has few words, which are sure: a description has room for two or three.
_MOST_WORDS = 3
_LEAST = 0.5
# Of instruments that are as likely as not, half are not there.
_LEAST_INSTRUMENT = 0.7


def heard(
    vocals: float,
    instruments: Iterable[tuple[str, float]],
    moods: Iterable[tuple[str, float]],
    styles: Iterable[tuple[str, float]],
) -> Heard:
    """What is heard, from the probability of each word; only words that are likely stay.

    Probabilities are rounded to two digits: sums differ between machines in their last bits.
    """
    played = _likely(instruments, _LEAST_INSTRUMENT)
    felt, style = _likely(moods, _LEAST), _likely(styles, _LEAST)[:1]
    return Heard(
        vocals=round(float(vocals), 2),
        instruments=tuple(word for word, _ in played),
        instruments_confidence=tuple(sure for _, sure in played),
        moods=tuple(word for word, _ in felt),
        moods_confidence=tuple(sure for _, sure in felt),
        heard_style=style[0][0] if style else "",
        heard_style_confidence=style[0][1] if style else None,
    )


def _likely(words: Iterable[tuple[str, float]], least: float) -> list[tuple[str, float]]:
    """The likeliest words with their rounded probabilities, the surest first."""
    rounded = [(word, round(float(sure), 2)) for word, sure in words]
    likely = sorted((pair for pair in rounded if pair[1] >= least), key=lambda pair: -pair[1])
    return likely[:_MOST_WORDS]


def probability(logits: Any) -> Floats:
    """Logits as probabilities."""
    return np.asarray(1 / (1 + np.exp(-np.asarray(logits, np.float64))), np.float32)


@dataclass(frozen=True, slots=True)
class Prompts:
    """The sentences of `clap.yaml`: the plain one, the two of voices, then one of each word."""

    texts: tuple[str, ...]
    words: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def read(cls) -> "Prompts":
        """The sentences of the file."""
        data = own_yaml(__file__, "clap.yaml")
        lists = {kind: data[kind] for kind in ("instruments", "moods", "styles")}
        texts = [data["plain"], data["vocals"]["sung"], data["vocals"]["played"]]
        for entry in lists.values():
            texts += [entry["sentence"].format(word) for word in entry["words"]]
        words = tuple((kind, tuple(entry["words"])) for kind, entry in lists.items())
        return cls(tuple(texts), words)

    def heard(self, similarities: Floats) -> Heard:
        """What is heard, from the similarity of each sentence, [prompts]."""
        plain, sung, played = similarities[:3]
        found, at = {}, 3
        for kind, words in self.words:
            own = similarities[at : at + len(words)]
            found[kind] = list(zip(words, probability(own - plain), strict=True))
            at += len(words)
        vocals = float(probability(sung - played))
        return heard(vocals, found["instruments"], found["moods"], found["styles"])
