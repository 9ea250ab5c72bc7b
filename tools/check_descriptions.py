"""Count the descriptions that are longer than 20 tokens, with the tokenizer in a folder.

    .venv/bin/python tools/check_descriptions.py TOKENIZER_FOLDER

Counts every session with 20 styles, and each measure as present and as absent. The exit code is 1
if more than 1 in 1,000 descriptions are longer.
"""

import sys
from collections.abc import Iterator
from itertools import product

from transformers import AutoTokenizer

from sport_music_dataset.describe.evidence import Facts
from sport_music_dataset.describe.phrasings import describe
from sport_music_dataset.describe.sessions import known_sessions

MAX_TOKENS = 20
STYLES = (
    "latino classic electro rock pop jazz techno house ambient reggae hip-hop funk metal folk "
    "salsa samba drum_and_bass lo-fi blues soul"
).split()
_TEMPI, _KEYS = (None, 60.0, 126.4, 174.0), ("", "A minor", "F# minor", "D# major")
_ENERGIES = (None, 0.2, 0.5, 0.8)
_ARCS = ("", "warm-up", "build", "peak", "cool-down")


def descriptions() -> Iterator[str]:
    """Yield one description for every combination of facts."""
    names = sorted({session.name for session in known_sessions().values()})
    for number, facts in enumerate(product(names, STYLES, _TEMPI, _KEYS, _ENERGIES, _ARCS)):
        yield describe(Facts(*facts), 0, str(number))


def main(folder: str) -> int:
    """Print the counts and the longest descriptions; return the exit code."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = list(descriptions())
    lengths = [len(ids) for ids in tokenizer(texts)["input_ids"]]
    over = [text for text, length in zip(texts, lengths, strict=True) if length > MAX_TOKENS]
    print(f"{len(over)} of {len(texts)} descriptions exceed {MAX_TOKENS} tokens")
    print(*sorted(set(over), key=len)[-5:], sep="\n")
    return int(len(over) * 1000 > len(texts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
