"""What a name that people give a session means within a sentence: a session, or English words."""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

from ...outside.documents import own_yaml
from ..english import english_words, is_among, slips
from .kinds import is_activity, is_contest, is_event, is_sport, listed_words, named, proper
from .table import (
    BETWEEN_WORDS,
    FILLERS,
    Session,
    find,
    folded,
    known_sessions,
    normalise,
    separated,
    spaced,
)

# Longer names are not searched for a sport within: their spans are many.
_MOST_WORDS = 16
# A word in capitals with more letters is no abbreviation.
_MOST_CAPITALS = 4
# Before a place, a time or a person: "At work" is no sport.
_AT = frozenset(
    "at in on with under before after during while avant apres après avec chez dans pendant pour "
    "sous sur vers coach prof".split()
)
# How much of it people write behind the name of a session.
_AMOUNT = re.compile(
    r"\b[a-z]?\d+(?: ?x ?\d+)* ?"
    r"(?:k ?steps|steps|k|km|m|min|mn|mins|minutes?|h|hr|s|sec|secondes?|reps?|rounds?|series?|"
    r"days?|jours?|ans|x|miles?|laps?|lengths?|longueurs?)?\b\+?"
)
_AT_HOME = re.compile(r"\s+(?:at|in|from) (?:home|the gym|work)$", re.IGNORECASE)
_LENGTH = re.compile(r"\(?\b\d+ ?(?:min|mn|mins|minutes|sec|secondes|seconds)\b\)?", re.IGNORECASE)
# "Morning run 5k" is a morning run; a 10K race is one.
_AMOUNT_AT_END = re.compile(
    r"(?<=\w)(?:\s+\d[\dx.,:/-]* ?(?:k ?steps|steps|k|km|m|mi|miles?|h)?)+$", re.IGNORECASE
)
# Of what a distance alone is told: "Prépa 10 km", "10 x 400 m".
_DISTANCE = re.compile(r"\b\d+ ?(?:km?|miles?|x ?\d00 ?m?)\b")
# "2. Main set", "Back to netball", "Mum's walk".
_BEFORE_NAME = re.compile(
    r"^(?:\d{1,2}\s*[.)-]|back to\b|(?:mum|mom|dad|gran|grandma)['’]s\b)\s*(?=\D)", re.IGNORECASE
)
_IS_AMOUNT = re.compile(r"\d+(?:k|km|mi?|h|min|s|x|st|nd|rd|th)?")
_LEAST_CORRECTED = 6
# Letters of a sport that is looked for within a name: `polo` may be a shirt.
_LEAST_WITHIN = 5
# "Knee rehab week 4".
_NUMBERED_AT_END = re.compile(
    r"(?<=\w)\s+(?:week|wk|day|level|part|phase|term|unit|year|grade|vol|no|set)\.?\s*\d{1,2}$",
    re.IGNORECASE,
)
_WHOLE_BODY = re.compile(r"\b(full|upper|lower|total)[ -]body (?=\w)", re.IGNORECASE)
# Sessions that are no head of a name, but what is done of another session.
_GENERAL = frozenset({"cool-down", "fitness", "warm-up"})
# Sessions for a part of the body, which stands before them.
_FOR_A_PART = frozenset(
    {"mobility training", "physiotherapy", "strength and conditioning", "stretching"}
)
# "Sunday spin (road)", "Horse lesson - trot".
_BESIDE = re.compile(r"(?<=\w)(?:\s*[(\[].*?[)\]]|\s[-–/|]\s.*)")
# Shouts: "Game Day!!".
_MARKS = re.compile(r"[!?*~#]+")
# The lists of english.yaml that names of sessions are made of: "a happy session" says nothing.
_OF_SESSIONS = ("small", "when", "where", "who", "body", "what", "more")
# "Rugby pre match": what comes before or after a match is none.
_BEFORE = re.compile(r"(?:pre|post)(?:-|$|game|match|race)", re.IGNORECASE)
# "Pour Marie": what it is for is no sport that anybody knows.
_FOR = re.compile(r"(?:pour|for)\s", re.IGNORECASE)
_COURSE = re.compile(
    r"^(?:les mills|peloton|zwift|(?:apple )?fitness\+|training|stage|atelier|initiation|concours|"
    r"ecole|club|soiree|gala|workshop|festival|clase|taller|entrainement|prepa|preparation|"
    r"perfectionnement|sortie|tournoi|match|spectacle|competition|back to)s? "
    r"(?:(?:de|du|d|des|a|au|en) )*(?=\S)"
)
# "Lauftraining" is Lauf.
_COMPOUND = re.compile(r"(?<=\w{3})(?:training|treff|kurs|stunde|einheit|gruppe|abend)$")
_AND = re.compile(r"\s*[&+/]\s*|\s+(?:and|et)\s+")
_ONE_WORD = re.compile(r"\b(warm|cool)[\s-]?(up|down)\b", re.IGNORECASE)


