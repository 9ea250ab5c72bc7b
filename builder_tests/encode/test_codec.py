"""The shared encoder against transformers': lengths, hops, gaps, edges, and what it refuses."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import EncodecModel

from builder_tests.conftest import noise
from builder_tests.support.models import NANO, save_codec
from sport_music_dataset.encode.codec.convolutions import Backend, pick_backend
from sport_music_dataset.encode.codec.encodec import Codec
from sport_music_dataset.encode.codec.shared import SharedEncoder, plain_reason
from sport_music_dataset.errors import ModelError, SettingError

FRAME = 640


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = save_codec(tmp_path_factory.mktemp("models") / "codec", use_conv_shortcut=True)
    return EncodecModel.from_pretrained(folder, dtype=torch.float32)


@pytest.fixture(scope="module")
def encoders(model: Any) -> dict[str, SharedEncoder]:
    """One of each backend."""
    return {backend: SharedEncoder(model, backend) for backend in get_args(Backend)}


@pytest.mark.parametrize("backend", get_args(Backend))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    frames=st.integers(12, 170),
    steps=st.lists(st.integers(1, 200), max_size=5),
    seed=st.integers(0, 3),
)
def test_embeddings_are_those_of_each_chunk_alone(
    model: Any,
    encoders: dict[str, SharedEncoder],
    backend: str,
    frames: int,
    steps: list[int],
    seed: int,
) -> None:
    # Steps longer than a chunk are gaps, where one was left out, or another track.
    starts = np.cumsum([0, *steps]) * FRAME
    track = noise((starts[-1] + frames * FRAME) / 32_000, seed=seed)
    chunks = torch.stack([torch.from_numpy(track[at : at + frames * FRAME]) for at in starts])
    offsets = [0, *(int(b - a) for a, b in pairwise(starts))]
    with torch.inference_mode():
        shared = encoders[backend](chunks, offsets)
        alone = torch.cat([model.encoder(chunk[None, None]) for chunk in chunks])
    torch.testing.assert_close(shared, alone, rtol=1e-4, atol=1e-5)


def test_several_tiles_at_once_give_the_same(model: Any) -> None:
    chunks = torch.from_numpy(noise(12.0, seed=3)).view(2, -1)
    with torch.inference_mode():
        one = SharedEncoder(model)(chunks, [0, 0])
        torch.testing.assert_close(SharedEncoder(model, tiles_at_once=3)(chunks, [0, 0]), one)


@pytest.mark.parametrize("backend", get_args(Backend))
def test_codes_of_a_track_are_those_of_each_chunk_alone(backend: str) -> None:
    codec = Codec("nano", 4, backend=backend)
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
        ({"audio_channels": 2}, 64_000, "stereo"),
        ({"chunk_length_s": 0.7, "overlap": 0.01}, 64_000, "pieces"),
        ({"num_residual_layers": 3}, 64_000, "further than a frame"),
    ],
)
def test_what_cannot_be_shared_goes_the_plain_way(
    tmp_path: Path, changes: dict[str, Any], samples: int, reason: str
) -> None:
    codec = Codec(str(save_codec(tmp_path / "codec", **changes)), 4)
    found = codec.plain_reason(samples)
    assert reason in found and bool(found) == bool(reason)
    chunks = np.stack([noise(samples / 32_000, seed=seed) for seed in range(2)])
    codes = codec.encode(chunks, [0, 0])
    for chunk, own in zip(chunks, codes, strict=True):
        model: Any = EncodecModel.from_pretrained(tmp_path / "codec", dtype=torch.float32)
        values = torch.from_numpy(chunk)[None, None].expand(-1, model.config.audio_channels, -1)
        with torch.no_grad():
            frames = model.encode(values, bandwidth=2.2)
        truth = torch.cat(list(frames.audio_codes), dim=-1)[0].numpy()
        truth = truth[:, : truth.shape[1] - frames.last_frame_pad_length]
        assert (own == truth).mean() > 0.99


def test_chunks_that_start_between_frames_share_nothing_and_it_is_said() -> None:
    codec = Codec("nano", 4)
    assert codec.unshared_reason(64_000, 38_400) == ""
    assert "whole codec frames (640 samples) apart" in codec.unshared_reason(64_000, 38_401)
    track = noise(4.0)
    chunks = np.stack([track[:64_000], track[1_000:65_000]])
    alone = np.concatenate([codec.encode_plain(chunk[None]) for chunk in chunks])
    assert (codec.encode(chunks, [0, 1_000]) == alone).mean() > 0.999


@pytest.fixture
def settings_of_a_user() -> Iterator[list[Any]]:
    """What multiplies on a GPU, with settings that are not PyTorch's own."""
    backends: Any = torch.backends
    kinds = [backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn]
    before = [kind.fp32_precision for kind in kinds]
    for kind, precision in zip(kinds, ("tf32", "tf32", "ieee"), strict=True):
        kind.fp32_precision = precision
    backends.cudnn.deterministic = True
    yield kinds
    backends.cudnn.deterministic = False
    for kind, precision in zip(kinds, before, strict=True):
        kind.fp32_precision = precision


def test_products_are_exact_and_settings_of_the_user_stay(settings_of_a_user: list[Any]) -> None:
    kinds, seen = settings_of_a_user, list[object]()
    codec = Codec("nano", 4, backend="torch")

    def look(*_: object) -> None:
        seen.append([*(kind.fp32_precision for kind in kinds), torch.backends.cudnn.deterministic])

    model: Any = codec._model
    model.encoder.layers[-1].register_forward_hook(look)
    codec.encode(noise(2.0)[None], [0])
    assert seen == [["ieee", "ieee", "ieee", True]]
    assert [kind.fp32_precision for kind in kinds] == ["tf32", "tf32", "ieee"]


def test_a_backend_that_cannot_be_is_refused() -> None:
    with pytest.raises(SettingError, match="backend='mkl'"):
        pick_backend("mkl", "cpu")
    with pytest.raises(ModelError, match="runs on the CPU, not on cuda"):
        pick_backend("openvino", "cuda")
    assert pick_backend("auto", "cuda") == pick_backend("torch", "cpu") == "torch"
    assert pick_backend("auto", "cpu") == "openvino"


def test_the_nano_codec_is_of_the_kind_that_is_shared() -> None:
    model = EncodecModel.from_pretrained(NANO / "codec", dtype=torch.float32)
    assert plain_reason(model, 800_000) == ""
