"""Make the embedded `nano` model: a very small EnCodec codec and a T5-like tokenizer.

    python tools/make_nano.py [OUT=sport_music_dataset/nano]

OUT/codec opens with `EncodecModel` and `EncodecFeatureExtractor` of transformers, OUT/model, which
holds no weights, with `MusicgenConfig` and `AutoTokenizer`. Nothing is learned by gradient: nano
has the rates and shapes of facebook/musicgen-small and its codec, and codes that follow the sound,
but cannot rebuild it. The same versions on the same machine write the same bytes.

Sources: architecture, Défossez et al. 2022, "High Fidelity Neural Audio Compression"; convolutions
scaled to unit variance on data, Mishkin & Matas 2016, "All you need is a good init"; codebooks by
k-means of residuals, unused entries replaced by samples, Zeghidour et al. 2021, "SoundStream";
unigram tokenizer, Kudo 2018, "Subword Regularization", with the ids of T5, Raffel et al. 2020.
"""

import json
import math
import os
import random
import string
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# One thread: sums depend on how they are split. To be set before tokenizers is imported.
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram
from tokenizers.trainers import UnigramTrainer
from torch import Tensor, nn
from transformers import (
    EncodecConfig,
    EncodecFeatureExtractor,
    EncodecModel,
    MusicgenConfig,
    PreTrainedTokenizerFast,
)

Wave = NDArray[np.float64]
SEED, RATE = 20, 32_000
SOUNDS, SOUND_SECONDS, SCALING_SOUNDS, KMEANS_ROUNDS = 32, 20, 8, 8
SUBWORDS, WORDS = 400, 250

# facebook/encodec_32khz with 2 filters in place of 64 and 5 channels in place of 128.
CODEC = EncodecConfig(
    sampling_rate=RATE,
    upsampling_ratios=[8, 5, 4, 4],
    use_causal_conv=False,
    num_filters=2,
    hidden_size=5,
    codebook_size=2048,
    target_bandwidths=[2.2],
)

LISTS = {
    "session": """running, yoga, cycling, cardio, strength training, stretching, swimming, boxing,
        walking, hiking, pilates, dance, rowing, interval training, warm-up, cool-down, recovery,
        relaxation, meditation, climbing, crossfit, aerobics, football, tennis, martial arts""",
    "style": """latino, classic, electro, rock, pop, jazz, hip hop, house, techno, ambient, funk,
        classical, soul, disco, reggae, metal, blues, country, folk, trance, drum and bass, r&b,
        rap, salsa, samba, afrobeat, lo-fi, punk, indie, world, acoustic, chill, dance""",
    "mood": """energetic, calm, upbeat, relaxing, powerful, intense, gentle, driving, motivating,
        joyful, dark, bright, smooth, aggressive, soft, groovy, mellow, uplifting, dynamic,
        peaceful, dreamy, warm, high-energy, low-energy, lively, happy, sad, rhythmic""",
    "pace": "slow, moderate, fast, very slow, very fast, steady, medium, quick, brisk",
    "sound": "guitar, piano, drums, bass, synth, strings, brass, percussion, vocals, violin, flute",
    "key": "A, B, C, D, E, F, G, A#, C#, D#, F#, G#, Ab, Bb, Db, Eb, Gb",
    "mode": "major, minor",
    "bpm": ", ".join(map(str, range(55, 196))),
}
TEMPLATES = (
    "{mood} {style} music for {session}, {bpm} BPM",
    "{style} track for {session}, {mood}, {pace} tempo, in {key} {mode}",
    "a {mood} {style} beat with {sound} for {session} workouts at {bpm} BPM in {key} {mode}",
    "{style} tune to accompany a {session} session: {mood} melody, {pace} rhythm; {bpm} bpm",
    "background music for {session}, {style} style, {mood} energy",
)
# Of the accented letters only the composed ones can arrive, as NFKC comes first.
ALPHABET = [*string.printable.strip(), *"àâäçèéêëîïôöùûüÿœæñáíóúÀÂÇÈÉÊÎÔÙÛŒÆ’‘“”«»–—°♯♭"]


