"""Tempo: how likely every tempo is for a chunk, and what its whole track makes of that.

Onsets that repeat after a beat also repeat after half a beat, two beats and a bar. Which of these
the beat is shows in how the low, middle and high bands repeat at all of them: their
autocorrelations at simple multiples of a candidate's period go through a small network that
`tools/train_tempo.py` trained on synthesised music of known tempo, and a softmax over all
candidates, one of which is that there is no beat. Where it leaves the octave open, the beat is the
one that people tap along with.

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
"""Candidates, 48 to the octave, 38 to 215 BPM."""

# Tapping is easiest at two beats a second. The network knows music at all tempi alike; of 80 pieces
# of orchestras and synthesisers it heard a fifth below 60 BPM without this.
_TAPPED = np.exp(-0.5 * (np.log2(TEMPI_BPM / 120) / 0.8) ** 2)
_MULTIPLES = np.array([1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 3, 4, 6, 8])
_BEAT = 5
# Ends of the low and the middle bands, of 24: 250 Hz and 2.6 kHz.
_GROUP_ENDS = (4, 15)
# Half of the octave part within which two candidates are one tempo: 4%.
_NEAR_OCTAVES = 0.06
# Within which another candidate is no alternative.
_OTHER_OCTAVES = 0.2
# A shorter chunk holds too few beats to tell.
_LEAST_SECONDS = 4.0
# What the other chunks of a track leave to tempi that none of them has.
_OTHER_TEMPO = 1e-3


@dataclass(frozen=True, slots=True)
class Pulse:
    """Probabilities [122] float32 of the candidates and, last, of no beat; `strength` [121]
    float32 is the autocorrelation of the onsets at each candidate's beat and its multiples."""

    probabilities: Floats
    strength: Floats


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tempo in BPM, None where there is no beat; the others are in 0 to 1."""

    bpm: float | None
    alternative_bpm: float | None
    confidence: float
    strength: float


def pulse(level: Floats) -> Pulse:
    """The pulse of a chunk from its onset bands in dB, [frames, bands]."""
    if len(level) < _LEAST_SECONDS * FRAMES_PER_SECOND:
        none = np.zeros(len(TEMPI_BPM) + 1, np.float32)
        none[-1] = 1
        return Pulse(none, np.zeros(len(TEMPI_BPM), np.float32))
    return pulse_of(*pulse_features(level))


def pulse_of(features: Floats, whole: Floats) -> Pulse:
    """The pulse from what `pulse_features` gives."""
    network = _network()
    hidden = np.tanh(features @ network["hidden"] + network["hidden_bias"])
    none = np.tanh(whole @ network["none_hidden"] + network["none_hidden_bias"])
    logits = np.append(hidden @ network["score"], none @ network["none_score"])
    logits[-1] += network["none_bias"]
    odds = np.exp(logits - logits.max())
    odds /= odds.sum()
    tapped = odds[:-1] * _TAPPED
    odds[:-1] = tapped * ((1 - odds[-1]) / tapped.sum())
    strength = np.asarray(_beat_strength(features), np.float32)
    return Pulse(np.asarray(odds, np.float32), strength)


def pulse_features(level: Floats) -> tuple[Floats, Floats]:
    """What the network sees: [121, 55] of each candidate, and [10] of the whole chunk."""
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

    A chunk alone may leave open which octave is the beat; the other chunks of its track leave it
    less open, and a chunk that is sure of another tempo keeps it.
    """
    odds = np.array([pulse.probabilities for pulse in pulses])
    others = (odds.sum(axis=0) - odds) / max(len(odds) - 1, 1) + _OTHER_TEMPO
    tempi = [_decide(own, pulse.strength) for own, pulse in zip(odds * others, pulses, strict=True)]
    strength = np.mean([pulse.strength for pulse in pulses], axis=0)
    return tempi, _decide(odds.mean(axis=0), strength)


def _decide(odds: Floats, strength: Floats) -> Tempo:
    odds = odds / odds.sum()
    best = int(odds[:-1].argmax())
    octaves = np.log2(TEMPI_BPM / TEMPI_BPM[best])
    near = np.abs(octaves) <= _NEAR_OCTAVES
    confidence = float(odds[:-1][near].sum())
    beat = float(np.clip(strength[near].max(), 0, 1) * (1 - odds[-1]))
    if odds[-1] > 0.5:
        return Tempo(None, None, 0.0, beat)
    bpm = TEMPI_BPM[best] * 2 ** float(np.average(octaves[near], weights=odds[:-1][near]))
    other = int(np.where(np.abs(octaves) <= _OTHER_OCTAVES, 0, odds[:-1]).argmax())
    return Tempo(float(bpm), float(TEMPI_BPM[other]), confidence, beat)


def _repetition(curve: NDArray[np.floating], lags: NDArray[np.floating]) -> NDArray[np.floating]:
    """Autocorrelation of `curve` at `lags` in frames, 1 at most; 0 where they are too long."""
    centred = curve - curve.mean()
    count = len(centred)
    spectrum = np.fft.rfft(centred, 1 << (2 * count).bit_length())
    products = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)[:count]
    products /= np.arange(count, 0, -1) * max(products[0] / max(count, 1), 1e-9)
    # The last quarter compares too few frames.
    end = max(1, count * 3 // 4)
    return np.asarray(np.interp(lags, np.arange(end), products[:end], right=0.0))


def _beat_strength(features: Floats) -> Floats:
    """Repetition at one, two, three and four beats together, [121]."""
    together = features[:, 3 * len(_MULTIPLES) : 4 * len(_MULTIPLES)]
    return np.asarray(together[:, [_BEAT, _BEAT + 3, _BEAT + 4, _BEAT + 5]].mean(axis=1))


@cache
def _network() -> dict[str, Floats]:
    with np.load(Path(__file__).with_name("tempo.npz")) as file:
        return dict(file)
