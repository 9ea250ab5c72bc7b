"""Train the network of tempo.py on music of known tempo; writes audio/tempo.npz.

    apt-get install mma fluidsynth timgm6mb-soundfont csound-soundfont denemo-data opl3-soundfont \
        musescore-general-soundfont-small
    pip install mido music21
    OMP_NUM_THREADS=1 .venv/bin/python tools/train_tempo.py

What it trains on, all at tempi at which people play such music (`tempo_scores/`): accompaniments of
MMA's library, songs made up here, and chorales, madrigals, quartets and fiddle tunes of music21's
corpus, which FluidSynth plays with five sound fonts; grooves of a few oscillators (`grooves.py`);
pieces of the package's synthesiser; sounds without a beat. Left out are the styles and pieces that
`benchmarks/truth.py` judges by, two of its three books of tunes, its sound font, and what may not
be used commercially (the Essen folk songs). Nothing of this material is part of sportgen but the
weights.

Each chunk is also heard at five other speeds (`tempo_variations.py`). Of three networks, each is
trained without another fifth of the pieces (of MMA: of the styles), and reported on by that fifth.
A user's music may be of another kind: for each of four kinds, networks that heard nothing of it are
reported on too. Rendering takes about an hour on one core, training fifteen minutes.
"""

import argparse
import hashlib
import io
import re
import zlib
from dataclasses import dataclass
from functools import partial
from itertools import compress
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
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
from tempo_variations import speed, varied

SECONDS = 25
# Files of the fonts and how often each plays.
FONTS = {
    "TimGM6mb.sf2": 0.32,
    "sf_GMbank.sf2": 0.18,
    "A320U.sf2": 0.24,
    "OPL-3_FM_128M.sf2": 0.16,
    "MuseScore_General_Lite.sf3": 0.10,
}
# Each network is trained without another fifth of the pieces.
FOLDS, NETWORKS = 5, 3
# Kinds of music, by the first word of an example's kind, that are held back to report on.
STRANGE = ("mma", "parts", "solo", "song")
# How often each chunk is heard at another speed, and each without a beat.
VARIATIONS, STEADY_VARIATIONS = 5, 2
SLOWEST_BPM, FASTEST_BPM = 40, 213
# Shares of tempi up to 70, 90, 120, 150 BPM and beyond to which the examples' weights are drawn,
# as they are among all kinds of music: few scores of the material are fast.
BORDERS_BPM, SHARES = (70, 90, 120, 150), np.array([0.07, 0.17, 0.31, 0.25, 0.20])
# How much examples weigh that are made up by rules or have no beat.
RULED_WEIGHT = 0.6
# Half-time grooves sound as ballads at half their tempo do, of which there are many more.
HALF_TIME_WEIGHT = 4.0
# How sure to be of music from elsewhere, which is less like what was trained on than a held-back
# piece is: 1.2 to 1.3 suits best what networks say that heard neither MMA nor two of the fonts.
TEMPERATURE = 1.3
HARD = {
    f"song {kind}" for kind in "metal,game,jig,fast walk,fast waltz,two step,six eight".split(",")
}
METRES = {"jigs": "6/8|9/8|12/8", "waltzes": "3/4|3/8"}
# True tempo, said tempo, both 0 where there is no beat, and its confidence.
Found = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Example:
    """A chunk's `tempo.pulse_features`: `bpm` is 0 where there is no beat.

    A `varied` one is another of the same piece at another speed (`tempo_variations.py`): it trains
    and is never reported on.
    """

    kind: str
    piece: str
    bpm: float
    tempograms: NDArray[np.float16]
    whole: Floats
    varied: bool

    @property
    def fold(self) -> int:
        """In which fold the piece is: all that a style of MMA plays is in one."""
        return zlib.crc32(self.piece.encode()) % FOLDS


