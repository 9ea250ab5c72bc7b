"""The encoder: rows of `raw` to rows of `encoded`, with tokens, codes and labels."""

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from itertools import pairwise
from typing import Any

from ..columns import COPIED_COLUMNS
from ..errors import ModelError
from ..pretrained import NANO
from ..recipe import SAMPLING_RATE
from ..records import Row
from ..release.labels import Codes, delay
from .codec.devices import pick_device
from .codec.encodec import Codec, Waveforms
from .codec.shared import BATCH_ROWS
from .models import nano_named
from .settings import EncodeSettings
from .text import TextModel

# Increase this number when the same rows and settings give other rows of `encoded`.
ENCODED_VERSION = 3


class Encoder:
    """Codec and tokenizer, with the facts about them that the manifest records.

    `readers` is the number of threads that decode chunks for it.

    Raises:
        ModelError: codec or tokenizer cannot be loaded, or they do not fit together.
    """

    def __init__(self, settings: EncodeSettings, readers: int = 1) -> None:
        self.settings = settings
        self.readers = readers
        device = pick_device(settings.device)
        with nano_named():
            self.text = TextModel(settings.model)
            self.codec = Codec(
                settings.codec_name, self.text.num_codebooks, device, settings.backend
            )
        if self.codec.codebook_size > self.text.vocab_size:
            raise ModelError(
                f"{settings.codec_name}: has {self.codec.codebook_size} codes a codebook, "
                f"{settings.model} reads {self.text.vocab_size}; give the codec it was trained with"
            )
        libraries = ["torch", "transformers", *{self.codec.backend} - {"torch"}]
        # All that codes depend on: another batch size or backend rounds differently.
        self.code_facts: dict[str, Any] = {
            "codec": self.codec.source.public_name,
            "codec_revision": self.codec.revision,
            "num_codebooks": self.text.num_codebooks,
            "codebook_size": self.codec.codebook_size,
            "device": self.codec.device.type,
            "dtype": "float32",
            "backend": self.codec.backend,
            "batch_size": BATCH_ROWS,
            "rows_version": ENCODED_VERSION,
            "software": {name: version(name) for name in libraries},
        }
        self.facts: dict[str, Any] = {
            "model": self.text.source.public_name,
            "model_revision": self.text.revision,
            **self.code_facts,
            "nano": NANO in (settings.model, settings.codec_name),
            "max_length": settings.max_length,
            "labels": settings.labels,
            "special_tokens": settings.special_tokens,
            "pad_token_id": self.text.pad_token_id,
            "software": {**self.code_facts["software"], "tokenizers": version("tokenizers")},
        }

    def codes(self, rows: Sequence[Row], waveforms: Waveforms) -> Codes:
        """Codes [B, K, T] of the waveforms [B, N] of rows of `raw`."""
        starts = [round(row["start_seconds"] * SAMPLING_RATE) for row in rows]
        return self.codec.encode(waveforms, shared_offsets(rows), starts)

    def rows(self, rows: Sequence[Row], codes: Codes) -> tuple[list[Row], list[int]]:
        """Rows of `encoded` for rows of `raw`, each with its `group`, and their codes [B, K, T].

        Also returns the number of tokens of each description before truncation. If a row has
        several descriptions, the first is tokenised.
        """
        settings = self.settings
        ids, mask, lengths = self.text.tokenize(
            [row["description"] for row in rows], settings.max_length, settings.special_tokens
        )
        encoded = [
            {
                **{name: row[name] for name in (*COPIED_COLUMNS, "group")},
                "input_ids": ids[at],
                "attention_mask": mask[at],
                "codes": list(codes[at]),
                "labels": list(delay(codes[at], self.text.pad_token_id, settings.labels)),
            }
            for at, row in enumerate(rows)
        ]
        return encoded, lengths

    def lost_words(self, rows: Sequence[Row], lengths: Sequence[int]) -> Iterator[str]:
        """The words that truncation cut off from rows whose descriptions have `lengths` tokens."""
        settings = self.settings
        for row, length in zip(rows, lengths, strict=True):
            if length > settings.max_length:
                yield from self.text.lost_words(
                    row["description"], settings.max_length, settings.special_tokens
                )


def shared_offsets(batch: Sequence[Row]) -> list[int]:
    """How many samples after the row before it each row of `raw` starts; 0 at a new track.

    Neighbouring rows of one track have the same samples where they overlap.
    """
    offsets = [0]
    for before, row in pairwise(batch):
        seconds = row["start_seconds"] - before["start_seconds"]
        same = row["track_id"] == before["track_id"]
        offsets.append(round(seconds * SAMPLING_RATE) if same else 0)
    return offsets
