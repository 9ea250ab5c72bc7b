"""How right the measures are on music of known tempo and key, and what they cost.

    OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.analysis [--pieces 40]

Chunks of 25 s, none of which `tools/train_tempo.py` has seen: random grooves and listed ones,
straight and swung, few strokes, a change of tempo, no beat, and pieces of the package's own
synthesiser in all keys. Acc1 is within 4% of the truth, Acc2 allows half, double, a third and
three times it. Speed is that of all measures, and of `librosa.feature.tempo` alone on the same
samples, in times real time.
"""

import argparse
import time
from collections.abc import Callable, Iterator

import librosa
import numpy as np

from builder_tests import grooves
from builder_tests.grooves import RATE, Groove, Samples
from sport_music_dataset.analysis import TrackAnalysis
from sport_music_dataset.audio import to_pcm16
from sport_music_dataset.measures import Measures
from sport_music_dataset.synth import Piece, render

SECONDS = 25
SEEDS = 1_000_000
STYLES = ("latino", "classic", "electro")

# (tempo in BPM, 0 for none; key, empty where it is not judged; samples)
Case = tuple[float, str, Samples]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pieces", type=int, default=40, help="Of each kind.")
    pieces = parser.parse_args().pieces
    print("| kind | Acc1 | Acc2 | no beat | key or relative | key |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    spent, theirs, audio = 0.0, 0.0, 0.0
    for name, make in KINDS.items():
        found: list[tuple[float, str, Measures]] = []
        for bpm, key, samples in cases(make, pieces):
            started = time.perf_counter()
            measures = measure(samples)
            spent += time.perf_counter() - started
            started = time.perf_counter()
            librosa.feature.tempo(y=samples, sr=RATE)
            theirs += time.perf_counter() - started
            audio += SECONDS
            found.append((bpm, key, measures))
        print(row(name, found))
    ours, librosas = audio / spent, audio / theirs
    print(
        f"\nmeasures {ours:.0f} times real time, librosa.feature.tempo alone {librosas:.0f}: "
        f"{ours / librosas:.2f} times as fast"
    )


def measure(samples: Samples) -> Measures:
    """The measures of one chunk [N] float32."""
    analysis = TrackAnalysis(len(samples))
    analysis.add(0, to_pcm16(samples)[0])
    return analysis.finish()[0][0]


def cases(make: Callable[[np.random.Generator, int], Case], pieces: int) -> Iterator[Case]:
    """Cases of one kind, each from a seed of its own."""
    for number in range(pieces):
        yield make(np.random.default_rng(SEEDS + number), number)


def groove(
    listed: dict[str, dict[str, str]] | None, swung: bool = False
) -> Callable[[np.random.Generator, int], Case]:
    """Grooves at 40 to 200 BPM of listed patterns, or of random ones."""

    def make(draw: np.random.Generator, number: int) -> Case:
        bpm = float(np.exp(draw.uniform(np.log(40), np.log(200))))
        key = str(draw.choice(grooves.KEYS))
        chosen = listed[str(draw.choice(list(listed)))] if listed else None
        pattern = chosen or grooves.random_pattern(bpm, draw)
        swing = draw.uniform(0.57, 0.67) if swung else 0.5
        played = Groove(pattern, bpm, key, swing, pads=True, looseness_seconds=0.004)
        return bpm, key, grooves.play(played, SECONDS, draw)

    return make


def still(draw: np.random.Generator, number: int) -> Case:
    """Sound without a beat."""
    kind = grooves.STEADY[number % len(grooves.STEADY)]
    return 0.0, "", grooves.steady(kind, SECONDS, draw)


def piece(draw: np.random.Generator, number: int) -> Case:
    """The middle of a piece of the package's synthesiser."""
    style, bpm = STYLES[number % 3], float(np.exp(draw.uniform(np.log(50), np.log(180))))
    key = str(draw.choice(grooves.KEYS))
    made = Piece(f"{style}/Benchmark_{number}_{style}.wav", style, bpm, key, 60, RATE)
    samples = render(made, SEEDS + number).mean(axis=0)
    return bpm, key, np.asarray(samples[15 * RATE : 40 * RATE], np.float32)


def row(name: str, found: list[tuple[float, str, Measures]]) -> str:
    """A line of the table."""
    beats = [(bpm, measures.tempo_bpm or 1e-9) for bpm, _, measures in found if bpm]
    ratios = np.array([measured / bpm for bpm, measured in beats])
    factors = np.array([1, 2, 3, 1 / 2, 1 / 3])
    near = np.abs(ratios[:, None] / factors - 1) < 0.04
    none = np.mean([measures.tempo_bpm is None for *_, measures in found])
    keys = [(key, measures.key) for _, key, measures in found if key]
    shares = [
        np.mean(near[:, 0]) if beats else None,
        np.mean(near.any(axis=1)) if beats else None,
        none,
        np.mean([measured in (key, relative(key)) for key, measured in keys]) if keys else None,
        np.mean([measured == key for key, measured in keys]) if keys else None,
    ]
    return f"| {name} | " + " | ".join("" if s is None else f"{s:.3f}" for s in shares) + " |"


def relative(key: str) -> str:
    """The key of the other mode with the same tones."""
    tonic, mode = divmod(grooves.KEYS.index(key), 2)
    return grooves.KEYS[((tonic + (3 if mode else 9)) % 12) * 2 + (1 - mode)]


KINDS = {
    "random, straight": groove(None),
    "random, swung": groove(None, swung=True),
    "listed, straight": groove(grooves.PATTERNS),
    "listed, swung": groove(grooves.PATTERNS, swung=True),
    "few strokes": groove(grooves.SPARSE),
    "pieces": piece,
    "no beat": still,
}

if __name__ == "__main__":
    main()
