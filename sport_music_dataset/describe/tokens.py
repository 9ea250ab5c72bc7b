"""Estimate how many T5 tokens a description has, without the tokenizer."""

import math
from functools import cache, lru_cache

from ..outside.documents import own_yaml

MOST_TOKENS = 20
"""Tokens that training reads of a description, the end of the sequence included."""

# Of a word that is not in the table: so many letters or digits are a token, capitals and letters
# with accents one each, hyphens three.
_LETTERS = 2


def token_count(text: str) -> int:
    """About as many tokens as T5 has for a text, EOS included: seldom fewer."""
    return 1 + sum(_of_word(word) for word in text.split())


@lru_cache(4_096)
def _of_word(word: str) -> int:
    bare = word.rstrip(",:")
    count = _table().get(bare)
    if count is None:
        marks = sum(not letter.isalnum() for letter in bare)
        rare = sum(
            letter.isalnum() and (letter.isupper() or not letter.isascii()) for letter in bare
        )
        # A word may begin with a token that only stands for the blank before it.
        count = 1 + 3 * marks + rare + math.ceil((len(bare) - marks - rare) / _LETTERS)
    return count + len(word) - len(bare)


@cache
def _table() -> dict[str, int]:
    counts = own_yaml(__file__, "tokens.yaml").items()
    return {word: count for count, words in counts for word in words}
