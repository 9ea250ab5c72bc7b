"""English grammar for descriptions: articles, lists, and words that say the same."""

import re
import unicodedata
from collections.abc import Container, Iterator, Sequence
from functools import cache, lru_cache
from itertools import chain
from string import ascii_lowercase

from ..outside.documents import own_yaml

# Written with a vowel, spoken with the sound of "you" or "one": a eurodance track, a ukulele.
_CONSONANT = re.compile(r"(?:eu|uk|uni(?!n)|us[aeu]|ura|ut[ei]|ubi|ufo|one|once)", re.IGNORECASE)
_SILENT_H = re.compile(r"(?:hour|honest|honour|honor|heir)", re.IGNORECASE)
# Capitals that are spelled out: an EDM track, an R&B track, a UK garage track. HIIT is not.
_SPELLED = re.compile(r"[A-Z](?:$|[^a-z]{0,3}$|[&/.\d-]|[A-Z]{1,3}\b)")
_SPOKEN = frozenset({"FIBA", "FIFA", "HIIT", "MIDI", "RAP", "ROCK", "SKA"})
_SPELLED_OUT = 4
_VOWEL_NAMES = frozenset("AEFHILMNORSX")
_AN_NUMBER = re.compile(r"(?:8\d*|11|18)(?!\d)")
_ENDINGS = tuple(
    "ization isation ations ative ation ically ical etic able ingly ings ing ful ness ies ers er "
    "ic al ed es ly s e y".split()
)
# "Fitness", "tennis", "canvas", "campus", "abdos" and "aerobics" are no plurals.
_PLURAL = re.compile(r"^[a-z-]{3,}(?<![aiosu])(?<!ic)s$")
_ES = re.compile(r"(?:ch|sh|x|ss)es$")
_BEAT = re.compile(r".beats?$")
# Words behind which nobody says "music": the M of EDM is music, and what is spoken is none.
_IS_MUSIC = frozenset({"ccm", "edm", "idm", "musical", "spoken"})
_SMALL = frozenset(
    "a an and at by de des du et for from in it its la le les of on or the to up down with".split()
)
# Letters of names that are corrected: shorter ones are too near to others ("Trace" is no trance). A
# letter too many counts only if it is doubled, another letter only among vowels: "Mental" is no
# metal, "France" no trance.
_LEAST_SWAPPED, _LEAST_DOUBLED, LEAST_FOR_A_LETTER, _LEAST_FOR_A_VOWEL = 4, 5, 6, 7
_VOWELS = "aeiouy"
# Letters for which a neighbour in sound is written.
_ALIKE = {letter: group for group in (_VOWELS, "sz", "ck") for letter in group}
# Descriptions are made of few words, each in many templates.
_CACHED = 4_096


@lru_cache(_CACHED)
def article(text: str) -> str:
    """`a` or `an`, as the sound of what follows asks for: an hour, a eurodance, an 80s, an R&B."""
    first = (re.findall(r"[\w&/.'-]+", text) or [""])[0]
    if first[:1].isdigit():
        return "an" if _AN_NUMBER.match(first) else "a"
    if (_SPELLED.match(first) and first.rstrip("s") not in _SPOKEN) or len(first) == 1:
        return "an" if first[0].upper() in _VOWEL_NAMES else "a"
    plain = without_accents(first)
    # "An xx track": what has no vowel is spelled out.
    if len(plain) < _SPELLED_OUT and plain.isalpha() and not re.search("[aeiouy]", plain.lower()):
        return "an" if plain[0].upper() in _VOWEL_NAMES else "a"
    if _SILENT_H.match(plain):
        return "an"
    is_vowel = plain[:1].lower() in set("aeiouœ") and not _CONSONANT.match(plain)
    return "an" if is_vowel else "a"


def listed(words: Sequence[str]) -> str:
    """Words as one phrase: `piano, strings and drums`."""
    *rest, last = words
    return f"{', '.join(rest)} and {last}" if rest else last


def slips(key: str) -> Iterator[str]:
    """The names of which a folded name is one slip of the hand away, the likeliest first."""
    ends = [(key[:at], key[at:]) for at in range(len(key) + 1)]
    if len(key) >= _LEAST_SWAPPED:
        yield from (a + b[1] + b[0] + b[2:] for a, b in ends[:-2])
    if len(key) >= _LEAST_DOUBLED:
        yield from (a + b[1:] for a, b in ends[:-1] if a[-1:] == b[0])
    if len(key) >= LEAST_FOR_A_LETTER:
        yield from (a + letter + b for a, b in ends for letter in ascii_lowercase)
    if len(key) >= _LEAST_FOR_A_VOWEL:
        heard = [(a, b) for a, b in ends[:-1] if b[0] in _ALIKE]
        yield from (a + letter + b[1:] for a, b in heard for letter in _ALIKE[b[0]])


@cache
def english_words(*lists: str) -> frozenset[str]:
    """The words of lists of english.yaml; of all if none is named."""
    data = own_yaml(__file__, "english.yaml")
    return frozenset(chain.from_iterable(data[name] for name in lists or data))


def is_among(word: str, words: Container[str]) -> bool:
    """Whether a folded word, or what its English plural names, is one of these."""
    return word in words or singular(word) in words


def singular(word: str) -> str:
    """One of what an English plural names, `stretch` of `stretches`; other words as they are."""
    if not _PLURAL.search(word):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[: -2 if _ES.search(word) else -1]


@lru_cache(_CACHED)
def stems(text: str) -> frozenset[str]:
    """The stems of the words that carry meaning: those of `dancing` and `dance` are one."""
    words = re.findall(r"[^\W_]+", without_accents(text).casefold())
    # "upbeat breakbeat" says beat twice.
    words += ["beat"] * any(_BEAT.search(word) for word in words)
    # "Easygoing easy listening".
    words += ["easy"] * ("easygoing" in words)
    words += ["music"] * (not _IS_MUSIC.isdisjoint(words))
    return frozenset(_stem(word) for word in words if word not in _SMALL)


def _stem(word: str) -> str:
    """A word without its endings; crude, since it is only compared with other words."""
    while end := next((e for e in _ENDINGS if word.endswith(e) and len(word) - len(e) >= 3), ""):
        word = word[: -len(end)]
        if len(word) > 3 and word[-1] == word[-2]:
            word = word[:-1]
    return word


def without_accents(text: str) -> str:
    """A text with plain letters, as it is typed where accents are missing."""
    # Most of the 18,000 names in our tables have none, and every command folds them.
    if text.isascii():
        return text
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
