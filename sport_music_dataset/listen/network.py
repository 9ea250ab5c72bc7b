"""The network of musicnn, which reads its variables as TensorFlow has stored them.

Source: Pons and Serra, musicnn: Pre-trained convolutional neural networks for music audio tagging
(ISMIR 2019, late-breaking); its package's models.py (ISC) says which layers there are.
"""

from collections.abc import Mapping
from itertools import count

import numpy as np
import torch
from torch.nn import functional

from ..errors import ModelError
from .checkpoint import Floats

Tensor = torch.Tensor

MELS = 96
# What TensorFlow's batch normalization adds to a variance.
_EPSILON = 1e-3
# Frames and bands of a product that fits into a core's cache.
_BLOCK_FRAMES, _BLOCK_BANDS = 16, 8


class _Variables:
    """Variables of a checkpoint, whose layers have the order in which they were made."""

    def __init__(self, variables: Mapping[str, Floats]) -> None:
        self._variables = variables
        self._numbers = {name: count() for name in ("batch_normalization", "conv2d", "dense")}

    def layer(self, kind: str, *parts: str) -> list[Tensor]:
        """The parts of the next layer of a kind."""
        number = next(self._numbers[kind])
        name = f"{kind}_{number}" if number else kind
        return [torch.from_numpy(np.array(self._variables[f"{name}/{part}"])) for part in parts]

    def normalization(self) -> tuple[Tensor, Tensor]:
        """The next batch normalization, as (factor, addend)."""
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        gamma, beta, mean, variance = self.layer("batch_normalization", *parts)
        factor = gamma / torch.sqrt(variance + _EPSILON)
        return factor, beta - mean * factor


