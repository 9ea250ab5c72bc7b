"""EnCodec's encoder with the work of overlapping chunks shared: the same codes, much faster.

The convolutions before the LSTM see less than a frame past each side of a frame. So a stretch of
chunks that overlap by whole frames goes through them once, in tiles that fit a cache, and only the
first and last frame of every chunk, which see EnCodec's reflect padding, are computed again. The
LSTM, which does see the whole chunk, runs over the chunks as a batch.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import EncodecModel
from transformers.models.encodec.modeling_encodec import (
    EncodecConv1d,
    EncodecLSTM,
    EncodecResnetBlock,
)

# Measured best from 50 to 150; shorter tiles recompute more of their halos.
_TILE_FRAMES = 75
# Frames recomputed at each end of a chunk: the outer one is kept, the others shield it.
_EDGE_FRAMES = 3
# Chunks at a time where a batch gains nothing and costs memory.
_FEW_CHUNKS = 4
# Steps of the LSTM at a time: its gates for a whole chunk would need gigabytes.
_LSTM_STEPS = 50


def plain_reason(model: EncodecModel, num_samples: int) -> str:
    """Why this encoder cannot serve a model at that chunk length; empty if it can."""
    config: Any = model.config
    if config.audio_channels != 1 or config.normalize or config.chunk_length_s is not None:
        return "the model is stereo, normalises its input or works on pieces of it"
    if config.use_causal_conv or config.norm_type != "weight_norm" or config.trim_right_ratio != 1:
        return "the model's convolutions are causal or normalised in time"
    if config.num_residual_layers != 1:
        return "the model's convolutions see further than a frame"
    if num_samples % config.hop_length or num_samples < 4 * _EDGE_FRAMES * config.hop_length:
        return f"chunks are no whole number of the model's frames ({config.hop_length} samples)"
    return ""


class SharedEncoder:
    """The encoder of an EnCodec model, for chunks that may overlap.

    Args:
        model: one that has no `plain_reason`, on its device; its weights are not changed.
    """

    def __init__(self, model: EncodecModel) -> None:
        layers = list(model.encoder.layers)
        (middle,) = [at for at, layer in enumerate(layers) if isinstance(layer, EncodecLSTM)]
        self._frame = int(model.config.hop_length)
        self._front = [_converted(layer) for layer in layers[:middle]]
        self._lstm: Any = layers[middle].lstm
        self._back = layers[middle + 1 :]

    def __call__(self, chunks: Tensor, offsets: Sequence[int]) -> Tensor:
        """Embeddings [B, D, T] float32 of chunks [B, N] float32 at 32 kHz.

        `offsets` [B]: the samples by which each chunk starts after the one before it, where it is
        known that the two share the samples between; 0 where they do not.
        """
        hidden = self._recur(self._features(chunks, offsets)).permute(1, 2, 0)
        return torch.cat([self._finish(part) for part in torch.split(hidden, _FEW_CHUNKS)])

    def _finish(self, hidden: Tensor) -> Tensor:
        for layer in self._back:
            hidden = layer(hidden)
        return hidden

    def _features(self, chunks: Tensor, offsets: Sequence[int]) -> Tensor:
        """What the LSTM reads, [T, B, C], of chunks [B, N]."""
        count, samples = chunks.shape
        edge = _EDGE_FRAMES * self._frame
        heads = self._convolve(chunks[:, :edge], reflect=True)
        tails = self._convolve(chunks[:, -edge:], reflect=True)
        features = chunks.new_empty(samples // self._frame, count, heads.shape[1])
        starts = [at for at, offset in enumerate(offsets) if not self._shares(offset, samples)]
        for first, last in pairwise([*starts, count]):
            self._fill(features, chunks, offsets, range(first, last))
        features[0], features[-1] = heads[:, :, 0], tails[:, :, -1]
        return features

    def _shares(self, offset: int, samples: int) -> bool:
        return 0 < offset < samples and offset % self._frame == 0

    def _fill(
        self, features: Tensor, chunks: Tensor, offsets: Sequence[int], stretch: range
    ) -> None:
        """Features of chunks that follow one another, all but their first and last frames."""
        new = [chunks[stretch[0]], *(chunks[at][-offsets[at] :] for at in stretch[1:])]
        track = self._tiles(torch.cat(new))
        start = 0
        for at in stretch:
            start += offsets[at] // self._frame if at > stretch[0] else 0
            features[:, at] = track[start : start + len(features)]

    def _tiles(self, waveform: Tensor) -> Tensor:
        """Features [T, C] of a waveform [N]; right for all frames but the first and the last."""
        frames = len(waveform) // self._frame
        parts = []
        for start in range(0, frames, _TILE_FRAMES):
            end = min(start + _TILE_FRAMES, frames)
            # A frame more on each side takes up what the tile's own padding spoils.
            low, high = max(0, start - 1), min(end + 1, frames)
            tile = waveform[None, low * self._frame : high * self._frame]
            parts.append(
                self._convolve(tile, reflect=False)[0, :, start - low :][:, : end - start].T
            )
        return torch.cat(parts)

    def _convolve(self, waveforms: Tensor, reflect: bool) -> Tensor:
        """Features [B, C, T] of waveforms [B, N]; the ends are EnCodec's where they `reflect`."""
        hidden = waveforms[:, None, None].contiguous(memory_format=torch.channels_last)
        for layer in self._front:
            hidden = layer(hidden, reflect)
        return hidden[:, :, 0]

    def _recur(self, features: Tensor) -> Tensor:
        """The LSTM with its skip, [T, B, C] to the same, a segment at a time; in place."""
        state = None
        for start in range(0, len(features), _LSTM_STEPS):
            segment = features[start : start + _LSTM_STEPS]
            out, state = self._lstm(segment, state)
            segment += out
        return features


