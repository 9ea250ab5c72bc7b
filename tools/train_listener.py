"""Train the heads with which musicnn's first network hears instruments (heads.npz).

    python tools/train_listener.py SCORES HEADS --fonts FONT.sf2 ...

SCORES is a folder of MIDI files, which FluidSynth renders, each with one of the sound fonts in
turn; what plays in an excerpt is known from its notes. The heads in sportgen were trained on 127
pieces: MMA's grooves, two thirds of them with a drawn melody of a drawn program, and Bach's
chorales of music21 with drawn programs; with FluidR3, TimGM6mb, Csound's GM bank, A320U and
MuseScore's. None of them is among the pieces that benchmarks/truth.py judges by. What the heads
hear in pieces that they were not trained on is printed.
"""

import argparse
import subprocess
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from sport_music_dataset.listen import open_tagger, tagger_revision
from sport_music_dataset.listen.heads import OWN
from sport_music_dataset.recipe import SAMPLING_RATE

Floats = NDArray[np.float32]

_SECONDS, _STEP_SECONDS, _LENGTH = 60, 2.5, 0.77
# Programs of General MIDI, from 0; -1 are drums.
_PROGRAMS = {
    "piano": [*range(6)],
    "harpsichord": [6, 7],
    "guitar": [*range(24, 32)],
    "bass": [*range(32, 40)],
    "strings": [40, 41, 42, 43, 44, 45, 48, 49, 50, 51],
    "harp": [46],
    "flute": [*range(72, 80)],
    "synthesizer": [*range(80, 96), 38, 39, 50, 51, 62, 63],
    "sitar": [104],
    "banjo": [105],
    "drums": [-1],
}


def notes_of(score: Path) -> list[tuple[float, float, int]]:
    """(begin, end, program) of the notes of a MIDI file, in seconds."""
    import mido  # type: ignore[import-not-found, import-untyped, unused-ignore]  # of this tool alone

    programs, sounding, notes, now = Counter[int](), dict[Any, tuple[float, int]](), [], 0.0
    for event in mido.MidiFile(score):
        now += event.time
        if event.type == "program_change":
            programs[event.channel] = event.program
        elif event.type in ("note_on", "note_off"):
            key = event.channel, event.note
            if event.type == "note_on" and event.velocity:
                sounding[key] = now, -1 if event.channel == 9 else programs[event.channel]
            elif key in sounding:
                begin, program = sounding.pop(key)
                notes.append((begin, now, program))
    return notes


def rendered(score: Path, font: Path) -> Floats:
    """The first minute of a score, [N] float32 at 32 kHz."""
    command = ["fluidsynth", "-ni", "-q", "-T", "raw", "-O", "s16", "-F", "/dev/stdout"]
    command += ["-r", str(SAMPLING_RATE), "-g", "0.5", str(font), str(score)]
    # FluidSynth plays on for ever after some files: what is wanted is read, then it ends.
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        raw = process.stdout.read(_SECONDS * SAMPLING_RATE * 4)
        process.kill()
    pcm = np.frombuffer(raw[: len(raw) // 4 * 4], "<i2").reshape(-1, 2)
    return np.asarray(pcm.mean(axis=1) / 32_768, np.float32)


def recorded(file: Path) -> Floats:
    """The first minute of a recording at 32 kHz, as one channel."""
    samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    if rate != SAMPLING_RATE:
        raise SystemExit(f"{file}: is at {rate} Hz; give recordings at 32 kHz")
    return np.asarray(samples[: _SECONDS * rate].mean(axis=1), np.float32)


def excerpts(samples: Floats, tagger: Any) -> tuple[Floats, list[float]]:
    """What the first network hears [n, 250], and where each excerpt begins, in seconds."""
    length, step = tagger.excerpt_samples, int(_STEP_SECONDS * SAMPLING_RATE)
    starts = range(0, len(samples) - length + 1, step)
    patches = [tagger.prepare(samples[at : at + length]) for at in starts]
    # Of several, musicnn's networks would hear one in four.
    found = np.concatenate([tagger.listen(patch[None], 0) for patch in patches])
    return found[:, OWN], [at / SAMPLING_RATE for at in starts]


def playing(notes: list[tuple[float, float, int]], at: float) -> list[bool]:
    """Whether each head's instrument plays for a share of an excerpt that can be heard."""
    seconds = defaultdict[int, float](float)
    for begin, end, program in notes:
        shared = min(end, at + _LENGTH) - max(begin, at)
        if shared > 0:
            # A stroke of a drum is short in a score, and rings.
            seconds[program] += max(shared, 0.1) if program == -1 else shared
    least = 0.15 * min(sum(seconds.values()), 0.8)
    return [any(seconds[p] > least for p in programs) for programs in _PROGRAMS.values()]


def fit(features: Floats, truth: NDArray[Any], pieces: NDArray[Any]) -> tuple[Floats, list[float]]:
    """(weights and bias of a head, scale and offset of its probability).

    Scale and offset come from pieces that a head was not trained on.
    """
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
    from sklearn.model_selection import GroupKFold  # type: ignore[import-untyped]

    mean, spread = features.mean(axis=0), features.std(axis=0) + 0.2
    scaled = (features - mean) / spread

    def trained(rows: Any) -> Any:
        return LogisticRegression(C=0.003, max_iter=500).fit(scaled[rows], truth[rows])

    logits = np.zeros(len(truth))
    for own, other in GroupKFold(5).split(scaled, groups=pieces):
        logits[other] = trained(own).decision_function(scaled[other])
    names = np.unique(pieces)
    means = np.array([logits[pieces == name].mean() for name in names])
    plays = np.array([truth[pieces == name].mean() > 0.1 for name in names])
    sure = LogisticRegression().fit(means[:, None], plays)
    said = sure.predict_proba(means[:, None])[:, 1] >= 0.7
    print(f"plays in {plays.sum()} of {len(names)}, said of {said.sum()}, {plays[said].mean():.0%}")
    head = trained(np.arange(len(truth)))
    weights = head.coef_[0] / spread
    bias = head.intercept_[0] - (weights * mean).sum()
    return np.append(weights, bias), [sure.coef_[0, 0], sure.intercept_[0]]


def main() -> None:
    """Render, listen, train, and write the heads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scores", type=Path)
    parser.add_argument("heads", type=Path)
    parser.add_argument("--fonts", type=Path, nargs="+", required=True)
    options = parser.parse_args()
    tagger = open_tagger("musicnn", tagger_revision("musicnn"))
    features, truth, pieces = [], [], []
    for number, score in enumerate(sorted(options.scores.glob("*.mid"))):
        notes = notes_of(score)
        samples = rendered(score, options.fonts[number % len(options.fonts)])
        found, starts = excerpts(samples, tagger)
        features.append(found)
        truth += [playing(notes, at) for at in starts]
        pieces += [score.stem] * len(starts)
    every, known, names = np.concatenate(features), np.array(truth), np.array(pieces)
    heads, sures = [], []
    for column, name in enumerate(_PROGRAMS):
        print(name, end=": ")
        head, sure = fit(every, known[:, column], names)
        heads.append(head)
        sures.append(sure)
    table = np.array(heads, np.float32)
    scale, offset = np.array(sures, np.float32).T
    np.savez(
        options.heads,
        names=np.array([*_PROGRAMS]),
        weights=table[:, :-1],
        bias=table[:, -1],
        scale=scale,
        offset=offset,
    )


if __name__ == "__main__":
    main()
