"""The codec: waveforms to EnCodec codes and back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import EncodecModel

from ...errors import ModelError
from ...pretrained import revision_of
from ...recipe import SAMPLING_RATE
from ...release.labels import Codes
from ..models import pretrained
from .convolutions import Backend, pick_backend
from .shared import TILE_FRAMES, SharedEncoder, plain_reason

# Activations of the size of the first layer that EnCodec's encoder holds at once (measured).
_ACTIVATIONS = 6
# Bytes of main memory that the activations of a batch may use.
_CPU_BYTES = 1 << 30

Waveforms = NDArray[np.float32]


class Codec:
    """An EnCodec model that turns mono waveforms at 32 kHz into codes.

    Args:
        name: a Hub id, a folder or `nano`.
        num_codebooks: number of codebooks that the music model reads; sets the codec's bandwidth.
        device: the torch device to run on.
        backend: the library for the convolutions: `torch`, `openvino`, or `auto` for the faster one
            that is installed.

    Raises:
        ModelError: the codec cannot be loaded, is not for 32 kHz, or has fewer codebooks.
    """

    def __init__(
        self, name: str, num_codebooks: int, device: str = "cpu", backend: str = "auto"
    ) -> None:
        self.source = pretrained(name, "codec")
        self.device = torch.device(device)
        self.backend: Backend = pick_backend(backend, self.device.type)
        model = self.source.load("an EnCodec model", _load_encodec)
        config = model.config
        if config.sampling_rate != SAMPLING_RATE:
            raise ModelError(
                f"{name}: is for {config.sampling_rate} Hz, chunks are of {SAMPLING_RATE} Hz; "
                "use facebook/encodec_32khz or its like"
            )
        books = {
            bandwidth: model.quantizer.get_num_quantizers_for_bandwidth(bandwidth)
            for bandwidth in config.target_bandwidths
        }
        fitting = [bandwidth for bandwidth, count in books.items() if count == num_codebooks]
        if not fitting:
            raise ModelError(
                f"{name}: gives {sorted(set(books.values()))} codebooks, the model reads "
                f"{num_codebooks}; give the codec that the model was trained with"
            )
        self._bandwidth = fitting[0]
        self._model = model.eval()
        self._model.to(self.device)
        self.num_codebooks = num_codebooks
        self.codebook_size = int(config.codebook_size)
        self.revision = revision_of(self.source, getattr(config, "_commit_hash", None))

    def encode(
        self, chunks: Waveforms, offsets: Sequence[int], starts: Sequence[int] | None = None
    ) -> Codes:
        """Codes [B, K, T] int16 of chunks [B, N] float32 at 32 kHz; T is N over the hop.

        Audio that chunks share is computed once; `SharedEncoder` explains how, and the meaning of
        `offsets` [B] and `starts` [B]. If there is a `plain_reason`, chunks go through
        `EncodecModel.encode` instead. On a CPU, the codes of a chunk are the same in any batch.
        """
        if self.plain_reason(chunks.shape[1]):
            # On a CPU one by one: a batch would be rounded otherwise.
            size = 1 if self.device.type == "cpu" else self._at_once(chunks.shape[1])
            parts = [chunks[at : at + size] for at in range(0, len(chunks), size)]
            return np.concatenate([self.encode_plain(part) for part in parts])
        with torch.inference_mode(), _exact_products():
            # In slices: the distances of a batch to all entries of a codebook would be gigabytes.
            embeddings = self._shared(self._to_device(chunks), offsets, starts)
            codes = self._shared.lanes.map(self._quantized, embeddings)
        return _as_codes(torch.stack(codes))

    def _quantized(self, embedding: torch.Tensor) -> torch.Tensor:
        """Codes [K, T] of a chunk's embedding [D, T]."""
        codes: torch.Tensor = self._model.quantizer.encode(embedding[None], self._bandwidth)
        return codes[:, 0]

    def encode_plain(self, chunks: Waveforms) -> Codes:
        """Codes [B, K, T] int16 of chunks [B, N], through `EncodecModel.encode`: the reference.

        A stereo model gets the chunk on both channels. If a model works on pieces of audio, the
        codes of the pieces are joined.
        """
        values = self._to_device(chunks)[:, None].expand(-1, self._model.config.audio_channels, -1)
        with torch.inference_mode(), _exact_products():
            encoded = self._model.encode(values, bandwidth=self._bandwidth)
        codes = torch.cat(list(encoded.audio_codes), dim=-1)
        return _as_codes(codes[..., : codes.shape[-1] - encoded.last_frame_pad_length])

    def decode(self, codes: Codes) -> Waveforms:
        """Waveform [N] float32 at 32 kHz of codes [K, T], by EnCodec's decoder.

        Raises:
            ModelError: the model works on pieces of audio, and joined codes cannot be decoded.
        """
        if self._model.config.chunk_length_s is not None:
            raise ModelError(
                f"{self.source.name}: works on pieces of audio; it cannot decode codes"
            )
        values = torch.from_numpy(codes.astype(np.int64)).to(self.device)
        with torch.inference_mode(), _exact_products():
            audio = self._model.decode(values[None, None], [None]).audio_values
        waveform: Waveforms = audio[0].mean(dim=0).cpu().numpy()
        return waveform

    def plain_reason(self, num_samples: int) -> str:
        """Why chunks of `num_samples` go through `encode_plain`; empty if they do not."""
        return plain_reason(self._model, num_samples)

    def unshared_reason(self, num_samples: int, hop_samples: int) -> str:
        """Why chunks of that length and hop share no work; empty if they share it."""
        frame = self._model.config.hop_length
        uneven = f"chunks do not start whole codec frames ({frame} samples) apart"
        return self.plain_reason(num_samples) or (uneven if hop_samples % frame else "")

    @property
    def tile_samples(self) -> int:
        """Number of samples of the tiles into which a track is cut for the convolutions."""
        return TILE_FRAMES * int(self._model.config.hop_length)

    @cached_property
    def _shared(self) -> SharedEncoder:
        # One tile on a CPU, because its activations fit into the caches.
        tile = TILE_FRAMES * self._model.config.hop_length
        at_once = 1 if self.device.type == "cpu" else self._at_once(tile)
        return SharedEncoder(self._model, self.backend, at_once)

    def _at_once(self, num_samples: int) -> int:
        """Number of waveforms of that length whose activations fit into the allowed memory."""
        free = _CPU_BYTES
        if self.device.type == "cuda":
            free = torch.cuda.mem_get_info(self.device)[0] // 2
        needed = num_samples * int(self._model.config.num_filters) * 4 * _ACTIVATIONS
        return max(1, int(free) // needed)

    def _to_device(self, chunks: Waveforms) -> torch.Tensor:
        values = torch.from_numpy(chunks)
        if self.device.type == "cuda":
            # From pinned memory, the copy runs while the host goes on.
            values = values.pin_memory()
        return values.to(self.device, non_blocking=True)


@contextmanager
def _exact_products() -> Iterator[None]:
    """Turn TF32 off on GPUs, and nothing else: its products have 10 bits, which changes codes."""
    backends: Any = torch.backends
    kinds = (backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn)
    before = [kind.fp32_precision for kind in kinds]
    try:
        for kind in kinds:
            kind.fp32_precision = "ieee"
        yield
    finally:
        for kind, precision in zip(kinds, before, strict=True):
            kind.fp32_precision = precision


def _as_codes(codes: torch.Tensor) -> Codes:
    result: Codes = codes.to(torch.int16).cpu().numpy()
    return result


def _load_encodec(place: str, **where: Any) -> EncodecModel:
    # Weights in pickles could run code of whoever made them.
    model = EncodecModel.from_pretrained(place, dtype=torch.float32, use_safetensors=True, **where)
    if not isinstance(model, EncodecModel) or model.config.model_type != "encodec":
        raise ValueError("its config is not of an EnCodec model")
    return model
