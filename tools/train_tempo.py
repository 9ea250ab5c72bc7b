"""Train the network of tempo.py on music of known tempo; writes audio/tempo.npz.

    apt-get install mma fluidsynth timgm6mb-soundfont csound-soundfont denemo-data opl3-soundfont \
        musescore-general-soundfont-small
    pip install mido music21
    OMP_NUM_THREADS=1 .venv/bin/python tools/train_tempo.py

What it trains on, all at tempi at which people play such music (`tempo_scores/`): accompaniments of
MMA's library, songs made up here, and chorales, madrigals, quartets and folk tunes of music21's
corpus, which FluidSynth plays with five sound fonts; grooves of a few oscillators (`grooves.py`);
pieces of the package's synthesiser; sounds without a beat. What `benchmarks/truth.py` judges by is
left out: its styles, pieces, folders and its sound font. Nothing of this material is part of
sportgen but the weights.

A fifth of the pieces (of MMA: of the styles) is held back and reported on, confidence included.
Rendering takes two hours on one core, training five minutes.
"""

import argparse
import hashlib
import io
import re
import zlib
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from numpy.random import Generator
from scipy.signal import lfilter

import grooves
from sport_music_dataset.audio import tempo
from sport_music_dataset.audio.spectra import Floats, levels_db, onset_frames, onsets
from sport_music_dataset.demo.synth import Piece, render
from sport_music_dataset.recipe import SAMPLING_RATE
from sport_music_dataset.records import TEMPO_CONFIDENCE
from tempo_network import train
from tempo_scores import corpus, mma, play, songs
from tempo_scores.score import Score
from tempo_scores.styles import STYLES

SECONDS = 25
# Files of the fonts and how often each plays.
FONTS = {
    "TimGM6mb.sf2": 0.32,
    "sf_GMbank.sf2": 0.18,
    "A320U.sf2": 0.24,
    "OPL-3_FM_128M.sf2": 0.16,
    "MuseScore_General_Lite.sf3": 0.10,
}
# Each network is trained without another fifth of the pieces; what it says of them is reported.
FOLDS, NETWORKS = 5, 3
# Music from elsewhere is less like what was trained on than held-back pieces are. A network that
# heard no accompaniment of MMA says of them with this how sure to be.
TEMPERATURE = 1.4
METRES = {"jigs": "6/8|9/8|12/8", "waltzes": "3/4|3/8"}
# True tempo, said tempo, both 0 where there is no beat, and its confidence.
Found = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Example:
    """A chunk: `bpm` is 0 where there is no beat; `features` are those of `tempo.py`."""

    kind: str
    piece: str
    bpm: float
    tempograms: Floats
    whole: Floats

    @property
    def fold(self) -> int:
        """In which fold the piece is: all that a style of MMA plays is in one."""
        return zlib.crc32(self.piece.encode()) % FOLDS


def scored(kind: str, seed: int, fonts: Path) -> list[Example]:
    """One score that FluidSynth plays; none where MMA or music21 cannot read it."""
    draw = np.random.default_rng([seed, *kind.encode()])
    try:
        score = _score(kind, seed, draw)
    except Exception as error:
        print(f"{kind} {seed}: {error!r}")
        return []
    font = next(fonts.rglob(str(draw.choice(list(FONTS), p=list(FONTS.values())))))
    samples = play.render(score, font, SECONDS, draw)
    if len(samples) < SECONDS * SAMPLING_RATE or not samples.any():
        return []
    level = _level(_recorded(samples, draw))
    examples = [_example(score.kind, score.piece, score.bpm, level)]
    if seed % 6 == 0:
        # The same sounds without a beat: pieces of half a second or so in a random order.
        cuts = np.flatnonzero(draw.random(len(level)) < 1 / draw.uniform(10, 60))
        parts = np.split(level, cuts)
        shuffled = np.concatenate([parts[place] for place in draw.permutation(len(parts))])
        examples.append(_example("steady", score.piece, 0.0, shuffled))
    return examples


