"""Music of known tempo and key from written scores: what the tests of measures listen to.

It shares nothing with `tools/grooves.py`, on which the tempo network is trained: neither patterns
nor voices nor the way in which sound is made. Here a small band plays written bars on plucked
strings (Karplus and Strong, 1983), an additive organ, and drums of inharmonic modes.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, sosfilt

RATE = 32_000
Samples = NDArray[np.float32]

# A bar in beats: (beat, strength) of each drum; (beat, chord tone, octave, beats) of each string.
Stroke = tuple[float, float]
Note = tuple[float, int, int, float]


@dataclass(frozen=True, slots=True)
class Score:
    """One bar of `beats` beats, played over a progression of chords, one chord a bar.

    `tempi` are the slowest and the fastest tempo in BPM at which people play such a bar: outside of
    them, half or double is the beat.
    """

    beats: int
    bass_drum: tuple[Stroke, ...] = ()
    snare: tuple[Stroke, ...] = ()
    cymbal: tuple[Stroke, ...] = ()
    strings: tuple[Note, ...] = ()
    organ: bool = False
    tempi: tuple[float, float] = (66, 160)


def _every(
    step: float, beats: int, strength: float = 0.6, first: float = 0.0
) -> tuple[Stroke, ...]:
    return tuple((float(beat), strength) for beat in np.arange(first, beats, step))


_ROOTS = ((0.0, 0, 2, 0.9), (2.0, 0, 2, 0.9))
_WALK = ((0.0, 0, 2, 0.9), (1.0, 1, 2, 0.9), (2.0, 2, 2, 0.9), (3.0, 1, 2, 0.9))
_OFF_CHORDS = tuple((beat + 0.5, tone, 4, 0.3) for beat in range(4) for tone in range(3))
_BACK_CHORDS = tuple((float(beat), tone, 4, 0.6) for beat in (1, 3) for tone in range(3))

SCORES = {
    "backbeat": Score(
        4,
        ((0.0, 1.0), (2.0, 0.9), (2.5, 0.5)),
        ((1.0, 1.0), (3.0, 1.0)),
        _every(0.5, 4, 0.4),
        _ROOTS + _BACK_CHORDS,
    ),
    "club": Score(
        4,
        _every(1, 4, 1.0),
        (),
        _every(1, 4, 0.7, 0.5),
        _WALK + _OFF_CHORDS,
        organ=True,
        tempi=(90, 150),
    ),
    "march": Score(
        4,
        ((0.0, 1.0), (2.0, 1.0)),
        ((1.0, 0.9), (3.0, 0.9), (3.5, 0.4)),
        (),
        ((0.0, 0, 2, 0.5), (2.0, 2, 1, 0.5), *_BACK_CHORDS),
        tempi=(90, 150),
    ),
    "waltz": Score(
        3,
        ((0.0, 1.0),),
        ((1.0, 0.5), (2.0, 0.5)),
        (),
        ((0.0, 0, 2, 0.8), *((beat, tone, 4, 0.5) for beat in (1.0, 2.0) for tone in range(3))),
        tempi=(84, 180),
    ),
    "jig": Score(
        2,
        ((0.0, 1.0),),
        ((1.0, 0.8),),
        _every(1 / 3, 2, 0.3),
        ((0.0, 0, 2, 0.9), *((step / 3, step % 3, 4, 0.3) for step in range(6))),
        tempi=(88, 126),
    ),
    "half time": Score(
        4,
        ((0.0, 1.0), (1.5, 0.6)),
        ((2.0, 1.0),),
        _every(0.5, 4, 0.4),
        ((0.0, 0, 2, 1.4), (1.5, 0, 2, 0.5), *((2.0, tone, 4, 0.6) for tone in range(3))),
        tempi=(126, 160),
    ),
}
SPARSE = {
    "two drums": Score(4, ((0.0, 1.0), (2.0, 1.0)), ((1.0, 1.0), (3.0, 1.0))),
    "bass drum alone": Score(4, _every(1, 4, 1.0)),
    "walking bass": Score(4, strings=_WALK),
    "chords on the beat": Score(
        4, strings=tuple((float(b), tone, 4, 0.5) for b in range(4) for tone in range(3))
    ),
}
HARMONY = Score(4, strings=(*_ROOTS, *((b / 2, b % 3, 4, 0.5) for b in range(8))), organ=True)
BEATLESS = ("organ", "rain", "hum", "surf", "crowd", "free")
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
KEYS = tuple(f"{tonic} {mode}" for tonic in _NAMES for mode in ("major", "minor"))
# Chords as semitones over the tonic: I IV V I, and i iv V i with the leading note.
_CHORDS = {
    "major": ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)),
    "minor": ((0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7)),
}


def play(
    score: Score,
    bpm: float,
    seconds: float,
    key: str = "A minor",
    swing: float = 0.5,
    seed: int = 0,
) -> Samples:
    """A score [N] float32 at 32 kHz, its peak at 0.8.

    Args:
        score: the bar.
        bpm: beats a minute.
        seconds: its length.
        key: as in `F# minor`.
        swing: where the second of two eighths falls in its beat; 0.5 is straight.
        seed: how the players' hands differ from stroke to stroke.
    """
    draw = np.random.default_rng(seed)
    tonic, mode = _NAMES.index(key.split()[0]), key.split()[1]
    out = np.zeros(round(seconds * RATE) + 4 * RATE, np.float32)
    beat = 60 / bpm
    for bar in range(int(seconds / (score.beats * beat)) + 1):
        start, chord = bar * score.beats * beat, _CHORDS[mode][bar % 4]
        for place, kind, strength in _drums(score):
            at = start + _swung(place, swing) * beat + draw.normal(0, 0.003)
            _mix(out, at, strength * draw.uniform(0.85, 1.0) * _drum(kind, int(draw.integers(4))))
        for place, tone, octave, length in score.strings:
            at = start + _swung(place, swing) * beat + draw.normal(0, 0.003)
            pitch = 12 * octave + tonic + chord[tone]
            _mix(out, at, 0.35 * _string(pitch, round(length * beat, 3), int(draw.integers(4))))
        if score.organ:
            _mix(out, start, 0.12 * _organ(chord, tonic, score.beats * beat))
    return _levelled(out[: round(seconds * RATE)])


def beatless(kind: str, seconds: float, seed: int) -> Samples:
    """Sound without any beat [N] float32 at 32 kHz, of one of BEATLESS."""
    draw, count = np.random.default_rng(seed), round(seconds * RATE)
    if kind in ("rain", "surf", "crowd"):
        low, high = {"rain": (800, 9_000), "surf": (60, 1_500), "crowd": (200, 3_000)}[kind]
        sound = _noise(count, low, high, draw)
        if kind != "rain":
            # Swells of no period: noise so slow that it is a curve.
            turns = draw.uniform(0.2, 1.0, round(seconds / 2.5) + 2)
            places = np.cumsum(draw.uniform(1.5, 4.0, len(turns)))
            sound *= np.interp(np.arange(count) / RATE, places, turns).astype(np.float32)
        return _levelled(sound)
    if kind == "hum":
        return _levelled(_organ((0, 12), int(draw.integers(12)), seconds)[:count])
    out, at = np.zeros(count + 20 * RATE, np.float32), 0.0
    while at < seconds:
        chord = tuple(int(draw.integers(12)) + tone for tone in (0, 4, 7))
        if kind == "organ":
            length = draw.uniform(5, 12)
            _mix(out, at, _organ(chord, 0, length))
            at += 0.7 * length
        else:
            _mix(out, at, _string(36 + chord[0], 1.0, int(draw.integers(4))))
            at += draw.exponential(0.6)
    return _levelled(out[:count])


def _drums(score: Score) -> list[tuple[float, str, float]]:
    parts = {"bass": score.bass_drum, "snare": score.snare, "cymbal": score.cymbal}
    return [
        (place, kind, strength) for kind, strokes in parts.items() for place, strength in strokes
    ]


def _swung(place: float, swing: float) -> float:
    beat, rest = divmod(place, 1)
    return beat + (rest * 2 * swing if rest <= 0.5 else swing + (rest - 0.5) * 2 * (1 - swing))


def _mix(out: Samples, seconds: float, sound: Samples) -> None:
    at = max(0, round(seconds * RATE))
    place = out[at : at + len(sound)]
    place += sound[: len(place)]


def _levelled(samples: Samples) -> Samples:
    return np.asarray(0.8 * samples / np.abs(samples).max(), np.float32)


def _noise(count: int, low: float, high: float, draw: Generator) -> Samples:
    sections = butter(2, (low, high), "band", fs=RATE, output="sos")
    return np.asarray(sosfilt(sections, draw.standard_normal(count)), np.float32)


def _hertz(pitch: float) -> float:
    """Frequency of semitones over the C of 16.35 Hz."""
    return float(16.352 * 2 ** (pitch / 12))


@cache
def _string(pitch: int, seconds: float, take: int) -> Samples:
    """A plucked string: noise that goes round in a delay line and loses its treble."""
    draw = np.random.default_rng([pitch, take])
    period = round(RATE / _hertz(pitch))
    burst = np.zeros(round((seconds + 0.15) * RATE))
    burst[:period] = draw.uniform(-1, 1, period)[: len(burst)]
    feedback = np.zeros(period + 2)
    feedback[[0, period, period + 1]] = 1.0, -0.497, -0.497
    sound = lfilter([1.0], feedback, burst)
    # A finger ends it.
    end = round(0.1 * RATE)
    sound[-end:] *= np.linspace(1, 0, end)
    return np.asarray(sound, np.float32)


def _organ(chord: tuple[int, ...], tonic: int, seconds: float) -> Samples:
    """Drawbars: six harmonics of each note, slowly on and off."""
    times = np.arange(round(seconds * RATE)) / RATE
    sound = np.zeros(len(times))
    for tone in chord:
        for harmonic, level in ((1, 1.0), (2, 0.8), (3, 0.5), (4, 0.4), (6, 0.2), (8, 0.15)):
            sound += level * np.sin(2 * np.pi * harmonic * _hertz(36 + tonic + tone) * times + tone)
    edge = min(len(times) // 2, RATE // 2)
    ramp = np.sin(np.linspace(0, np.pi / 2, edge)) ** 2
    sound[:edge] *= ramp
    sound[len(sound) - edge :] *= ramp[::-1]
    return np.asarray(sound / len(chord), np.float32)


@cache
def _drum(kind: str, take: int) -> Samples:
    """A stroke: the modes of a membrane, with wires for a snare; a cymbal is noise high up."""
    draw = np.random.default_rng([take, *kind.encode()])
    if kind == "cymbal":
        times = np.arange(round(0.12 * RATE)) / RATE
        return np.asarray(
            0.5 * _noise(len(times), 6_000, 14_000, draw) * np.exp(-times / 0.03), np.float32
        )
    base, decay = {"bass": (58.0, 0.09), "snare": (185.0, 0.05)}[kind]
    times = np.arange(round(6 * decay * RATE)) / RATE
    sound = np.zeros(len(times))
    # Modes of a circular membrane over its lowest.
    for ratio in (1.0, 1.593, 2.136, 2.296, 2.653, 2.918):
        phase = draw.uniform(0, 0.3)
        sound += (
            np.sin(2 * np.pi * base * ratio * times + phase)
            * np.exp(-times * ratio / decay)
            / ratio
        )
    if kind == "snare":
        sound += 1.5 * _noise(len(times), 1_000, 9_000, draw) * np.exp(-times / 0.06)
    return np.asarray(sound * np.minimum(times / 0.001, 1), np.float32)
