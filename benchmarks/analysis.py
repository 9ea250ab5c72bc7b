"""How right the measures are on music of known tempo and key, and what they cost.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/analysis.py [--pieces 40]

Chunks of 25 s of music that `tools/train_tempo.py` does not train on: the scores that the tests
listen to (`builder_tests/support/scores.py`), straight and swung, few strokes, no beat; pieces of
the package's own synthesiser in all keys, others than those of the training; and tracks whose tempo
changes in the middle, of which every chunk is judged by the tempo that it has, one across the
change by either. Acc1 is within 4% of the truth, Acc2 allows half, double, a third and three times
it. Speed is that of all measures, and of `librosa.feature.tempo` alone on the same samples, in
times real time.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import product

import librosa
import numpy as np

from builder_tests.support.scores import (
    BEATLESS,
    HARMONY,
    KEYS,
    RATE,
    SCORES,
    SPARSE,
    Samples,
    Score,
    beatless,
    play,
)
from harness import record
from sport_music_dataset.audio.measure import TrackAnalysis
from sport_music_dataset.audio.samples import chunks_of, to_pcm16
from sport_music_dataset.demo.synth import Piece, render
from sport_music_dataset.records import Measures

SECONDS, HOP_SECONDS = 25, 15
# Of a track whose tempo changes: three chunks before, one across, three behind.
CHANGING_SECONDS = 115
SEEDS = 1_000_000
FACTORS = (1, 2, 3, 1 / 2, 1 / 3)
STYLES = ("latino", "classic", "electro")
SWUNG = ("backbeat", "club", "march", "waltz")

# (tempi in BPM that each chunk may have, none where there is no beat; key, empty where it is not
# judged; samples)
Case = tuple[list[tuple[float, ...]], str, Samples]
# The same of a chunk, with what was measured.
Found = tuple[tuple[float, ...], str, Measures]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pieces", type=int, default=40, help="Of each kind.")
    pieces = parser.parse_args().pieces
    print("| kind | Acc1 | Acc2 | no beat | key or relative | key |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    spent, theirs, audio = 0.0, 0.0, 0.0
    for name, make in KINDS.items():
        found: list[Found] = []
        for tempi, key, samples in cases(make, pieces):
            started = time.perf_counter()
            measures = measure(samples)
            spent += time.perf_counter() - started
            started = time.perf_counter()
            librosa.feature.tempo(y=samples, sr=RATE)
            theirs += time.perf_counter() - started
            audio += len(samples) / RATE
            found += ((bpm, key, chunk) for bpm, chunk in zip(tempi, measures, strict=True))
        print(row(name, found))
    ours, librosas = audio / spent, audio / theirs
    print(
        f"\nmeasures {ours:.0f} times real time, librosa.feature.tempo alone {librosas:.0f}: "
        f"{ours / librosas:.2f} times as fast"
    )
    record("measures", ours, "times real time", ours / librosas, "librosa.feature.tempo alone")


def measure(samples: Samples) -> list[Measures]:
    """The measures of the chunks of a track [N] float32."""
    analysis = TrackAnalysis(HOP_SECONDS * RATE)
    pcm = to_pcm16(samples)[0]
    for index, chunk in enumerate(chunks_of([pcm], SECONDS * RATE, HOP_SECONDS * RATE)):
        analysis.add(index, chunk)
    return analysis.finish()[0]


def cases(make: Callable[[np.random.Generator, int], Case], pieces: int) -> Iterator[Case]:
    """Cases of one kind, each from a seed of its own."""
    for number in range(pieces):
        yield make(np.random.default_rng(SEEDS + number), number)


def scored(
    scores: dict[str, Score], swung: bool = False
) -> Callable[[np.random.Generator, int], Case]:
    """Scores at tempi at which people play them."""

    def make(draw: np.random.Generator, number: int) -> Case:
        key, name = str(draw.choice(KEYS)), str(draw.choice(list(scores)))
        bpm = float(np.exp(draw.uniform(*np.log(scores[name].tempi))))
        swing = draw.uniform(0.57, 0.67) if swung else 0.5
        pitched = key if scores[name].strings else ""
        return [(bpm,)], pitched, play(scores[name], bpm, SECONDS, key, swing, SEEDS + number)

    return make


def changing(draw: np.random.Generator, number: int) -> Case:
    """A track whose tempo changes in the middle, by a quarter at least."""
    key = str(draw.choice(KEYS))
    score = SCORES[str(draw.choice(list(SCORES)))]
    slowest, fastest = score.tempi
    slow = float(np.exp(draw.uniform(np.log(slowest), np.log(fastest / 1.25))))
    tempi = [slow, float(draw.uniform(1.25 * slow, fastest))]
    draw.shuffle(tempi)
    half = CHANGING_SECONDS / 2
    halves = [play(score, bpm, half, key, seed=SEEDS + number) for bpm in tempi]
    starts = range(0, CHANGING_SECONDS - SECONDS + 1, HOP_SECONDS)
    truths = [
        tuple(
            bpm
            for bpm, sounds in zip(tempi, (start < half, start + SECONDS > half), strict=True)
            if sounds
        )
        for start in starts
    ]
    return truths, key, np.concatenate(halves)


def still(draw: np.random.Generator, number: int) -> Case:
    """Sound without a beat."""
    kind = BEATLESS[number % len(BEATLESS)]
    return [()], "", beatless(kind, SECONDS, SEEDS + number)


def piece(draw: np.random.Generator, number: int) -> Case:
    """The middle of a piece of the package's synthesiser."""
    style, bpm = STYLES[number % 3], float(np.exp(draw.uniform(np.log(64), np.log(180))))
    key = str(draw.choice(KEYS))
    made = Piece(f"{style}/Benchmark_{number}_{style}.wav", style, bpm, key, 60, RATE)
    samples = render(made, SEEDS + number).mean(axis=0)
    return [(bpm,)], key, np.asarray(samples[15 * RATE : 40 * RATE], np.float32)