def _score(kind: str, seed: int, draw: Generator) -> Score:
    longest = SECONDS + 3
    if kind == "mma":
        return mma.accompaniment(STYLES[seed % len(STYLES)], longest, draw)
    if kind == "fast mma":
        fast = [style for style in STYLES if style.fastest >= 150 and style.slowest >= 104]
        return mma.accompaniment(fast[seed % len(fast)], longest, draw)
    if kind == "fast song":
        return next(one for one in iter(lambda: songs.song(longest, draw), None) if one.bpm > 145)
    if kind == "song":
        return songs.song(longest, draw)
    if kind in METRES:
        found = [
            (folder, *tune)
            for folder in ("airdsAirs", "essenFolksong")
            for tune in corpus.tunes(folder)
            if re.search(rf"(?m)^M: *({METRES[kind]})", tune[1])
        ]
        return corpus.tune(*found[seed * 7_919 % len(found)], SECONDS, draw)
    return corpus.tune(kind, *corpus.tunes(kind)[seed], SECONDS, draw)


def _recorded(samples: Floats, draw: Generator) -> Floats:
    """The samples as a recording may have them: clipped, noisy or dull."""
    out = samples * (draw.uniform(0.1, 0.95) / np.abs(samples).max())
    if draw.random() < 0.2:
        out = np.clip(out * draw.uniform(1.2, 3), -0.98, 0.98)
    if draw.random() < 0.25:
        out += draw.standard_normal(len(out)) * out.std() * 10 ** (-draw.uniform(20, 50) / 20)
    if draw.random() < 0.2:
        memory = np.exp(-2 * np.pi * draw.uniform(1_500, 8_000) / SAMPLING_RATE)
        out = lfilter([1 - memory], [1, -memory], out)
    return np.asarray(out, np.float32)


def grooved(seed: int) -> list[Example]:
    """One groove: random, or of the listed ones."""
    draw = np.random.default_rng(seed)
    bpm, kind = _natural(draw), draw.random()
    listed = grooves.PATTERNS if kind < 0.85 else grooves.SPARSE
    pattern = listed[str(draw.choice(list(listed)))]
    if kind < 0.55:
        pattern = grooves.random_pattern(bpm, draw)
    elif pattern.get("hat", "").count("x") > 10:
        bpm = min(bpm, 118.0)
    groove = grooves.Groove(
        pattern,
        bpm,
        str(draw.choice(grooves.KEYS)),
        swing=0.5 if draw.random() < 0.7 else draw.uniform(0.56, 0.68),
        pads=bool(draw.random() < 0.5),
        looseness_seconds=float(draw.choice([0, 0.004, 0.01])),
    )
    return [_example("groove", f"groove {seed}", bpm, _level(grooves.play(groove, SECONDS, draw)))]


def steady(seed: int) -> list[Example]:
    """One sound without a beat."""
    kind = grooves.STEADY[seed % len(grooves.STEADY)]
    samples = grooves.steady(kind, SECONDS, np.random.default_rng(seed))
    return [_example("steady", f"steady {seed}", 0.0, _level(samples))]


def piece(seed: int) -> list[Example]:
    """A chunk of a piece of the package's synthesiser."""
    draw = np.random.default_rng(seed)
    style = ("latino", "classic", "electro")[seed % 3]
    bpm, key = float(np.clip(_natural(draw), 60, 180)), str(draw.choice(grooves.KEYS))
    made = Piece(f"{style}/Training_{seed}_{style}.wav", style, bpm, key, 75, SAMPLING_RATE)
    samples = render(made, seed).mean(axis=0)
    start = int(draw.choice([12, 25, 40])) * SAMPLING_RATE
    chunk = samples[start:][: SECONDS * SAMPLING_RATE]
    return [_example("piece", f"piece {seed}", bpm, _level(chunk))]


def _level(samples: Floats) -> Floats:
    return levels_db(onset_frames(0).of(0, samples))


def _natural(draw: Generator) -> float:
    """A tempo at which music is played: half of it at 93 to 135 BPM."""
    return float(np.clip(np.exp(draw.normal(np.log(112), 0.28)), 52, 204))


def _example(kind: str, name: str, bpm: float, level: Floats) -> Example:
    # One in five is shorter than a usual chunk.
    mark = zlib.crc32(name.encode() + kind.encode() + bytes([round(bpm) % 256]))
    level = level if mark % 5 else level[: 500 + mark % 900]
    return Example(kind, name, bpm, *tempo.pulse_features(level, onsets(level)))


