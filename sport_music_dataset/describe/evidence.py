"""The words that a description of a chunk may use, each with what it is known from."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from ..records import HEARD_CONFIDENCE, NOT_HEARD, Heard
from .english import stems
from .sessions import find
from .sessions.purpose import tell
from .styles import Style, artist_key, is_listed, style_of
from .words import NO_CLAIMS, Claims, level_of, level_of_intensity, lexicon

# What a tagger may call an instrument, and is a voice.
_VOICES = stems("voice voices vocal vocals singer singing choir choral chant rap male female")
# Styles of which one is a song by its name, or that are no songs.
_SONGS = stems("vocal chanson chant song songwriter spoken")
# Kinds of music of which one with a voice is a song; nobody says "a techno song".
_SONG_KINDS = stems(
    "rock pop rap hop soul blues folk country metal punk reggae dancehall gospel indie disco funk "
    "ballad Christian Latin salsa bachata reggaeton Christmas hits schlager grunge emo ska "
    "Americana bluegrass raï zouk"
)
# What somebody sings in, whatever a tagger hears in one of them.
_HITS = stems("hit oldie")
# Nobody says "with strings and cello".
_PARTS = {"strings": stems("violin violins viola cello")}
# Kinds of music that are words: without a voice they are called otherwise.
_WORDED = _HITS | stems("rap")
# Sessions that are phases of a workout: the phase of a track would be taken for theirs.
_PHASES = ("warm-up", "cool-down")
_MOST_INSTRUMENTS = 2
# Keys that have fewer accidentals by their other name.
_FLATS = {
    "C# major": "D flat major",
    "D# major": "E flat major",
    "G# major": "A flat major",
    "A# major": "B flat major",
    "D# minor": "E flat minor",
    "A# minor": "B flat minor",
}


class Source(StrEnum):
    """What a word of a description is known from."""

    USER = "given"
    MEASURED = "measured"
    HEARD = "heard"
    CONVENTION = "convention"
    PHRASING = "phrasing"


@dataclass(frozen=True, slots=True)
class Word:
    """Words of a description, and their source.

    `detail` says what the source is or has: a field of the track, a value with its unit, a session.
    `confidence` is that of what was measured or heard, from 0 to 1.
    """

    text: str
    source: Source
    detail: str = ""
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts for the description of a chunk; tempo and key only if their confidence is high.

    `heard` is what was heard in the chunk, `whole` in its track. `title` and `genre` are asked for
    the word "instrumental" alone, `artist` for whether a style that nobody knows is the artist.
    """

    session: str
    style: str
    tempo_bpm: float | None = None
    key: str = ""
    energy: float | None = None
    arc: str = ""
    tempo_confidence: float | None = None
    key_confidence: float | None = None
    title: str = ""
    genre: str = ""
    artist: str = ""
    heard: Heard = NOT_HEARD
    whole: Heard = NOT_HEARD


Fields = dict[str, list[Word]]
"""The words of each field that a template may use; those of `style` may be none."""


