"""Tempo of a chunk and of its track, from the probability of each candidate tempo.

Onsets that repeat after a beat also repeat after half a beat, two beats and a bar, in the low bands
differently from the high ones: this shows which period is the beat. A small network sees the
tempograms of the chunk, by autocorrelation and by Fourier transform, at simple multiples of each
candidate, then compares each candidate with those at half, double, a third of and three times its
tempo and the like. `tools/train_tempo.py` trained the network on music of known tempo: scores
that sound fonts played, and grooves of a few oscillators, at tempi at which people play such music.
A softmax gives the probabilities of all candidates, and of the candidate that there is no beat.

Sources: Peeters, Template-based estimation of time-varying tempo (EURASIP JASP 2007), for the two
tempograms, whose errors of the octave differ; Percival and Tzanetakis, Streamlined tempo estimation
based on autocorrelation and cross-correlation with pulses (IEEE/ACM TASLP 22, 2014), for deciding
octaves by a trained classifier; McFadden, Conditional logit analysis (1974), for the softmax.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .spectra import FRAMES_PER_SECOND, Floats

STEPS = 48  # in an octave
TEMPI_BPM = 38 * 2 ** (np.arange(121) / STEPS)
"""Candidate tempi in BPM: 38 to 215, with 48 in an octave."""

# Tempograms go from a sixteenth of the slowest candidate to eight times the fastest.
_FIRST_STEP, _LAST_STEP = -192, 264
GRID_STEPS = _LAST_STEP + 1 - _FIRST_STEP
_GRID_BPM = 38 * 2 ** ((np.arange(GRID_STEPS) + _FIRST_STEP) / STEPS)
# Bands of onsets end at 220 Hz, 0.8 kHz, 2.6 kHz and 14 kHz: numbers of the 24 bands.
_GROUP_STARTS = (0, 4, 9, 15)
_GROUP_SIZES = np.array([[4], [5], [6], [9]], np.float32)
_ALL = len(_GROUP_STARTS)  # index of the sum of the groups
# Groups whose onsets fall together, or alternate as bass drum and snare do.
_PAIRS = ((0, 2), (0, 3), (2, 3), (1, 3), (0, 1))
# Levels change with chords: they are compared at every fourth frame.
_LEVEL_FRAMES = 4
# Periods in beats at which autocorrelations are compared, and rates at which spectra are.
_BEATS = (1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 3, 4, 6, 8, 12, 16)
_RATES = (1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 3, 4, 6, 8)
# Steps from a candidate to those that it is compared with: a third, a half, two thirds, three
# quarters, and their inverses.
OTHERS = (-76, -48, -28, -20, 20, 28, 48, 76)
# Candidates at most this far from the best one, in octaves, are the same tempo: 4%.
_NEAR_OCTAVES = 0.06
# Candidates at most this far from the best one, in octaves, are no alternative.
_OTHER_OCTAVES = 0.2
# A shorter chunk has too few beats to measure a tempo.
_LEAST_SECONDS = 4.0
# Floor under the other chunks' mean probabilities: a chunk may keep a tempo that no other has.
_PROBABILITY_FLOOR = 1e-3
# How much the other chunks weigh against the chunk itself. The weights of both sum to one: the
# chunks of a track err together, so that two that agree are no surer than one.
_OTHERS_WEIGHT = 0.5
# Power of the candidates' probabilities: on kinds of music and sound fonts that the networks have
# not met, they are surer than they may be. With it at least nine in ten tempi from a confidence of
# 0.5 on are right there too (docs/figures.md), so that a confidence says the least.
_CAUTION = 0.65


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


def pulse(level: Floats, rise: Floats) -> Pulse:
    """The pulse of a chunk from its levels in dB and their onsets, [frames, bands].

    A chunk of less than 4 s has no beat.
    """
    if len(level) < _LEAST_SECONDS * FRAMES_PER_SECOND:
        none = np.zeros(len(TEMPI_BPM) + 1, np.float32)
        none[-1] = 1
        return Pulse(none, np.zeros(len(TEMPI_BPM), np.float32))
    return pulse_of(*pulse_features(level, rise))


def pulse_of(tempograms: Floats, whole: Floats) -> Pulse:
    """The pulse of a chunk from the two arrays that `pulse_features` returns.

    Its probabilities are the means of several networks, which were trained on different pieces.
    """
    odds = probabilities(_network(), tempograms, whole).mean(axis=0)
    return Pulse(np.asarray(odds, np.float32), _beat_strength(tempograms))


def probabilities(network: dict[str, Floats], tempograms: Floats, whole: Floats) -> Floats:
    """What each network says of a chunk, [networks, 122]; weights are as in tempo.npz."""
    known = (whole @ network["whole"])[:, None]
    first = np.tanh(multiples(tempograms) @ network["first"] + known + network["first_bias"])
    second = np.tanh(first @ network["second"] + network["second_bias"])
    far = max(OTHERS)
    padded = np.zeros((len(second), len(TEMPI_BPM) + 2 * far, second.shape[2]), np.float32)
    padded[:, far:-far] = second
    shifted = [padded[:, far + step :][:, : len(TEMPI_BPM)] for step in (0, *OTHERS)]
    third = np.tanh(np.concatenate(shifted, axis=2) @ network["third"] + network["third_bias"])
    # Whether there is a beat is seen from all candidates together.
    known = (whole @ network["none_whole"])[:, None]
    summary = np.concatenate([second.mean(axis=1), second.max(axis=1)], axis=1)[:, None]
    none = np.tanh(known + summary @ network["none_summary"] + network["none_summary_bias"])
    beatless = none @ network["none_score"] + network["none_score_bias"]
    logits = np.concatenate([third @ network["score"], beatless], axis=1)[..., 0]
    odds = np.exp((logits - logits.max(axis=1, keepdims=True)) / network["temperature"])
    return _cautious(odds / odds.sum(axis=1, keepdims=True))


def _cautious(probabilities: Floats) -> Floats:
    """The same odds of a beat against none, with candidates of more even probabilities."""
    beats = probabilities[:, :-1]
    even = beats**_CAUTION
    even *= beats.sum(axis=1, keepdims=True) / even.sum(axis=1, keepdims=True)
    return np.asarray(np.concatenate([even, probabilities[:, -1:]], axis=1), np.float32)


def multiples(tempograms: Floats) -> Floats:
    """What the network sees of each candidate, [121, features] float32.

    Tempograms at the multiples of the candidate's beat, and powers of the candidate in octaves.
    """
    return np.concatenate([tempograms.take(_flat_taps()), octave_powers()], axis=1)


@cache
def octave_powers() -> Floats:
    """Where the candidates are in octaves over 100 BPM, its square and its cube: [121, 3]."""
    octaves = np.log2(TEMPI_BPM / 100)[:, None]
    return np.asarray(octaves ** [1, 2, 3], np.float32)


def pulse_features(level: Floats, rise: Floats) -> tuple[Floats, Floats]:
    """The network's inputs, float32: tempograms [17, 457], and [11] of the whole chunk.

    The tempograms are the autocorrelations of the onsets of four groups of bands and of their sum,
    then of the levels of low and of high bands; then the magnitudes of the spectra of the same
    onsets, and the cross-spectra of pairs of groups, negative where the two alternate.
    """
    from scipy.fft import next_fast_len, rfft

    curves = _curves(rise)
    centred = curves - curves.mean(axis=1, keepdims=True)
    count, size = centred.shape[1], next_fast_len(2 * centred.shape[1], real=True)
    spectra = rfft(centred, size, axis=1)
    power = spectra.real**2 + spectra.imag**2
    mean_power = power.mean(axis=1, keepdims=True)
    spectra /= np.sqrt(2 * mean_power + 1e-6)
    firsts, seconds = np.transpose(_PAIRS)
    crossed = (spectra[firsts] * spectra[seconds].conj()).real
    rates = np.concatenate([np.abs(spectra), np.sign(crossed) * np.sqrt(np.abs(crossed))])
    # A steady beat has an amplitude that grows with the root of the chunk's length.
    rates = _at(rates, _GRID_BPM / 60 / FRAMES_PER_SECOND * size) / (3 * np.sqrt(count / 1600))
    tempograms = np.concatenate(
        [_repetitions(power, size, count, 1), _level_repetitions(level), np.minimum(rates, 4)]
    )
    return np.asarray(tempograms, np.float32), _whole(curves)


def settle(pulses: Sequence[Pulse]) -> tuple[list[Tempo], Tempo]:
    """The tempo of each chunk and of their track.

    One chunk may have two octaves of about equal probability. The mean probabilities of the other
    chunks decide between the octaves, but a chunk with one clearly likely tempo keeps that tempo:
    a logarithmic opinion pool (Genest and Zidek, Combining probability distributions, Statistical
    Science 1, 1986).
    """
    probabilities = np.array([pulse.probabilities for pulse in pulses])
    weighted = probabilities
    if len(pulses) > 1:
        others = (probabilities.sum(axis=0) - probabilities) / (len(pulses) - 1)
        others = (others + _PROBABILITY_FLOOR) ** _OTHERS_WEIGHT
        weighted = probabilities ** (1 - _OTHERS_WEIGHT) * others
    tempi = [decide(own, pulse.strength) for own, pulse in zip(weighted, pulses, strict=True)]
    strength = np.mean([pulse.strength for pulse in pulses], axis=0)
    return tempi, decide(probabilities.mean(axis=0), strength)


def decide(probabilities: Floats, strength: Floats) -> Tempo:
    """The tempo of a chunk or of a track from what a `Pulse` has."""
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


def _curves(rise: Floats) -> Floats:
    """Smoothed onsets of the groups of bands and their sum, [5, frames], from [frames, bands]."""
    groups = np.add.reduceat(rise, _GROUP_STARTS, axis=1).T / _GROUP_SIZES
    padded = np.pad(groups, ((0, 0), (1, 1)))
    smooth = 0.25 * padded[:, :-2] + 0.5 * groups + 0.25 * padded[:, 2:]
    return np.concatenate([smooth, smooth.sum(axis=0, keepdims=True)])


def _repetitions(power: Floats, size: int, count: int, frames: int) -> Floats:
    """Autocorrelations, at most 1, at the periods of the grid, from power spectra [rows, bins].

    Args:
        power: of `count` values, padded to `size`.
        size: length of the transform.
        count: number of values.
        frames: frames from one value to the next.
    """
    from scipy.fft import irfft

    products = irfft(power, size, axis=1)[:, :count] / np.arange(count, 0, -1, dtype=np.float32)
    products /= np.maximum(products[:, :1], 1e-6)
    periods = 60 * FRAMES_PER_SECOND / frames / _GRID_BPM
    # The longest quarter of the periods compares too few frames.
    return np.where(periods < 0.75 * count - 1, _at(products, periods), np.float32(0))


def _level_repetitions(level: Floats) -> Floats:
    """Autocorrelations of the levels of low and of high bands, [2, 457]."""
    from scipy.fft import next_fast_len, rfft

    count, bands = len(level) // _LEVEL_FRAMES, level.shape[1]
    slow = level[: count * _LEVEL_FRAMES].reshape(count, _LEVEL_FRAMES, bands).mean(axis=1)
    size = next_fast_len(2 * count, real=True)
    spectra = rfft((slow - slow.mean(axis=0)).T, size, axis=1)
    power = spectra.real**2 + spectra.imag**2
    halves = np.stack([power[: bands // 2].sum(axis=0), power[bands // 2 :].sum(axis=0)])
    return _repetitions(halves, size, count, _LEVEL_FRAMES)


def _at(rows: Floats, places: NDArray[np.floating]) -> Floats:
    """Rows [rows, columns] at columns that lie between two, linearly; the last for those beyond."""
    left = np.minimum(places, rows.shape[1] - 1.01)
    index = left.astype(np.intp)
    share = (left - index).astype(np.float32)
    return np.asarray(rows[:, index] * (1 - share) + rows[:, index + 1] * share)


def _whole(curves: Floats) -> Floats:
    """Strength, peakedness and density of the onsets of all bands and of each group, [11]."""
    spread = curves.std(axis=1)
    high = curves.mean(axis=1) + spread
    high[_ALL] -= 0.5 * spread[_ALL]
    inner = curves[:, 1:-1]
    peaks = (inner > curves[:, :-2]) & (inner >= curves[:, 2:]) & (inner > high[:, None])
    density = peaks.mean(axis=1) * FRAMES_PER_SECOND
    peaked = np.mean(curves[_ALL] ** 4) ** 0.25 / (spread[_ALL] + 0.05)
    return np.array([*np.log(spread + 0.05), peaked, *density], np.float32)


def _beat_strength(tempograms: Floats) -> Floats:
    """Mean autocorrelation of all onsets at one, two, three and four beats, [121]."""
    steps = np.arange(len(TEMPI_BPM))[:, None] - _FIRST_STEP
    beats = np.round(STEPS * np.log2([1, 2, 3, 4])).astype(np.intp)
    return np.asarray(tempograms[_ALL, steps - beats].mean(axis=1), np.float32)


@cache
def taps() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Channel [features] and column [121, features] of what the network sees of each candidate."""
    columns = np.arange(len(TEMPI_BPM))[:, None]
    steps = [(channel, -STEPS * np.log2(beats)) for channel in range(7) for beats in _BEATS]
    steps += [(7 + channel, STEPS * np.log2(rate)) for channel in range(10) for rate in _RATES]
    channels, far = np.round(np.transpose(steps)).astype(np.intp)
    return channels, np.clip(columns + far - _FIRST_STEP, 0, GRID_STEPS - 1)


@cache
def _flat_taps() -> NDArray[np.intp]:
    """Where `taps` are in flat tempograms, [121, features]."""
    channels, columns = taps()
    return np.asarray(channels * GRID_STEPS + columns)


@cache
def _network() -> dict[str, Floats]:
    """The trained weights of the networks, by name; the first dimension counts networks."""
    with np.load(Path(__file__).with_name("tempo.npz")) as file:
        return {name: np.asarray(file[name], np.float32) for name in file.files}
