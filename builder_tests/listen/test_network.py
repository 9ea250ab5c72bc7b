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
from sport_music_dataset.listen import mel, voices
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


def voices_of(arrays: dict[str, Array], patch: Array) -> float:
    """What `voices.npz` says of a patch, as sums in float64."""
    halved = patch[: len(patch) // 2 * 2].reshape(-1, 2, 96).mean(axis=1)
    found = (halved * arrays["input"][0] + arrays["input"][1])[None]
    for at, (over, every) in enumerate(((1, 2), (2, 2), (1, 1), (1, 1))):
        kernel, bias = arrays[f"kernel_{at}"], arrays[f"bias_{at}"]
        high, wide = kernel.shape[2] // 2, kernel.shape[3] // 2
        padded = np.pad(found, ((0, 0), (high, high), (wide, wide)))
        sums = np.stack([correlate(padded, filters, "valid")[0] for filters in kernel])
        found = np.maximum(sums + bias[:, None, None], 0)[:, ::over, ::every]
        if at == 2:
            frames, bands = found.shape[1] // 2, found.shape[2] // 2
            whole = found[:, : 2 * frames, : 2 * bands]
            found = whole.reshape(len(found), frames, 2, bands, 2).max(axis=(2, 4))
    sixths = found.reshape(*found.shape[:2], -1, 2).mean(axis=3)
    pooled = np.concatenate([sixths.mean(axis=1), sixths.max(axis=1)]).ravel()
    return float(pooled @ arrays["weights"] + arrays["bias"])


@pytest.mark.parametrize("frames", (16, 47))
def test_the_network_of_voices_gives_the_logits_of_its_restatement(frames: int) -> None:
    with np.load(Path(voices.__file__).with_name("voices.npz")) as file:
        arrays = {name: file[name].astype(np.float64) for name in file.files}
    patches = np.random.default_rng(4).uniform(0, 4, (2, frames, 96)).astype(np.float32)
    found = voices.Voices()(torch.from_numpy(patches)).numpy()
    wanted = [voices_of(arrays, patch.astype(float)) for patch in patches]
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_what_is_too_short_for_a_filter_ends_in_silence() -> None:
    hears = voices.Voices()
    short = torch.rand(2, 3, 96, generator=torch.Generator().manual_seed(5))
    padded = torch.cat([short, torch.zeros(2, 13, 96)], dim=1)
    torch.testing.assert_close(hears(short), hears(padded))
