"""Key and mode of a track's chunks, from how well its tones fit the profiles of all 24 keys.

The tones of a chunk are heard together with those of its neighbours, the nearer the more: a few
chords fit two keys, and a minute of them seldom does. Which of two keys with nearly the same tones
it is, the opening of the track says best: most pieces begin on their tonic's chord. A softmax gives
the probability of each key, and of there being none.

Sources: Krumhansl, Cognitive Foundations of Musical Pitch (1990), for keys by correlation with
profiles; Temperley, Music and Probability (MIT Press, 2007), table 6.1, for the profiles; Gomez,
Tonal Description of Music Audio Signals (2006), for classes of a third of a semitone and the tuning
that they show.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..recipe import SAMPLING_RATE
from .spectra import Floats, Frames

TONICS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
KEYS = tuple(f"{tonic} {mode}" for mode in ("major", "minor") for tonic in TONICS)

# How often each of the twelve tones is in a segment of music in a key, from the tonic upwards:
# Temperley's count of the examples in Kostka and Payne, Tonal Harmony.
_MAJOR = (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400)
_MINOR = (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330)

_WINDOW, _HOP = 16_000, 8_000
# Lower frequencies are drums, higher ones mostly overtones.
_LOWEST_HERTZ, _HIGHEST_HERTZ = 60.0, 1_200.0
_PARTS = 3
"""Classes of a semitone, which show how the music is tuned."""
_PART_WIDTH, _CLASS_WIDTH = 0.2, 0.3
# The weight of another chunk falls to 1/e at this distance.
_MEMORY_SECONDS = 45.0
_OPENING_FRAMES = 8
# Logits of a key: _SHARPNESS times its fit, _OPENING times the fit of its tonic's chord to the
# opening, and _MINOR_LOGIT, since these profiles take minor keys for their relative majors (Sapp,
# keycor, Humdrum Extras); of no key: _NO_KEY. They come from 200 pieces with known keys (113
# accompaniments of MMA, 56 chorales, 24 tunes, 7 others, in three sound fonts) and 17 of drums
# alone, on which they are near those of greatest likelihood, but for _OPENING: that would be twice
# as high, since these pieces begin on their tonic more often than songs do, of which many go from
# ii to V or turn around IV.
_SHARPNESS, _OPENING, _MINOR_LOGIT, _NO_KEY = 12.0, 2.0, 0.5, 6.5


class Key(NamedTuple):
    """A key, empty if there are no tones, and the probability that it is right, 0 to 1."""

    name: str
    confidence: float


def key_frames(chunk_hop: int) -> Frames:
    """Frames with the power of 36 thirds of a semitone, from C: four a second, each of half one."""
    return Frames(_WINDOW, _HOP, _part_weights(), chunk_hop)


def pitch_classes(power: Floats) -> Floats:
    """The mean share of each pitch class, [12] from C upwards, in power [frames, 36].

    Classes are where the music is tuned, up to half a semitone from A at 440 Hz.
    """
    if not len(power):
        return np.zeros(12, np.float32)
    loudness = np.sqrt(np.maximum(power @ _class_weights(_tuning(power)), 0))
    share = loudness / np.maximum(loudness.sum(axis=1, keepdims=True), 1e-9)
    return np.asarray(share.mean(axis=0), np.float32)


def opening(power: Floats) -> Floats:
    """The pitch classes [12] of the first two seconds that sound in power [frames, 36]."""
    loud = power.sum(axis=1)
    begin = int((loud > 0.01 * loud.max(initial=0)).argmax()) if len(power) else 0
    return pitch_classes(power[begin : begin + _OPENING_FRAMES])


def keys_of(
    classes: Sequence[Floats], seconds: Sequence[float], opened: Floats
) -> tuple[list[Key], Key]:
    """The key of each chunk and that of their track.

    Args:
        classes: pitch classes [12] of each chunk.
        seconds: where each chunk begins.
        opened: pitch classes [12] of the opening of the track.
    """
    starts, stacked = np.asarray(seconds), np.asarray(classes, np.float64)
    weights = np.exp(-np.abs(starts[:, None] - starts) / _MEMORY_SECONDS)
    prior = _OPENING * (_tonic_chords() @ _shape(opened))
    prior[12:] += _MINOR_LOGIT
    # Which key it is, not whether there is one.
    prior -= np.log(np.exp(prior).mean())
    keys = []
    for own, heard in zip(stacked, weights @ stacked, strict=True):
        name, confidence = _key(heard, prior)
        # What has no tones of its own, a break of drums, has no key, whatever is around it.
        tonal = 1 - float(_probabilities(own, np.zeros(len(KEYS), np.float32))[-1])
        keys.append(Key(name, confidence * tonal) if own.any() else Key("", 0.0))
    return keys, _key(stacked.sum(axis=0), prior)


def _key(classes: Floats, prior: Floats) -> Key:
    """The likeliest key of pitch classes [12] of any sum."""
    if not classes.any():
        return Key("", 0.0)
    probabilities = _probabilities(classes, prior)[:-1]
    best = int(probabilities.argmax())
    return Key(KEYS[best], float(probabilities[best]))


def _probabilities(classes: Floats, prior: Floats) -> Floats:
    """The probability of each key and, last, of none, [25]; `prior` [24] is added to the logits."""
    logits = np.append(_SHARPNESS * (_profiles() @ _shape(classes)) + prior, _NO_KEY)
    likely = np.exp(logits - logits.max())
    return np.asarray(likely / likely.sum())


def _shape(classes: Floats) -> Floats:
    """Pitch classes [12] with mean 0 and length 1; zeros if all are equal."""
    centred = classes / max(float(classes.sum()), 1e-9)
    centred = centred - centred.mean()
    size = float(np.linalg.norm(centred))
    return np.asarray(centred / size if size > 1e-6 else np.zeros(12))


def _tuning(power: Floats) -> float:
    """How far tones are above equal temperament with A at 440 Hz, in semitones, -0.5 to 0.5.

    The circular mean of the thirds of a semitone by how loud they are over the softest of each
    semitone, which is noise.
    """
    loudness = np.sqrt(np.maximum(power, 0)).mean(axis=0).reshape(12, _PARTS)
    over = (loudness - loudness.min(axis=1, keepdims=True)).sum(axis=0)
    turns = np.exp(2j * np.pi * np.arange(_PARTS) / _PARTS)
    return float(np.angle(over @ turns) / (2 * np.pi))


@cache
def _profiles() -> Floats:
    """Profiles [24, 12] in the order of KEYS, each with mean 0 and length 1."""
    return _of_all_keys(_MAJOR, _MINOR)


@cache
def _tonic_chords() -> Floats:
    """The tonic's triad of each key, [24, 12] like `_profiles`."""
    major, minor = ([float(tone in (0, third, 7)) for tone in range(12)] for third in (4, 3))
    return _of_all_keys(major, minor)


