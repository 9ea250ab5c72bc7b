"""Styles of music: what people call them in English and French, and how English says them."""

import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, groupby
from typing import Any

from ..outside.documents import own_yaml
from .english import listed, stems
from .sessions import find, folded, spaced
from .words import NO_CLAIMS, Claims, both, claims_of, lexicon

_BETWEEN = re.compile(r"[\s_\-/&+'’.]+|\b(?:and|et|n)\b")
_MUSIC_AROUND = re.compile(
    r"^(?:musiques?|ambiances?|rythmes?|sonorites?|esprit)\s+(?:de\s+|d\s+|du\s+)?|\s+(?:music|musik)$"
)
_SEVERAL = re.compile(r"\s*[;,|\\]\s*|\s*/\s*|\s+[-–&+]\s+")
_DECADE = re.compile(r"(?:(?:les )?annees )?((?:20)?\d0)(?: ?s)?|(?:19|anni )(\d0) ?s?")
_HITS = re.compile(r"^(?:hits|tubes|succes|classiques)\s+(?:de\s+|du\s+|de la\s+)?(?=\S)")
_DECADE_HITS = re.compile(r"(?:hits|tubes) (?:des )?(?:annees )?(\d0)|(\d0) ?s hits")
_INSTRUMENTAL = re.compile(r"\(?\b(?:instrumentale?s?|instrumentaux|instru)\b\)?", re.IGNORECASE)
_BEST_OF = re.compile(r"^(?:the )?best of (?:the )?(?=.)", re.IGNORECASE)
# Words in s that are no plural: jazz is not asked, blues and bass are.
_SINGULAR_S = re.compile(r"(?:ss|us|is|os|blues|brass|news|series|as)$", re.IGNORECASE)
# "Summer 2023" is "Summer", "2010" is nothing.
_YEAR = re.compile(r"(?:^|\s)(?:19|20)\d\d$")
# A tempo is measured: what a folder claims may be wrong.
_TEMPO = re.compile(r"tempo \d{2,3}$|\(?\b\d{2,3}(?:\s*-\s*\d{2,3})?\s*bpm\b\)?", re.IGNORECASE)
# "rock 2" is rock; "rock 80" is of a decade.
_TAKE = re.compile(r"(?<=\D)\s*[#(]?\d{1,3}\)?$")
# "Music for running": the rest is no style.
_MUSIC_FOR = re.compile(
    r"^(?:musiques?|music|songs?|playlist)\s+(?:for|pour|to)\s+(?:le |la |les )?", re.IGNORECASE
)
# "Breakcore" is no name of a person.
_GENRE_END = re.compile(
    r"(?:core|step|style|wave|pop|hop|beat|tronica|billy|grass|house|trap|synth|folk|metal|punk|rock|"
    r"funk|tech|gaze|bass|bassline|trance|techno|jazz|swing|tango|rap)$"
)
_PLURALS = frozenset(
    "hits songs beats sounds tunes ballads anthems classics tracks bangers vibes".split()
)
# One of them is a song or a piece, no kind of music: "torch songs", never "torch song music".
_COUNTED = frozenset(
    "song hymn carol ballad anthem jingle poem suite mass cantata oratorio madrigal minuet "
    "overture nocturne prelude fugue aria etude sonata concerto symphony rhapsody serenade".split()
)
_MARKS = re.compile(r"[\"()\[\]{}?*«»“”]+|!+|^#")
# "Style Daft Punk", "à la Queen".
_LIKE = re.compile(r"^(?:style|genre|façon|à la|le meilleur des?)\s+(?=\S)", re.IGNORECASE)
_ROYALTY_FREE = re.compile(
    r"\b(?:royalty|copyright)[\s-]?free\b|\bno[\s-]copyright\b", re.IGNORECASE
)
# Words of a French name behind the style, which English says before it or not at all.
_FRENCH = re.compile(
    r"[éèêëàâîïôûçœ]|(?:ique|ien(?:ne)?|oise?|aise?|euse|eux|esque|ante|ive|if|in)s?$|"
    r"^(?:de|du|des|d|la|le|les|pour|sans|avec|en)$"
)
_MIX = re.compile(r"(?<=\S)\s+(?:mix|playlist|compil(?:ation)?)$", re.IGNORECASE)
# Last words of styles that somebody sings.
_SUNG = stems(
    "vocal voice singing singer song choir chant shanty carol hymn lied polyphony madrigal "
    "oratorio cantata aria"
)
_MOST_CAPITALS = 4


