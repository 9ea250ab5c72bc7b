"""Train the network of tempo.py on synthesised music; writes sport_music_dataset/audio/tempo.npz.

    OMP_NUM_THREADS=1 .venv/bin/python tools/train_tempo.py

Three thousand grooves, two hundred pieces of the package's synthesiser and sounds without a beat;
a fifth of each is held back and reported on. Takes three minutes on two cores.
"""

import hashlib
import io
from collections.abc import Callable, Iterable
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import grooves
from sport_music_dataset.audio import tempo
from sport_music_dataset.audio.spectra import Floats, levels_db, onset_frames
from sport_music_dataset.demo.synth import Piece, render
from sport_music_dataset.recipe import SAMPLING_RATE

SECONDS = 25
HIDDEN, HIDDEN_NONE = 16, 8
EPOCHS, BATCH, RATE, DECAY = 40, 64, 0.01, 1e-4
# A tempo that is 1.4% off is as wrong as the next candidate.
_WIDTH_OCTAVES = 0.02
STYLES = ("latino", "classic", "electro")

# Tempo in BPM, 0 for none; features of the candidates and of the whole.
Example = tuple[float, Floats, Floats]


def groove_examples(seed: int) -> list[Example]:
    """One groove: random, or of the listed ones."""
    draw = np.random.default_rng(seed)
    bpm = float(np.exp(draw.uniform(np.log(39), np.log(210))))
    kind = draw.random()
    listed = grooves.PATTERNS if kind < 0.9 else grooves.SPARSE
    pattern = listed[str(draw.choice(list(listed)))]
    if kind < 0.7:
        pattern = grooves.random_pattern(bpm, draw)
    groove = grooves.Groove(
        pattern,
        bpm,
        str(draw.choice(grooves.KEYS)),
        swing=0.5 if draw.random() < 0.7 else draw.uniform(0.56, 0.68),
        pads=bool(draw.random() < 0.6),
        looseness_seconds=float(draw.choice([0, 0.004, 0.01])),
    )
    return [_example(bpm, grooves.play(groove, SECONDS, draw))]


def steady_examples(seed: int) -> list[Example]:
    """One sound without a beat."""
    draw = np.random.default_rng(seed)
    kind = grooves.STEADY[seed % len(grooves.STEADY)]
    return [_example(0.0, grooves.steady(kind, SECONDS, draw))]


def piece_examples(seed: int) -> list[Example]:
    """Three chunks of a piece of the package's synthesiser."""
    draw = np.random.default_rng(seed)
    style, bpm = STYLES[seed % 3], float(np.exp(draw.uniform(np.log(50), np.log(180))))
    key = str(draw.choice(grooves.KEYS))
    piece = Piece(f"{style}/Training_{seed}_{style}.wav", style, bpm, key, 75, SAMPLING_RATE)
    samples = render(piece, seed).mean(axis=0)
    return [
        _example(bpm, samples[at * SAMPLING_RATE :][: SECONDS * SAMPLING_RATE])
        for at in (12, 25, 40)
    ]


def _example(bpm: float, samples: Floats) -> Example:
    level = levels_db(onset_frames(0).of(0, samples))
    return (bpm, *tempo.pulse_features(level))


def main() -> None:
    """Make examples, train, report, write."""
    torch.manual_seed(0)
    kinds: dict[str, tuple[Callable[[int], list[Example]], Iterable[int]]] = {
        "grooves": (groove_examples, range(20_000, 23_000)),
        "pieces": (piece_examples, range(100, 300)),
        "steady": (steady_examples, range(5_000, 5_420)),
    }
    training: list[Example] = []
    held: dict[str, list[Example]] = {}
    with Pool() as pool:
        for kind, (make, seeds) in kinds.items():
            made = [example for few in pool.imap(make, seeds, 10) for example in few]
            cut = len(made) * 4 // 5
            training += made[:cut]
            held[kind] = made[cut:]
    network = train(training)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **network)
    file = Path(tempo.__file__).with_name("tempo.npz")
    file.write_bytes(buffer.getvalue())
    print(f"{file.name}: {hashlib.sha256(buffer.getvalue()).hexdigest()}")
    tempo._network.cache_clear()
    for kind, examples in held.items():
        print(kind, report(examples))


def train(examples: list[Example]) -> dict[str, Floats]:
    """Weights by their name, of tanh networks whose scores a softmax compares."""
    features = torch.tensor(np.stack([one for _, one, _ in examples]))
    whole = torch.tensor(np.stack([one for _, _, one in examples]))
    targets = torch.tensor(np.stack([_target(bpm) for bpm, _, _ in examples]))
    mean, spread = whole.mean(0), whole.std(0)
    whole = (whole - mean) / spread
    first, last = torch.nn.Linear(features.shape[2], HIDDEN), torch.nn.Linear(HIDDEN, 1, bias=False)
    none_first = torch.nn.Linear(whole.shape[1], HIDDEN_NONE)
    none_last = torch.nn.Linear(HIDDEN_NONE, 1)
    layers = torch.nn.ModuleList([first, last, none_first, none_last])
    optimizer = torch.optim.Adam(layers.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, EPOCHS)
    for _ in range(EPOCHS):
        for batch in torch.split(torch.randperm(len(examples)), BATCH):
            scores = last(torch.tanh(first(features[batch])))[..., 0]
            none = none_last(torch.tanh(none_first(whole[batch])))
            odds = torch.log_softmax(torch.cat([scores, none], 1), 1)
            loss = -(targets[batch] * odds).sum(1).mean()
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        schedule.step()
    weights = {
        "hidden": first.weight.T,
        "hidden_bias": first.bias,
        "score": last.weight[0],
        # The features' mean and spread go into the weights.
        "none_hidden": (none_first.weight / spread).T,
        "none_hidden_bias": none_first.bias - (none_first.weight / spread) @ mean,
        "none_score": none_last.weight[0],
        "none_bias": none_last.bias[0],
    }
    return {name: value.detach().numpy().astype(np.float32) for name, value in weights.items()}


def _target(bpm: float) -> Floats:
    target = np.zeros(len(tempo.TEMPI_BPM) + 1, np.float32)
    if not bpm:
        target[-1] = 1
        return target
    off = np.log2(tempo.TEMPI_BPM / bpm) / _WIDTH_OCTAVES
    target[:-1] = np.exp(-0.5 * off**2)
    return np.asarray(target / target.sum(), np.float32)


def report(examples: list[Example]) -> str:
    """Acc1, Acc2 and the share that is said to have no beat."""
    found: list[tuple[float, float]] = []
    for bpm, features, whole in examples:
        odds = tempo.pulse_of(features, whole).probabilities
        best = 0.0 if odds[-1] > 0.5 else float(tempo.TEMPI_BPM[odds[:-1].argmax()])
        found.append((bpm, best))
    ratios: NDArray[np.float64] = np.array([best / bpm for bpm, best in found if bpm] or [np.nan])
    exact = np.abs(ratios - 1) < 0.04
    octave = [
        any(abs(ratio / factor - 1) < 0.04 for factor in (1, 2, 3, 1 / 2, 1 / 3))
        for ratio in ratios
    ]
    none = np.mean([best == 0 for _, best in found])
    return f"Acc1 {exact.mean():.3f}, Acc2 {np.mean(octave):.3f}, no beat {none:.3f}"


if __name__ == "__main__":
    main()