def _of_all_keys(major: Sequence[float], minor: Sequence[float]) -> Floats:
    every = [np.roll(mode, tonic) for mode in (major, minor) for tonic in range(12)]
    return np.array([_shape(np.asarray(profile)) for profile in every])


def _class_weights(tuning: float) -> Floats:
    """Weights [36, 12]: a bell curve around every semitone of a tuning."""
    return _bells(np.arange(12 * _PARTS) / _PARTS - tuning, 12, _CLASS_WIDTH)


@cache
def _part_weights() -> Floats:
    """Weights [bins, 36]: a bell curve around every third of a semitone."""
    hertz = np.arange(int(_HIGHEST_HERTZ * _WINDOW / SAMPLING_RATE) + 1) * SAMPLING_RATE / _WINDOW
    weights = _bells(12 * np.log2(np.maximum(hertz, 1) / 440) + 9, 12 * _PARTS, _PART_WIDTH)
    weights[hertz < _LOWEST_HERTZ] = 0
    return weights


def _bells(semitones: NDArray[np.floating], count: int, width: float) -> Floats:
    """Weights [len(semitones), count] of bells, `count` to an octave, by semitones above C."""
    distance = (semitones[:, None] - np.arange(count) * 12 / count + 6) % 12 - 6
    return np.asarray(np.exp(-0.5 * (distance / width) ** 2), np.float32)