def main() -> None:
    """Make examples, train, report, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fonts", type=Path, default=Path("/usr/share"), help="Searched in.")
    fonts = parser.parse_args().fonts
    jobs: list[partial[list[Example]]] = [
        *(partial(scored, kind, seed, fonts) for kind, seeds in SCORES.items() for seed in seeds),
        *(partial(grooved, seed) for seed in range(20_000, 20_450)),
        *(partial(steady, seed) for seed in range(5_000, 5_400)),
        *(partial(piece, seed) for seed in range(100, 190)),
    ]
    with Pool() as pool:
        examples = [example for few in pool.imap(_run, jobs, 10) for example in few]
    write(examples)


SCORES = {
    "mma": range(1_000, 1_700),
    "song": range(1_000, 1_360),
    # Where the octave, or the third, is hardest to hear.
    "fast mma": range(130),
    "fast song": range(70),
    "jigs": range(140),
    "waltzes": range(50),
    "bach": range(0, 380, 3),
    "airdsAirs": range(0, 1_180, 4),
    "essenFolksong": range(0, 8_500, 95),
    "monteverdi": range(20),
    "palestrina": range(0, 1_300, 90),
    "trecento": range(0, 100, 12),
    "mozart": range(14),
    "haydn": range(8),
    "beethoven": range(16),
}
"""Seeds by kind; of a folder of music21's corpus, they are numbers of its tunes."""


def _run(job: "partial[list[Example]]") -> list[Example]:
    return job()


def write(examples: list[Example]) -> None:
    """Train, write the weights and report."""
    trained = [_trained(examples, fold) for fold in range(NETWORKS)]
    unseen = [(one, trained[one.fold]) for one in examples if one.fold < NETWORKS]
    weights = {
        name: np.stack([one[name] for one in trained]).astype(np.float16) for name in trained[0]
    }
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, temperature=np.float32(TEMPERATURE), **weights)
    file = Path(tempo.__file__).with_name("tempo.npz")
    file.write_bytes(buffer.getvalue())
    print(f"{file.name}: {hashlib.sha256(buffer.getvalue()).hexdigest()}")
    found = _found(unseen)
    for kind in sorted({example.kind for example, _ in unseen}):
        few = [one for one, (example, _) in zip(found, unseen, strict=True) if example.kind == kind]
        print(kind, report(few))
    print("all", report(found))


def _trained(examples: list[Example], fold: int) -> dict[str, Floats]:
    others = [example for example in examples if example.fold != fold]
    return train(
        np.stack([one.tempograms for one in others]).astype(np.float16),
        np.stack([one.whole for one in others]),
        np.array([one.bpm for one in others]),
        fold,
    )


def _found(unseen: list[tuple[Example, dict[str, Floats]]]) -> list[Found]:
    found = []
    for example, weights in unseen:
        network = {name: value[None] for name, value in weights.items()}
        network["temperature"] = np.array(TEMPERATURE, np.float32)
        odds = tempo.probabilities(network, example.tempograms, example.whole)[0]
        decided = tempo.decide(odds, np.zeros(len(tempo.TEMPI_BPM), np.float32))
        found.append((example.bpm, decided.bpm or 0.0, decided.confidence))
    return found


def _is_near(bpm: float, said: float, factors: tuple[float, ...] = (1,)) -> bool:
    return any(abs(said / (bpm * factor) - 1) < 0.04 for factor in factors)


def report(found: list[Found]) -> str:
    """Acc1, Acc2, Acc1 where confident, what has no beat, and the curve of the confidence."""
    beats = [one for one in found if one[0]]
    none = np.mean([said == 0 for _, said, _ in found])
    if not beats:
        return f"no beat {none:.3f}"
    exact = np.array([_is_near(bpm, said) for bpm, said, _ in beats])
    octave = np.mean([_is_near(bpm, said, (1, 2, 3, 1 / 2, 1 / 3)) for bpm, said, _ in beats])
    confidence = np.array([one[2] for one in beats])
    sure = confidence >= TEMPO_CONFIDENCE
    tenths = np.minimum((confidence * 10).astype(int), 9)
    curve = [f"{t / 10:.1f}: {exact[tenths == t].mean():.2f}" for t in sorted(set(tenths))]
    return (
        f"{len(beats)} Acc1 {exact.mean():.3f}, Acc2 {octave:.3f}, no beat {none:.3f}, "
        f"confident {sure.mean():.2f} of which right {exact[sure].mean():.3f}; {', '.join(curve)}"
    )


if __name__ == "__main__":
    main()
