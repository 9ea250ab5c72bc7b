"""From rows of `encoded` to what a MusicGen trains on, and a step of training as proof."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from torch import Tensor
from transformers import MusicgenConfig, MusicgenForConditionalGeneration
from transformers.utils import logging as transformers_logging

from ..errors import ReleaseError
from ..release.release import Release

# What the loss of PyTorch, and so of transformers, leaves out.
_IGNORED = -100


class SportMusicCollator:
    """Makes a batch for MusicGen of rows of `encoded`; for `Trainer` and `DataLoader`.

    Args:
        pad_token_id: what stands in `labels` where no code is; MusicGen's is 2048.
        tokenizer: MusicGen's; with it, one of a row's `descriptions` is drawn by torch's
            generator whenever the row comes, and tokenised to the length of the stored ids.
            Without, the stored ids of the first are taken.

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

        T is that of the stored labels: under the delay pattern it counts K-1 steps more than the
        codes. Where no code is, the labels are -100.
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
        texts = [
            str(row["descriptions"][int(torch.randint(len(row["descriptions"]), ()))])
            for row in rows
        ]
        tokens = self._tokenizer(
            texts, padding="max_length", truncation=True, max_length=length, return_tensors="pt"
        )
        return {name: tokens[name] for name in ("input_ids", "attention_mask")}


def check_trainable(release: Release) -> None:
    """Take two rows of `encoded` through collator and loss of a tiny MusicGen.

    Raises:
        ReleaseError: shapes or masks are not those that training needs, or the loss is no number.
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
    # The notebook's labels lose the last k codes of codebook k.
    lost = 0 if facts["labels"] == "lossless" else books * (books - 1) // 2
    if not all(shapes) or int(counted.sum()) != codes.size - lost * len(rows):
        raise ReleaseError(f"{file}: its rows are not of the shapes that training needs")
    loss = _tiny_musicgen(pad, books, int(batch["input_ids"].max()) + 1)(**batch).loss
    loss.backward()
    if not torch.isfinite(loss):
        raise ReleaseError(f"{file}: a training step gives the loss {loss.item()}")


def _tiny_musicgen(pad_token_id: int, num_codebooks: int, text_size: int) -> Any:
    """An untrained MusicGen that reads such rows, with the real forward pass and loss."""
    # MusicGen's pad id lies outside its vocabulary on purpose; transformers warns each time.
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
    # Its weights are random, its verdict does not depend on them; the caller's draws are his.
    with torch.random.fork_rng(devices=[]):
        model: Any = MusicgenForConditionalGeneration(config)
    return model.eval()
