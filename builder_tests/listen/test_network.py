"""musicnn's network and spectra, against restatements that share no code with ours."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.signal import correlate

from builder_tests.conftest import noise
from sport_music_dataset.errors import ModelError
from sport_music_dataset.listen import mel
from sport_music_dataset.listen.checkpoint import read_checkpoint
from sport_music_dataset.listen.files import FIRST, SECOND, musicnn_folder
from sport_music_dataset.listen.network import Network

Array = NDArray[np.float64]


class Restated:
    """The layers of the package's models.py as sums in float64, one patch at a time."""

    def __init__(self, folder: Path) -> None:
        self.variables = read_checkpoint(folder)
        self.made: dict[str, int] = {}

    def layer(self, kind: str, *parts: str) -> list[Array]:
        number = self.made.get(kind, 0)
        self.made[kind] = number + 1
        name = f"{kind}_{number}" if number else kind
        return [self.variables[f"{name}/{part}"].astype(np.float64) for part in parts]

    def normalized(self, x: Array) -> Array:
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        gamma, beta, mean, variance = self.layer("batch_normalization", *parts)
        return (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta

    def convolved(self, x: Array) -> Array:
        """[time, bands] to the filters' [time, bands, filters], where they lie wholly inside."""
        kernel, bias = self.layer("conv2d", "kernel", "bias")
        filters = [correlate(x, kernel[:, :, 0, f], "valid") for f in range(kernel.shape[3])]
        return np.maximum(np.stack(filters, axis=-1) + bias, 0)

    def same(self, x: Array) -> Array:
        name = f"conv2d_{self.made['conv2d']}/kernel"
        length = len(self.variables[name])
        return np.pad(x, (((length - 1) // 2, length // 2), (0, 0)))

    def logits(self, patch: Array) -> Array:
        x = self.normalized(patch[:, :, None])[:, :, 0]
        wide = np.pad(x, ((3, 3), (0, 0)))
        found = [self.normalized(self.convolved(wide)).max(axis=1) for _ in range(2)]
        found += [self.normalized(self.convolved(self.same(x))).max(axis=1) for _ in range(3)]
        layers = [np.concatenate(found, axis=1)]
        for number in range(3):
            before = np.pad(layers[-1], ((3, 3), (0, 0)))
            after = self.normalized(self.convolved(before)[:, 0])
            layers.append(after + layers[-1] if number else after)
        features = np.concatenate(layers, axis=1)
        pooled = np.stack([features.max(axis=0), features.mean(axis=0)], axis=1).ravel()
        kernel, bias = self.layer("dense", "kernel", "bias")
        hidden = np.maximum(self.normalized(pooled) @ kernel + bias, 0)
        hidden = self.normalized(hidden)
        kernel, bias = self.layer("dense", "kernel", "bias")
        return np.asarray(hidden @ kernel + bias)


@pytest.mark.parametrize("name", (FIRST, SECOND))
@pytest.mark.parametrize("frames", (1, 47))
def test_the_network_gives_the_tags_of_its_restatement(name: str, frames: int) -> None:
    folder = musicnn_folder() / name
    patches = np.random.default_rng(3).uniform(0, 4, (2, frames, 96)).astype(np.float32)
    network = Network(read_checkpoint(folder))
    found = network.tags(network.hidden(torch.from_numpy(patches))).numpy()
    for patch, tags in zip(patches, found, strict=True):
        np.testing.assert_allclose(tags, Restated(folder).logits(patch.astype(float)), atol=1e-4)


@pytest.mark.parametrize(
    "damage",
    (
        lambda variables: variables.pop("conv2d_5/kernel"),
        lambda variables: variables.update({"dense/kernel": np.ones((3, 200), np.float32)}),
    ),
)
def test_another_network_is_an_error_with_the_remedy(damage: Callable[[Any], Any]) -> None:
    variables = dict(read_checkpoint(musicnn_folder() / FIRST))
    damage(variables)
    with pytest.raises(ModelError, match="pip install --no-deps"):
        Network(variables)


def test_spectra_are_librosas_at_half_the_rate() -> None:
    samples = noise(4.0)
    half = librosa.resample(samples, orig_sr=32_000, target_sr=16_000, res_type="soxr_vhq")
    power = librosa.feature.melspectrogram(
        y=half, sr=16_000, n_fft=512, hop_length=256, n_mels=96, center=False
    )
    found = mel.log_mel(samples)
    wanted = np.log10(10_000 * power.T + 1)[: len(found)]
    # The highest band reaches to where the resampled signal ends.
    np.testing.assert_allclose(found[4:-4, :94], wanted[4 : len(found) - 4, :94], atol=0.01)
    assert mel.log_mel(samples[: mel.samples_of_frames(47)]).shape == (47, 96)
