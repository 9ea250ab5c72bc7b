"""Songs of our own: drums, bass, chords and a melody, in usual patterns and in new ones."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.random import Generator

from .score import DRUMS, PROGRESSIONS, Note, Score, with_melody, without_parts


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of song: its metre, its tempi, and patterns of which one is drawn for each voice.

    A bar has `beats` beats of `steps` steps. Capital letters are strong strokes. `loose` is the
    chance of one more stroke of the bass drum at any step; `arpeggio` that of broken chords.
    """

    weight: int
    slowest: int
    fastest: int
    beats: int = 4
    steps: int = 4
    kick: tuple[str, ...] = ()
    snare: tuple[str, ...] = ()
    hats: tuple[str, ...] = ("x...x...x...x...", "x.x.x.x.x.x.x.x.", "..x...x...x...x.")
    loose: float = 0.0
    bass: tuple[str, ...] = field(default=("walk", "eighths", "long", "two", "free"))
    arpeggio: float = 0.3


_STRAIGHT, _BACKBEAT = ("X.......X.......",), ("....X.......X...",)
_SIXTEENTHS = (*_Kind(0, 0, 0).hats, "xxxxxxxxxxxxxxxx", "X.xxX.xxX.xxX.xx")
_SHUFFLED = ("X.xX.xX.xX.x", "x..x..x..x..", "x..x.xx..x.x", "xxxxxxxxxxxx")
_KINDS = {
    "rock": _Kind(10, 90, 150, kick=_STRAIGHT, snare=_BACKBEAT, loose=0.1),
    "pop": _Kind(8, 84, 132, kick=_STRAIGHT, snare=_BACKBEAT, hats=_SIXTEENTHS, loose=0.1),
    "ballad": _Kind(5, 58, 84, kick=_STRAIGHT, snare=_BACKBEAT, hats=_SIXTEENTHS, loose=0.1),
    "funk": _Kind(6, 88, 120, kick=_STRAIGHT, snare=_BACKBEAT, hats=_SIXTEENTHS, loose=0.15),
    "club": _Kind(
        8,
        116,
        144,
        kick=("X...X...X...X...",),
        snare=("", "....x.......x..."),
        bass=("walk", "eighths", "long", "free", "off"),
    ),
    "hip hop": _Kind(4, 80, 104, kick=_STRAIGHT, snare=_BACKBEAT, hats=_SIXTEENTHS, loose=0.12),
    "half time": _Kind(
        8,
        126,
        160,
        kick=("X.......",),
        snare=("........X.......",),
        hats=_SIXTEENTHS,
        loose=0.12,
    ),
    "punk": _Kind(
        8,
        150,
        208,
        kick=(*_STRAIGHT, "X.....x.X.x.....", "X...X...X...X..."),
        snare=(*_BACKBEAT * 2, "..x...x...x...x."),
    ),
    "jungle": _Kind(3, 158, 180, kick=("X.........X.....", "X.X.......X....."), snare=_BACKBEAT),
    "march": _Kind(
        6, 100, 130, kick=_STRAIGHT, snare=(*_BACKBEAT, "....X..x....X.xx", "x.xxX.x.x.xxX.xx")
    ),
    "waltz": _Kind(
        6,
        84,
        180,
        beats=3,
        kick=("X...........",),
        snare=("....x...x...", "........x...", "....X......."),
    ),
    "fast waltz": _Kind(
        4, 150, 200, beats=3, kick=("X...........",), snare=("....x...x...",), bass=("long", "walk")
    ),
    "shuffle": _Kind(
        7,
        90,
        180,
        steps=3,
        kick=("X.....X.....", "X..X..X..X..", "X....xX....."),
        snare=("...X.....X..", "...X..x..X.x"),
        hats=_SHUFFLED,
    ),
    "fast walk": _Kind(
        6,
        140,
        210,
        steps=3,
        kick=("X.....X.....", "X..X..X..X.."),
        snare=("...X.....X..",),
        hats=_SHUFFLED,
        bass=("walk",),
    ),
    "six eight": _Kind(
        9,
        50,
        126,
        beats=2,
        steps=3,
        kick=("X.....", "X....x", "X..x.."),
        snare=("...X..", "...X..", ""),
        hats=("xxxxxx", "X.xX.x", "x..x.."),
    ),
    "no drums": _Kind(9, 66, 132, hats=(), arpeggio=0.7),
    "rock and roll": _Kind(
        6,
        138,
        190,
        kick=(*_STRAIGHT, "X.......X.x.....", "X...X...X...X..."),
        snare=_BACKBEAT,
        bass=("walk", "walk", "eighths"),
    ),
    "two step": _Kind(
        6,
        140,
        206,
        kick=_STRAIGHT,
        snare=("....x.......x...", "....x.......x.x.", ""),
        hats=("x...x...x...x...", "....x.......x..."),
        bass=("two", "two", "walk"),
    ),
    "metal": _Kind(
        6,
        130,
        200,
        kick=("X.x.x.x.X.x.x.x.", "X.xxX.xxX.xxX.xx", "X.......X.x.....", "X.....x...x....."),
        snare=(*_BACKBEAT * 2, "........X.......", "..x...x...x...x."),
        bass=("eighths", "eighths", "walk", "free"),
    ),
    "game": _Kind(
        10,
        112,
        190,
        kick=("X...X...X...X...", *_STRAIGHT, "X..x..x.X..x..x."),
        snare=(*_BACKBEAT, "....X..x....X.xx", ""),
        loose=0.06,
        bass=("eighths", "walk", "off", "free"),
        arpeggio=0.7,
    ),
    "jig": _Kind(5, 92, 132, beats=2, steps=3, hats=(), arpeggio=0.7),
}
_KIT = {"kick": 36, "snare": 38, "clap": 39, "hat": 42, "ride": 51, "shaker": 70}
_BASSES = (32, 33, 34, 35, 36, 38, 39, 58)
_CHORDAL: tuple[int, ...] = (
    0,
    1,
    2,
    4,
    5,
    6,
    16,
    18,
    21,
    24,
    25,
    26,
    27,
    29,
    30,
    46,
    48,
    50,
    52,
    61,
    62,
)
_CHORDAL += (80, 81, 88, 89, 90)


