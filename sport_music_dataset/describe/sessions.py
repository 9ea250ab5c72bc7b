"""Sport sessions: their names in French and English, and the tempo and moods that suit them."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import yaml

from ..errors import SettingError
from ..outside.documents import compose_yaml, construct_yaml, own_yaml, own_yaml_nodes
from ..outside.names import shown
from .english import english_words, is_among, slips

INTENSITIES = ("low", "medium", "high")
MOST_WORDS = 1_000
"""Most letters of the name of a session: patterns that fold names take quadratic time."""

_MOST_BPM = 1_000
# A word in capitals with more letters is no abbreviation.
_MOST_CAPITALS = 4
_NUMBER_AT_END = re.compile(r"(?<=[^\d\s])[\s#]*\d+$")
_BETWEEN_WORDS = re.compile(r"[\s_\-'’/.]+")
_INITIALS = re.compile(r"\b(?:\w\.){2,}")
# Words that people add to the name of a session.
_FILLERS = frozenset(
    "seance seances session sessions cours class classes workout workouts entrainement musique "
    "music playlist de d du des la le les l a au aux en pour for the my our your mon ma mes notre "
    "votre mix remix song songs of del el los las un una clase sesion sesiones lezione lezioni aula stunde kurs di do "
    "da".split()
)
# Before a place, a time or a person: "At work" is no sport.
_AT = frozenset(
    "at in on with under before after during while avant apres après avec chez dans pendant pour "
    "sous sur vers coach prof".split()
)
# English words behind which a name goes on that has its head before them.
_BEHIND_HEAD = frozenset("at by for from in of on to with".split())
# How much of it people write behind the name of a session.
_AMOUNT = re.compile(
    r"\b[a-z]?\d+(?: ?x ?\d+)* ?"
    r"(?:k|km|m|min|mn|mins|minutes?|h|hr|s|sec|secondes?|reps?|rounds?|series?|days?|jours?|ans|x)?\b\+?"
)
_LENGTH = re.compile(r"\(?\b\d+ ?(?:min|mn|mins|minutes|sec|secondes|seconds)\b\)?", re.IGNORECASE)
# "Morning run 5k" is a morning run; a 10K race is one.
_AMOUNT_AT_END = re.compile(
    r"(?<=\w)(?:\s+\d[\dx.,:/-]* ?(?:k|km|m|mi|miles|h)?)+$", re.IGNORECASE
)
# Of what a distance alone is told: "Prépa 10 km", "10 x 400 m".
_DISTANCE = re.compile(r"\b\d+ ?(?:km?|miles?|x ?\d00 ?m?)\b")
# "2. Main set".
_PLACE_IN_LIST = re.compile(r"^\d{1,2}\s*[.)-]\s*(?=\D)")
_IS_AMOUNT = re.compile(r"\d+[a-z]{0,2}")
_LEAST_CORRECTED = 5
# The lists of english.yaml that names of sessions are made of: "a happy session" says nothing.
_OF_SESSIONS = ("small", "when", "where", "who", "body", "what", "more")
# "Pour Marie": what it is for is no sport that anybody knows.
_FOR = re.compile(r"(?:pour|for)\s", re.IGNORECASE)
_COURSE = re.compile(
    r"^(?:les mills|training|stage|atelier|initiation|concours|ecole|club|soiree|gala|workshop|festival|"
    r"clase|taller|entrainement|prepa|preparation|perfectionnement|sortie|tournoi|match|spectacle|"
    r"competition)s? "
    r"(?:(?:de|du|d|des|a|au|en) )*(?=\S)"
)
# "Lauftraining" is Lauf.
_COMPOUND = re.compile(r"(?<=\w{3})(?:training|treff|kurs|stunde|einheit|gruppe|abend)$")
_AND = re.compile(r"\s*[&+/]\s*|\s+(?:and|et)\s+")
_ONE_WORD = re.compile(r"\b(warm|cool)[\s-]?(up|down)\b", re.IGNORECASE)
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


@lru_cache(4_096)
def find_within(name: str, own: str = "") -> Session | None:
    """The session that a name means, for the words of a description; None if there is none.

    More than `find` knows: `Running 10K`, `HIIT 20 min`, `Yoga du soir`, `Danse bretonne`. These
    may be titles of songs as well, so that they tell nothing of how names are to be read.
    """
    if found := find(name, own):
        return found
    words = _bare(name)
    text = " ".join(words)
    for part in (text, _COURSE.sub("", text), _COMPOUND.sub("", text)):
        one = normalise(part).replace(" ", "")
        if found := find(part, own) or find(one, own) or _joined(own).get(one):
            return found
        if normalise(part) in _named("dances"):
            return known_sessions(own)["dancing"]
    if pair(name, own) or is_sport(text):
        return None
    # "Runing" is running.
    if slipped := next(filter(None, map(known_sessions(own).get, slips(normalise(text)))), None):
        return slipped
    # "For a recovery run" says more than "for a cool-down", and shovelling snow is no snowboarding.
    is_english, last = bool(in_words(name)), words[-1] if words else ""
    is_more = is_event(last) or (last.endswith("ing") and not find(last, own))
    if is_english and is_more:
        return None
    # "Couch to 5K week 3": the amount is part of the name.
    whole = normalise(name).split()
    parts = [words[:end] for end in range(len(words) - 1, 0, -1)]
    parts += [whole[:end] for end in range(len(whole) - 1, 1, -1)]
    if not is_english:
        # "Trening yoga Nordstrand" can be said by its sport alone.
        parts += [words[at:end] for at, end in _spans(len(words))]
    found = next((found for part in parts if (found := find(" ".join(part), own))), None)
    is_distance = not is_more and _DISTANCE.search(folded(name))
    return found or (known_sessions(own)["running"] if is_distance else None)


def _spans(count: int) -> Iterator[tuple[int, int]]:
    """The spans of so many words, the longest first."""
    yield from ((at, at + n) for n in range(count - 1, 0, -1) for at in range(count - n + 1))


def pair(name: str, own: str = "") -> tuple[str, ...]:
    """The two sessions that a name like `Yoga & Pilates` names; none if it names others."""
    found = [find(part, own) for part in _AND.split(name)]
    names = tuple(dict.fromkeys(session.name for session in found if session))
    return names if len(names) == len(found) == 2 else ()


@lru_cache(4_096)
def in_words(name: str) -> str:
    """What a session that nobody knows is called within a sentence.

    Empty if its name says nothing (`Séance du Lundi`, `Track 03`) or is no English: `Leg Day` is
    "leg day", `Krachttraining` and `Sortie des copains` would be foreign words in a sentence.
    """
    text = re.sub(r"\s*[&+]\s*", " and ", _PLACE_IN_LIST.sub("", spaced(name)))
    text = _LENGTH.sub(" ", text).strip()
    text = _AMOUNT_AT_END.sub("", text) or spaced(name)
    words = _ONE_WORD.sub(lambda match: f"{match[1]}-{match[2]}".lower(), text).split()
    while words and folded(words[0]) in _FILLERS:
        words = words[1:]
    said = [word for word in _bare(name) if len(word) > 1 and word not in _FILLERS]
    nothing = _named("nothing")
    is_nothing = normalise(name) in nothing or all(normalise(word) in nothing for word in said)
    if not words or words[0].casefold() in _AT or is_nothing or _FOR.match(name):
        return ""
    shouts = name.isupper() and any(w.isalpha() and len(w) > _MOST_CAPITALS for w in words)
    return _in_english([_spelled(word) for word in words], shouts)


def _in_english(words: list[str], shouts: bool) -> str:
    """The words of a session within a sentence; empty if some are no English, but for names.

    "A Central Park loop" is English, and so is "an NYC marathon"; "a Prépa session" is not.
    """
    # "A squat session", but no "country session" nor a "Latin session".
    is_adjective = words[0].casefold() in _listed("proper")
    if len(words) == 1 and (is_adjective or not _is_english(words[0], "body", "what")):
        return ""
    unknown = [at for at, word in enumerate(words) if not _is_english(word)]
    if unknown and (shouts or not _has_name(words, [words[at] for at in unknown])):
        return ""
    # Beside a name stand other parts of it: "Hyde Park", but "morning Vondelpark run".
    named = [
        bool(unknown) and at < len(words) - 1 and word.casefold() not in english_words("when")
        for at, word in enumerate(words)
    ]
    return " ".join(
        word if is_name else _cased(word, shouts or word[1:].islower() or "-" in word)
        for word, is_name in zip(words, named, strict=True)
    )


def _has_name(words: list[str], unknown: list[str]) -> bool:
    """Whether the unknown words of a session are names: `Central Park loop`, `NYC marathon`."""
    *before, last = words
    is_title = all(word[:1].isupper() for word in before) and (len(before) > 1 or last[0].isupper())
    return (is_event(last) or is_activity(last)) and all(
        word in before and word.isascii() and word.isalpha() and (is_title or word.isupper())
        for word in unknown
    )


def _spelled(word: str) -> str:
    """A word, put right if it is one slip away from an English one."""
    if len(word) < _LEAST_CORRECTED or _is_english(word):
        return word
    found = next((slip for slip in slips(folded(word)) if slip in _english()), word)
    return found.capitalize() if word[0].isupper() else found


def _is_english(word: str, *lists: str) -> bool:
    """Whether a word of a name is English, or an amount: `Leg`, `10K`, `Foam-ball`.

    Lists of english.yaml are those that count; all that are of sessions if none is named.
    """
    parts = _BETWEEN_WORDS.sub(" ", folded(word).strip("()[]!?,;:&+")).split()
    return all(is_among(part, _english(*lists)) or _IS_AMOUNT.fullmatch(part) for part in parts)


@cache
def _english(*lists: str) -> frozenset[str]:
    """The folded words of sessions in English, with those of lists of english.yaml."""
    names = [name for key in ("events", "activities", "proper", "sports") for name in _listed(key)]
    said = [
        words for one in known_sessions().values() for words in (one.name, one.purpose, one.event)
    ]
    words = _BETWEEN_WORDS.sub(" ", folded(" ".join((*names, *said)))).split()
    return english_words(*(lists or _OF_SESSIONS)).union(words)


def _cased(word: str, is_plain: bool) -> str:
    """A word as it stands within a sentence."""
    if proper := _proper().get(word.casefold()):
        return proper
    return word.lower() if is_plain else word


def _bare(name: str) -> list[str]:
    """The folded words of a name, without amounts and degrees."""
    text = _AMOUNT.sub(" ", _separated(re.sub(r"[()\[\]]", " ", name)))
    return [word for word in text.split() if word not in _listed("added")]


def normalise(name: str) -> str:
    """A name without case, accents, hyphens, plurals, filler words and a number at the end."""
    words = _NUMBER_AT_END.sub("", _separated(name).strip()).split()
    kept = [word for word in words if word not in _FILLERS] or words
    return " ".join(word[:-1] if len(word) > 3 and word[-1] == "s" else word for word in kept)


def _separated(name: str) -> str:
    """A folded name with blanks between its words: `C.A.F.` is one."""
    text = _INITIALS.sub(lambda match: match[0].replace(".", ""), folded(name))
    return _BETWEEN_WORDS.sub(" ", text)


def folded(name: str) -> str:
    """A name without case, accents and extra spaces, which people type in different ways."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).split())