# A layer on [B, C, 1, N], channels last; the flag asks for EnCodec's reflect padding.
_Layer = Callable[[Tensor, bool], Tensor]


def _converted(layer: nn.Module) -> _Layer:
    if isinstance(layer, EncodecConv1d):
        return _Conv(layer)
    if isinstance(layer, EncodecResnetBlock):
        return _Residual(layer)
    if isinstance(layer, nn.ELU):
        # What goes into it is used nowhere else, but in a residual block.
        return lambda hidden, reflect: functional.elu(hidden, layer.alpha, inplace=True)
    return lambda hidden, reflect: hidden


class _Conv:
    """An EncodecConv1d with its weight norm folded in."""

    def __init__(self, layer: EncodecConv1d) -> None:
        conv: Any = layer.conv
        weight = conv.weight.detach()[:, :, None]
        self._weight = weight.contiguous(memory_format=torch.channels_last)
        self._bias = conv.bias.detach()
        self._stride, self._dilation = (1, conv.stride[0]), (1, conv.dilation[0])
        total = (conv.kernel_size[0] - 1) * conv.dilation[0] + 1 - conv.stride[0]
        self._left, self._right = total - total // 2, total // 2
        self._mode = layer.pad_mode

    def __call__(self, hidden: Tensor, reflect: bool) -> Tensor:
        # Zeros cost no copy of the input; only at the ends of a chunk does the padding count.
        zeros = (0, self._left) if not reflect and self._left == self._right else (0, 0)
        if not zeros[1] and self._left:
            padding = (self._left, self._right, 0, 0)
            hidden = functional.pad(hidden, padding, mode=self._mode)
        return functional.conv2d(
            hidden, self._weight, self._bias, self._stride, zeros, self._dilation
        )


class _Residual:
    """An EncodecResnetBlock."""

    def __init__(self, layer: EncodecResnetBlock) -> None:
        first, *rest = layer.block
        self._alpha: Any = first.alpha
        self._block = [_converted(inner) for inner in rest]
        self._shortcut = _converted(layer.shortcut)

    def __call__(self, hidden: Tensor, reflect: bool) -> Tensor:
        out = functional.elu(hidden, self._alpha)
        for layer in self._block:
            out = layer(out, reflect)
        out += self._shortcut(hidden, reflect)
        return out
