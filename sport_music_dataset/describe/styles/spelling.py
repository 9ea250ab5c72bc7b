"""The style that a mistyped name means: `Elctro`, `Hip hpo`, `Metall`."""

from collections.abc import Iterator
from string import ascii_lowercase

from ..sessions import find
from .table import Style, artist_key, key_of, known, table

# Letters of names that are corrected: shorter ones are too near to others ("Trace" is no trance). A
# letter too many counts only if it is doubled, another letter only among vowels: "Mental" is no
# metal, "France" no trance.
_SWAPPED, _DOUBLED, _MISSING, _VOWEL = 4, 5, 6, 7
_VOWELS = "aeiouy"


def misspelt(name: str) -> Style | None:
    """The style or the artist that a name is, but for one slip of the hand; None if none is."""
    key, data = key_of(name), table()
    if key in data.others or artist_key(name) in data.artists or find(name):
        return None
    for form in _slips(key):
        # "Quite" is no "quiet": what says how music is has too many words for neighbours.
        if form in data.styles and form not in data.no_folders:
            return known(form)
        if len(key) >= _MISSING and (artist := data.artists.get(form)):
            return Style(artist, f"{artist} music")
    return None


def _slips(key: str) -> Iterator[str]:
    """The keys of which a key is one slip away, the likeliest first."""
    ends = [(key[:at], key[at:]) for at in range(len(key) + 1)]
    if len(key) >= _SWAPPED:
        yield from (a + b[1] + b[0] + b[2:] for a, b in ends[:-2])
    if len(key) >= _DOUBLED:
        yield from (a + b[1:] for a, b in ends[:-1] if a[-1:] == b[0])
    if len(key) >= _MISSING:
        yield from (a + letter + b for a, b in ends for letter in ascii_lowercase)
    if len(key) >= _VOWEL:
        vowels = [(a, b) for a, b in ends[:-1] if b[0] in _VOWELS]
        yield from (a + letter + b[1:] for a, b in vowels for letter in _VOWELS)
