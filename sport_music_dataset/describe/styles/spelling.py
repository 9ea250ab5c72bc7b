"""The style that a mistyped name means: `Elctro`, `Hip hpo`, `Metall`."""

from ..english import LEAST_FOR_A_LETTER, slips
from ..sessions import find
from .table import Style, artist_key, artists, key_of, known, table


def misspelt(name: str) -> Style | None:
    """The style or the artist that a name is, but for one slip of the hand; None if none is."""
    key, data = key_of(name), table()
    if key in data.others or artist_key(name) in artists() or find(name):
        return None
    for form in slips(key):
        # "Quite" is no "quiet": what says how music is has too many words for neighbours.
        if form in data.styles and form not in data.no_folders:
            return known(form)
        if len(key) >= LEAST_FOR_A_LETTER and (artist := artists().get(form)):
            return Style(artist, f"{artist} music")
    return None