def descriptions(count: int) -> Iterator[str]:
    """Yield `count` descriptions drawn from the lists above, a third of them capitalised."""
    rng = random.Random(SEED)
    lists = {name: " ".join(text.split()).split(", ") for name, text in LISTS.items()}
    for _ in range(count):
        words = {name: rng.choice(choices) for name, choices in lists.items()}
        text = rng.choice(TEMPLATES).format(**words)
        yield text[0].upper() + text[1:] if rng.random() < 1 / 3 else text


def learned_pieces(blank: Tokenizer) -> dict[str, float]:
    """Return piece -> log-probability: subwords by Kudo's algorithm and the most common words.

    The trainer takes substrings of distinct words, so it never proposes a word that stands inside
    no other ("for", "BPM"), however common; those come in by their own frequency. Scores are
    rounded because their last bits vary from run to run.
    """
    texts = list(descriptions(20_000))
    special: dict[str, Any] = {"unk_token": "<unk>", "special_tokens": ["<unk>"]}
    trainer = UnigramTrainer(vocab_size=SUBWORDS, initial_alphabet=ALPHABET, **special)
    blank.train_from_iterator(texts, trainer)
    pieces: dict[str, float] = dict(json.loads(blank.to_str())["model"]["vocab"])
    del pieces["<unk>"]
    # Letters that no piece needs get the least score, plus 0.0001 for each before, in hash order.
    least = min(pieces.values())
    unused = [piece for piece in ALPHABET if pieces[piece] < least + 1e-4 * len(ALPHABET)]
    pieces |= dict.fromkeys(unused, least)
    counts = Counter(word.strip(",;:") for text in texts for word in text.split())
    words = sorted(counts, key=lambda word: (-counts[word], word))
    for word in [word for word in words if not word.isdigit()][:WORDS]:
        pieces.setdefault("▁" + word, math.log(counts[word] / counts.total()))
    return {piece: round(score, 4) for piece, score in pieces.items()}


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer with T5's ids 0 to 3 and its template: EOS at the end, no BOS."""
    unigram = Tokenizer(Unigram())
    unigram.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    unigram.pre_tokenizer = pre_tokenizers.Metaspace()
    pieces = learned_pieces(unigram)
    first = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", pieces.pop("▁"))]
    rest = sorted(pieces.items(), key=lambda item: (-item[1], item[0]))
    unigram.model = Unigram([*first, *rest], unk_id=2, byte_fallback=False)
    unigram.decoder = decoders.Metaspace()
    unigram.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    names = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    settings = {"tokenizer_object": unigram, "model_max_length": 512, **names}
    return PreTrainedTokenizerFast(**settings)  # type: ignore[no-untyped-call]


def note(rng: np.random.Generator, seconds: Wave) -> Wave:
    """Return one decaying note at the times `seconds` [N], with a random pitch and timbre."""
    pitch = 40.0 * 2 ** rng.uniform(0, 6)
    partials = np.arange(1.0, rng.uniform(2, min(12, RATE / 2 / pitch)))
    weights = partials ** -rng.uniform(0.5, 2.5)
    tone: Wave = weights @ np.sin(2 * np.pi * pitch * np.outer(partials, seconds))
    return tone * np.exp(-rng.uniform(0.5, 12) * seconds) * np.minimum(1, seconds * 300)


def sound(rng: np.random.Generator, samples: int) -> Wave:
    """Return a sound [samples] in [-1, 1]: notes and drum strokes on a beat, or noise."""
    if rng.random() < 0.1:
        colour = np.fft.rfft(rng.standard_normal(samples))
        wave: Wave = np.fft.irfft(colour / np.arange(1, colour.size + 1) ** rng.uniform(), samples)
    else:
        wave, seconds, drums = np.zeros(samples + RATE), np.arange(RATE) / RATE, rng.uniform()
        for start in range(0, samples, int(RATE * 30 / rng.uniform(60, 180))):
            for _ in range(rng.integers(1, 4)):
                wave[start : start + RATE] += note(rng, seconds)
            if rng.uniform() < drums:
                decay = np.exp(-rng.uniform(8, 60) * seconds)
                wave[start : start + RATE] += rng.standard_normal(RATE) * decay
        wave = wave[:samples]
    # Music is mastered loud: limit its peaks, by a random degree.
    wave = np.tanh(rng.uniform(0.3, 3) * wave / wave.std())
    return wave * math.exp(rng.uniform(-4, 0))


