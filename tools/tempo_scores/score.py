"""A score in beats, and what is common to all sources of scores."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.random import Generator

DRUMS = 9

# Roots over the tonic, and chords as MMA spells them.
PROGRESSIONS = (
    ((0, ""), (9, "m"), (5, ""), (7, "")),
    ((0, ""), (5, ""), (0, ""), (7, "7")),
    ((2, "m"), (7, "7"), (0, ""), (0, "")),
    ((0, ""), (7, ""), (9, "m"), (5, "")),
    ((0, ""), (0, ""), (5, ""), (5, ""), (0, ""), (7, "7"), (0, ""), (7, "7")),
    ((0, "m"), (8, ""), (3, ""), (10, "")),
    ((0, "m"), (5, "m"), (7, "7"), (0, "m")),
    ((0, "m"), (10, ""), (8, ""), (7, "7")),
    ((0, "m"), (0, "m"), (5, "m"), (7, "7")),
    tuple((root, "7") for root in (0, 0, 0, 0, 5, 5, 0, 0, 7, 5, 0, 7)),
)
NAMES = "C C# D D# E F F# G G# A A# B".split()
# Programs of General MIDI that play melodies.
_LEADS = [
    0,
    4,
    11,
    12,
    13,
    22,
    40,
    41,
    56,
    57,
    60,
    65,
    66,
    68,
    71,
    72,
    73,
    75,
    79,
    80,
    81,
    82,
    84,
    85,
    105,
    110,
]


@dataclass(frozen=True, slots=True)
class Note:
    """A note: `start` and `length` in beats, `channel` and `pitch` as in MIDI."""

    start: float
    length: float
    channel: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Score:
    """Notes in beats and how fast they are played; `piece` is what a split must not divide."""

    kind: str
    piece: str
    bpm: float
    notes: tuple[Note, ...]
    programs: dict[int, int] = field(default_factory=dict)
    metre: int = 4
    swing: bool = False

    @property
    def drums(self) -> bool:
        """Whether a drum kit plays."""
        return any(note.channel == DRUMS for note in self.notes)


def with_melody(
    score: Score,
    chords: list[tuple[int, str]],
    beats: float,
    tonic: int,
    thirds: bool,
    draw: Generator,
) -> Score:
    """The score with a lead, whose rhythm returns after one or two bars."""
    lengths = [1 / 3, 2 / 3, 1, 2] if thirds else [0.25, 0.5, 1, 1.5, 2]
    weights = np.array([0.3, 1.5, 1.5, 0.4] if thirds else [0.25, 1.5, 1.2, 0.4, 0.4])
    if not thirds and score.bpm > 120:
        weights[0] = 0.02
    weights *= draw.uniform(0.3, 1, len(weights))
    size = beats * int(draw.choice([1, 2, 2]))
    motif, at = [], 0.0
    while at < size - 0.01:
        length = float(draw.choice(lengths, p=weights / weights.sum()))
        if draw.random() < 0.85:
            motif.append((at, length))
        at += length
    minor = chords[0][1] == "m"
    scale = (0, 2, 3, 5, 7, 8, 10) if minor else (0, 2, 4, 5, 7, 9, 11)
    degree, notes = 7, []
    for turn in range(int(len(chords) * beats / size)):
        for start, length in motif:
            if draw.random() < 0.1:
                continue
            degree = int(np.clip(degree + draw.integers(-2, 3), 0, 14))
            pitch = 60 + tonic % 12 + scale[degree % 7] + 12 * (degree // 7) - 6
            force = int(draw.integers(75, 110))
            notes.append(Note(turn * size + start, 0.9 * length, 15, pitch, force))
    programs = score.programs | {15: int(draw.choice(_LEADS))}
    return replace(score, notes=score.notes + tuple(notes), programs=programs)


def without_parts(score: Score, draw: Generator) -> Score:
    """Now and then no drums, or nothing else."""
    drums = [note for note in score.notes if note.channel == DRUMS]
    others = [note for note in score.notes if note.channel != DRUMS]
    kind = draw.random()
    if kind < 0.2 and len(others) > 30:
        return replace(score, notes=tuple(others))
    if kind < 0.3 and len(drums) > 30:
        return replace(score, notes=tuple(drums))
    return score
