"""Pieces and tunes of music21's corpus, at tempi at which people sing and dance them."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from .score import DRUMS, Note, Score

# The pieces that `../benchmarks/truth.py` judges by; the tunes of ryansMammoth and oneills1850 do
# too, and no file of theirs is read.
_CHORALES = """1.6 10.7 104.6 110.7 113.8 115.6 120.6 13.6 135.6 140.7 145.5 153.1 153.9 156.6 165.6
174.5 175.7 244.10 244.32 245.17 248.33-3 248.5 267 296 30.6 302 32.6 326 328 338 346 350 384 394
40.3 40.8 42.7 46.6 66.6"""
_AIRS = "book1#55 book2#142 book2#190 book3#120 book4#98 book5#194"
KEPT_BACK = {
    *(f"bach/bwv{number}" for number in _CHORALES.split()),
    *(f"airdsAirs/{tune}" for tune in _AIRS.split()),
    # Nobody says where these come from.
    "miscFolk/americanfifeopus",
    "mozart/k155/movement1",
    "mozart/k458/movement1",
    "haydn/opus74no1/movement3",
    "haydn/opus64no5/movement1",
    "beethoven/opus18no1/movement1",
    "beethoven/opus18no3/movement1",
}
# Slowest and fastest beat, and programs, of a folder of the corpus.
CORPORA: dict[str, tuple[float, float, tuple[int, ...]]] = {
    "bach": (56, 104, (0, 6, 16, 19, 48, 49, 52, 53, 56, 60, 71, 73)),
    "palestrina": (56, 96, (19, 48, 52, 53)),
    "monteverdi": (60, 108, (19, 48, 52, 6)),
    "trecento": (64, 120, (19, 24, 48, 73, 52)),
    "mozart": (96, 152, (48, 40, 0)),
    "haydn": (96, 152, (48, 40, 0)),
    "beethoven": (96, 152, (48, 40, 0)),
    "airdsAirs": (84, 132, ()),
    "miscFolk": (84, 132, ()),
}
# Programs of General MIDI that play a tune alone.
_SOLO = (0, 6, 13, 21, 22, 24, 25, 40, 40, 41, 46, 56, 65, 68, 71, 73, 73, 74, 75, 105, 107, 109)


@cache
def corpus() -> Path:
    """The folder of music21's corpus."""
    import music21

    return Path(music21.__file__).parent / "corpus"


@cache
def tunes(folder: str) -> list[tuple[str, str]]:
    """What a folder has: (name, text of one tune in ABC, or empty where the name is a file)."""
    root = corpus() / folder
    found: list[tuple[str, str]] = []
    for file in sorted(root.rglob("*")):
        name = str(file.relative_to(corpus()).with_suffix(""))
        if file.suffix == ".abc":
            text = file.read_text(errors="replace")
            parts = re.split(r"(?m)^(?=X:)", text)
            found += [(f"{name}#{at}", part) for at, part in enumerate(parts) if "K:" in part]
        elif file.suffix in (".mxl", ".krn", ".xml"):
            found.append((str(file), ""))
    return [(name, text) for name, text in found if KEPT_BACK.isdisjoint(_names(name))]


def _names(name: str) -> set[str]:
    """What `KEPT_BACK` may call a tune: by itself and by its file."""
    piece = re.sub(r"^.*/corpus/|\.\w+$", "", name)
    return {piece, piece.partition("#")[0]}


def tune(folder: str, name: str, text: str, seconds: float, draw: Generator) -> Score:
    """A tune or a piece of the corpus from one of its first bars, repeated where it is short."""
    import music21

    slowest, fastest, programs = CORPORA[folder]
    parsed = music21.converter.parse(text, format="abc") if text else music21.converter.parse(name)
    time = next(iter(parsed.recurse().getElementsByClass("TimeSignature")))
    quarters = _beat_quarters(time)
    bpm = float(np.exp(draw.uniform(np.log(slowest), np.log(fastest))))
    if time.numerator == 3:
        # Waltzes are faster; in eighths, their beat is a whole bar.
        bpm *= 0.7 if time.denominator == 8 else draw.uniform(1.0, 1.3)
    bar = time.barDuration.quarterLength
    length = np.ceil(max(float(parsed.highestTime), bar) / bar - 1e-6) * bar
    wanted = (seconds + 3) * bpm / 60 * quarters
    first = bar * float(draw.integers(0, 1 + int(max(0, length - wanted) / bar)))
    shift, notes = int(draw.integers(-4, 5)), []
    for channel, part in enumerate((list(parsed.parts) or [parsed])[:8]):
        for start, element in _repeated(part, length, first, wanted):
            held = float(element.quarterLength) * 0.95 / quarters
            force = int(draw.integers(80, 96)) + (6 if element.beatStrength > 0.9 else 0)
            notes += [
                Note(start / quarters, held, channel, pitch.midi + shift, force)
                for pitch in element.pitches
            ]
    programs_of = dict.fromkeys(range(8), int(draw.choice(programs or _SOLO)))
    piece = re.sub(r"^.*/corpus/", "", name)
    metre = time.numerator // 3 if quarters == 1.5 else time.numerator
    kind = f"parts {folder}" if programs else f"solo {folder}"
    score = Score(kind, piece, bpm, tuple(notes), programs_of, metre)
    if not programs and draw.random() < 0.35:
        return _accompanied(score, bar / quarters, draw)
    return score


def _beat_quarters(time: Any) -> float:
    """Quarters of a beat: one and a half in 6/8, 9/8, 12/8 and 3/8, two in 2/2 and 4/2."""
    if time.denominator == 8:
        return 1.5 if time.numerator % 3 == 0 else 1.0
    return max(4 / float(time.denominator), 1.0)


def _repeated(part: Any, length: float, first: float, wanted: float) -> Iterator[tuple[float, Any]]:
    """Start in quarters after `first`, and note or chord, as often as it comes in `wanted`."""
    for element in part.flatten().notes:
        if element.duration.isGrace or "ChordSymbol" in type(element).__name__:
            continue
        for again in range(int(np.ceil((first + wanted) / length))):
            start = float(element.offset) + again * length - first
            if 0 <= start <= wanted:
                yield start, element


def _accompanied(score: Score, beats: float, draw: Generator) -> Score:
    """A tune with an oom-pah or a drum, as a session has it."""
    last = max(note.start for note in score.notes)
    root = min(note.pitch for note in score.notes) % 12
    notes = []
    drum = draw.random() < 0.4
    for beat in np.arange(0, last, 1.0):
        strong = beat % max(round(beats), 1) == 0
        if drum:
            notes.append(Note(beat, 0.2, DRUMS, 36 if strong else 38, 90))
        elif strong:
            notes.append(Note(beat, 0.8, 8, 36 + root, 85))
        else:
            notes += [Note(beat, 0.5, 8, 48 + root + tone, 65) for tone in (0, 7)]
    return replace(score, notes=score.notes + tuple(notes), programs=score.programs | {8: 21})