@dataclass(frozen=True, slots=True)
class Style:
    """A style in English.

    `before` stands before a noun ("rock" track; empty if nothing can stand there), `alone` by
    itself ("classical music"). `claims` is what its name claims of the music; `sung` whether its
    name says that somebody sings, `unaccompanied` that no instrument plays. `instrumental` is
    whether it was said that nobody sings, `piece` whether one of it is a piece; `is_mood`
    whether it is, or begins with, what music is like (`happy`, `sad violin`), and `plain` the style
    without that (`violin`). `known` is whether
    the style is one of styles.yaml.
    """

    before: str = ""
    alone: str = "music"
    claims: Claims = NO_CLAIMS
    sung: bool = False
    unaccompanied: bool = False
    instrumental: bool = False
    piece: bool = False
    is_mood: bool = False
    plain: "Style | None" = None
    known: bool = True


@cache
def style_of(name: str) -> Style:
    """The style that a name means: `musique classique`, `Rock`, `Pop; Electronic`, `80's`.

    A style that nobody knows is used as it is; a name that says nothing (`Other`) is no style.
    """
    said = bool(_INSTRUMENTAL.search(name))
    # "Instru rap" is known: hip hop beats.
    whole = _table().styles.get(_key(name)) if said else None
    bare = _cleaned(name)
    style = whole or _found(bare) or _unknown(_MIX.sub("", bare))
    return replace(style, instrumental=True) if said else style


def _cleaned(name: str) -> str:
    """A name without "instrumental", marks, tempi and other words that name no style."""
    for untold in (_INSTRUMENTAL, _MARKS, _ROYALTY_FREE, _TEMPO, _LIKE):
        name = untold.sub(" ", name)
    name = _MUSIC_FOR.sub("", _BEST_OF.sub("", spaced(name).strip(" -_/,;")))
    # "rock rock" is rock.
    return " ".join(next(same) for _, same in groupby(name.split(), str.casefold))


def _found(name: str) -> Style | None:
    """The style that a name has in the table, or that is made of styles in the table."""
    parts = [part for part in _SEVERAL.split(name) if part]
    if found := _known(name) or (_of_kind(_key(name)) if len(parts) == 1 else None):
        return found
    if (undated := _YEAR.sub("", name).strip()) != name:
        return style_of(undated)
    # AC/DC is one name.
    if len(parts) > 1 and any(map(_known, parts)):
        return _of_several([style_of(part) for part in parts if _known(part) or not find(part)])
    # File systems have no "Electro/Techno".
    if "-" in name and all(map(_known, name.split("-"))):
        return _of_several([style_of(part) for part in name.split("-")])
    # Nobody can say "musique X music" in English.
    is_french = re.match(r"musiques?\s", name, re.IGNORECASE)
    made = _within(name) or _hits(_key(name)) or _of_french(name)
    return made or (Style() if is_french else None)


def is_style(name: str) -> bool:
    """Whether a folder of this name holds a style: a kind of music as shops and players name it."""
    key = _key(name)
    is_decade = _DECADE.fullmatch(key) is not None and not key.isdigit()
    known = key in _table().styles and key not in _table().no_folders
    return key == "instrumental" or is_decade or known


def known_styles() -> frozenset[Style]:
    """The styles of styles.yaml."""
    return frozenset(_table().styles.values())


@dataclass(frozen=True, slots=True)
class _Table:
    styles: dict[str, Style]
    no_folders: frozenset[str]
    kinds: dict[str, Style]
    nothing: frozenset[str]
    around: frozenset[str]
    proper: frozenset[str]


@cache
def _table() -> _Table:
    data = own_yaml(__file__, "styles.yaml")
    styles, kinds, no_folders = dict[str, Style](), dict[str, Style](), set[str]()
    for name, entry in data["styles"].items():
        for spelling in (name, *entry.get("also", ())):
            styles.setdefault(_key(spelling), _style(name, entry))
            # French adjectives have plurals; "electronics" is no plural of ours.
            for key in {_key(spelling), _key(spelling) + "s" * (spelling != name)}:
                if entry.get("of", False):
                    kinds[key] = _style(name, entry)
            if not entry.get("folder", True):
                no_folders.add(_key(spelling))
    nothing, around = (frozenset(map(_key, data[name])) for name in ("nothing", "around"))
    proper = frozenset(data["proper"])
    return _Table(styles, frozenset(no_folders), kinds, nothing, around, proper)


