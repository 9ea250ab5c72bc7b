"""The delay pattern: lossless, and as transformers makes it from the notebook's code."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import MusicgenDecoderConfig, MusicgenForCausalLM

from builder_tests.support.models import PAD, notebook_labels
from sport_music_dataset.errors import SettingError
from sport_music_dataset.release.labels import delay


@pytest.fixture(scope="module")
def decoder() -> MusicgenForCausalLM:
    return MusicgenForCausalLM(
        MusicgenDecoderConfig(
            vocab_size=2048,
            num_hidden_layers=1,
            hidden_size=8,
            ffn_dim=8,
            num_attention_heads=1,
            pad_token_id=PAD,
            bos_token_id=PAD,
        )
    )


@pytest.mark.parametrize("frames", [4, 5, 50, 1250])
def test_notebook_labels_are_those_of_transformers(decoder: Any, frames: int) -> None:
    codes = np.random.default_rng(frames).integers(0, 2048, (4, frames)).astype(np.int16)
    np.testing.assert_array_equal(delay(codes, PAD, "notebook"), notebook_labels(decoder, codes))


@given(st.integers(1, 8), st.integers(1, 40))
def test_no_code_is_lost(books: int, frames: int) -> None:
    codes = np.arange(books * frames, dtype=np.int16).reshape(books, frames)
    labels = delay(codes, PAD)
    assert labels.shape == (books, frames + books - 1) and labels.dtype == np.int16
    back = np.stack([labels[book, book : book + frames] for book in range(books)])
    np.testing.assert_array_equal(back, codes)
    assert np.count_nonzero(labels == PAD) == books * (books - 1)


def test_the_notebook_loses_six_codes_of_four_codebooks() -> None:
    codes = np.zeros((4, 100), np.int16)
    kept = [np.count_nonzero(delay(codes, PAD, style) == 0) for style in ("lossless", "notebook")]
    assert kept == [400, 394]


def test_another_style_is_refused() -> None:
    with pytest.raises(SettingError, match="labels='other'"):
        delay(np.zeros((4, 4), np.int16), PAD, "other")  # type: ignore[arg-type]