# An example and networks that did not hear its piece.
Unseen = tuple[Example, dict[str, NDArray[np.float16]]]


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
    examples = _examples(score.kind, score.piece, score.bpm, level)
    if seed % 6 == 0:
        # The same sounds without a beat: pieces of half a second or so in a random order.
        cuts = np.flatnonzero(draw.random(len(level)) < 1 / draw.uniform(10, 60))
        parts = np.split(level, cuts)
        shuffled = np.concatenate([parts[place] for place in draw.permutation(len(parts))])
        examples += _examples("steady", score.piece, 0.0, shuffled)
    return examples


def _score(kind: str, seed: int, draw: Generator) -> Score:
    longest = SECONDS + 3
    if kind == "mma":
        return mma.accompaniment(STYLES[seed % len(STYLES)], longest, draw)
    if kind == "fast mma":
        fast = [style for style in STYLES if style.fastest >= 150 and style.slowest >= 104]
        return mma.accompaniment(fast[seed % len(fast)], longest, draw)
    if kind == "slow mma":
        slow = [style for style in STYLES if style.fastest > 70 and style.slowest < 78]
        return mma.accompaniment(slow[seed % len(slow)], longest, draw)
    if kind == "fast song":
        return next(one for one in iter(lambda: songs.song(longest, draw), None) if one.bpm > 145)
    if kind == "hard song":
        made = iter(lambda: songs.song(longest, draw), None)
        return next(one for one in made if one.kind in HARD)
    if kind == "song":
        return songs.song(longest, draw)
    if kind in METRES:
        found = [
            (folder, *tune)
            for folder in ("airdsAirs", "miscFolk")
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
    return _examples("groove", f"groove {seed}", bpm, _level(grooves.play(groove, SECONDS, draw)))


def steady(seed: int) -> list[Example]:
    """One sound without a beat."""
    kind = grooves.STEADY[seed % len(grooves.STEADY)]
    samples = grooves.steady(kind, SECONDS, np.random.default_rng(seed))
    return _examples("steady", f"steady {seed}", 0.0, _level(samples))


def piece(seed: int) -> list[Example]:
    """A chunk of a piece of the package's synthesiser."""
    draw = np.random.default_rng(seed)
    style = ("latino", "classic", "electro")[seed % 3]
    bpm, key = float(np.clip(_natural(draw), 60, 180)), str(draw.choice(grooves.KEYS))
    made = Piece(f"{style}/Training_{seed}_{style}.wav", style, bpm, key, 75, SAMPLING_RATE)
    samples = render(made, seed).mean(axis=0)
    start = int(draw.choice([12, 25, 40])) * SAMPLING_RATE
    chunk = samples[start:][: SECONDS * SAMPLING_RATE]
    return _examples("piece", f"piece {seed}", bpm, _level(chunk))


def _level(samples: Floats) -> Floats:
    return levels_db(onset_frames(0).of(0, samples))


def _natural(draw: Generator) -> float:
    """A tempo at which music is played: half of it at 93 to 135 BPM."""
    return float(np.clip(np.exp(draw.normal(np.log(112), 0.28)), 52, 204))


def _examples(kind: str, name: str, bpm: float, level: Floats) -> list[Example]:
    """The chunk and others made from it."""
    mark = zlib.crc32(name.encode() + kind.encode() + bytes([round(bpm) % 256]))
    # One in five is shorter than a usual chunk.
    heard = [(1.0, level if mark % 5 else level[: 500 + mark % 900])]
    draw = np.random.default_rng(mark)
    for _ in range(VARIATIONS if bpm else STEADY_VARIATIONS):
        times = speed(draw)
        heard.append((times, varied(level, times, draw)))
    return [
        _example(kind, name, bpm * times, level, times != 1)
        for times, level in heard
        if not bpm or SLOWEST_BPM < bpm * times < FASTEST_BPM
    ]


def _example(kind: str, name: str, bpm: float, level: Floats, varied: bool) -> Example:
    tempograms, whole = tempo.pulse_features(level, onsets(level))
    return Example(kind, name, bpm, tempograms.astype(np.float16), whole, varied)


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
    "mma": range(1_000, 2_100),
    "song": range(1_000, 1_700),
    # Where the octave, or the third, is hardest to hear.
    "fast mma": range(450),
    "slow mma": range(80),
    "fast song": range(200),
    "hard song": range(160),
    "jigs": range(500),
    "waltzes": range(100),
    "bach": range(0, 380, 3),
    "airdsAirs": range(0, 1_180, 4),
    "miscFolk": range(0, 129, 2),
    "monteverdi": range(30),
    "palestrina": range(0, 1_300, 90),
    "trecento": range(0, 100, 12),
    "mozart": range(14),
    "haydn": range(8),
    "beethoven": range(22),
}
"""Seeds by kind; of a folder of music21's corpus, they are numbers of its tunes."""