def _style(name: str, entry: dict[str, Any]) -> Style:
    kind = entry.get("is", "noun")
    return Style(
        before="" if kind == "plural" else entry.get("before", name),
        alone=f"{name} music" if kind == "adjective" else name,
        claims=both(claims_of(entry), lexicon().claims(name)),
        sung=entry.get("sung", False),
        unaccompanied=entry.get("unaccompanied", False),
        piece=entry.get("piece", False),
        is_mood=name in lexicon().words,
    )


def _key(name: str) -> str:
    """A name for comparing: see the head of styles.yaml."""
    return " ".join(_BETWEEN.sub(" ", folded(name)).split())


def _known(name: str) -> Style | None:
    key, table = _key(name), _table()
    # "80" may be a decade, a tempo or the number of a disc.
    if not key or key.isdigit() or key in table.nothing:
        return Style()
    if decade := _DECADE_HITS.fullmatch(key):
        words = _spoken_decade(decade)
        return Style(words, f"{words} hits")
    # A number alone is a decade only behind "années".
    if (decade := _DECADE.fullmatch(key)) and not key.isdigit():
        words = _spoken_decade(decade)
        return Style(words, f"{words} music")
    bare = _MUSIC_AROUND.sub("", key)
    singular = " ".join(word.removesuffix("s") for word in key.split())
    return next((s for name in (key, bare, singular) if (s := table.styles.get(name))), None)


def _spoken_decade(match: re.Match[str]) -> str:
    """`80s`; the decades of this century are `2000s` and `2010s`."""
    digits = match[1] or match[2]
    return f"20{digits}s" if digits in ("00", "10") else f"{digits}s"


def _of_kind(key: str) -> Style | None:
    """A style with a word that says which, as English or French put it: `rock japonais`."""
    words = _MUSIC_AROUND.sub("", key).split()
    splits = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    pairs = [pair for first, last in splits for pair in ((first, last), (last, first))]
    # Modern Turkish music, not Turkish modern music.
    pairs.sort(key=lambda pair: _is_people(pair[0]) and pair[1] in _table().kinds)
    found = ((kind, _table().styles.get(of)) for which, of in pairs if (kind := _kind(which)))
    further = ((kind, _of_kind(of)) for which, of in pairs if (kind := _kind(which)))
    for kind, style in chain(found, further):
        if style and not stems(kind.before) & stems(style.alone):
            return _combined(kind, style)
    return None


def _kind(key: str) -> Style | None:
    """What may stand before a style, in English: `80s` for `80` too, since a style is beside it."""
    match = _DECADE.fullmatch(key)
    if match and (not key.isdigit() or len(key) == 2):
        return Style(_spoken_decade(match))
    return _table().kinds.get(key)


def _is_people(key: str) -> bool:
    kind = _kind(key)
    return kind is not None and kind.before[:1].isupper()


def _combined(kind: Style, style: Style) -> Style:
    if kind.before[:1].isupper():
        # "Chanson québécoise" is not French.
        before, alone = style.before.removeprefix("French "), style.alone.removeprefix("French ")
        style = replace(style, before=before, alone=alone)
    return replace(
        style,
        before=f"{kind.before} {style.before}" if style.before else "",
        alone=f"{kind.before} {style.alone}",
        claims=both(kind.claims, style.claims),
        sung=kind.sung or style.sung,
        is_mood=kind.is_mood or style.is_mood,
        plain=style if kind.is_mood else None,
    )


def _within(name: str) -> Style | None:
    """The style in a name with words around it that say nothing: `Playlist 3`, `rock mix 2`."""
    untaken = _TAKE.sub("", name)
    if untaken != name and (found := _known(untaken) or _of_kind(_key(untaken))):
        return found
    words = untaken.split()
    while words and _key(words[0]) in _table().around:
        words = words[1:]
    while words and _key(words[-1]) in _table().around:
        words = words[:-1]
    text = " ".join(words)
    if text == name:
        return None
    # "Best running songs" is no style.
    return _known(text) or _of_kind(_key(text)) or (Style() if find(text) else None)


