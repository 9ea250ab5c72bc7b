"""Key and mode of a chunk: correlate its pitch classes with the profiles of all 24 keys."""

from functools import cache

import numpy as np

from ..recipe import SAMPLING_RATE
from .spectra import Floats, Frames

TONICS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
KEYS = tuple(f"{tonic} {mode}" for mode in ("major", "minor") for tonic in TONICS)

# How well each of the twelve tones fits a key, from the tonic upwards. Source: Krumhansl and
# Kessler, Tracing the dynamic changes in perceived tonal organization (Psychological Review 89,
# 1982).
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)

_WINDOW, _HOP = 16_000, 8_000
# Lower frequencies are drums, higher ones mostly overtones.
_LOWEST_HERTZ, _HIGHEST_HERTZ = 100.0, 2_000.0
_WIDTH_SEMITONES = 0.35
# Correlations with the best profile: drums and noise stay below _DOUBTFUL, tonal music reaches
# _SURE (benchmarks/analysis.py).
_DOUBTFUL, _SURE = 0.5, 0.8


def key_frames(chunk_hop: int) -> Frames:
    """Frames with the power of the twelve pitch classes: four a second, each of half a second."""
    return Frames(_WINDOW, _HOP, _pitch_class_weights(), chunk_hop)


def pitch_classes(power: Floats) -> Floats:
    """The mean share of each pitch class, [12] from C upwards, in power [frames, 12]."""
    if not len(power):
        return np.zeros(12, np.float32)
    loudness = np.maximum(power, 0) ** 0.25
    share = loudness / np.maximum(loudness.sum(axis=1, keepdims=True), 1e-9)
    return np.asarray(share.mean(axis=0), np.float32)


def key_of(classes: Floats) -> tuple[str, float]:
    """The key of pitch classes [12] and its confidence, 0 to 1; an empty key at confidence 0."""
    centred = classes - classes.mean()
    size = float(np.linalg.norm(centred))
    if size < 1e-6:
        return "", 0.0
    fit = _profiles() @ (centred / size)
    best = int(fit.argmax())
    confidence = float(np.clip((fit[best] - _DOUBTFUL) / (_SURE - _DOUBTFUL), 0, 1))
    return (KEYS[best], confidence) if confidence else ("", 0.0)


@cache
def _profiles() -> Floats:
    """Profiles [24, 12] in the order of KEYS, each with mean 0 and length 1."""
    profiles = [np.roll(mode, tonic) for mode in (_MAJOR, _MINOR) for tonic in range(12)]
    centred = np.asarray(profiles) - np.mean(profiles, axis=1, keepdims=True)
    return np.asarray(centred / np.linalg.norm(centred, axis=1, keepdims=True), np.float32)


@cache
def _pitch_class_weights() -> Floats:
    """Weights [bins, 12]: a bell curve around every semitone of equal temperament, A at 440 Hz."""
    hertz = np.arange(int(_HIGHEST_HERTZ * _WINDOW / SAMPLING_RATE) + 1) * SAMPLING_RATE / _WINDOW
    above_c = 12 * np.log2(np.maximum(hertz, 1) / 440) + 9
    distance = (above_c[:, None] - np.arange(12) + 6) % 12 - 6
    weights = np.exp(-0.5 * (distance / _WIDTH_SEMITONES) ** 2)
    weights[hertz < _LOWEST_HERTZ] = 0
    return np.asarray(weights, np.float32)