class Evidence:
    """The words for each field of a template.

    Args:
        facts: facts about the chunk.
        own: the user's sessions, as YAML.
        order: decides which of several words for energy a track prefers.
    """

    def __init__(self, facts: Facts, own: str, order: random.Random) -> None:
        self.facts = facts
        told = tell(facts.session, own)
        self.session, self.name, self.purpose, self._event = told
        self.level, self._energy_source = self._level()
        self._style_word, self.style = self._find_style(own)
        self.alone = self._settle_style_and_session()
        self.instrumental = self._instrumental()
        self._mode = facts.key.rpartition(" ")[2]
        self.energy = self._energy_word(order)
        self.moods = tuple(self._moods())
        self.instruments = tuple(self._instruments())
        self._fixed = self._fixed_fields()

    def fields(self, draw: random.Random) -> Fields:
        """The words of each field that a template may use; `draw` chooses among moods."""
        mood = [draw.choice(self.moods)] if self.moods else []
        is_feeling = bool(mood) and mood[0].text in lexicon().feelings
        found = self._fixed | {"mood": mood, "feeling": mood if is_feeling else []}
        # Without any style, a track is just that.
        return {name: words for name, words in found.items() if words or name == "style"}

    def _fixed_fields(self) -> Fields:
        facts = self.facts
        before, music = self._with_instrumental()
        tempo, key = f"{facts.tempo_bpm or 0:.0f}", _spoken_key(facts.key)
        fixed = {
            "style": before,
            "piece": [Word("piece", Source.PHRASING)] if self._is_piece() else [],
            "song": self._song(),
            "music": music,
            "session": [self._of_session(self.purpose)],
            "workout": [self._of_session(self._event)] if self._event else [],
            "energy": [self.energy] if self.energy else [],
            "instruments": _phrase(self.instruments),
            "tempo": _measured(tempo, f"tempo {facts.tempo_bpm} BPM", facts.tempo_confidence)
            if facts.tempo_bpm and not self.style.untimed
            else [],
            "key": _measured(key, f"key {facts.key}", facts.key_confidence) if key else [],
            "arc": self._arc(),
        }
        # A plural stands before no noun.
        if self._style_word is not None and not self.style.before:
            # Several songs have no one key.
            del fixed["style"], fixed["key"]
        return fixed

    def _with_instrumental(self) -> tuple[list[Word], list[Word]]:
        """The style before a noun and by itself, and "instrumental" with it.

        "A happy instrumental track", "a calm instrumental piano track", "an instrumental rock
        track".
        """
        said, style = self.instrumental, self.style
        if said and style.before in lexicon().words:
            before = [*self._style(style.before), *said]
            return before, [*before, Word("music", Source.PHRASING)]
        plain = style.plain.before if style.plain else ""
        mood = style.before.removesuffix(plain).strip() if plain else ""
        if said and mood and mood != style.before:
            before = [*self._style(mood), *said, *self._style(plain)]
            alone = style.alone.removeprefix(mood).strip()
            return before, [*self._style(mood), *said, *self._style(alone)]
        return [*said, *self._style(style.before)], [*said, *self._style(style.alone)]

    def _is_piece(self) -> bool:
        """Whether one of the style is a piece; "a piece for boxing" says less than "a track"."""
        return self.style.piece and self._style_word is not None

    def _song(self) -> list[Word]:
        """The word "song", if somebody sings."""
        if self.instrumental or self.style.piece or not stems(self.style.before).isdisjoint(_SONGS):
            return []
        if self.style.sung and self._style_word is not None:
            return self._style("song")
        is_song = not stems(self.style.before).isdisjoint(_SONG_KINDS)
        return [Word("song", *self._voice)] if self._is_vocal and is_song else []

    @property
    def _is_vocal(self) -> bool:
        """Whether somebody surely sings, also by what is heard in the whole track.

        A chunk with a voice in a track without one is most often a flute or a violin.
        """
        is_vocal = self.facts.heard.is_vocal and self.facts.whole.is_vocal
        return is_vocal and "instrumental" not in self.style.alone.split()

    @property
    def _voice(self) -> tuple[Source, str, float | None]:
        return Source.HEARD, "vocals", self.facts.heard.vocals

    def _of_session(self, text: str) -> Word:
        if not self.name:
            told = f"session {self.facts.session} tells no sport in English"
            return Word(text, Source.CONVENTION, told)
        return Word(
            text, Source.USER, f"session {self.session.name}" if self.session else "session"
        )

    def _find_style(self, own: str) -> tuple[Word | None, Style]:
        """The style that the user gave, else the style that was heard."""
        named, whole = style_of(self.facts.style), self.facts.whole
        # "Soft calm music" that is loud is no calm music either.
        while self._contradicted(named):
            named = replace(named.plain or Style(), instrumental=named.instrumental)
        if named.alone != "music" and says_style(self.facts.style, self.facts.artist, own):
            return Word(named.alone, Source.USER, f"style {self.facts.style}"), named
        # Chunks of one track are of one style.
        sure = whole.heard_style_confidence or 0.0
        if whole.heard_style and sure >= HEARD_CONFIDENCE:
            style = style_of(whole.heard_style)
            style = replace(style, instrumental=named.instrumental)
            return Word(style.alone, Source.HEARD, "style of the track", sure), style
        return None, Style(instrumental=named.instrumental)

    def _contradicted(self, style: Style) -> bool:
        """Whether a style says what the music is like ("calm") and the measures say otherwise."""
        level = self.level if self.facts.energy is not None else None
        mode = self.facts.key.rpartition(" ")[2]
        is_mood = style.is_mood or style.before in lexicon().words
        return is_mood and not style.claims.hold(level, self.facts.tempo_bpm, mode)

    def _settle_style_and_session(self) -> bool:
        """Leave out a style that says nothing but the session; whether it says the session too."""
        of_style = stems(self.style.before or self.style.alone.removesuffix("music"))
        # Classical music says nothing of a class, nor art rock of martial arts.
        of_session = stems(f"{self.name} {self.purpose}") - stems("class arts country")
        if of_style and of_style <= of_session:
            self._style_word = None
            self.style = Style(instrumental=self.style.instrumental)
            return False
        return bool(of_style & of_session)

    def _style(self, text: str) -> list[Word]:
        """The words of the style, or "music" where none is known."""
        word = self._style_word
        if word is None:
            return [Word(text, Source.PHRASING)] if text else []
        return [Word(text, word.source, word.detail, word.confidence)] if text else []

    def _instrumental(self) -> list[Word]:
        """The word "instrumental", if the user says so, or surely no voice was heard."""
        facts = self.facts
        # Rain and drums alone are not "instrumental".
        says_so = "instrumental" in f"{self.style.before} {self.style.alone}".split()
        if self.style.unaccompanied or self.style.untimed or says_so:
            return []
        # "An instrumental vocal track" is said by tags and a title together.
        is_vocal = not _SONGS.isdisjoint(stems(self.style.before))
        fields = () if is_vocal else ("style", "genre", "title")
        for field in fields:
            if style_of(getattr(facts, field)).instrumental:
                return [Word("instrumental", Source.USER, f"{field} {getattr(facts, field)}")]
        voices = _VOICES & stems(" ".join((*facts.heard.instruments, *facts.whole.instruments)))
        silent = facts.heard.is_instrumental and facts.whole.is_instrumental
        is_sung = self.style.sung or not stems(self.style.alone).isdisjoint(_WORDED)
        if is_sung or voices or not silent:
            return []
        vocals = max(facts.heard.vocals or 0.0, facts.whole.vocals or 0.0)
        detail = f"vocals {vocals:.2f} at most, in chunk and track"
        return [Word("instrumental", Source.HEARD, detail, round(1 - vocals, 4))]

    def _level(self) -> tuple[float | None, tuple[Source, str]]:
        if self.facts.energy is not None:
            return level_of(self.facts.energy), (Source.MEASURED, f"energy {self.facts.energy:.2f}")
        if self.session is None:
            return None, (Source.CONVENTION, "")
        intensity = self.session.intensity
        detail = f"intensity {intensity} of {self.name}"
        return level_of_intensity(intensity), (Source.CONVENTION, detail)

    def _context(self) -> list[Claims]:
        """The claims that every word must agree with: those of session and style."""
        sense = [lexicon().sense[self.session.intensity]] if self.session else []
        return [*sense, self.style.claims]

    def _may_say(self, word: str, *others: Claims) -> bool:
        claims = lexicon().claims(word)
        said = stems(f"{self.name} {self.purpose} {self.style.alone}")
        return (
            claims.hold(self.level, self.facts.tempo_bpm, self._mode)
            and claims.agree([*self._context(), *others])
            and not stems(word) & said
            and not self.style.is_mood
            and not self._is_plural
            # "Soft" before rock is soft rock.
            and not (self.style.before and is_listed(f"{word} {self.style.before}"))
        )

    @property
    def _is_plural(self) -> bool:
        """Whether the style is a plural, of which no measure of one chunk is said: pop hits."""
        return not (self.style.before or stems(self.style.alone).isdisjoint(_HITS))

    def _energy_word(self, order: random.Random) -> Word | None:
        """The first word for the chunk's energy, in the order that its track prefers."""
        words = list(lexicon().energy)
        order.shuffle(words)
        # Nobody says "smooth nature sounds".
        if self.level is None or self.style.untimed:
            return None
        source, detail = self._energy_source
        return next((Word(w, source, detail) for w in words if self._may_say(w)), None)

    def _moods(self) -> Iterator[Word]:
        """Moods that were heard, else those that the session has by convention."""
        claims = [lexicon().claims(self.energy.text)] if self.energy else []
        taken = stems(self.energy.text) if self.energy else frozenset[str]()
        near = lexicon().near[self.energy.text] if self.energy else frozenset[str]()
        heard = self.facts.heard
        found = [
            Word(mood, Source.HEARD, "mood", sure)
            for mood, sure in _sure(heard.moods, heard.moods_confidence)
            # A tagger's word that is no adjective we know ("party") fits into no phrasing. One that
            # the track as a whole has not would contradict its other chunks.
            if mood in lexicon().words and mood in self.facts.whole.moods
        ]
        if not found and self.session:
            detail = f"moods of {self.name}"
            found = [Word(mood, Source.CONVENTION, detail) for mood in self.session.moods]
        for word in found:
            if word.text in near or stems(word.text) & taken:
                continue
            if self._may_say(word.text, *claims):
                yield word

    def _instruments(self) -> Iterator[Word]:
        """At most two instruments that were heard, or one and the voices."""
        if self.style.unaccompanied:
            return
        heard, taken = self.facts.heard, set(stems(self.style.alone))
        if taken & stems("percussion"):
            taken |= stems("drums")
        words = []
        for name, sure in _sure(heard.instruments, heard.instruments_confidence):
            if not stems(name) & (taken | _VOICES):
                taken |= stems(name) | _PARTS.get(name, frozenset())
                words.append(Word(name, Source.HEARD, "instrument", sure))
        if self._is_vocal and not self.instrumental and not self.style.sung:
            words.insert(1, Word("vocals", *self._voice))
        yield from words[:_MOST_INSTRUMENTS]

    def _arc(self) -> list[Word]:
        """The phase of the track, if it agrees with the chunk's level and energy word."""
        says, claims = lexicon().arcs.get(self.facts.arc, ("", NO_CLAIMS))
        others = [lexicon().claims(self.energy.text)] if self.energy else []
        holds = claims.hold(self.level, None, "") and claims.agree([*self._context(), *others])
        if not says or self.name in _PHASES or not holds:
            return []
        return _measured(says, f"arc {self.facts.arc}", None)


