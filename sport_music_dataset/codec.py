"""EnCodec as we run it: waveforms to codes."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import EncodecModel
from transformers.utils import logging as transformers_logging

from .digests import digest, file_digest
from .encoder import SharedEncoder, plain_reason
from .errors import ModelError
from .labels import Codes
from .recipe import SAMPLING_RATE

NANO = "nano"
_NANO_FOLDER = Path(__file__).with_name("nano")

Loaded = TypeVar("Loaded")
Waveforms = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model comes from: a Hub id, a local folder, or `nano`, which ships with sportgen."""

    name: str
    kind: str

    @property
    def place(self) -> str:
        """What `from_pretrained` opens."""
        return str(_NANO_FOLDER / self.kind) if self.name == NANO else self.name

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return Path(self.place).is_dir()

    @property
    def public_name(self) -> str:
        """Its name as a release may tell it: of a folder, the last part alone."""
        return Path(self.name).resolve().name if self.is_local and self.name != NANO else self.name

    def load(self, what: str, loader: Callable[..., Loaded]) -> Loaded:
        """`loader(place)`, with one clear error for all the ways in which it can fail."""
        if not self.is_local and (self.name.startswith((".", "/")) or self.name.count("/") != 1):
            raise ModelError(f"{self.name}: no such folder, and no Hub id (ORG/NAME) either")
        # MusicGen's pad id lies outside its vocabulary on purpose; transformers warns each time.
        transformers_logging.set_verbosity_error()
        transformers_logging.disable_progress_bar()
        try:
            return loader(self.place)
        # transformers raises bare errors of many kinds for what is wrong with a folder.
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
            logging.getLogger(__name__).debug("loading %s failed", self.place, exc_info=True)
            reason = str(error).strip().split("\n")[0]
            raise ModelError(
                f"{self.name}: {what} cannot be loaded from it ({reason}); give a Hub id that you "
                "can reach or a folder that `save_pretrained` wrote"
            ) from error


def revision_of(source: Source, commit: str | None) -> str:
    """What identifies the files that were loaded: the Hub's commit, or a digest of a folder."""
    if not source.is_local:
        return commit or ""
    files = [
        [file.name, file_digest(file)]
        for file in sorted(Path(source.place).iterdir())
        if file.suffix in (".json", ".safetensors", ".bin", ".model")
    ]
    return f"sha256:{digest(files)[:16]}"


class Codec:
    """An EnCodec model that turns mono waveforms at 32 kHz into codes.

    Args:
        name: a Hub id, a folder or `nano`.
        num_codebooks: codebooks that the music model reads; sets the codec's bandwidth.
        device: where to run: a torch device.

    Raises:
        ModelError: it cannot be loaded, or is not mono at 32 kHz with so many codebooks.
    """

    def __init__(self, name: str, num_codebooks: int, device: str = "cpu") -> None:
        self.source = Source(name, "codec")
        self.device = torch.device(device)
        model = self.source.load("an EnCodec model", _load_encodec)
        config = model.config
        if config.sampling_rate != SAMPLING_RATE or config.audio_channels != 1:
            raise ModelError(
                f"{name}: takes {config.audio_channels} channel(s) at {config.sampling_rate} Hz; "
                f"chunks are mono at {SAMPLING_RATE} Hz: use facebook/encodec_32khz or its like"
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

    def encode(self, chunks: Waveforms, offsets: Sequence[int]) -> Codes:
        """Codes [B, K, T] int16 of chunks [B, N] float32 at 32 kHz; T is N over the hop.

        Work is shared between chunks that overlap; how, `SharedEncoder` says, and what `offsets`
        [B] means. Where `plain_reason` tells why not, the chunks go through one by one: a batch
        of a full-size codec's activations would be gigabytes.
        """
        if self.plain_reason(chunks.shape[1]):
            return np.concatenate([self.encode_plain(chunk[None]) for chunk in chunks])
        values = torch.from_numpy(chunks).to(self.device)
        with torch.inference_mode():
            # The distances to all entries of a codebook, for a whole batch, would be gigabytes.
            codes = [
                self._model.quantizer.encode(embedding[None], self._bandwidth)[:, 0]
                for embedding in self._shared(values, offsets)
            ]
        return _as_codes(torch.stack(codes))

    def encode_plain(self, chunks: Waveforms) -> Codes:
        """Codes [B, K, T] int16 of chunks [B, N], through `EncodecModel.encode`: the reference."""
        values = torch.from_numpy(chunks).to(self.device)[:, None]
        with torch.inference_mode():
            encoded = self._model.encode(values, bandwidth=self._bandwidth)
        return _as_codes(encoded.audio_codes[0])

    @cached_property
    def _shared(self) -> SharedEncoder:
        return SharedEncoder(self._model)

    def plain_reason(self, num_samples: int) -> str:
        """Why chunks of that length are encoded without sharing; empty if they are not."""
        return plain_reason(self._model, num_samples)


def _as_codes(codes: torch.Tensor) -> Codes:
    result: Codes = codes.to(torch.int16).cpu().numpy()
    return result


def _load_encodec(place: str) -> EncodecModel:
    model = EncodecModel.from_pretrained(place, dtype=torch.float32)
    if not isinstance(model, EncodecModel) or model.config.model_type != "encodec":
        raise ValueError("its config is not of an EnCodec model")
    return model


def pick_device(device: str) -> str:
    """`auto` as the device to use: cuda where there is one.

    Raises:
        ModelError: cuda is asked for and there is none.
    """
    available = torch.cuda.is_available()
    if device == "auto":
        return "cuda" if available else "cpu"
    if device.startswith("cuda") and not available:
        raise ModelError("device cuda: torch finds no GPU here; use --device cpu")
    return device
