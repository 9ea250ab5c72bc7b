"""Tempo of a chunk and of its track, from the probability of each candidate tempo.

Onsets that repeat after a beat also repeat after half a beat, two beats and a bar. The low, middle
and high bands repeat differently after each of these periods, which shows which period is the beat.
The autocorrelations of the bands at simple multiples of a candidate's period are the input of a
small network, which `tools/train_tempo.py` trained on synthesised music of known tempo. A softmax
gives the probabilities of all candidates, and of the candidate that there is no beat. If two
octaves are about equally likely, the beat is the one that people tap.

Sources: Percival and Tzanetakis, Streamlined tempo estimation based on autocorrelation and
cross-correlation with pulses (IEEE/ACM TASLP 22, 2014), for the features and for deciding octaves
by a trained classifier; McFadden, Conditional logit analysis (1974), for the softmax; van Noorden
and Moelants, Resonance in the perception of musical pulse (1999), for what people tap to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .spectra import FRAMES_PER_SECOND, Floats, onsets

TEMPI_BPM = 38 * 2 ** (np.arange(121) / 48)
"""Candidate tempi in BPM: 38 to 215, with 48 in an octave."""

# Weights of the candidates: people tap most easily at two beats a second. The network was trained
# on all tempi equally; without these weights, it gives a fifth of 80 pieces of orchestras and
# synthesisers a tempo below 60 BPM.
_TAPPING_WEIGHTS = np.exp(-0.5 * (np.log2(TEMPI_BPM / 120) / 0.8) ** 2)
_MULTIPLES = np.array([1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 3, 4, 6, 8])
_BEAT = 5  # index of the multiple 1
# The low bands end at 250 Hz and the middle bands at 2.6 kHz: numbers of the 24 bands.
_GROUP_ENDS = (4, 15)
# Candidates at most this far from the best one, in octaves, are the same tempo: 4%.
_NEAR_OCTAVES = 0.06
# Candidates at most this far from the best one, in octaves, are no alternative.
_OTHER_OCTAVES = 0.2
# A shorter chunk has too few beats to measure a tempo.
_LEAST_SECONDS = 4.0
# Floor under the other chunks' mean probabilities: a chunk may keep a tempo that no other has.
_PROBABILITY_FLOOR = 1e-3


@dataclass(frozen=True, slots=True)
class Pulse:
    """The probability and the strength of each candidate tempo of a chunk.

    `probabilities` [122] float32 are of the candidates and, last, of no beat. `strength` [121]
    float32 is the autocorrelation of the onsets at each candidate's beat and its multiples.
    """

    probabilities: Floats
    strength: Floats


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tempo in BPM, None if there is no beat; `confidence` and `strength` are from 0 to 1."""

    bpm: float | None
    alternative_bpm: float | None
    confidence: float
    strength: float


def pulse(level: Floats) -> Pulse:
    """The pulse of a chunk from its levels in dB, [frames, bands]; no beat if under 4 s."""
    if len(level) < _LEAST_SECONDS * FRAMES_PER_SECOND:
        none = np.zeros(len(TEMPI_BPM) + 1, np.float32)
        none[-1] = 1
        return Pulse(none, np.zeros(len(TEMPI_BPM), np.float32))
    return pulse_of(*pulse_features(level))


def pulse_of(features: Floats, whole: Floats) -> Pulse:
    """The pulse of a chunk from the two arrays that `pulse_features` returns."""
    network = _network()
    hidden = np.tanh(features @ network["hidden"] + network["hidden_bias"])
    none = np.tanh(whole @ network["none_hidden"] + network["none_hidden_bias"])
    logits = np.append(hidden @ network["score"], none @ network["none_score"])
    logits[-1] += network["none_bias"]
    probabilities = np.exp(logits - logits.max())
    probabilities /= probabilities.sum()
    weighted = probabilities[:-1] * _TAPPING_WEIGHTS
    probabilities[:-1] = weighted * ((1 - probabilities[-1]) / weighted.sum())
    strength = np.asarray(_beat_strength(features), np.float32)
    return Pulse(np.asarray(probabilities, np.float32), strength)


