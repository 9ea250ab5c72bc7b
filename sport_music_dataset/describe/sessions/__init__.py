"""Sport sessions: what people call them in many languages, and how English says them.

`table` has the sessions of sessions.yaml and the user's, `naming` finds the one that a name means,
and `purpose` says what music for it is for. `kinds` has the lists of words.
"""

from .naming import find_within, in_words
from .table import (
    MOST_WORDS,
    Session,
    find,
    folded,
    known_sessions,
    normalise,
    spaced,
)

__all__ = [
    "MOST_WORDS",
    "Session",
    "find",
    "find_within",
    "folded",
    "in_words",
    "known_sessions",
    "normalise",
    "spaced",
]
