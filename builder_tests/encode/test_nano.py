"""The embedded `nano` model, opened through transformers as any other model folder."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import (
    AutoTokenizer,
    EncodecFeatureExtractor,
    EncodecModel,
    MusicgenConfig,
    MusicgenForConditionalGeneration,
)

import sport_music_dataset

NANO = Path(sport_music_dataset.__file__).parent / "encode/nano"
RATE = 32_000
DESCRIPTIONS = [
    "energetic latino music for running, 128 BPM",
    "Upbeat hip hop for cycling, fast tempo, in A minor",
    "calm ambient music for yoga",
    "classic music for stretching, slow, in F# major",
    "drum and bass for strength training; dark and loud: 174 BPM!",
    "r&b warm-up, 90.5 BPM (smooth)",
    "Skateboarding with quixotic zydeco, 'live' \"mix\" #7 @ 100%?",
    "musique électro pour la course à pied, très énergique",
]


# transformers types its answers as unions that no caller meets; hence Any at its doors.
@pytest.fixture(scope="module")
def codec() -> Any:
    return EncodecModel.from_pretrained(NANO / "codec", dtype=torch.float32)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return AutoTokenizer.from_pretrained(NANO / "model")


def sweep(low: float, high: float, seconds: float = 25.0) -> NDArray[np.float32]:
    """A tone [N] that glides from `low` to `high` Hz over a little noise."""
    frequencies = np.geomspace(low, high, round(seconds * RATE))
    noise = np.random.default_rng(round(low)).normal(0, 0.02, frequencies.size)
    tone = 0.5 * np.sin(2 * np.pi * np.cumsum(frequencies) / RATE)
    return (tone + noise).astype(np.float32)


@torch.inference_mode()
def encode(codec: Any, waves: NDArray[np.float32]) -> Tensor:
    """Codes [B, K, T] of `waves` [B, N]."""
    codes: Tensor = codec.encode(torch.from_numpy(waves).unsqueeze(1)).audio_codes
    assert codes.shape[0] == 1
    return codes[0]


def test_folder_holds_six_small_files() -> None:
    files = sorted(path for path in NANO.rglob("*") if path.is_file())
    assert [path.relative_to(NANO).as_posix() for path in files] == [
        "codec/config.json",
        "codec/model.safetensors",
        "codec/preprocessor_config.json",
        "model/config.json",
        "model/tokenizer.json",
        "model/tokenizer_config.json",
    ]
    assert sum(path.stat().st_size for path in files) < 1_000_000


def test_codec_loads_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("transformers")
    logger.addHandler(caplog.handler)
    try:
        model: Any = EncodecModel
        codec, loading = model.from_pretrained(
            NANO / "codec", dtype=torch.float32, output_loading_info=True
        )
    finally:
        logger.removeHandler(caplog.handler)
    assert not any(loading.values()), loading
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert {parameter.dtype for parameter in codec.parameters()} == {torch.float32}


def test_codec_has_the_architecture_of_the_32_khz_model(codec: Any) -> None:
    config = codec.config
    assert (config.sampling_rate, config.audio_channels) == (RATE, 1)
    assert (config.hop_length, config.frame_rate) == (640, 50)
    assert (config.num_quantizers, config.codebook_size) == (4, 2048)
    assert config.chunk_length_s is None
    assert not config.normalize
    assert not config.use_causal_conv
    extractor = EncodecFeatureExtractor.from_pretrained(NANO / "codec")
    assert (extractor.sampling_rate, extractor.feature_size) == (RATE, 1)
    assert extractor.chunk_length_s is None


def test_25_seconds_give_1250_frames(codec: Any) -> None:
    extractor = EncodecFeatureExtractor.from_pretrained(NANO / "codec")
    inputs = extractor(sweep(100, 1000), sampling_rate=RATE, return_tensors="pt")
    with torch.inference_mode():
        codes = codec.encode(**inputs).audio_codes
    assert codes.shape == (1, 1, 4, 1250)
    assert codes.min() >= 0
    assert codes.max() < 2048


def test_codes_follow_the_sound_and_nothing_else(codec: Any) -> None:
    silence = np.zeros(25 * RATE, np.float32)
    waves = [sweep(40, 400), sweep(400, 4000), sweep(4000, 12000), silence]
    codes = [encode(codec, wave[None])[0] for wave in waves]
    for index, one in enumerate(codes):
        assert torch.equal(one, encode(codec, waves[index][None])[0])
        for other in codes[:index]:
            assert (one == other).float().mean() < 0.2
    # Tones and silence are not what it has learned; music uses more of the entries.
    for codebook in torch.cat(codes, 1):
        assert codebook.unique().numel() > 100


def test_codes_keep_the_embeddings_and_decode_to_audio(codec: Any) -> None:
    wave = torch.from_numpy(sweep(50, 8000, 5.0)).view(1, 1, -1)
    with torch.inference_mode():
        embeddings = codec.encoder(wave)
        codes = codec.encode(wave).audio_codes
        decoded = codec.decode(codes, [None]).audio_values
        rebuilt = codec.quantizer.decode(codes[0].transpose(0, 1))
    # A sweep is far from what it has learned, where the codes err by some hundredths.
    assert (embeddings - rebuilt).std() < 0.3 * embeddings.std()
    assert decoded.shape == wave.shape
    assert 0.2 < decoded.std() / wave.std() < 2


def test_tokenizer_has_the_first_ids_of_t5(tokenizer: Any) -> None:
    assert tokenizer.convert_ids_to_tokens([0, 1, 2, 3]) == ["<pad>", "</s>", "<unk>", "▁"]
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id) == (0, 1, 2)
    assert tokenizer.bos_token_id is None
    assert 400 <= len(tokenizer) <= 800


@pytest.mark.parametrize("text", DESCRIPTIONS)
def test_descriptions_survive_the_tokenizer(text: str, tokenizer: Any) -> None:
    ids = tokenizer(text).input_ids
    assert ids[-1] == 1
    assert ids.count(1) == 1
    assert 2 not in ids
    assert tokenizer.decode(ids, skip_special_tokens=True) == text


def test_every_printable_ascii_character_is_known(tokenizer: Any) -> None:
    unknown = [code for code in range(33, 127) if 2 in tokenizer(f"a{chr(code)} b").input_ids]
    assert unknown == []


def test_plain_descriptions_fit_and_are_padded_to_20(tokenizer: Any) -> None:
    batch = tokenizer(
        DESCRIPTIONS[:4], max_length=20, padding="max_length", truncation=True, return_tensors="np"
    )
    assert batch.input_ids.shape == batch.attention_mask.shape == (4, 20)
    for ids, mask in zip(batch.input_ids, batch.attention_mask, strict=True):
        length = int(mask.sum())
        assert 5 < length < 20
        assert ids[length - 1] == 1
        assert not mask[length:].any()
        assert not ids[length:].any()


def test_model_configuration_builds_a_musicgen_that_trains(tokenizer: Any, codec: Any) -> None:
    config: Any = MusicgenConfig.from_pretrained(NANO / "model")
    assert (config.decoder.vocab_size, config.decoder.num_codebooks) == (2048, 4)
    assert (config.decoder.pad_token_id, config.decoder.bos_token_id) == (2048, 2048)
    assert config.text_encoder.vocab_size == len(tokenizer)
    for name in ("hidden_size", "num_filters", "upsampling_ratios", "codebook_size", "hop_length"):
        assert getattr(config.audio_encoder, name) == getattr(codec.config, name)

    torch.manual_seed(0)
    model = MusicgenForConditionalGeneration(config)
    batch = tokenizer(DESCRIPTIONS[:2], padding=True, return_tensors="pt")
    labels = torch.randint(2048, (2, 50, 4))
    start = torch.full((2, 1, 4), config.decoder.bos_token_id)
    inputs = torch.cat([start, labels[:, :-1]], 1).transpose(1, 2).reshape(8, 50)
    loss = model(**batch, decoder_input_ids=inputs, labels=labels).loss
    assert torch.isfinite(loss)
    loss.backward()
