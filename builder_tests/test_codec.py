"""The shared encoder against transformers': lengths, hops, gaps, edges, and what it refuses."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import EncodecModel

from builder_tests.conftest import noise
from builder_tests.models import NANO, save_codec
from sport_music_dataset.codec import Codec
from sport_music_dataset.encoder import SharedEncoder, plain_reason

FRAME = 640


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = save_codec(tmp_path_factory.mktemp("models") / "codec", use_conv_shortcut=True)
    return EncodecModel.from_pretrained(folder, dtype=torch.float32)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    frames=st.integers(12, 170),
    steps=st.lists(st.integers(1, 200), max_size=5),
    seed=st.integers(0, 3),
)
def test_embeddings_are_those_of_each_chunk_alone(
    model: Any, frames: int, steps: list[int], seed: int
) -> None:
    # Steps longer than a chunk are gaps, where one was left out, or another track.
    starts = np.cumsum([0, *steps]) * FRAME
    track = noise((starts[-1] + frames * FRAME) / 32_000, seed=seed)
    chunks = torch.stack([torch.from_numpy(track[at : at + frames * FRAME]) for at in starts])
    offsets = [0, *(int(b - a) for a, b in pairwise(starts))]
    with torch.inference_mode():
        shared = SharedEncoder(model)(chunks, offsets)
        alone = torch.cat([model.encoder(chunk[None, None]) for chunk in chunks])
    torch.testing.assert_close(shared, alone, rtol=1e-4, atol=1e-5)


def test_codes_of_a_track_are_those_of_each_chunk_alone() -> None:
    codec = Codec("nano", 4)
    track = noise(70.0, seed=8)
    chunks = np.stack([track[at : at + 800_000] for at in range(0, 1_440_001, 480_000)])
    codes = codec.encode(chunks, [0, 480_000, 480_000, 480_000])
    alone = np.concatenate([codec.encode_plain(chunk[None]) for chunk in chunks])
    assert codes.shape == (4, 4, 1250) and codes.dtype == np.int16
    assert (codes == alone).mean() >= 0.999


@pytest.mark.parametrize(
    ("changes", "samples", "reason"),
    [
        ({}, 64_000, ""),
        ({}, 64_001, "no whole number"),
        ({}, 6_400, "no whole number"),
        ({"use_causal_conv": True}, 64_000, "causal"),
        ({"norm_type": "time_group_norm"}, 64_000, "causal or normalised"),
        ({"normalize": True}, 64_000, "normalises"),
        ({"num_residual_layers": 3}, 64_000, "further than a frame"),
    ],
)
def test_what_cannot_be_shared_goes_the_plain_way(
    tmp_path: Path, changes: dict[str, Any], samples: int, reason: str
) -> None:
    codec = Codec(str(save_codec(tmp_path / "codec", **changes)), 4)
    found = codec.plain_reason(samples)
    assert reason in found and bool(found) == bool(reason)
    chunks = noise(samples / 32_000)[None]
    codes = codec.encode(chunks, [0])
    assert (codes == codec.encode_plain(chunks)).mean() > 0.99


def test_the_nano_codec_is_of_the_kind_that_is_shared() -> None:
    model = EncodecModel.from_pretrained(NANO / "codec", dtype=torch.float32)
    assert plain_reason(model, 800_000) == ""
