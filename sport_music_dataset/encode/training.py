"""Make training batches for MusicGen from rows of `encoded`, and check them by a training step."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from torch import Tensor
from transformers import MusicgenConfig, MusicgenForConditionalGeneration
from transformers.utils import logging as transformers_logging

from ..errors import ReleaseError, SettingError
from ..release.release import Release

# The label that the losses of PyTorch and transformers ignore.
_IGNORED = -100


class SportMusicCollator:
    """Makes a batch for MusicGen from rows of `encoded`; for `Trainer` and `DataLoader`.

    Args:
        pad_token_id: the value in `labels` where there is no code; 2048 for MusicGen.
        tokenizer: MusicGen's tokenizer. With it, each use of a row draws one of its `descriptions`
            by torch's generator, and tokenises it to the length of the stored ids. Without it, the
            stored ids of the first description are used. `Trainer` hands `descriptions` over with
            `TrainingArguments(remove_unused_columns=False)` only.

    Example:
        >>> from datasets import load_dataset
        >>> rows = load_dataset("dataset", "encoded", split="train").with_format("numpy")
        >>> SportMusicCollator()([rows[0], rows[1]])["labels"].shape
        torch.Size([2, 103, 4])
    """

    def __init__(self, pad_token_id: int = 2048, tokenizer: Any = None) -> None:
        self._pad_token_id = pad_token_id
        self._tokenizer = tokenizer

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
        """`input_ids` and `attention_mask` [B, L], `labels` [B, T, K]; all int64.

        T is the length of the stored labels: with the delay pattern, K-1 steps more than the codes.
        Labels are -100 where there is no code.

        Raises:
            SettingError: with a tokenizer, a row has no `descriptions`.
        """
        batch = {
            name: torch.from_numpy(np.stack([np.asarray(row[name]) for row in rows])).long()
            for name in ("input_ids", "attention_mask", "labels")
        }
        if self._tokenizer:
            batch |= self._drawn(rows, batch["input_ids"].shape[1])
        labels = batch["labels"].transpose(1, 2).contiguous()
        return {**batch, "labels": labels.masked_fill_(labels == self._pad_token_id, _IGNORED)}

    def _drawn(self, rows: Sequence[Mapping[str, Any]], length: int) -> dict[str, Tensor]:
        if not all("descriptions" in row for row in rows):
            raise SettingError(
                "SportMusicCollator: with a tokenizer it draws from the column `descriptions`, "
                "which Trainer removes; give TrainingArguments(remove_unused_columns=False)"
            )
        texts = [
            str(row["descriptions"][int(torch.randint(len(row["descriptions"]), ()))])
            for row in rows
        ]
        tokens = self._tokenizer(
            texts, padding="max_length", truncation=True, max_length=length, return_tensors="pt"
        )
        return {name: tokens[name] for name in ("input_ids", "attention_mask")}


def check_trainable(release: Release) -> None:
    """Compute the loss of a tiny MusicGen on two rows of `encoded`, through the collator.

    Raises:
        ReleaseError: shapes or masks are wrong for training, or the loss is not a number.
    """
    facts = release.manifest.encoding
    if facts is None:
        raise ReleaseError(f"{release.name}: is not encoded; run `sportgen encode`")
    shards = release.shards("encoded").items()
    file = release.folder / next(path for path, entry in shards if entry.rows)
    with pq.ParquetFile(file) as parquet:
        rows = next(parquet.iter_batches(2)).to_pylist()
    pad, books = facts["pad_token_id"], facts["num_codebooks"]
    batch = SportMusicCollator(pad)(rows)
    codes = np.array([row["codes"] for row in rows])
    counted = batch["labels"] != _IGNORED
    shapes = [
        batch["input_ids"].shape == (len(rows), facts["max_length"]),
        batch["attention_mask"].shape == batch["input_ids"].shape,
        batch["labels"].shape == (len(rows), facts["label_frames"], books),
        bool((batch["attention_mask"].sum(1) > 0).all()),
    ]
    # Labels of style `notebook` lack the last k codes of codebook k.
    lost = 0 if facts["labels"] == "lossless" else books * (books - 1) // 2
    if not all(shapes) or int(counted.sum()) != codes.size - lost * len(rows):
        raise ReleaseError(f"{file}: its rows are not of the shapes that training needs")
    loss = _tiny_musicgen(pad, books, int(batch["input_ids"].max()) + 1)(**batch).loss
    loss.backward()
    if not torch.isfinite(loss):
        raise ReleaseError(f"{file}: a training step gives the loss {loss.item()}")


def _tiny_musicgen(pad_token_id: int, num_codebooks: int, text_size: int) -> Any:
    """A small untrained MusicGen for these rows, with the real forward pass and loss."""
    # MusicGen's pad id is outside its vocabulary on purpose, but transformers warns each time.
    transformers_logging.set_verbosity_error()
    text = {"d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 1, "num_heads": 2}
    decoder = {
        "vocab_size": pad_token_id,
        "pad_token_id": pad_token_id,
        "num_codebooks": num_codebooks,
        "hidden_size": 16,
        "ffn_dim": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    config: Any = MusicgenConfig(
        text_encoder={"model_type": "t5", "vocab_size": text_size, **text},
        audio_encoder={"model_type": "encodec", "num_filters": 2, "hidden_size": 4},
        decoder=decoder,
    )
    config.decoder.decoder_start_token_id = pad_token_id
    # The weights are random, but the result does not depend on them. The fork keeps the caller's
    # random state.
    with torch.random.fork_rng(devices=[]):
        model: Any = MusicgenForConditionalGeneration(config)
    return model.eval()