@lru_cache(4_096)
def find_within(name: str, own: str = "") -> Session | None:
    """The session that a name means, for the words of a description; None if there is none.

    More than `find` knows: `Running 10K`, `HIIT 20 min`, `Yoga du soir`, `Danse bretonne`. These
    may be titles of songs as well, so that they tell nothing of how names are to be read.
    """
    words = _bare(name)
    text = " ".join(words)
    whole = find(name, own) or _of_whole(name, text, own)
    if whole or pair(name, own) or is_sport(text) or normalise(name) in named("nothing"):
        return whole
    # "Runing" is running.
    slipped = next(filter(None, map(known_sessions(own).get, slips(normalise(text)))), None)
    if slipped or is_sport(in_words(name)):
        return slipped
    return _of_part(name, words, own)


def _of_whole(name: str, text: str, own: str) -> Session | None:
    """The session of a name but for what people add to it; `text` is the name without amounts."""
    for part in (text, text.replace("&", "and"), _COURSE.sub("", text), _COMPOUND.sub("", text)):
        one = normalise(part).replace(" ", "")
        if found := find(part, own) or find(one, own) or _joined(own).get(one):
            return found
        if meant := _only_named().get(normalise(part)):
            return find(meant, own)
    # "Back and biceps" is one.
    sessions = {find(part, own) for part in _AND.split(name)}
    return sessions.pop() if len(sessions) == 1 else _nearer(sessions)


def _nearer(sessions: set[Session | None]) -> Session | None:
    """Of two sessions the one that is of the kind of the other: indoor cycling is cycling."""
    known = sorted(filter(None, sessions), key=lambda one: len(one.name))
    is_kind = len(known) == len(sessions) == 2 and known[1].name.endswith(known[0].name)
    return known[1] if is_kind else None


def _of_part(name: str, words: list[str], own: str) -> Session | None:
    """The session that begins or ends a name, or stands in one that is no English."""
    is_english, last = bool(in_words(name)), words[-1] if words else ""
    # "For a recovery run" says more than "for a cool-down", and shovelling snow is no snowboarding.
    is_done_there = last.endswith("ing") and last not in english_words("when")
    is_more = is_event(last) or (is_done_there and not find(last, own))
    if is_english and is_more:
        # "London Marathon 2023" is a marathon.
        has_name = not all(map(_is_english, spaced(name).split()[:-1]))
        return find(last, own) if has_name and is_contest(last) else None
    said = (" ".join(p) for p in _parts(name, words, is_english, own) if not _is_only_alone(p))
    texts = [text for text in said if is_sport(text) or find(text, own)]
    found = [find(text, own) for text in texts]
    # "Walking netball" is no walk: the name of a sport without a band comes first.
    if found and not found[0]:
        return None
    known = (_of_head if is_english else _of_foreign)([*filter(None, found)], words, own)
    # "10K training" is more than fitness training.
    is_open = not known or known.name == "fitness"
    is_distance = is_open and not is_more and _DISTANCE.search(folded(name))
    return find("running", own) if is_distance else known


def _parts(name: str, words: list[str], is_english: bool, own: str) -> Iterator[list[str]]:
    """The parts of a name that may be a session, the likeliest first."""
    yield from (words[:end] for end in range(len(words) - 1, 0, -1))
    # "Couch to 5K week 3": the amount is part of the name.
    whole = normalise(name).split()
    yield from (whole[:end] for end in range(len(whole) - 1, 0, -1))
    if not is_english:
        yield from (words[begin:] for begin in range(1, len(words)))
    # "Commute bike" is cycling, but a team warm-up is more than a warm-up.
    known = find(words[-1], own) if words else None
    if known and words[-1] != known.name != known.event:
        yield words[-1:]
    if not is_english and len(words) <= _MOST_WORDS:
        # "Trening yoga Nordstrand" can be said by its sport alone.
        yield from (words[at:end] for at, end in _spans(len(words)))


def _of_foreign(found: Sequence[Session], words: list[str], own: str) -> Session | None:
    """Of a name that is no English the session that it means, of those found in its parts."""
    if not found:
        return None
    first, last = found[0], find(words[-1], own) if words else None
    # "Échauffement foot", "Shoulder physio".
    is_other = first.name in _GENERAL and last and is_contest(last.event)
    if last and (is_other or last.name in _FOR_A_PART):
        return last
    # "Vélo - home trainer" is indoor cycling.
    return next((one for one in found if one.name.endswith(f" {first.name}")), first)


