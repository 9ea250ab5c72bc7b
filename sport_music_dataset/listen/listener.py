"""Listen to a track as it is cut: short excerpts, the same ones in whatever chunk they lie."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..records import Heard

Floats = NDArray[np.float32]
Pcm = NDArray[np.int16]

# Excerpts that a tagger hears at once: enough for a GPU, and little memory.
_BATCH = 32


class Tagger(Protocol):
    """What hears words in excerpts of music.

    `excerpt_samples` is the length of an excerpt, `step_samples` the time from one to the next,
    both at 32 kHz.
    """

    excerpt_samples: int
    step_samples: int

    def prepare(self, samples: Floats) -> Floats:
        """What is kept of an excerpt [N] float32 at 32 kHz until it is heard."""

    def listen(self, excerpts: Floats, first: int) -> Floats:
        """Scores [n, features] of prepared excerpts [n, ...]; the track's excerpt `first` leads."""

    def say(self, parts: Sequence[Floats], track: Floats) -> list[Heard]:
        """What is heard in each part of a track, by scores [n, features] of the part.

        `track` [m, features] are the scores of all its excerpts.
        """


@dataclass(slots=True)
class TrackListener:
    """Listens to one track, chunk by chunk.

    An excerpt begins every `step_samples` of the track, in the middle of its step, so that chunks
    that overlap share excerpts; a chunk in which none lies has one of its own. Which these are
    follows from the chunk alone, not from its neighbours.

    Args:
        tagger: what listens.
        chunk_hop: samples from the start of a chunk to the start of the next.
    """

    tagger: Tagger
    chunk_hop: int
    _count: int = 0
    _numbers: dict[int, int] = field(default_factory=dict)
    _chunks: list[list[int]] = field(default_factory=list)
    _waiting: list[Floats] = field(default_factory=list)
    _scores: list[Floats] = field(default_factory=list)

    def add(self, index: int, pcm: Pcm) -> None:
        """Listen to the chunk at `index`, samples [N] int16 at 32 kHz; indices must ascend."""
        begin, length = index * self.chunk_hop, min(self.tagger.excerpt_samples, len(pcm))
        numbers = []
        for start in self._starts(begin, begin + len(pcm) - length):
            if start not in self._numbers:
                self._numbers[start], self._count = self._count, self._count + 1
                part = pcm[start - begin : start - begin + length]
                samples = part.astype(np.float32) / np.float32(32_768)
                self._waiting.append(self.tagger.prepare(samples))
            numbers.append(self._numbers[start])
        self._chunks.append(numbers)
        # No later chunk begins before this one.
        self._numbers = {at: number for at, number in self._numbers.items() if at >= begin}
        if len(self._waiting) >= _BATCH:
            self._hear()

    def _starts(self, first: int, last: int) -> list[int]:
        """Where the excerpts of a chunk begin that may begin from `first` to `last`."""
        step = self.tagger.step_samples
        middle = (step - self.tagger.excerpt_samples) // 2
        start = middle + -(-(first - middle) // step) * step
        return list(range(start, last + 1, step)) or [(first + last) // 2]

    def _hear(self) -> None:
        first = sum(map(len, self._scores))
        self._scores.append(self.tagger.listen(np.stack(self._waiting), first))
        self._waiting = []

    def finish(self) -> tuple[list[Heard], Heard]:
        """What is heard in each chunk, in order, and in the track."""
        if self._waiting:
            self._hear()
        track = np.concatenate(self._scores)
        parts = [track, *(track[numbers] for numbers in self._chunks)]
        whole, *chunks = self.tagger.say(parts, track)
        # Most of a chunk is not heard: nobody knows that it has no voice where its track has one.
        return [
            replace(chunk, vocals=max(chunk.vocals or 0.0, whole.vocals or 0.0)) for chunk in chunks
        ], whole
