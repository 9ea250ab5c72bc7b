"""Sport sessions: their names in many languages, and the tempo and moods that suit them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import yaml

from ...errors import SettingError
from ...outside.documents import compose_yaml, construct_yaml, own_yaml
from ...outside.names import shown
from ..english import without_accents

INTENSITIES = ("low", "medium", "high")
MOST_WORDS = 1_000
"""Most letters of the name of a session: patterns that fold names take quadratic time."""

_MOST_BPM = 1_000
# Not of "F45", which would be "f".
_NUMBER_AT_END = re.compile(r"(?<=[^\d\s]{2})[\s#]*\d+$")
BETWEEN_WORDS = re.compile(r"[\s_\-'’/.]+")
_INITIALS = re.compile(r"\b(?:\w\.){2,}")
# Words that people add to the name of a session.
FILLERS = frozenset(
    "seance seances session sessions cours class classes workout workouts entrainement musique "
    "music playlist de d du des la le les l a au aux en pour for the my our your mon ma mes notre "
    "votre mix remix song songs of del el los las un una clase sesion sesiones lezione lezioni "
    "aula stunde kurs di do da".split()
)
_KEYS = {"aliases", "intensity", "tempo_bpm", "source", "moods", "for", "event"}


@dataclass(frozen=True, slots=True)
class Session:
    """A sport session, by its English name, and the music that suits it.

    `intensity` is low, medium or high. `tempo_bpm` is the lowest and highest tempo of the beat,
    None if no band is known; `source` cites the source of this band. `purpose` is what music for it
    is for (`a marathon`), `event` what one takes part in (`yoga session`).
    """

    name: str
    intensity: str
    tempo_bpm: tuple[float, float] | None
    source: str
    moods: tuple[str, ...]
    purpose: str
    event: str


@lru_cache(4_096)
def find(name: str, own: str = "") -> Session | None:
    """The session that a name means; None if no session has this name.

    Args:
        name: the name as people write it: `Course à pied 2`, `seances_de_yoga`, `Running`.
        own: the user's sessions, as YAML like sessions.yaml; they replace ours of the same name.
    """
    return known_sessions(own).get(normalise(name))


def normalise(name: str) -> str:
    """A name without case, accents, hyphens, plurals, filler words and a number at the end."""
    words = _NUMBER_AT_END.sub("", separated(name).strip()).split()
    kept = [word for word in words if word not in FILLERS] or words
    return " ".join(word[:-1] if len(word) > 3 and word[-1] == "s" else word for word in kept)


def separated(name: str) -> str:
    """A folded name with blanks between its words: `C.A.F.` is one."""
    text = _INITIALS.sub(lambda match: match[0].replace(".", ""), folded(name))
    return BETWEEN_WORDS.sub(" ", text)


def folded(name: str) -> str:
    """A name without case, accents and extra spaces, which people type in different ways."""
    return " ".join(without_accents(name.casefold()).split())


def spaced(name: str) -> str:
    """A name with single blanks, also for underscores."""
    return " ".join(name.replace("_", " ").split())


@cache
def known_sessions(own: str = "") -> dict[str, Session]:
    """Map each normalised name to its session: our sessions and the user's.

    Raises:
        SettingError: the user's text is not YAML like sessions.yaml; the message names the line.
    """
    ours = own_yaml(__file__, "sessions.yaml")["sessions"].items()
    sessions = dict(_read((name, data, "sessions.yaml") for name, data in ours))
    return sessions | dict(_read(_users(own))) if own else sessions


def _users(text: str) -> Iterator[tuple[str, Any, str]]:
    """Name, value and place of each session of a user's YAML."""
    place = "--sessions"
    for key, value in _entries(compose_yaml(text, place, SettingError), place):
        where = f"{place}: line {key.start_mark.line + 1}"
        if not isinstance(key, yaml.ScalarNode) or len(key.value) > MOST_WORDS:
            raise SettingError(f"{where}: {shown(key.value)} is no name of a session")
        yield key.value, construct_yaml(value, where, SettingError), where


def _read(entries: Iterable[tuple[str, Any, str]]) -> Iterator[tuple[str, Session]]:
    taken: dict[str, str] = {}
    for name, data, where in entries:
        session, aliases = _session(name, data, f"{where}: {name}")
        for alias in (name, *aliases):
            other = taken.setdefault(normalise(alias), name)
            if other != name:
                raise SettingError(f"{where}: {alias!r} means {other!r} already; keep one")
            yield normalise(alias), session


def _entries(root: Any, place: str) -> list[tuple[Any, Any]]:
    """Key and value nodes of the sessions in a YAML document."""
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "sessions" and isinstance(value, yaml.MappingNode):
            return list(value.value)
    example = "sessions: {curling: {intensity: low}}"
    raise SettingError(f"{place}: line 1: has no mapping `sessions:`, as in `{example}`")


def _session(name: str, data: Any, place: str) -> tuple[Session, list[str]]:
    """A session and its aliases; raises SettingError if `data` does not describe a session."""
    if not isinstance(data, dict) or not data.keys() <= _KEYS:
        extra = (
            f", not {', '.join(map(shown, data.keys() - _KEYS))}" if isinstance(data, dict) else ""
        )
        raise SettingError(f"{place}: takes {', '.join(sorted(_KEYS))}{extra}")
    intensity = data.get("intensity")
    if not isinstance(intensity, str) or intensity not in INTENSITIES:
        raise SettingError(
            f"{place}: intensity {shown(intensity)}: one of {', '.join(INTENSITIES)}"
        )
    lists = {key: data.get(key, []) for key in ("aliases", "moods")}
    for key, value in lists.items():
        if not isinstance(value, list) or not all(
            isinstance(word, str) and len(word) <= MOST_WORDS for word in value
        ):
            raise SettingError(f"{place}: {key} must be a list of words")
    said = {"for": data.get("for", name), "event": data.get("event", f"{name} session")}
    for key, value in said.items():
        if not isinstance(value, str) or not 0 < len(value) <= MOST_WORDS:
            raise SettingError(f"{place}: {key} {shown(value)}: write words")
    band = data.get("tempo_bpm")
    if band is not None and not _is_band(band):
        raise SettingError(f"{place}: tempo_bpm {shown(band)}: two numbers, as in [120, 140]")
    tempo = (float(band[0]), float(band[1])) if band else None
    source = str(data.get("source", "convention"))
    session = Session(
        name, intensity, tempo, source, tuple(lists["moods"]), said["for"], said["event"]
    )
    return session, lists["aliases"]


def _is_band(band: Any) -> bool:
    numbers = isinstance(band, list) and all(type(value) in (int, float) for value in band)
    return numbers and len(band) == 2 and 0 < band[0] < band[1] < _MOST_BPM
