"""A style that nobody knows in its own words: an artist's name, or a kind of music."""

import re

from ..english import english_words, is_among, stems
from ..words import NO_CLAIMS, Claims, both, lexicon
from .table import Style, artist_key, artists, is_decade, key_of, known, table

# Words in s that are no plural: jazz is not asked, blues and bass are.
_SINGULAR_S = re.compile(r"(?:ss|us|is|os|blues|brass|news|series|roots|as)$", re.IGNORECASE)
# "Breakcore" is no name of a person.
_GENRE_END = re.compile(
    r"(?:core|step|style|wave|pop|hop|beat|tronica|billy|grass|house|trap|synth|folk|metal|punk|rock|"
    r"funk|tech|gaze|bass|bassline|trance|techno|jazz|swing|tango|rap)$"
)
_PLURALS = frozenset(
    "hits songs beats sounds tunes ballads anthems classics tracks bangers vibes drums bowls "
    "rhymes chants strings covers jams".split()
)
# One of them is a song or a piece, no kind of music: "torch songs", never "torch song music".
_COUNTED = frozenset(
    "song hymn carol ballad anthem jingle poem suite mass cantata oratorio madrigal minuet "
    "overture nocturne prelude fugue aria etude sonata concerto symphony rhapsody serenade".split()
)
_MIX = re.compile(r"(?<=\S)\s+(?:mix|playlist|compil(?:ation)?)$", re.IGNORECASE)
# Last words of styles that somebody sings.
_SUNG = stems(
    "female vocal voice singing singer song choir chant shanty carol hymn lied polyphony madrigal "
    "oratorio cantata aria motet requiem qawwali nasheed"
)
_MOST_CAPITALS = 4
_WITHIN = frozenset(
    "a an and the of in on to for from with at by de la le les du des et d l y el los las van von "
    "der den di da do dos del".split()
)
_IS_MUSIC = re.compile(r"mu[sz]i[ckq]")
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)


def in_own_words(name: str) -> Style:
    """A style that is not in styles.yaml: as its artist, or English, writes it.

    It is `known` if it is an artist or a kind of music of our lists, or a kind in words that are
    English. Of a kind in other words (`polski rap`) only the style at its end is said.
    """
    bare = _MIX.sub("", name)
    if written := artists().get(artist_key(bare)):
        return Style(written, f"{written} music")
    if not bare.split():
        return Style()
    listed = table().others.get(key_of(bare), "")
    words = (listed or bare).split()
    # "Psych pop 60s" is 60s psych pop.
    words = words[-1:] + words[:-1] if is_decade(key_of(words[-1])) and not listed else words
    is_music = len(words) > 1 and words[-1].casefold() in ("music", "musik")
    words, proper = words[:-1] if is_music else words, table().proper
    is_kind = is_music or _is_kind(words)
    is_english = is_kind and all(map(_is_english, words))
    if is_kind and not (listed or is_english) and (end := _known_end(words)):
        return end
    text = " ".join(_kind_cased(words, bool(listed)) if is_kind else _name_cased(words))
    # A The Prodigy track is a Prodigy track.
    text = re.sub(r"^the (?=.)", "", text, flags=re.IGNORECASE)
    before, alone = _before_and_alone(text, is_kind)
    # "A library music track", but "a Balinese track".
    if is_music and not all(key_of(word) in table().english or word in proper for word in words):
        before = alone
    # "Sleepy lofi" claims what sleepy music is like, and no other word says it again; "quiet storm"
    # is one name.
    is_mood = is_kind and not listed and len(words) > 1 and words[0].casefold() in lexicon().words
    return Style(
        before,
        alone,
        _claims_within(words),
        sung=bool(stems(text) & _SUNG),
        is_mood=is_mood,
        plain=(known(" ".join(words[1:])) or in_own_words(" ".join(words[1:])))
        if is_mood
        else None,
        known=bool(listed) or is_english,
    )


def _is_english(word: str) -> bool:
    """Whether a word of a kind of music is English, as far as sportgen knows."""
    parts, data = key_of(word).split(), table()
    words = data.english | english_words() | lexicon().words.keys()
    # Such an end makes an English word of any beginning: "glitchcore".
    return word.title() in data.proper or all(
        is_among(part, words) or part[:-1].isdigit() or _GENRE_END.search(part) for part in parts
    )


def _known_end(words: list[str]) -> Style | None:
    ends = (known(" ".join(words[at:])) for at in range(1, len(words)))
    return next((end for end in ends if end and end.alone != "music"), None)


