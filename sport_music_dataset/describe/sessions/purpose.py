"""What music for a session is for, in English: "for a run", "to play during a yoga session"."""

import re
from typing import NamedTuple

from ..english import article, listed, singular
from .kinds import is_activity, is_contest, is_event, is_sport, listed_words
from .naming import find_within, in_words, pair
from .table import Session, find, separated

# Of a contest, what comes before it: "Rugby pre match", "Basket échauffement".
_BEFORE_CONTEST = re.compile(
    r"\b(?:pre ?(?:game|match|race)|avant (?:match|course)|warm ?ups?|"
    r"echauffement|aufwarmen|calentamiento|riscaldamento)\b"
)
# English words behind which a name goes on that has its head before them.
_BEHIND_HEAD = frozenset("at by for from in of on to with".split())
_SESSIONS = ("session", "class", "workout")
# Phases beside another session: "for warming up and yoga".
_DOING = {"cool-down": "cooling down", "warm-up": "warming up"}


class Told(NamedTuple):
    """A session as descriptions tell it.

    `session` is the one that is known, if any; `name` what the session is called, empty where its
    name says nothing in English. `purpose` is what music for it is for (`a marathon`), `event` what
    one takes part in (`yoga session`), empty where that cannot be said.
    """

    session: Session | None
    name: str
    purpose: str
    event: str


def tell(name: str, own: str = "") -> Told:
    """How a session is told, by its name; `own` are the user's sessions, as YAML.

    Example:
        >>> tell("Rugby pre match").purpose
        'a rugby warm-up'
    """
    if session := find_within(name, own):
        return Told(session, session.name, *_of_known(session, name))
    if both := pair(name, own):
        return _of_two(*both)
    words = in_words(name)
    return Told(None, words, *_of_words(words, own))


def _of_two(first: Session, second: Session) -> Told:
    # "Upper-body and core training".
    last = second.name.split()[-1]
    name = listed((first.name.removesuffix(f" {last}"), second.name))
    # "For warming up and stretching".
    purposes = [_DOING.get(one.name, one.purpose) for one in (first, second)]
    is_phrase = any(not one.purpose.startswith(one.name) for one in (first, second))
    purpose = listed(purposes) if is_phrase else name
    # "A sleep and recovery session" is none.
    is_session = first.event.endswith(_SESSIONS) and second.event.endswith(_SESSIONS)
    return Told(None, name, purpose, f"{name} session" if is_session else "")


def _of_words(name: str, own: str) -> tuple[str, str]:
    """Purpose and event of a session that nobody knows, by its name in English words."""
    # The name may say nothing, or consist only of underscores and spaces.
    if not name:
        return "a workout", "workout"
    if is_event(_head(name)):
        return f"{article(name)} {name}", name
    if is_sport(name):
        return name, f"{name} session"
    last = name.split()[-1]
    # "For heavy singles"; nobody says "a heavy single session".
    if singular(last) != last:
        return name, ""
    # "During field day".
    event = name if last == "day" else f"{name} session"
    # "for aqua boxing", "for morning yoga", but "for a foam ball session".
    return name if _is_done(last, own) else f"{article(event)} {event}", event


def _of_known(session: Session, as_named: str) -> tuple[str, str]:
    """Purpose and event of a known session; a match or a race is said only of who is in it."""
    name, is_alone = session.name, session.purpose == session.name
    if is_contest(session.event) and _is_before_contest(as_named):
        # "A football warm-up", "a pre-race warm-up".
        before = name if is_alone else f"pre-{session.event.split()[-1]}"
        event = f"{before} warm-up"
        return f"{article(event)} {event}", event
    if is_contest(session.event) and _is_training(as_named):
        return name if is_alone else f"{name} training", f"{name} training session"
    if is_alone and _says(as_named, "shown") and session.event.endswith(_SESSIONS):
        # "A dance show", of dancing.
        event = f"{session.event.rpartition(' ')[0]} show"
        return f"{article(event)} {event}", event
    # "Rugby Tuesdays" may be training.
    is_open = is_alone and is_contest(session.event) and not _says(as_named, "played")
    return session.purpose, f"{name} session" if is_open else session.event


def _head(name: str) -> str:
    """The word of which a name says more: `commute` of "commute to work"."""
    words = name.split()
    end = next((at for at, word in enumerate(words) if at and word in _BEHIND_HEAD), len(words))
    return words[end - 1]


def _is_done(last: str, own: str) -> bool:
    """Whether a name that ends in a word is what one does, and needs no "session" behind it."""
    known = find(last, own)
    is_known = known is not None and known.name == known.purpose == last
    return is_known or last.endswith("ing") or is_activity(last) or is_sport(last)


def _is_training(name: str) -> bool:
    """Whether a name says that one trains for a contest: `Football training`, `Cricket nets`."""
    compound = any(word.endswith("training") for word in separated(name).split())
    return compound or _says(name, "trained")


def _says(name: str, words: str) -> bool:
    """Whether a name has a word of a list in sessions.yaml."""
    return not listed_words(words).isdisjoint(separated(name).split())


def _is_before_contest(name: str) -> bool:
    """Whether a name says that a contest is near: `Rugby pre match`, `Basket échauffement`."""
    return bool(_BEFORE_CONTEST.search(separated(name)))
