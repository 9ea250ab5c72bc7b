"""Count the descriptions that are longer than 20 tokens, with the tokenizer in a folder.

    .venv/bin/python tools/check_descriptions.py TOKENIZER_FOLDER

Counts every session with every style that sportgen knows, each with measures and with what was
heard drawn at random, some unknown. The exit code is 1 if more than 1 in 1,000 are longer.
`--show 300` prints as many of them, to read.
"""

import argparse
import random
import sys
from collections.abc import Iterator
from itertools import product

from transformers import AutoTokenizer

from count_tokens import INSTRUMENTS
from sport_music_dataset.describe.evidence import Facts
from sport_music_dataset.describe.phrasings import describe
from sport_music_dataset.describe.sessions import known_sessions
from sport_music_dataset.describe.styles import known_styles
from sport_music_dataset.describe.words import lexicon
from sport_music_dataset.records import NOT_HEARD, Heard

MAX_TOKENS = 20
OTHER_SESSIONS = ("Éveil lyrique", "curling", "Podcast du soir")
OTHER_STYLES = ("", "Dungeon Synth", "kwassa-kwassa", "openmsx", "Pop; Latin", "workout hits")
_KEYS = [f"{key} {mode}" for key in "A B C# D D# F# G".split() for mode in ("major", "minor")]
_ARCS = ("", "", "warm-up", "build", "peak", "cool-down")
_SPOKEN = ("drums", "piano", "electric guitar", "acoustic guitar", "strings", "violin", "flute")


def facts(draw: random.Random, session: str, style: str) -> Facts:
    """Facts as a chunk may have them."""
    energy = round(min(1.0, max(0.0, draw.gauss(0.5, 0.2))), 4)
    tempo = draw.choice([None, round(draw.uniform(55, 185), 1)])
    key = draw.choice(["", draw.choice(_KEYS)])
    sounds, whole = NOT_HEARD, NOT_HEARD
    if draw.random() < 0.6:
        moods = tuple(draw.sample(sorted(lexicon().words), 2))
        names = [*_SPOKEN, *draw.sample(INSTRUMENTS.split(), 3)]
        count = draw.randint(0, 3)
        vocals = draw.choice([0.0, 0.3, 0.95])
        sure = tuple(sorted((draw.uniform(0.5, 1) for _ in range(count)), reverse=True))
        sounds = Heard(vocals, tuple(draw.sample(names, count)), sure, moods, (0.9, 0.6))
        whole = Heard(vocals, moods=moods, moods_confidence=(0.9, 0.6))
    return Facts(session, style, tempo, key, energy, draw.choice(_ARCS), heard=sounds, whole=whole)


def descriptions(seed: int = 0) -> Iterator[str]:
    """Yield a description for every session with every style."""
    draw = random.Random(seed)
    sessions = [*sorted({session.name for session in known_sessions().values()}), *OTHER_SESSIONS]
    styles = [*sorted(style.alone for style in known_styles()), *OTHER_STYLES]
    for number, (session, style) in enumerate(product(sessions, styles)):
        yield describe(facts(draw, session, style), seed, f"{number // 8}-{number}")


def main() -> int:
    """Print the counts and the longest descriptions; return the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(options.folder)
    texts = list(descriptions(options.seed))
    lengths = [len(ids) for ids in tokenizer(texts)["input_ids"]]
    over = [text for text, length in zip(texts, lengths, strict=True) if length > MAX_TOKENS]
    print(f"{len(over)} of {len(texts)} descriptions exceed {MAX_TOKENS} tokens")
    print(*sorted(set(over), key=len)[-5:], sep="\n")
    print(*random.Random(options.seed).sample(texts, options.show), sep="\n")
    return int(len(over) * 1000 > len(texts))


if __name__ == "__main__":
    sys.exit(main())
