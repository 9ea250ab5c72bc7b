"""Models of the real architectures, small, made at test time and saved to folders."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    EncodecConfig,
    EncodecModel,
    MusicgenConfig,
    MusicgenForConditionalGeneration,
)

import sport_music_dataset

PAD = 2048
"""MusicGen's id where no code is."""

NANO = Path(sport_music_dataset.__file__).parent / "encode/nano"


def save_codec(folder: Path, **changes: object) -> Path:
    """An untrained EnCodec like encodec_32khz, narrow; `changes` go into its config."""
    torch.manual_seed(0)
    settings: dict[str, Any] = {
        "sampling_rate": 32_000,
        "audio_channels": 1,
        "target_bandwidths": [2.2],
        "upsampling_ratios": [8, 5, 4, 4],
        "num_filters": 2,
        "hidden_size": 6,
        "codebook_dim": 6,
        "codebook_size": 2048,
        "use_causal_conv": False,
        "norm_type": "weight_norm",
    }
    model: Any = EncodecModel(EncodecConfig(**{**settings, **changes}))
    for layer in model.quantizer.layers:
        layer.codebook.embed.normal_()
    model.save_pretrained(folder)
    return folder


def save_music_model(folder: Path, tokenizer: bool = True, **decoder: object) -> Path:
    """Configuration and tokenizer of a tiny MusicGen; `decoder` goes into its decoder's config."""
    shutil.copytree(NANO / "model", folder)
    config = json.loads((folder / "config.json").read_text())
    config["decoder"].update(decoder)
    (folder / "config.json").write_text(json.dumps(config))
    if not tokenizer:
        for file in folder.glob("tokenizer*"):
            file.unlink()
    return folder


def tiny_musicgen() -> Any:
    """A MusicGen with the nano codec, tokenizer and sizes, untrained."""
    torch.manual_seed(0)
    return MusicgenForConditionalGeneration(MusicgenConfig.from_pretrained(NANO / "model"))


def notebook_labels(decoder: Any, codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What the notebook does: a pad column first, the decoder's pattern, the column off again."""
    books = len(codes)
    labels = torch.cat([torch.full((books, 1), PAD), torch.from_numpy(codes).long()], dim=-1)
    labels, mask = decoder.build_delay_pattern_mask(labels, PAD, labels.shape[-1] + books)
    return np.asarray(decoder.apply_delay_pattern_mask(labels, mask)[:, 1:])