def row(name: str, found: list[Found]) -> str:
    """A line of the table."""
    beats = [
        [_is_near(measures.tempo_bpm, tempi, factors) for factors in ((1,), FACTORS)]
        for tempi, _, measures in found
        if tempi
    ]
    near = np.array(beats)
    none = np.mean([measures.tempo_bpm is None for *_, measures in found])
    share = near[:, 0].mean() if beats else none
    record(f"{name}: {'Acc1' if beats else 'no beat'}", float(share), "of 1")
    keys = [(key, measures.key) for _, key, measures in found if key]
    shares = [
        np.mean(near[:, 0]) if beats else None,
        np.mean(near[:, 1]) if beats else None,
        none,
        np.mean([measured in (key, relative(key)) for key, measured in keys]) if keys else None,
        np.mean([measured == key for key, measured in keys]) if keys else None,
    ]
    return f"| {name} | " + " | ".join("" if s is None else f"{s:.3f}" for s in shares) + " |"


def _is_near(measured: float | None, tempi: tuple[float, ...], factors: Iterable[float]) -> bool:
    return measured is not None and any(
        abs(measured / (bpm * factor) - 1) < 0.04 for bpm, factor in product(tempi, factors)
    )


def relative(key: str) -> str:
    """The key of the other mode with the same tones."""
    tonic, mode = divmod(KEYS.index(key), 2)
    return KEYS[((tonic + (3 if mode else 9)) % 12) * 2 + (1 - mode)]


KINDS = {
    "scores, straight": scored(SCORES),
    "scores, swung": scored({name: SCORES[name] for name in SWUNG}, swung=True),
    "few strokes": scored(SPARSE),
    "chords": scored({"chords": HARMONY}),
    "a change of tempo": changing,
    "pieces": piece,
    "no beat": still,
}

if __name__ == "__main__":
    main()
