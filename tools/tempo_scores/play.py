"""FluidSynth plays scores."""

import subprocess
import tempfile
from pathlib import Path

import mido
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .score import Score

RATE = 32_000
Samples = NDArray[np.float32]


def render(score: Score, font: Path, seconds: float, draw: Generator) -> Samples:
    """The score played by FluidSynth, [N] float32 at 32 kHz, from within its first two seconds."""
    skip = draw.uniform(0, 2)
    late = float(draw.choice([0.0, 0.0, 0.003, 0.008]))
    wet = int(draw.random() < 0.6)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "a.mid")
        _written(score, late, draw).save(file)
        options = [f"synth.reverb.active={wet}", f"synth.chorus.active={wet}"]
        options.append("synth.dynamic-sample-loading=1")
        settings = [part for option in options for part in ("-o", option)]
        command = ["fluidsynth", "-ni", "-q", "-T", "raw", "-O", "s16", "-F", "/dev/stdout"]
        command += ["-r", str(RATE), "-g", "0.4", *settings, str(font), str(file)]
        # FluidSynth plays on for ever after some files: what is wanted is read, then it ends.
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdout
            raw = process.stdout.read(round((seconds + skip) * RATE) * 4)
            process.kill()
    pcm = np.frombuffer(raw[: len(raw) // 4 * 4], "<i2").reshape(-1, 2)
    return np.asarray(pcm[round(skip * RATE) :].mean(axis=1) / 32_768, np.float32)


def _written(score: Score, late: float, draw: Generator) -> mido.MidiFile:
    file = mido.MidiFile(ticks_per_beat=960)
    events = [
        (0.0, 0, mido.Message("program_change", channel=c, program=p))
        for c, p in score.programs.items()
    ]
    beat = 60 / score.bpm
    for note in score.notes:
        at = max(0.0, note.start + draw.normal(0, late) / beat)
        key = {"channel": note.channel, "note": int(np.clip(note.pitch, 0, 127))}
        events.append((at, 1, mido.Message("note_on", velocity=max(1, note.velocity), **key)))
        events.append((at + max(note.length, 0.02), 0, mido.Message("note_off", **key)))
    track, ticks = mido.MidiTrack(), 0
    track.append(mido.MetaMessage("set_tempo", tempo=round(60e6 / score.bpm)))
    for at, _, event in sorted(events, key=lambda one: one[:2]):
        track.append(event.copy(time=round(at * 960) - ticks))
        ticks = round(at * 960)
    file.tracks.append(track)
    return file
