"""EnCodec's encoder that computes the audio of overlapping chunks once: same codes, much faster.

A frame of the convolutions before the LSTM depends on its own samples and on less than one frame at
each side. So chunks that overlap by whole frames go through the convolutions once, as one stretch,
in tiles that fit into a cache. Only the first and the last frame of every chunk depend on EnCodec's
reflect padding, and are computed again. The LSTM depends on the whole chunk, and runs over the
chunks as a batch.
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
from .lanes import Lanes

# Frames of a tile. 50 to 150 are fastest (measured); shorter tiles have more borders to compute
# twice.
TILE_FRAMES = 75
# Frames that are computed again at each end of a chunk: only the outermost is kept; the others
# separate it from the cut.
_EDGE_FRAMES = 3
# Chunks at a time for steps that a larger batch does not make faster, only larger in memory.
_FEW_CHUNKS = 4
BATCH_ROWS = 64
"""Chunks of a batch: the LSTM is not faster with more, and progress would move in larger steps."""
# Steps of the LSTM at a time: the gates of a whole chunk would need gigabytes.
_LSTM_STEPS = 50
# Least chunks of a lane: with fewer, all threads together read the LSTM's weights faster.
_LANE_ROWS = 8


def plain_reason(model: EncodecModel, num_samples: int) -> str:
    """Why this encoder cannot run a model at that chunk length; empty if it can."""
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


def _least_rows(lstm: Any) -> int:
    """The least number of chunks of which the LSTM computes each as in a full batch.

    A single one goes through other routines, which round otherwise. Where more of them do too, as
    they may on a GPU, it is the full batch.
    """
    weight = lstm.weight_ih_l0
    if weight.device.type != "cpu":
        return BATCH_ROWS
    draw = torch.Generator().manual_seed(0)
    batch = torch.randn(2, BATCH_ROWS, weight.shape[1], generator=draw).to(weight)
    with torch.inference_mode():
        whole, _ = lstm(batch)
        parts = [lstm(batch[:, :rows].contiguous())[0] for rows in (2, 3, 7, 16, 33)]
    alike = all(torch.equal(part, whole[:, : part.shape[1]]) for part in parts)
    return 2 if alike else BATCH_ROWS


class SharedEncoder:
    """The encoder of an EnCodec model, for chunks that may overlap.

    Args:
        model: a model without a `plain_reason`, on its device; its weights are not changed.
        backend: the library for the convolutions; `openvino` only on a CPU.
        tiles_at_once: number of tiles in a batch: 1 on a CPU, whose cache must hold a tile.
    """

    def __init__(
        self, model: EncodecModel, backend: Backend = "torch", tiles_at_once: int = 1
    ) -> None:
        layers = list(model.encoder.layers)
        (middle,) = [at for at, layer in enumerate(layers) if isinstance(layer, EncodecLSTM)]
        self._frame = int(model.config.hop_length)
        self._tile = (TILE_FRAMES + 2) * self._frame
        self._tiles_at_once = tiles_at_once
        self.lanes = Lanes(model.device)
        self._exact = TorchConvolutions(layers[:middle])
        self._convolve: Callable[[Tensor], Tensor] = self._exact
        if backend == "openvino":
            self._convolve = OpenVINOConvolutions(layers[:middle], self._tile, self.lanes.count)
        self._lstm: Any = layers[middle].lstm
        self._back = layers[middle + 1 :]
        self._least_rows = _least_rows(self._lstm)

    def __call__(
        self, chunks: Tensor, offsets: Sequence[int], starts: Sequence[int] | None = None
    ) -> Tensor:
        """Embeddings [B, D, T] float32 of chunks [B, N] float32 at 32 kHz.

        `offsets` [B]: how many samples after the chunk before it each chunk starts, if the two
        chunks have the same samples where they overlap; 0 if they do not. `starts` [B]: where each
        chunk starts in its track, in samples; 0 if None. Tiles begin where those of the track do,
        so that a chunk is rounded alike whichever chunks of its track are encoded with it.
        """
        features = self._features(chunks, offsets, starts or [0] * len(chunks))
        self._recur_all(features)
        hidden = features[:, : len(chunks)].permute(1, 2, 0)
        return torch.cat(self.lanes.map(self._finish, torch.split(hidden, _FEW_CHUNKS)))

    def _finish(self, hidden: Tensor) -> Tensor:
        for layer in self._back:
            hidden = layer(hidden)
        return hidden

    def _features(self, chunks: Tensor, offsets: Sequence[int], starts: Sequence[int]) -> Tensor:
        """The input of the LSTM, [T, B, C], for chunks [B, N]; B is larger if they are too few."""
        count, samples = chunks.shape
        edge = _EDGE_FRAMES * self._frame
        heads, tails = self._edges(chunks[:, :edge]), self._edges(chunks[:, -edge:])
        rows = max(count, self._least_rows)
        features = chunks.new_empty(samples // self._frame, rows, heads.shape[1])
        features[:, count:] = 0
        firsts = [at for at, offset in enumerate(offsets) if not self._shares(offset, samples)]
        for first, last in pairwise([*firsts, count]):
            self._fill(features, chunks, offsets, range(first, last), starts[first])
        features[0, :count], features[-1, :count] = heads[:, :, 0], tails[:, :, -1]
        return features

    def _edges(self, ends: Tensor) -> Tensor:
        """Features [B, C, T] of the ends [B, N] of chunks; a larger batch would round otherwise."""

        def edge(part: Tensor) -> Tensor:
            return self._exact(part, reflect=True)

        return torch.cat(self.lanes.map(edge, torch.split(ends, self._tiles_at_once)))

    def _shares(self, offset: int, samples: int) -> bool:
        return 0 < offset < samples and offset % self._frame == 0

    def _fill(
        self,
        features: Tensor,
        chunks: Tensor,
        offsets: Sequence[int],
        stretch: range,
        begin: int,
    ) -> None:
        """Fill in the features of consecutive chunks, except their first and last frames.

        The first begins `begin` samples after its track.
        """
        into_tile = begin % (TILE_FRAMES * self._frame)
        lead = into_tile if into_tile % self._frame == 0 else 0
        new = [chunks[stretch[0]], *(chunks[at][-offsets[at] :] for at in stretch[1:])]
        steps = (offsets[at] // self._frame for at in stretch[1:])
        starts = list(accumulate(steps, initial=lead // self._frame))

        # Tile by tile: the features of a whole track would be in memory twice.
        def fill(tiles: tuple[int, Tensor]) -> None:
            first, samples = tiles
            part = self._convolve(samples)[..., 1:-1].transpose(1, 2).flatten(0, 1)
            for at, start in zip(stretch, starts, strict=True):
                low, high = max(first, start), min(first + len(part), start + len(features))
                if low < high:
                    features[low - start : high - start, at] = part[low - first : high - first]

        self.lanes.map(fill, self._tiles(torch.cat([chunks.new_zeros(lead), *new])))

    def _tiles(self, waveform: Tensor) -> Iterator[tuple[int, Tensor]]:
        """Yield (first frame, samples [B, N] with a frame more at each side) of a waveform's tiles.

        The first and the last frame of the waveform lack EnCodec's padding. The last tile may go
        past the end of the waveform.
        """
        frames = len(waveform) // self._frame
        count = math.ceil(frames / TILE_FRAMES)
        # One more frame at each side of a tile, because the padding of the tile changes it.
        end = (count * TILE_FRAMES + 1) * self._frame - len(waveform)
        padded = functional.pad(waveform, (self._frame, end))
        tiles = padded.unfold(0, self._tile, TILE_FRAMES * self._frame)
        for at in range(0, count, self._tiles_at_once):
            yield at * TILE_FRAMES, tiles[at : at + self._tiles_at_once]

    def _recur_all(self, features: Tensor) -> None:
        """Run the LSTM on [T, B, C], in place; each lane has some chunks, if they are enough."""
        rows = features.shape[1]
        groups = min(self.lanes.count, rows // max(_LANE_ROWS, self._least_rows))
        if groups > 1:
            self.lanes.map(self._recur, torch.tensor_split(features, groups, dim=1))
        else:
            self._recur(features)

    def _recur(self, features: Tensor) -> None:
        """Run the LSTM with its skip connection on [T, B, C], in place, a segment at a time."""
        state = None
        for start in range(0, len(features), _LSTM_STEPS):
            segment = features[start : start + _LSTM_STEPS]
            out, state = self._lstm(segment.contiguous(), state)
            segment += out
