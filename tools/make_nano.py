"""Make the T5-like tokenizer and the configuration of the embedded `nano` model.

    python tools/make_nano.py [OUT=sport_music_dataset/encode/nano/model]

`MusicgenConfig` and `AutoTokenizer` can open OUT, which has no weights; train_nano.py trains the
codec beside it. The same versions on the same machine write the same bytes.

Sources: unigram tokenizer, Kudo 2018, "Subword Regularization", with the ids of T5, Raffel et al.
2020, "Exploring the Limits of Transfer Learning".
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

# One thread: sums of floats depend on how they are split. Set this before importing tokenizers.
os.environ["TOKENIZERS_PARALLELISM"] = "false"

from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram
from tokenizers.trainers import UnigramTrainer
from transformers import MusicgenConfig, PreTrainedTokenizerFast

from nano_codec import CODEC

SEED = 20
SUBWORDS, WORDS = 400, 250

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
# Accented letters in composed form only, because NFKC composes them first.
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

    The trainer proposes only substrings of several distinct words, so it never proposes a word that
    is part of no other word ("for", "BPM"), however frequent. These words are added here, with
    their own frequency. Scores are rounded because their last bits vary from run to run.
    """
    texts = list(descriptions(20_000))
    special: dict[str, Any] = {"unk_token": "<unk>", "special_tokens": ["<unk>"]}
    trainer = UnigramTrainer(vocab_size=SUBWORDS, initial_alphabet=ALPHABET, **special)
    blank.train_from_iterator(texts, trainer)
    pieces: dict[str, float] = dict(json.loads(blank.to_str())["model"]["vocab"])
    del pieces["<unk>"]
    # The trainer scores unused letters in hash order, which varies: the lowest score, plus 0.0001
    # for each letter before. So give all of them the lowest score.
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


def main(out: Path) -> None:
    """Write tokenizer and configuration into `out`."""
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(out)
    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2}
    text = {"model_type": "t5", "vocab_size": len(tokenizer), **sizes}
    sizes = {"hidden_size": 16, "ffn_dim": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    MusicgenConfig(text_encoder=text, audio_encoder=CODEC, decoder=sizes).save_pretrained(out)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "sport_music_dataset/encode/nano/model"))
