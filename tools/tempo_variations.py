"""Other performances of a chunk, made from its levels alone.

Source: Schreiber and Mueller, A single-step approach to musical tempo estimation using a
convolutional neural network (ISMIR 2018), who stretch spectrograms and cut parts out of them.
"""

import numpy as np
from numpy.random import Generator

from sport_music_dataset.audio.spectra import FRAMES_PER_SECOND, Floats

# No more than this: at a tempo far from a piece's own, its beat may be another.
_FASTEST_OCTAVES = 0.24
_SHORTEST_SECONDS = 10


def speed(draw: Generator) -> float:
    """How many times as fast as it was played a chunk is to be heard."""
    return float(2 ** draw.uniform(-_FASTEST_OCTAVES, _FASTEST_OCTAVES))


def varied(level: Floats, speed: float, draw: Generator) -> Floats:
    """Levels in dB [frames, bands] as of the same bars at another speed and by another recording.

    Bands are louder or softer, strokes stand out more or less, noise covers what is soft, and two
    in five are a part of the chunk.
    """
    places = np.arange(int((len(level) - 1) / speed)) * speed
    before = places.astype(np.intp)
    share = (places - before).astype(np.float32)[:, None]
    heard = level[before] * (1 - share) + level[before + 1] * share
    bands = np.linspace(-1, 1, level.shape[1])
    uneven = np.interp(bands, np.linspace(-1, 1, 5), draw.normal(0, 3, 5))
    heard = heard + draw.normal(0, 5) * bands + uneven
    mean = heard.mean(axis=0)
    heard = mean + (heard - mean) * draw.uniform(0.75, 1.15)
    if draw.random() < 0.3:
        noise = np.percentile(heard, draw.uniform(2, 25))
        heard = 10 * np.logaddexp(heard * np.log(10) / 10, noise * np.log(10) / 10) / np.log(10)
    size = int(draw.uniform(_SHORTEST_SECONDS, 25) * FRAMES_PER_SECOND)
    first = int(draw.integers(max(len(heard) - size, 0) + 1)) if draw.random() < 0.4 else 0
    return np.asarray(heard[first:][: size if first else None], np.float32)