def scale_once(conv: nn.Module, _: object, output: Tensor) -> Tensor:
    """Forward hook: make `conv`'s output [B, C, T] centred and of unit variance, now and later.

    The gain of weight norm is a number per output channel, but per input channel where the
    convolution is transposed; there all outputs share one scale.
    """
    transposed = isinstance(conv, nn.ConvTranspose1d)
    mean = output.mean((0, 2))
    std = output.std().expand(1) if transposed else output.std((0, 2))
    conv.get_parameter("parametrizations.weight.original0").div_(std.view(-1, 1, 1))
    conv.get_parameter("bias").sub_(mean).div_(std)
    return (output - mean.view(-1, 1)) / std.view(-1, 1)


def scale(network: nn.Module, inputs: Tensor) -> None:
    """Scale every convolution of `network` in turn, in one pass of `inputs` [B, C, T]."""
    convs = [m for m in network.modules() if isinstance(m, nn.Conv1d | nn.ConvTranspose1d)]
    hooks = [conv.register_forward_hook(scale_once) for conv in convs]
    network(inputs)
    for hook in hooks:
        hook.remove()


def kmeans(points: Tensor, count: int) -> Tensor:
    """Return `count` centres [count, D] of `points` [N, D] by Lloyd's algorithm."""
    centres = points[torch.randperm(len(points))[:count]]
    for _ in range(KMEANS_ROUNDS):
        indices = torch.cdist(points, centres).argmin(1)
        sizes = indices.bincount(minlength=count).unsqueeze(1)
        sums = torch.zeros_like(centres).index_add_(0, indices, points)
        # A centre that no point is nearest to moves to a random point.
        spare = points[torch.randperm(len(points))[:count]]
        centres = torch.where(sizes > 0, sums / sizes.clamp_min(1), spare)
    return centres


@torch.no_grad()
def make_codec() -> EncodecModel:
    """Return the codec in float16: seeded weights scaled on sounds, codebooks fitted to them."""
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    waves = np.stack([sound(rng, SOUND_SECONDS * RATE) for _ in range(SOUNDS)])
    sounds = torch.from_numpy(waves.astype(np.float32)).unsqueeze(1)
    codec = EncodecModel(CODEC)
    scale(codec.encoder, sounds[:SCALING_SOUNDS])
    # Round first: the codebooks are to fit the encoder that will be loaded.
    codec.half().float()  # type: ignore[no-untyped-call]
    embeddings = torch.cat([codec.encoder(part) for part in torch.split(sounds, 4)])
    scale(codec.decoder, embeddings[:SCALING_SOUNDS])
    last = codec.decoder.layers[-1].get_submodule("conv")
    for name in ("parametrizations.weight.original0", "bias"):
        last.get_parameter(name).mul_(sounds.std())
    residuals = embeddings.transpose(1, 2).flatten(0, 1)
    for stage in range(codec.config.num_quantizers):
        centres = kmeans(residuals, codec.config.codebook_size).half().float()
        codec.get_buffer(f"quantizer.layers.{stage}.codebook.embed").copy_(centres)
        residuals = residuals - centres[torch.cdist(residuals, centres).argmin(1)]
    # embed_avg, which only training reads, stays zero.
    codec.half()  # type: ignore[no-untyped-call]
    return codec


def main(out: Path) -> None:
    """Write the folders codec and model into `out`."""
    torch.set_num_threads(1)
    make_codec().save_pretrained(out / "codec")
    # safetensors makes its file readable by the owner alone.
    (out / "codec" / "model.safetensors").chmod(0o644)
    EncodecFeatureExtractor(feature_size=1, sampling_rate=RATE).save_pretrained(out / "codec")
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(out / "model")
    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2}
    text = {"model_type": "t5", "vocab_size": len(tokenizer), **sizes}
    sizes = {"hidden_size": 16, "ffn_dim": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = MusicgenConfig(text_encoder=text, audio_encoder=CODEC, decoder=sizes)
    config.save_pretrained(out / "model")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "sport_music_dataset/nano"))
