"""The way of the usual notebook, as baseline: everything in memory, a `map` for each step."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import (
    AutoTokenizer,
    EncodecFeatureExtractor,
    EncodecModel,
    MusicgenDecoderConfig,
    MusicgenForCausalLM,
)

import sport_music_dataset

# The time does not depend on the size of the tokenizer; the one in sportgen needs no network.
TOKENIZER = Path(sport_music_dataset.__file__).parent / "encode/nano/model"
CHUNK_SAMPLES, HOP_SAMPLES, RATE, PAD = 800_000, 480_000, 32_000, 2048


def cut(file: Path) -> list[np.ndarray]:
    """Chunks [N] float32 of a file, by `librosa.load`."""
    import librosa

    samples, _ = librosa.load(file, sr=RATE)
    starts = range(0, len(samples) - CHUNK_SAMPLES + 1, HOP_SAMPLES)
    return [samples[start : start + CHUNK_SAMPLES] for start in starts]


def encode(chunks: list[np.ndarray], codec: str) -> Dataset:
    """Dataset with tokens and labels of chunks, made by one `map` after the other."""
    rows = [
        {
            "audio": {"array": chunk, "sampling_rate": RATE},
            "description": "latino music for running",
        }
        for chunk in chunks
    ]
    dataset = Dataset.from_list(rows)
    tokenizer = AutoTokenizer.from_pretrained(TOKENIZER)
    dataset = dataset.map(
        lambda row: tokenizer(
            row["description"],
            padding="max_length",
            max_length=20,
            truncation=True,
            add_special_tokens=False,
        )
    )
    extractor: Any = EncodecFeatureExtractor.from_pretrained(codec)

    def extract(row: dict[str, Any]) -> dict[str, Any]:
        audio = row["audio"]
        features = extractor(audio["array"], sampling_rate=audio["sampling_rate"])
        return {"labels": features["input_values"]}

    model: Any = EncodecModel.from_pretrained(codec)
    decoder = _decoder()

    def apply_encoder(row: dict[str, Any]) -> dict[str, Any]:
        with torch.no_grad():
            codes = model.encode(torch.tensor(row["labels"]))["audio_codes"]
        labels = torch.cat([torch.full((1, 1, 4, 1), PAD), codes], dim=-1).squeeze(0)
        labels, mask = decoder.build_delay_pattern_mask(labels, PAD, labels.shape[-1] + 4)
        return {"labels": decoder.apply_delay_pattern_mask(labels, mask)[:, 1:]}

    return dataset.map(extract).map(apply_encoder)


def _decoder() -> Any:
    sizes: dict[str, Any] = {
        "num_hidden_layers": 1,
        "hidden_size": 8,
        "ffn_dim": 8,
        "num_attention_heads": 1,
    }
    return MusicgenForCausalLM(
        MusicgenDecoderConfig(vocab_size=PAD, pad_token_id=PAD, bos_token_id=PAD, **sizes)
    )