def says_style(name: str, artist: str, own: str) -> bool:
    """Whether descriptions say a style: a known one, one in English words, or the artist's name.

    Any other name ("Adrenaline", "Teckno") would put a stranger's word into English.
    """
    style = style_of(name)
    # A style "Cardio" says nothing of the music.
    is_session = any(find(words, own) for words in (name, style.before or style.alone))
    is_artist = artist_key(name) == artist_key(artist) and not is_session
    return style.alone != "music" and (style.known or is_artist)


def _measured(text: str, detail: str, confidence: float | None) -> list[Word]:
    return [Word(text, Source.MEASURED, detail, confidence)]


def _sure(words: Iterable[str], confidences: Iterable[float]) -> Iterator[tuple[str, float]]:
    for word, sure in zip(words, confidences, strict=True):
        if sure >= HEARD_CONFIDENCE:
            yield word, sure


def _spoken_key(key: str) -> str:
    """A key in words, by the name that scores use: `A# major` is B flat major."""
    return _FLATS.get(key, key).replace("#", " sharp")


def _phrase(words: tuple[Word, ...]) -> list[Word]:
    """Words as one phrase: their "and" is that of the phrasing."""
    if not words:
        return []
    joined: list[Word] = [words[0]]
    for word in words[1:]:
        joined += [Word("and", Source.PHRASING), word]
    return joined
