"""Which excerpts of a track are heard, and in which chunks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sport_music_dataset.listen import TrackListener
from sport_music_dataset.records import Heard

Floats = NDArray[np.float32]


@dataclass
class Sum:
    """A tagger that counts what it hears: the mean of an excerpt's samples is its score."""

    excerpt_samples: int
    step_samples: int
    heard: int = 0

    def prepare(self, samples: Floats) -> Floats:
        return samples

    def listen(self, excerpts: Floats, first: int) -> Floats:
        assert first == self.heard
        self.heard += len(excerpts)
        return excerpts.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)

    def say(self, parts: Sequence[Floats], track: Floats) -> list[Heard]:
        return [Heard(vocals=float(part.mean()), heard_style=str(len(part))) for part in parts]


@given(
    st.integers(20, 90),
    st.integers(1, 90),
    st.integers(1, 40),
    st.integers(1, 60),
    st.lists(st.booleans(), min_size=1, max_size=90),
)
def test_a_chunk_is_heard_alike_alone_and_in_its_track(
    chunk: int, hop: int, excerpt: int, step: int, kept: list[bool]
) -> None:
    hop = min(hop, chunk)
    samples = np.random.default_rng(1).integers(0, 30_000, chunk + hop * len(kept), np.int16)
    indices = [index for index, keep in enumerate([True, *kept]) if keep]

    def listened(some: list[int]) -> tuple[list[Heard], Heard, int]:
        tagger = Sum(excerpt, max(step, excerpt))
        listener = TrackListener(tagger, hop)
        for index in some:
            listener.add(index, samples[index * hop : index * hop + chunk])
        return *listener.finish(), tagger.heard

    chunks, track, count = listened(indices)
    alone = [listened([index]) for index in indices]
    assert [found.heard_style for found in chunks] == [one.heard_style for (one,), _, _ in alone]
    # A chunk is no surer of being without a voice than its track is.
    for found, ((own,), _, _) in zip(chunks, alone, strict=True):
        assert found.vocals is not None and own.vocals is not None and track.vocals is not None
        assert abs(found.vocals - max(own.vocals, track.vocals)) < 1e-6
    assert count <= sum(int(one.heard_style) for (one,), _, _ in alone)


def test_chunks_that_overlap_share_their_excerpts() -> None:
    tagger = Sum(24_000, 240_000)
    listener = TrackListener(tagger, 480_000)
    for index in range(15):
        listener.add(index, np.full(800_000, index, np.int16))
    chunks, _ = listener.finish()
    # 235 s at one every 7.5 s: 25 s have three or four.
    assert tagger.heard == 31
    assert {found.heard_style for found in chunks} == {"3"}