class Network:
    """The network: log-mel patches to tags.

    Timbral filters (7 frames by 38 or 67 bands) and temporal filters (128, 64 or 32 frames) keep
    their loudest band; three layers over time follow, then the maximum and mean over time of all.

    Args:
        variables: the checkpoint's.
        device: where to run it.

    Raises:
        ModelError: a variable is missing, or has another shape.
    """

    def __init__(self, variables: Mapping[str, Floats], device: str = "cpu") -> None:
        read = _Variables(variables)
        try:
            self._input = _on(read.normalization(), device)
            self._timbral = [_Timbral(read, device) for _ in range(2)]
            self._temporal = [_Temporal(read, device) for _ in range(3)]
            self._middle = [_Middle(read, device) for _ in range(3)]
            self._pooled = _on(read.normalization(), device)
            self._dense = _on(read.layer("dense", "kernel", "bias"), device)
            self._hidden = _on(read.normalization(), device)
            self._tags = _on(read.layer("dense", "kernel", "bias"), device)
            # Layers of other shapes fail here, and not in the first track.
            self.tags(self.hidden(torch.zeros(1, 1, MELS, device=device)))
        except (KeyError, RuntimeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise ModelError(
                f"musicnn: its checkpoint is of another network ({reason}); install it again: "
                "pip install --no-deps --force-reinstall musicnn"
            ) from error

    @torch.inference_mode()
    def hidden(self, patches: Tensor) -> Tensor:
        """The last layer before the tags, [patches, 200], of patches [patches, frames, 96]."""
        factor, addend = self._input
        patches = patches * factor + addend
        found = [layer(patches) for layer in self._timbral]
        found += [layer(patches) for layer in self._temporal]
        front = torch.cat(found, dim=2)
        found, before = [front], front
        for layer in self._middle:
            after = layer(before)
            before = after if before is front else after + before
            found.append(before)
        features = torch.cat(found, dim=2)
        pooled = torch.stack([features.amax(1), features.mean(1)], dim=2).flatten(1)
        pooled = pooled * self._pooled[0] + self._pooled[1]
        hidden = functional.relu(pooled @ self._dense[0] + self._dense[1])
        return hidden * self._hidden[0] + self._hidden[1]

    @torch.inference_mode()
    def tags(self, hidden: Tensor) -> Tensor:
        """Logits [patches, tags] of what `hidden` gives."""
        return hidden @ self._tags[0] + self._tags[1]


def _on(tensors: "list[Tensor] | tuple[Tensor, ...]", device: str) -> list[Tensor]:
    return [tensor.to(device) for tensor in tensors]


class _Timbral:
    """Filters [7 frames, bands] at every frame and band; only the loudest band stays.

    A product of matrices for each band, of which the maximum so far is kept: what a convolution
    would write out, [frames, bands, filters], fits into no cache. Two neighbouring bands share a
    third of their work: with even and odd bands of input (x, z) and filter (w, v),
    `wx + vz = w(x - z) + (w + v)z` and `wz + vx' = v(x' - z) + (w + v)z`, where x' is the next x.
    Source: Mou and Duhamel, Short-length FIR filters and their use in fast nonrecursive filtering
    (IEEE Transactions on Signal Processing 39, 1991).
    """

    def __init__(self, read: _Variables, device: str) -> None:
        kernel, bias = read.layer("conv2d", "kernel", "bias")
        factor, self._addend = _on(read.normalization(), device)
        self._frames, self._bands, _, filters = kernel.shape
        self._sign = _sign(factor)
        weights = kernel[:, :, 0].transpose(0, 1).to(device) * self._sign
        self._even = weights[0::2].reshape(-1, filters).contiguous()
        self._odd = weights[1::2].reshape(-1, filters).contiguous()
        self._both = self._even.clone()
        self._both[: len(self._odd)] += self._odd
        self._bias, self._factor = bias.to(device), factor

    def __call__(self, patches: Tensor) -> Tensor:
        count, frames, mels = patches.shape
        step = self._frames
        padded = functional.pad(patches, (0, 0, step // 2, step // 2))
        # [patches x frames, pairs of bands, 2, 7]: what a filter sees lies side by side.
        around = padded.unfold(1, step, 1).reshape(count * frames, mels // 2, 2, step)
        even, odd = around[:, :, 0].flatten(1), around[:, :, 1].flatten(1)
        following = functional.pad(even[:, step:], (0, step)) - odd
        even -= odd
        loudest = torch.full((count * frames, len(self._bias)), -torch.inf, device=odd.device)
        common, found = torch.empty_like(loudest), torch.empty_like(loudest)
        positions = mels - self._bands + 1
        for position in range(0, positions, 2):
            start = position // 2 * step
            torch.mm(_from(odd, start, self._both), self._both, out=common)
            torch.addmm(common, _from(even, start, self._even), self._even, out=found)
            torch.maximum(loudest, found, out=loudest)
            if position + 1 < positions:
                torch.addmm(common, _from(following, start, self._odd), self._odd, out=found)
                torch.maximum(loudest, found, out=loudest)
        heard = functional.relu(loudest * self._sign + self._bias)
        return (heard * self._factor + self._addend).view(count, frames, -1)


def _sign(factor: Tensor) -> Tensor:
    """-1 where a factor is negative: there the maximum of values is that of negated ones."""
    return torch.where(factor < 0, -1.0, 1.0)


def _from(rows: Tensor, start: int, weights: Tensor) -> Tensor:
    return rows[:, start : start + len(weights)]


class _Temporal:
    """Filters over frames, the same for every band; only the loudest band stays.

    One product gives 16 frames: its weights are the filters, moved by a frame each.
    """

    def __init__(self, read: _Variables, device: str) -> None:
        kernel, bias = read.layer("conv2d", "kernel", "bias")
        self._factor, self._addend = _on(read.normalization(), device)
        self._sign, self._bias = _sign(self._factor), bias.to(device)
        self._length, filters = len(kernel), kernel.shape[-1]
        weights = torch.zeros(self._length + _BLOCK_FRAMES - 1, _BLOCK_FRAMES, filters)
        for frame in range(_BLOCK_FRAMES):
            weights[frame : frame + self._length, frame] = kernel[:, 0, 0]
        self._weights = (weights.to(device) * self._sign).flatten(1)

    def __call__(self, patches: Tensor) -> Tensor:
        count, frames, mels = patches.shape
        over = -frames % _BLOCK_FRAMES
        # As TensorFlow pads for as many frames as before: the odd one behind.
        padding = (self._length - 1) // 2, self._length // 2 + over
        bands = functional.pad(patches.transpose(1, 2), padding)
        around = bands.unfold(2, len(self._weights), _BLOCK_FRAMES)
        shape = (count, frames + over, len(self._bias))
        loudest = torch.full(shape, -torch.inf, device=bands.device)
        for band in range(0, mels, _BLOCK_BANDS):
            rows = around[:, band : band + _BLOCK_BANDS].reshape(-1, len(self._weights))
            found = (rows @ self._weights).view(count, -1, frames + over, len(self._bias))
            torch.maximum(loudest, found.amax(1), out=loudest)
        heard = functional.relu(loudest[:, :frames] * self._sign + self._bias)
        return heard * self._factor + self._addend


class _Middle:
    """A layer over 7 frames of all features: [patches, frames, features] to 64 features."""

    def __init__(self, read: _Variables, device: str) -> None:
        kernel, self._bias = _on(read.layer("conv2d", "kernel", "bias"), device)
        self._factor, self._addend = _on(read.normalization(), device)
        self._frames = len(kernel)
        # As `unfold` lays them: features, then frames.
        self._weights = kernel[:, :, 0].transpose(0, 1).flatten(0, 1).contiguous()

    def __call__(self, features: Tensor) -> Tensor:
        padded = functional.pad(features, (0, 0, self._frames // 2, self._frames // 2))
        around = padded.unfold(1, self._frames, 1).flatten(2)
        return functional.relu(around @ self._weights + self._bias) * self._factor + self._addend