def spaced(name: str) -> str:
    """A name with single blanks, also for underscores."""
    return " ".join(name.replace("_", " ").split())


@cache
def known_sessions(own: str = "") -> dict[str, Session]:
    """Map each normalised name to its session: our sessions and the user's.

    Raises:
        SettingError: the user's text is not YAML like sessions.yaml; the message names the line.
    """
    sessions = dict(_read(own_yaml_nodes(__file__, "sessions.yaml"), "sessions.yaml"))
    if own:
        sessions |= dict(_read(compose_yaml(own, "--sessions", SettingError), "--sessions"))
    return sessions


@cache
def _joined(own: str) -> dict[str, Session]:
    """The sessions of several words, by their names in one: `aquajogging`, `warmup`."""
    sessions = known_sessions(own).items()
    return {name.replace(" ", ""): session for name, session in sessions if " " in name}


def is_event(word: str) -> bool:
    """Whether a name that ends in a word is that of an event, behind "a": `a leg race`."""
    return word.casefold() in _listed("events")


def head(name: str) -> str:
    """The word of which a name says more: `commute` of "commute to work"."""
    words = name.split()
    end = next((at for at, word in enumerate(words) if at and word in _BEHIND_HEAD), len(words))
    return words[end - 1]


def is_activity(word: str) -> bool:
    """Whether a name that ends in a word is what one does, without "a": `cheer practice`."""
    return word.casefold() in _listed("activities")