def _of_head(begins: Sequence[Session], words: list[str], own: str) -> Session | None:
    """Of an English name the session at its end, where that at its begin is untrue.

    "Cardio tennis" is tennis, a marathon recovery no marathon, and shoulder rehab no strength
    training; but a football warm-up is more than a warm-up.
    """
    parts = [words[begin:] for begin in range(1, len(words))]
    ends = (find(" ".join(part), own) for part in parts if not _is_only_alone(part))
    begun, found = next(iter(begins), None), next(filter(None, ends), None)
    # What follows a ride is none: "Spin cool down".
    if found and found.name == "cool-down":
        return found
    if not begun or not found or found.name in _GENERAL:
        return begun
    is_other = found.name in _FOR_A_PART or is_contest(begun.event) or is_contest(found.event)
    # "Gym climbing" is climbing, a cycling turbo trainer one for indoor cycling.
    is_nearer = begun.name in _GENERAL or found.name.endswith(begun.name)
    return found if is_other or is_nearer else begun


def _is_only_alone(words: list[str]) -> bool:
    """Whether a part of a name is a word that is a session only where it stands alone: `bench`."""
    said = [word for word in words if not word.isdigit()]
    return len(said) == 1 and normalise(said[0]) in named("alone")


def _spans(count: int) -> Iterator[tuple[int, int]]:
    """The spans of so many words, the longest first."""
    yield from ((at, at + n) for n in range(count - 1, 0, -1) for at in range(count - n + 1))


def pair(name: str, own: str = "") -> tuple[Session, ...]:
    """The two sessions that a name like `Yoga & Pilates` names; none if it names others."""
    found = [find(part, own) for part in _AND.split(name)]
    known = tuple(dict.fromkeys(filter(None, found)))
    return known if len(known) == len(found) == 2 else ()


@lru_cache(4_096)
def in_words(name: str) -> str:
    """What a session that nobody knows is called within a sentence.

    Empty if its name says nothing (`Séance du Lundi`, `Track 03`) or is no English: `Leg Day` is
    "leg day", `Krachttraining` and `Sortie des copains` would be foreign words in a sentence.
    """
    if sport := _sport_begun(_bare(name)):
        return _said_sport(sport)
    words = _plain(name).split()
    while words and folded(words[0]) in FILLERS:
        words = words[1:]
    # For whom and when stand before an English noun, or not at all: "Chair exercise seniors".
    while len(words) > 1 and folded(words[-1]) in listed_words("added"):
        words = words[:-1]
    if not words or words[0].casefold() in _AT or _says_nothing(name, words):
        return ""
    shouts = name.isupper() and any(w.isalpha() and len(w) > _MOST_CAPITALS for w in words)
    return _in_english([_spelled(word) for word in words], shouts) or _sport_in(name)


def _plain(name: str) -> str:
    """A name without marks, amounts and what stands behind a dash or in brackets."""
    plain = _BEFORE_NAME.sub("", spaced(_MARKS.sub(" ", name)))
    # Not the mark of "FIFA 11+".
    text = re.sub(r"(?<!\d)\s*[&+]\s*", " and ", plain)
    text = _LENGTH.sub(" ", _BESIDE.sub(" ", text)).strip()
    text = _NUMBERED_AT_END.sub("", _AT_HOME.sub("", text))
    text = _AMOUNT_AT_END.sub("", _WHOLE_BODY.sub(r"\1-body ", text)) or plain
    return _ONE_WORD.sub(lambda match: f"{match[1]}-{match[2]}".lower(), text)


def _says_nothing(name: str, words: list[str]) -> bool:
    """Whether a name, of these words, tells no sport: `Set 2`, `Pre-Match`, `Pour Marie`."""
    if any(map(_BEFORE.match, words)) or _FOR.match(name):
        return True
    said = [word for word in _bare(name) if len(word) > 1 and word not in FILLERS]
    nothing = named("nothing")
    wholes = (normalise(name), normalise(" ".join(said)))
    return not nothing.isdisjoint(wholes) or all(normalise(word) in nothing for word in said)


def _sport_begun(words: list[str]) -> str:
    """The sport that a name is, or begins with: bowls of "Bowls club", but not of "bowls match"."""
    if is_sport(text := " ".join(words)):
        return text
    if not words or is_event(words[-1]) or is_activity(words[-1]) or _ONE_WORD.search(text):
        return ""
    begins = (" ".join(words[:end]) for end in range(len(words) - 1, 0, -1))
    return next((text for text in begins if is_sport(text) and len(text) >= _LEAST_WITHIN), "")


