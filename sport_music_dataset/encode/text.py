"""The text side of a MusicGen: its tokenizer, and the numbers for labels.

Only the files of configuration and tokenizer are read, not the gigabytes of weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from transformers import AutoConfig, AutoTokenizer
from transformers.utils.hub import cached_file

from ..errors import ModelError
from ..pretrained import revision_of
from .models import pretrained

# A model may bring code of its own, for which transformers would ask on the terminal.
_load_config = partial(AutoConfig.from_pretrained, trust_remote_code=False)
_load_tokenizer = partial(AutoTokenizer.from_pretrained, trust_remote_code=False)
# Files with a vocabulary. Without any of them, transformers makes a T5 tokenizer with an empty one.
_VOCABULARIES = ("tokenizer.json", "spiece.model")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a description for T5.

    `kept` and `lost` are pairs (id, token). `input_ids` and `attention_mask` [max_length] are those
    of a row. Then the text that is kept, and the words that are lost, completely or in part.
    """

    kept: tuple[tuple[int, str], ...]
    lost: tuple[tuple[int, str], ...]
    input_ids: tuple[int, ...]
    attention_mask: tuple[int, ...]
    text: str
    lost_words: tuple[str, ...]


class TextModel:
    """Tokenizer, number of codebooks and pad id of a MusicGen.

    Args:
        name: a Hub id, a folder or `nano`.

    Raises:
        ModelError: the model is no MusicGen, or has no tokenizer files.
    """

    def __init__(self, name: str) -> None:
        self.source = pretrained(name, "model")
        config = self.source.load("a MusicGen configuration", _load_config)
        if config.model_type not in ("musicgen", "musicgen_melody"):
            raise ModelError(
                f"{name}: is of type {config.model_type}; give a MusicGen, such as "
                "facebook/musicgen-medium"
            )
        self.num_codebooks = int(config.decoder.num_codebooks)
        self.pad_token_id = int(config.decoder.pad_token_id)
        self.vocab_size = int(config.decoder.vocab_size)
        self.revision = revision_of(self.source, getattr(config, "_commit_hash", None))
        self._check_vocabulary(name)
        self._tokenizer = self.source.load("a tokenizer", _load_tokenizer)
        if len(self._tokenizer) > config.text_encoder.vocab_size:
            raise ModelError(
                f"{name}: its tokenizer has {len(self._tokenizer)} ids, its text encoder takes "
                f"{config.text_encoder.vocab_size}; the files do not belong together"
            )

    def tokenize(
        self, descriptions: Sequence[str], max_length: int, special_tokens: bool = True
    ) -> tuple[NDArray[np.int32], NDArray[np.int8], list[int]]:
        """Ids [B, max_length] int32, mask [B, max_length] int8, and the lengths [B] untruncated.

        With `special_tokens`, every description ends with the end-of-sequence id, also if it is
        truncated.
        """
        full = self._tokenizer(list(descriptions), add_special_tokens=special_tokens)["input_ids"]
        batch = self._tokenizer(
            list(descriptions),
            padding="max_length",
            max_length=max_length,
            truncation=True,
            add_special_tokens=special_tokens,
            return_tensors="np",
        )
        ids = np.asarray(batch["input_ids"], np.int32)
        mask = np.asarray(batch["attention_mask"], np.int8)
        return ids, mask, [len(row) for row in full]

    def explain(self, description: str, max_length: int, special_tokens: bool = True) -> Tokens:
        """Which tokens `tokenize` keeps and loses of a description."""
        rows, masks, [length] = self.tokenize([description], max_length, special_tokens)
        ids, mask = rows[0].tolist(), masks[0].tolist()
        kept = ids[: sum(mask)]
        full = self._plain_ids(description)
        lost = full[max_length - int(special_tokens) :] if length > max_length else []
        return Tokens(
            kept=self._named(kept),
            lost=self._named(lost),
            input_ids=tuple(ids),
            attention_mask=tuple(mask),
            text=str(self._tokenizer.decode(kept, skip_special_tokens=True)),
            lost_words=tuple(self.lost_words(description, max_length, special_tokens)),
        )

    def _named(self, ids: list[int]) -> tuple[tuple[int, str], ...]:
        return tuple(zip(ids, self.pieces(ids), strict=True))

    def lost_words(
        self, description: str, max_length: int, special_tokens: bool = True
    ) -> list[str]:
        """The words of a description that `tokenize` cuts off, completely or in part."""
        ids = self._plain_ids(description)
        kept = ids[: max_length - int(special_tokens)]
        words = str(self._tokenizer.decode(ids)).split()
        whole = str(self._tokenizer.decode(kept)).split()
        intact = sum(a == b for a, b in zip(words, whole, strict=False))
        return words[intact:]

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The token of each id in the vocabulary; `▁` is the space before a word."""
        return list(self._tokenizer.convert_ids_to_tokens(list(ids)))

    def cut_off(self, description: str, ids: Sequence[int]) -> list[int] | None:
        """The ids that truncation to `ids` cut off at the end of a description.

        None if `ids` are not from this description and tokenizer.
        """
        full = self._plain_ids(description)
        kept = list(ids[:-1] if ids and ids[-1] == self._tokenizer.eos_token_id else ids)
        return full[len(kept) :] if full[: len(kept)] == kept else None

    def _plain_ids(self, description: str) -> list[int]:
        """All ids of a description, without the end-of-sequence id."""
        ids: list[int] = self._tokenizer(description, add_special_tokens=False)["input_ids"]
        return ids

    def _check_vocabulary(self, name: str) -> None:
        if self.source.is_local:
            found = [(Path(self.source.place) / file).is_file() for file in _VOCABULARIES]
        else:
            quiet = {
                "_raise_exceptions_for_missing_entries": False,
                "_raise_exceptions_for_connection_errors": False,
            }
            found = [
                cached_file(self.source.place, file, **quiet, **self.source.where) is not None
                for file in _VOCABULARIES
            ]
        if not any(found):
            raise ModelError(
                f"{name}: has no tokenizer ({' or '.join(_VOCABULARIES)}); save the tokenizer "
                "beside the configuration"
            )
