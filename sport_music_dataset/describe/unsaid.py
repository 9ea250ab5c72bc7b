"""Notes on sessions and styles that descriptions do not say."""

from collections import Counter
from collections.abc import Iterable, Iterator

from ..outside.names import shown
from ..recipe import Recipe
from ..records import Track
from .evidence import says_style
from .sessions import find_within, in_words

_MOST_NAMED = 8


def unsaid(tracks: Iterable[Track], recipe: Recipe) -> Iterator[str]:
    """Notes on the sessions and styles of tracks that stay in their columns alone.

    Tracks that metadata describes, and such that are left out, count for nothing.
    """
    if recipe.descriptions == "notebook":
        return
    made = [t for t in tracks if not (t.reason or t.description or t.descriptions)]
    sessions = Counter(
        t.session
        for t in made
        if t.session and not (find_within(t.session, recipe.sessions) or in_words(t.session))
    )
    styles = Counter(
        t.style for t in made if t.style and not says_style(t.style, t.artist, recipe.sessions)
    )
    if sessions:
        yield (
            f'descriptions say "a workout" for sessions that tell no sport in English '
            f"({_named(sessions)}): --sessions names yours"
        )
    if styles:
        yield (
            f"descriptions do not say styles that tell nothing, or that are no style or artist "
            f"sportgen knows ({_named(styles)}): they stay in the column `style`"
        )


def _named(names: Counter[str]) -> str:
    """Names, those of most tracks first, and how many there are beside them."""
    most = [shown(name) for name, _ in names.most_common(_MOST_NAMED)]
    more = len(names) - len(most)
    return ", ".join(most) + (f" and {more} more" if more else "")