def is_sport(name: str) -> bool:
    """Whether a name is that of a sport that one does, in English: `curling`, `Jiu-jitsu`."""
    return normalise(name) in _named("sports")


@cache
def _proper() -> dict[str, str]:
    """The words that have a capital within a sentence, by these in small letters."""
    data = own_yaml(__file__, "sessions.yaml")
    words = [name for name in (*data["proper"], *data["sports"]) if " " not in name]
    return {word.casefold(): word for word in words if not word.islower()}


@cache
def _named(name: str) -> frozenset[str]:
    """The normalised names of a list in sessions.yaml."""
    return frozenset(map(normalise, own_yaml(__file__, "sessions.yaml")[name]))


@cache
def _listed(name: str) -> frozenset[str]:
    """The folded words of a list in sessions.yaml."""
    return frozenset(map(folded, own_yaml(__file__, "sessions.yaml")[name]))


def _read(root: yaml.Node | None, place: str) -> Iterator[tuple[str, Session]]:
    taken: dict[str, str] = {}
    for key, value in _entries(root, place):
        line, name = key.start_mark.line + 1, key.value
        where = f"{place}: line {line}"
        if not isinstance(key, yaml.ScalarNode) or len(name) > MOST_WORDS:
            raise SettingError(f"{where}: {shown(name)} is no name of a session")
        data = construct_yaml(value, where, SettingError)
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
    raise SettingError(f"{place}: line 1: has no mapping `sessions:`; see sessions.yaml")


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