def pulse_features(level: Floats) -> tuple[Floats, Floats]:
    """The network's inputs, float32: [121, 55] of the candidates, and [10] of the whole chunk."""
    rise = onsets(level)
    low, high = _GROUP_ENDS
    bands = [rise[:, :low].mean(1), rise[:, low:high].mean(1), rise[:, high:].mean(1)]
    curves = [np.convolve(band, (0.25, 0.5, 0.25), "same") for band in bands]
    curves.append(np.sum(curves, axis=0))
    lags = 60 * FRAMES_PER_SECOND / TEMPI_BPM[:, None] * _MULTIPLES
    columns = [_repetition(curve, lags) for curve in curves]
    octaves = np.log2(TEMPI_BPM / 100)[:, None]
    features = np.concatenate([*columns, octaves, octaves**2, octaves**3], axis=1)
    spread = np.array([curve.std() for curve in curves])
    peaked = np.mean(curves[-1] ** 4) ** 0.25 / (spread[-1] + 0.05)
    repeated = [column[:, _BEAT].max() for column in columns]
    whole = [*np.log(spread + 0.05), *repeated, _beat_strength(features).max(), peaked]
    return np.asarray(features, np.float32), np.asarray(whole, np.float32)


def settle(pulses: Sequence[Pulse]) -> tuple[list[Tempo], Tempo]:
    """The tempo of each chunk and of their track.

    One chunk may have two octaves of about equal probability. The mean probabilities of the other
    chunks decide between the octaves, but a chunk with one clearly likely tempo keeps that tempo.
    """
    probabilities = np.array([pulse.probabilities for pulse in pulses])
    others = (probabilities.sum(axis=0) - probabilities) / max(len(pulses) - 1, 1)
    weighted = probabilities * (others + _PROBABILITY_FLOOR)
    tempi = [_decide(own, pulse.strength) for own, pulse in zip(weighted, pulses, strict=True)]
    strength = np.mean([pulse.strength for pulse in pulses], axis=0)
    return tempi, _decide(probabilities.mean(axis=0), strength)


def _decide(probabilities: Floats, strength: Floats) -> Tempo:
    probabilities = probabilities / probabilities.sum()
    best = int(probabilities[:-1].argmax())
    octaves = np.log2(TEMPI_BPM / TEMPI_BPM[best])
    near = np.abs(octaves) <= _NEAR_OCTAVES
    confidence = float(probabilities[:-1][near].sum())
    beat = float(np.clip(strength[near].max(), 0, 1) * (1 - probabilities[-1]))
    if probabilities[-1] > 0.5:
        return Tempo(None, None, 0.0, beat)
    bpm = TEMPI_BPM[best] * 2 ** float(np.average(octaves[near], weights=probabilities[:-1][near]))
    other = int(np.where(np.abs(octaves) <= _OTHER_OCTAVES, 0, probabilities[:-1]).argmax())
    return Tempo(float(bpm), float(TEMPI_BPM[other]), confidence, beat)


def _repetition(curve: NDArray[np.floating], lags: NDArray[np.floating]) -> NDArray[np.floating]:
    """Autocorrelation of `curve` at `lags` in frames, at most 1; 0 for lags that are too long."""
    centred = curve - curve.mean()
    count = len(centred)
    spectrum = np.fft.rfft(centred, 1 << (2 * count).bit_length())
    products = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)[:count]
    products /= np.arange(count, 0, -1) * max(products[0] / max(count, 1), 1e-9)
    # The longest quarter of the lags compares too few frames.
    end = max(1, count * 3 // 4)
    return np.asarray(np.interp(lags, np.arange(end), products[:end], right=0.0))


def _beat_strength(features: Floats) -> Floats:
    """Mean autocorrelation at one, two, three and four beats, [121]."""
    all_bands = features[:, 3 * len(_MULTIPLES) : 4 * len(_MULTIPLES)]
    return np.asarray(all_bands[:, [_BEAT, _BEAT + 3, _BEAT + 4, _BEAT + 5]].mean(axis=1))


@cache
def _network() -> dict[str, Floats]:
    """The trained weights of the network, by name."""
    with np.load(Path(__file__).with_name("tempo.npz")) as file:
        return dict(file)