def song(seconds: float, draw: Generator) -> Score:
    """A song: drums, bass, chords and a melody, on sixteenths or on triplets."""
    weights = np.array([kind.weight for kind in _KINDS.values()])
    name = str(draw.choice(list(_KINDS), p=weights / weights.sum()))
    kind = _KINDS[name]
    bpm = float(np.exp(draw.uniform(np.log(kind.slowest), np.log(kind.fastest))))
    progression = PROGRESSIONS[draw.integers(len(PROGRESSIONS) - 1)]
    tonic, slow = int(draw.integers(12)), int(draw.choice([1, 1, 2]))
    count = int(seconds * bpm / 60 / kind.beats) + 2
    chords = [progression[bar // slow % len(progression)] for bar in range(count)]
    bars = _bars(_patterns(kind, draw), count, kind.steps, draw)
    programs = {0: int(draw.choice(_BASSES))}
    programs |= {channel: int(draw.choice(_CHORDAL)) for channel in (1, 2)}
    notes = tuple(_notes(bars, chords, tonic, kind, draw))
    piece = f"song {draw.integers(1 << 40)}"
    score = Score("song", piece, bpm, notes, programs, kind.beats, name == "shuffle")
    score = without_parts(score, draw)
    if draw.random() < 0.5:
        score = with_melody(score, chords, kind.beats, tonic, kind.steps == 3, draw)
    return replace(score, kind=f"song {name}")


def _patterns(kind: _Kind, draw: Generator) -> dict[str, str]:
    """A bar of each voice."""
    size = kind.beats * kind.steps
    made: dict[str, str] = {}
    if kind.kick:
        made["kick"] = _loosened(str(draw.choice(kind.kick)), size, kind.loose, draw)
        made[str(draw.choice(["snare", "snare", "clap"]))] = str(draw.choice(kind.snare))
    if kind.hats and draw.random() < 0.8:
        made[str(draw.choice(["hat", "hat", "ride", "shaker"]))] = str(draw.choice(kind.hats))
    lines = _lines(kind, size, draw)
    if draw.random() < 0.9:
        made["bass"] = lines[str(draw.choice(kind.bass))]
    if draw.random() < 0.85:
        chords = ["long", "walk", "free", "off", "back"]
        if "two" in kind.bass[:1] or kind.beats == 3:
            chords = ["back"]
        made["chord"] = lines[str(draw.choice(chords))]
    if draw.random() < kind.arpeggio:
        made["arpeggio"] = lines[str(draw.choice(["all", "eighths", "walk"]))]
    made.setdefault("bass" if kind.kick else "chord", lines["walk"])
    return {voice: marks.ljust(size, ".")[:size] for voice, marks in made.items()}


def _lines(kind: _Kind, size: int, draw: Generator) -> dict[str, str]:
    def every(step: int, first: int = 0) -> str:
        return "".join("x" if place % step == first else "." for place in range(size))

    straight = kind.steps == 4
    return {
        "all": every(1),
        "walk": every(kind.steps),
        "eighths": every(2) if straight else "X.x" * kind.beats,
        "long": "X",
        "two": every(2 * kind.steps),
        "off": every(4, 2) if straight else every(3, 2),
        "back": "....x...x..." if kind.beats == 3 else every(2 * kind.steps, kind.steps),
        "free": _loosened("X", size, draw.uniform(0.05, 0.25), draw),
    }


def _loosened(marks: str, size: int, chance: float, draw: Generator) -> str:
    """More strokes at random, on even steps twice as often as on odd ones."""
    chances = draw.random(size) < chance * (1 + (np.arange(size) % 2 == 0))
    given = marks.ljust(size, ".")
    return "".join(
        "x" if mark == "." and more else mark for mark, more in zip(given, chances, strict=True)
    )


def _bars(
    patterns: dict[str, str], count: int, steps: int, draw: Generator
) -> list[dict[str, str]]:
    """The patterns of each bar, now and then with a fill of the drums."""
    every = int(draw.choice([4, 8, 99]))
    bars = []
    for bar in range(count):
        played = dict(patterns)
        for voice in _KIT.keys() & patterns.keys() if bar % every == every - 1 else ():
            fill = draw.choice(list("X.x."), len(patterns[voice]))
            fill[::steps] = "x"
            played[voice] = "".join(fill)
        bars.append(played)
    return bars


def _notes(
    bars: list[dict[str, str]],
    chords: list[tuple[int, str]],
    tonic: int,
    kind: _Kind,
    draw: Generator,
) -> list[Note]:
    levels = {voice: draw.uniform(0.6, 1.1) for voice in (*_KIT, "bass", "chord", "arpeggio")}
    notes: list[Note] = []
    for bar, (patterns, (root, mode)) in enumerate(zip(bars, chords, strict=True)):
        tones = [tonic + root + tone for tone in (0, 3 if mode == "m" else 4, 7)]
        for voice in sorted(patterns):
            for step, mark in enumerate(patterns[voice]):
                if mark != ".":
                    start = bar * kind.beats + step / kind.steps
                    force = int(np.clip((112 if mark == "X" else 78) * levels[voice], 20, 127))
                    notes += _struck(voice, start, tones, step, force)
    return notes


def _struck(voice: str, start: float, tones: list[int], step: int, force: int) -> list[Note]:
    if voice in _KIT:
        return [Note(start, 0.1, DRUMS, _KIT[voice], force)]
    if voice == "bass":
        return [Note(start, 0.4, 0, 36 + tones[0] % 12, force)]
    if voice == "chord":
        return [Note(start, 0.8, 1, 55 + tone % 12, force - 15) for tone in tones]
    return [Note(start, 0.3, 2, 67 + tones[step // 2 % 3] % 12, force - 10)]