def _is_kind(words: list[str]) -> bool:
    """Whether a style is a kind of music, which English writes small but for peoples and places.

    Else it is a name: "Hans Zimmer", "daft punk". A kind ends in a word that kinds end in; a single
    word, or words that begin with capitals, only if kinds.yaml has the whole.
    """
    key, last, data = key_of(" ".join(words)), key_of(words[-1]), table()
    if key in data.others or last in _COUNTED or last in _PLURALS:
        return True
    is_end = bool({last, last.removesuffix("s")} & data.ends) or ends_as_kind(last)
    titles = sum(word[:1].isupper() for word in words[1:])
    if len(words) < 2 or not titles:
        return is_end and not _is_french_name(words)
    # "Desi Hip Hop".
    is_style = known(" ".join(words[-2:])) is not None and len(words) > 2
    # "Military Band", "Ghetto Tech"; "Carpenter Brut" ends in no English word.
    is_english = all(set(key_of(word).split()) <= data.english for word in words)
    end = known(words[-1])
    is_style |= end is not None and key_of(end.before or end.alone) == last
    return is_style or last in data.others or (is_english and last in data.ends)


def ends_as_kind(word: str) -> bool:
    """Whether a word, folded, ends as names of kinds of music do: grindcore, anthems."""
    return _GENRE_END.search(word) is not None or word in _COUNTED or word in _PLURALS


def _is_french_name(words: list[str]) -> bool:
    """Whether the end of a name is no English: "valse musette" is, "Zaz" is not."""
    return len(words) == 1 and words[0][:1].isupper() and not _GENRE_END.search(words[0])


def _before_and_alone(text: str, is_kind: bool) -> tuple[str, str]:
    *_, last = text.split()
    small = last.casefold()
    # "Star Wars" and "Beatles" are names.
    is_plural = is_kind and last.islower() and len(last) > 3 and not _SINGULAR_S.search(last)
    if small in _COUNTED:
        return "", _plural(text)
    if small in _PLURALS or (is_plural and small.endswith("s")):
        return "", text
    # "Narodna muzika" says music already.
    return text, text if _IS_MUSIC.search(small) else f"{text} music"


def _plural(text: str) -> str:
    if text.endswith("y"):
        return f"{text[:-1]}ies"
    return f"{text}es" if text.endswith("s") else f"{text}s"


def _claims_within(words: list[str]) -> Claims:
    """What a style that nobody knows claims by a style at its end, and by adjectives before it."""
    ends = (known(" ".join(words[at:])) for at in range(1, len(words)))
    claims = next((end.claims for end in ends if end and end.before), NO_CLAIMS)
    for word in words:
        claims = both(lexicon().claims(word), claims)
    return claims


def _kind_cased(words: list[str], is_listed: bool) -> list[str]:
    """The words of a kind of music: small, but for peoples, places and abbreviations."""
    shouts = _shouts(words)
    text = " ".join(_word_of_kind(word, shouts, is_listed) for word in words)
    # "New Orleans", "Hong Kong".
    for place in (name for name in table().proper if " " in name):
        text = re.sub(rf"\b{place}\b", place, text, flags=re.IGNORECASE)
    return text.split()


def _word_of_kind(word: str, shouts: bool, is_listed: bool) -> str:
    proper = table().proper
    if word.title() in proper or word.upper() in proper:
        return word.title() if word.title() in proper else word.upper()
    style = table().styles.get(key_of(word))
    if style and key_of(style.before) == key_of(word):
        return style.before
    is_title = word[:1].isupper() and word[1:].islower()
    # kinds.yaml writes "D-beat" and "NWOBHM".
    return word.lower() if (shouts or is_title) and not is_listed else word


def _name_cased(words: list[str]) -> list[str]:
    """The words of a name, with the capitals that people leave out in folders and tags."""
    shouts = _shouts(words)
    if any(word[1:].isupper() for word in words) and not shouts:
        return words
    return [_word_of_name(word, at, shouts) for at, word in enumerate(words)]


def _word_of_name(word: str, at: int, shouts: bool) -> str:
    if not (word.islower() or shouts):
        return word
    small = word.lower()
    if at and small in _WITHIN:
        return small
    # "pnl" and "mj" are spelled out.
    if word.isalpha() and 1 < len(word) <= _MOST_CAPITALS and not _VOWEL.search(word):
        return word.upper()
    return "-".join(part[:1].upper() + part[1:] for part in small.split("-"))


def _shouts(words: list[str]) -> bool:
    text = " ".join(words)
    return text.isupper() and any(w.isalpha() and len(w) > _MOST_CAPITALS for w in words)
