"""What is said of scores: words of a track for a part that few networks have heard, and voices."""

import numpy as np
from numpy.typing import NDArray

from sport_music_dataset.listen import heads

Floats = NDArray[np.float32]


def scores_of(count: int, voice: float) -> Floats:
    """Scores [count, features] of a track, as every fourth and sixteenth excerpt has them."""
    scores = np.random.default_rng(6).normal(0, 1, (count, heads.FEATURES)).astype(np.float32)
    scores[np.arange(count) % 4 > 0, heads.OWN] = np.nan
    scores[np.arange(count) % 16 > 0, heads.SECOND] = np.nan
    scores[:, heads.VOICE] = voice
    # No tag of a voice, which the first network hears too.
    scores[::4, heads.HIDDEN : heads.HIDDEN + heads.TAGS] -= 9
    return scores


def test_a_part_that_musicnn_has_not_heard_has_the_words_of_its_track() -> None:
    track = scores_of(20, -1.0)
    whole, part = heads.say([track, track[1:4]], track)
    assert whole.moods and (part.instruments, part.moods) == (whole.instruments, whole.moods)
    assert part.vocals is not None and whole.vocals is not None
    assert abs(part.vocals - whole.vocals) <= 0.02


def test_a_voice_in_one_excerpt_counts_more_than_the_silence_around_it() -> None:
    silent, mean, once = (scores_of(10, voice) for voice in (-2.0, -1.4, -2.0))
    once[3, heads.VOICE] = 4.0
    [low], [even], [high] = (heads.say([scores], scores) for scores in (silent, mean, once))
    assert low.vocals is not None and even.vocals is not None and high.vocals is not None
    assert low.vocals < even.vocals < high.vocals
