"""EnCodec's encoder with the work of overlapping chunks shared: the same codes, much faster.

The convolutions before the LSTM see less than a frame past each side of a frame. So a stretch of
chunks that overlap by whole frames goes through them once, in tiles that fit a cache, and only the
first and last frame of every chunk, which see EnCodec's reflect padding, are computed again. The
LSTM, which does see the whole chunk, runs over the chunks as a batch.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import EncodecModel
from transformers.models.encodec.modeling_encodec import EncodecLSTM

from .convolutions import Backend, OpenVINOConvolutions, TorchConvolutions

# Measured best from 50 to 150; shorter tiles recompute more of their halos.
TILE_FRAMES = 75
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
        backend: what runs the convolutions; `openvino` on a CPU only.
        tiles_at_once: more than 1 where the device has the memory, and no cache to fit.
    """

    def __init__(
        self, model: EncodecModel, backend: Backend = "torch", tiles_at_once: int = 1
    ) -> None:
        layers = list(model.encoder.layers)
        (middle,) = [at for at, layer in enumerate(layers) if isinstance(layer, EncodecLSTM)]
        self._frame = int(model.config.hop_length)
        self._tile = (TILE_FRAMES + 2) * self._frame
        self._tiles_at_once = tiles_at_once
        self._exact = TorchConvolutions(layers[:middle])
        self._convolve: Callable[[Tensor], Tensor] = self._exact
        if backend == "openvino":
            self._convolve = OpenVINOConvolutions(layers[:middle], self._tile)
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
        heads = self._exact(chunks[:, :edge], reflect=True)
        tails = self._exact(chunks[:, -edge:], reflect=True)
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
        steps = (offsets[at] // self._frame for at in stretch[1:])
        starts = list(accumulate(steps, initial=0))
        # From tile to chunks at once: the features of a whole track would be held twice.
        for first, part in self._tiles(torch.cat(new)):
            for at, start in zip(stretch, starts, strict=True):
                low, high = max(first, start), min(first + len(part), start + len(features))
                if low < high:
                    features[low - start : high - start, at] = part[low - first : high - first]

    def _tiles(self, waveform: Tensor) -> Iterator[tuple[int, Tensor]]:
        """Features [F, C] of a waveform [N], F frames from a first one at a time; right for all
        but the first and the last frame of the waveform, and going on after it."""
        frames = len(waveform) // self._frame
        count = math.ceil(frames / TILE_FRAMES)
        # A frame more on each side of a tile takes up what the tile's own padding spoils.
        end = (count * TILE_FRAMES + 1) * self._frame - len(waveform)
        padded = functional.pad(waveform, (self._frame, end))
        tiles = padded.unfold(0, self._tile, TILE_FRAMES * self._frame)
        first = 0
        for part in torch.split(tiles, self._tiles_at_once):
            features = self._convolve(part)[..., 1:-1].transpose(1, 2).flatten(0, 1)
            yield first, features
            first += len(features)

    def _recur(self, features: Tensor) -> Tensor:
        """The LSTM with its skip, [T, B, C] to the same, a segment at a time; in place."""
        state = None
        for start in range(0, len(features), _LSTM_STEPS):
            segment = features[start : start + _LSTM_STEPS]
            out, state = self._lstm(segment, state)
            segment += out
        return features