def _run(job: "partial[list[Example]]") -> list[Example]:
    return job()


def write(examples: list[Example]) -> None:
    """Train, write the weights and report."""
    networks = [_trained(examples, fold) for fold in range(NETWORKS)]
    strange = [unseen for kind in STRANGE for unseen in _strange(examples, kind)]
    weights = _together(networks)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, temperature=np.float32(TEMPERATURE), **weights)
    file = Path(tempo.__file__).with_name("tempo.npz")
    file.write_bytes(buffer.getvalue())
    print(f"{file.name}: {hashlib.sha256(buffer.getvalue()).hexdigest()}")
    unseen = [
        (one, _together([networks[one.fold]]))
        for one in examples
        if one.fold < NETWORKS and not one.varied
    ]
    for name, pairs in (("held-back pieces", unseen), ("held-back kinds", strange)):
        found = _found(pairs)
        for kind in sorted({example.kind for example, _ in pairs}):
            of_kind = [example.kind == kind for example, _ in pairs]
            print(name, kind, report(list(compress(found, of_kind))))
        print(name, report(found))


def _strange(examples: list[Example], kind: str) -> list[Unseen]:
    """The examples of a kind, with networks that heard none of it."""
    others = [one for one in examples if one.kind.split()[0] != kind]
    networks = _together([_trained(others, fold) for fold in range(NETWORKS)])
    held = [one for one in examples if one.kind.split()[0] == kind and not one.varied]
    return [(one, networks) for one in held]


def _together(networks: list[dict[str, Floats]]) -> dict[str, NDArray[np.float16]]:
    """Weights of several networks as tempo.npz has them."""
    return {
        name: np.stack([one[name] for one in networks]).astype(np.float16) for name in networks[0]
    }


def _trained(examples: list[Example], fold: int) -> dict[str, Floats]:
    others = [one for one in examples if one.fold != fold]
    return train(
        np.stack([one.tempograms for one in others]),
        np.stack([one.whole for one in others]),
        np.array([one.bpm for one in others]),
        _weights(others),
        fold,
    )


def _weights(examples: list[Example]) -> Floats:
    """How much each example counts: with a mean of 1, and half way to `SHARES`."""
    bpm = np.array([one.bpm for one in examples])
    ruled = np.array([one.kind in ("groove", "piece", "steady") for one in examples])
    weights = np.where(ruled, RULED_WEIGHT, 1.0)
    weights[[one.kind == "song half time" for one in examples]] = HALF_TIME_WEIGHT
    range_of = np.digitize(bpm, BORDERS_BPM)
    sums = np.array([weights[(range_of == one) & (bpm > 0)].sum() for one in range(len(SHARES))])
    weights[bpm > 0] *= np.sqrt(SHARES / (sums / sums.sum()))[range_of[bpm > 0]]
    return np.asarray(weights / weights.mean(), np.float32)


def _found(unseen: list[Unseen]) -> list[Found]:
    found = []
    for example, weights in unseen:
        networks = {name: value.astype(np.float32) for name, value in weights.items()}
        networks["temperature"] = np.array(TEMPERATURE, np.float32)
        tempograms = example.tempograms.astype(np.float32)
        odds = tempo.probabilities(networks, tempograms, example.whole).mean(axis=0)
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
