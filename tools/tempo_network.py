"""The network of tempo.py in PyTorch, to train it."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sport_music_dataset.audio import tempo
from sport_music_dataset.audio.spectra import Floats

_FIRST, _SECOND, _THIRD, _NONE = 32, 12, 24, 8
_EPOCHS, _BATCH, _RATE, _DECAY, _DROPPED = 7, 64, 0.004, 0.3, 0.5
# A tempo that is 1.4% off is as wrong as the next candidate.
_WIDTH_OCTAVES = 0.02
# A batch is heard as if it were played up to three candidates slower or faster.
_SHIFT = 3
_COUNT = len(tempo.TEMPI_BPM)


class TempoNetwork(nn.Module):
    """Scores of the candidates and of no beat, from what `tempo.multiples` gives."""

    def __init__(self, seen: int, known: int) -> None:
        super().__init__()
        self.first, self.whole = nn.Linear(seen, _FIRST), nn.Linear(known, _FIRST, bias=False)
        self.second = nn.Linear(_FIRST, _SECOND)
        self.third = nn.Linear(_SECOND * (1 + len(tempo.OTHERS)), _THIRD)
        self.score = nn.Linear(_THIRD, 1, bias=False)
        self.none_whole = nn.Linear(known, _NONE, bias=False)
        self.none_summary = nn.Linear(2 * _SECOND, _NONE)
        self.none_score = nn.Linear(_NONE, 1)

    def forward(self, seen: Tensor, octaves: Tensor, whole: Tensor) -> Tensor:
        """Logits [B, 122]."""
        inputs = torch.cat([seen, octaves.expand(len(seen), -1, -1)], 2)
        first = torch.tanh(self.first(inputs) + self.whole(whole)[:, None])
        second = torch.tanh(self.second(first))
        far = max(tempo.OTHERS)
        padded = nn.functional.pad(second, (0, 0, far, far))
        shifted = [padded[:, far + step :][:, :_COUNT] for step in (0, *tempo.OTHERS)]
        scores = self.score(torch.tanh(self.third(torch.cat(shifted, 2))))[..., 0]
        summary = torch.cat([second.mean(1), second.amax(1)], 1)
        none = torch.tanh(self.none_whole(whole) + self.none_summary(summary))
        return torch.cat([scores, self.none_score(none)], 1)


def train(
    tempograms: NDArray[np.float16],
    whole: Floats,
    bpm: NDArray[np.float64],
    weights: Floats,
    seed: int,
) -> dict[str, Floats]:
    """Weights by their names in tempo.npz.

    Args:
        tempograms: [N, 17, 457].
        whole: [N, 11].
        bpm: [N], 0 where there is no beat.
        weights: [N], how much each counts.
        seed: of the first weights and of the order.
    """
    torch.manual_seed(seed)
    mean, spread = whole.mean(axis=0), whole.std(axis=0)
    known, counts = torch.tensor((whole - mean) / spread), torch.tensor(weights)
    maps, places = torch.tensor(tempograms.reshape(len(bpm), -1)), _places()
    octaves = torch.tensor(tempo.octave_powers())
    network = TempoNetwork(places.shape[1] + octaves.shape[1], known.shape[1])
    optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, _RATE, epochs=_EPOCHS, steps_per_epoch=-(-len(bpm) // _BATCH), pct_start=0.1
    )
    shifts = range(-_SHIFT, _SHIFT + 1)
    targets = [torch.tensor(np.stack([_target(one, shift) for one in bpm])) for shift in shifts]
    for _ in range(_EPOCHS):
        for batch in torch.split(torch.randperm(len(bpm)), _BATCH):
            shift = int(torch.randint(len(shifts), ()))
            seen = _seen(maps[batch], places[shift : shift + _COUNT])
            odds = torch.log_softmax(network(seen, octaves, known[batch]), 1)
            loss = -((targets[shift][batch] * odds).sum(1) * counts[batch]).mean()
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
    return _weights(network, mean, spread)


def _places() -> Tensor:
    """Where the features of the candidates and of three more at each end are in flat tempograms."""
    channels, columns = tempo.taps()
    beyond = np.arange(-_SHIFT, _COUNT + _SHIFT)[:, None] + columns[_COUNT // 2] - _COUNT // 2
    last = tempo.GRID_STEPS - 1
    return torch.tensor(channels * tempo.GRID_STEPS + np.clip(beyond, 0, last))


def _seen(maps: Tensor, places: Tensor) -> Tensor:
    """What is seen of each candidate [B, 121, features]; some features of a chunk are left out."""
    seen = maps.index_select(1, places.flatten()).float().reshape(len(maps), *places.shape)
    kept = (torch.rand(len(maps), 1, places.shape[1]) >= _DROPPED).float()
    return seen.mul(kept / (1 - _DROPPED))


def _target(bpm: float, shift: int) -> Floats:
    """What candidate is right of a chunk that is heard `shift` candidates slower."""
    target = np.zeros(_COUNT + 1, np.float32)
    if not bpm:
        target[-1] = 1
        return target
    steps = np.log2(tempo.TEMPI_BPM / bpm) + shift / tempo.STEPS
    target[:-1] = np.exp(-0.5 * (steps / _WIDTH_OCTAVES) ** 2)
    return np.asarray(target / target.sum(), np.float32)


def _weights(network: TempoNetwork, mean: Floats, spread: Floats) -> dict[str, Floats]:
    """As tempo.py multiplies; the mean and the spread of what is known go into the weights."""
    taken = {name: value.detach().numpy().T for name, value in network.named_parameters()}
    taken = {name.removesuffix(".weight").replace(".", "_"): value for name, value in taken.items()}
    for layer, bias in (("whole", "first_bias"), ("none_whole", "none_summary_bias")):
        taken[layer] = taken[layer] / spread[:, None]
        taken[bias] = taken[bias] - mean @ taken[layer]
    biases = {name: value[None] for name, value in taken.items() if name.endswith("_bias")}
    return taken | biases