def _sport_in(name: str) -> str:
    """The longest name of a sport within a name that is no English; empty if there is none."""
    words = _bare(name)
    if len(words) > _MOST_WORDS or len(_AND.split(name)) > 1:
        return ""
    spans = (" ".join(words[begin:end]) for begin, end in _spans(len(words)))
    found = (span for span in spans if is_sport(span) and len(span) >= _LEAST_WITHIN)
    return _said_sport(next(found, ""))


def _said_sport(name: str) -> str:
    """The folded name of a sport as it stands within a sentence."""
    return " ".join(_cased(word, is_plain=True) for word in name.split())


def _in_english(words: list[str], shouts: bool) -> str:
    """The words of a session within a sentence; empty if some are no English, but for names.

    "A Central Park loop" is English, and so is "an NYC marathon"; "a Prépa session" is not.
    """
    # "A squat session", but no "country session", "Latin session" nor "active session".
    is_adjective = words[0].casefold() in listed_words("proper") | listed_words("adjectives")
    if len(words) == 1 and (is_adjective or not _is_english(words[0], "body", "what")):
        return ""
    unknown = [at for at, word in enumerate(words) if not _is_english(word)]
    if unknown and (shouts or not _has_name(words, [words[at] for at in unknown])):
        return ""
    # Beside a name stand other parts of it: "Hyde Park", but "morning Vondelpark run".
    has_name = [
        bool(unknown) and at < len(words) - 1 and word.casefold() not in english_words("when")
        for at, word in enumerate(words)
    ]
    return " ".join(
        word if is_name else _cased(word, shouts or _is_plain(word))
        for word, is_name in zip(words, has_name, strict=True)
    )


def _has_name(words: list[str], unknown: list[str]) -> bool:
    """Whether the unknown words of a session are names: `Central Park loop`, `NYC marathon`.

    One word alone may be any: `Beep test`.
    """
    *before, last = words
    is_title = all(word[:1].isupper() for word in before) and len(before) > 1
    # "EPS course" is French.
    return (is_event(last) or is_activity(last)) and all(
        word in before
        and word.isascii()
        and word.isalpha()
        and (is_title or word.isupper())
        and not find(word)
        for word in unknown
    )


def _spelled(word: str) -> str:
    """A word, put right if it is one slip away from an English one."""
    if len(word) < _LEAST_CORRECTED or _is_english(word):
        return word
    found = next((slip for slip in slips(folded(word)) if slip in _english()), word)
    return found.capitalize() if word[0].isupper() else found


def _is_english(word: str, *lists: str) -> bool:
    """Whether a word of a name is English, or an amount: `Leg`, `10K`; `Compétition` is not.

    Lists of english.yaml are those that count; all that are of sessions if none is named.
    """
    parts = BETWEEN_WORDS.sub(" ", folded(word).strip("()[]!?,;:&+")).split()
    if not word.isascii() and not is_sport(word):
        return False
    return all(is_among(part, _english(*lists)) or _IS_AMOUNT.fullmatch(part) for part in parts)


@cache
def _english(*lists: str) -> frozenset[str]:
    """The folded words of sessions in English, with those of lists of english.yaml."""
    names = [
        name for key in ("events", "activities", "proper", "sports") for name in listed_words(key)
    ]
    said = [
        words for one in known_sessions().values() for words in (one.name, one.purpose, one.event)
    ]
    words = BETWEEN_WORDS.sub(" ", folded(" ".join((*names, *said)))).split()
    return english_words(*(lists or _OF_SESSIONS)).union(words)


def _is_plain(word: str) -> bool:
    """Whether a word's capitals are those of a title: `Ride`, `RIDE`, but not `FTP`."""
    is_long = len(word) >= _MOST_CAPITALS and is_event(word)
    return word[1:].islower() or not word.isalpha() or is_long


def _cased(word: str, is_plain: bool) -> str:
    """A word as it stands within a sentence."""
    if known := proper().get(word.casefold()):
        return known
    return word.lower() if is_plain else word


def _bare(name: str) -> list[str]:
    """The folded words of a name, without amounts and degrees."""
    text = _AMOUNT.sub(" ", separated(re.sub(r"[()\[\]]", " ", _MARKS.sub(" ", name))))
    return [word for word in text.split() if word not in listed_words("added")]


@cache
def _joined(own: str) -> dict[str, Session]:
    """The sessions of several words, by their names in one: `aquajogging`, `warmup`."""
    sessions = known_sessions(own).items()
    return {name.replace(" ", ""): session for name, session in sessions if " " in name}


@cache
def _only_named() -> dict[str, str]:
    """The session of each normalised name of `named` in sessions.yaml."""
    lists = own_yaml(__file__, "sessions.yaml")["named"].items()
    return {normalise(name): session for session, names in lists for name in names}