def _hits(key: str) -> Style | None:
    """`tubes disco`, in French order, is disco hits."""
    style = _known(_HITS.sub("", key)) if _HITS.match(key) else None
    if style is None or not style.before:
        return None
    return replace(style, before="", alone=f"{style.before.removesuffix(' music')} hits")


def _of_french(name: str) -> Style | None:
    """The style in a French name of which nobody knows the rest: `rap de rue`, `jazz feutré`."""
    words = name.casefold().split()
    for at in range(len(words) - 1, 0, -1):
        style = _known(" ".join(words[:at]))
        if style and style.alone != "music" and _FRENCH.search(words[at]):
            return style
    return None


def _of_several(styles: list[Style]) -> Style:
    """One style of several: of the first two that differ."""
    named: list[Style] = []
    for style in styles:
        said = stems(style.before or style.alone)
        if style.alone != "music" and not any(said & stems(n.before or n.alone) for n in named):
            named.append(style)
    if len(named) < 2:
        return named[0] if named else Style()
    one, two = named[:2]
    if not (one.before and two.before) or not one.claims.agree([two.claims]):
        return one
    before = listed([one.before.removesuffix(" music"), two.before.removesuffix(" music")])
    claims = one.claims if one.claims != NO_CLAIMS else two.claims
    return Style(before, f"{before} music", claims, one.sung and two.sung)


def _unknown(name: str) -> Style:
    """A style that is not in the table, in its own words."""
    words = name.split()
    is_music = len(words) > 1 and words[-1].casefold() in ("music", "musik")
    words = words[:-1] if is_music else words
    shouts = name.isupper() and any(w.isalpha() and len(w) > _MOST_CAPITALS for w in words)
    last = words[-1].casefold()
    is_english = is_music or last in _COUNTED or _is_no_name(words)
    text = " ".join(_cased(word, is_english, shouts) for word in words)
    # A The Prodigy track is a Prodigy track.
    text = re.sub(r"^the (?=.)", "", text, flags=re.IGNORECASE)
    # "Star Wars" and "Beatles" are names.
    is_plural = words[-1].islower() and len(last) > 3 and not _SINGULAR_S.search(last)
    if last in _COUNTED:
        before, alone = "", _plural(text)
    elif last in _PLURALS or (is_plural and last.endswith("s")):
        before, alone = "", text
    else:
        before, alone = text, f"{text} music"
    return Style(before, alone, _claims_within(words), bool(stems(text) & _SUNG), known=False)


def _is_no_name(words: list[str]) -> bool:
    """Whether capitals of a style that nobody knows are those of tags: `Progressive Trance`.

    English writes only peoples and places so. "Valse musette" is no name; "Hans Zimmer" is.
    """
    if len(words) < 2:
        return False
    end = _known(words[-1])
    is_kind = end is not None and end.alone != "music"
    is_sentence = words[0].istitle() and " ".join(words[1:]).islower()
    return is_kind or is_sentence or words[-1].casefold() in _PLURALS


def _plural(text: str) -> str:
    if text.endswith("y"):
        return f"{text[:-1]}ies"
    return f"{text}es" if text.endswith("s") else f"{text}s"


def _claims_within(words: list[str]) -> Claims:
    """What a style that nobody knows claims by a style at its end, and by adjectives before it."""
    ends = (_known(" ".join(words[at:])) for at in range(1, len(words)))
    claims = next((end.claims for end in ends if end and end.before), NO_CLAIMS)
    for word in words:
        claims = both(lexicon().claims(word), claims)
    return claims


def _cased(word: str, is_english: bool, shouts: bool) -> str:
    proper = _table().proper
    if word.title() in proper or word.upper() in proper:
        return word.title() if word.title() in proper else word.upper()
    style = _table().styles.get(_key(word))
    is_written = is_english or not word.istitle() or "-" in word
    if style and is_written and _key(style.before) == _key(word):
        return style.before
    is_genre = is_english or _GENRE_END.search(word) is not None
    is_title = word.isalpha() and word[1:].islower()
    return word.lower() if shouts or (is_title and is_genre) else word
