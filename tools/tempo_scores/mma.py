"""Accompaniments of MMA's library (Debian package `mma`) over random chords."""

import io
import re
import subprocess
import tempfile
from pathlib import Path

import mido
import numpy as np
from numpy.random import Generator

from .score import NAMES, PROGRESSIONS, Note, Score, with_melody, without_parts
from .styles import Style

LIBRARY = Path("/usr/share/mma/lib")


def accompaniment(style: Style, seconds: float, draw: Generator) -> Score:
    """A groove of the library over random chords, at a tempo of its style."""
    bpm = float(np.exp(draw.uniform(np.log(style.slowest), np.log(style.fastest))))
    file = LIBRARY / f"{style.file}.mma"
    text = file.read_text(errors="replace")
    grooves = [
        name
        for name in re.findall(r"(?im)^\s*DefGroove\s+(\S+)", text)
        if not re.search(r"(?i)intro|end|fill|break|count|stop", name)
    ]
    time = re.search(r"(?im)^\s*Time\s+(\d+)", text)
    beats = int(time[1]) if time else 4
    count = int(seconds * bpm * style.steps / 60 / beats) + 2
    progression = PROGRESSIONS[draw.integers(len(PROGRESSIONS))]
    tonic, slow = int(draw.integers(12)), int(draw.choice([1, 1, 1, 2]))
    chords = [progression[bar // slow % len(progression)] for bar in range(count)]
    bars = [
        f"{bar + 1} {NAMES[(tonic + root) % 12]}{kind}" for bar, (root, kind) in enumerate(chords)
    ]
    groove = draw.choice(grooves)
    lines = [f"RndSeed {draw.integers(10_000)}", f"Tempo {round(bpm * style.steps)}"]
    source = "\n".join([*lines, f"Groove {style.file}:{groove}", *bars])
    bpm = round(bpm * style.steps) / style.steps
    with tempfile.TemporaryDirectory() as folder:
        written, made = Path(folder, "a.mma"), Path(folder, "a.mid")
        written.write_text(source + "\n")
        subprocess.run(["mma", written, "-f", made], check=True, capture_output=True, timeout=60)
        notes, programs = read_midi(made.read_bytes(), style.steps)
    swing = bool(re.search(r"swing|jazz|shuffle|blues|boog|128|basie|dixie|soft", style.file))
    score = Score("mma", style.file, bpm, notes, programs, round(beats / style.steps), swing)
    score = without_parts(score, draw)
    if draw.random() < 0.5:
        thirds = style.steps == 3 or swing
        return with_melody(score, chords, beats / style.steps, tonic, thirds, draw)
    return score


def read_midi(data: bytes, steps: float = 1) -> tuple[tuple[Note, ...], dict[int, int]]:
    """The notes of a MIDI file, of which a beat is `steps` quarters, and the first programs."""
    file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    notes: list[Note] = []
    open_notes: dict[tuple[int, int], tuple[float, int]] = {}
    programs: dict[int, int] = {}
    ticks = 0
    for event in mido.merge_tracks(file.tracks):
        ticks += event.time
        at = ticks / file.ticks_per_beat / steps
        if event.type == "program_change":
            programs.setdefault(event.channel, event.program)
        elif event.type in ("note_on", "note_off"):
            begun = open_notes.pop((event.channel, event.note), None)
            if begun:
                notes.append(Note(begun[0], at - begun[0], event.channel, event.note, begun[1]))
            if event.type == "note_on" and event.velocity:
                open_notes[event.channel, event.note] = at, event.velocity
    return tuple(notes), programs
