"""The style that a name means: of a folder, a tag, a column of metadata."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import chain, groupby

from ..english import listed, stems
from ..sessions import find, folded, spaced
from ..words import NO_CLAIMS, both
from .spelling import misspelt
from .table import (
    Style,
    artist_key,
    artists,
    is_decade,
    key_of,
    kind_of,
    known,
    table,
    without_music,
)
from .unknown import ends_as_kind, in_own_words

_SEVERAL = re.compile(r"\s*[;,|\\]\s*|\s*/\s*|\s+[-–&+]\s+|---")
# The names of lists in tags of Jamendo: "genre---pop; mood/theme---happy".
_LISTS = re.compile(r"\b(?:genre|mood(?:/theme)?|theme|instrument)---")
# One style, also where others stand beside it.
_DRUM_AND_BASS = re.compile(r"\bdrum\s*(?:&|'?n'?)\s*bass\b", re.IGNORECASE)
# Names of artists have commas and "&" within, but no lists.
_LIST = re.compile(r"\s*[;|]\s*|\s+/\s+")
_HITS = re.compile(r"^(?:hits|tubes|succes|classiques)\s+(?:de\s+|du\s+|de la\s+)?(?=\S)")
_INSTRUMENTAL = re.compile(
    r"\(?\b(?:instrumentale?s?|instrumentaux|instru|strumentale|instrumentales)\b\)?", re.IGNORECASE
)
_BEST_OF = re.compile(r"^(?:the )?best of (?:the )?(?=.)", re.IGNORECASE)
# "Summer 2023" is "Summer", "2010" is nothing.
_YEAR = re.compile(r"(?:^|\s)(?:19|20)\d\d$")
# A tempo is measured: what a folder claims may be wrong.
_TEMPO = re.compile(
    r"tempo \d{2,3}$|(?<=\S )\d{3}-\d{3}$|\(?\b\d{2,3}(?:\s*-\s*\d{2,3})?\s*bpm\b\)?",
    re.IGNORECASE,
)
# "rock 2" is rock; "rock 80" is of a decade.
_TAKE = re.compile(r"(?<=\D)\s*[#(]?\d{1,3}\)?$")
# The number of a record: WARP123, CAT-0042. U2, M83 and UB40 are artists.
_CATALOGUE = re.compile(r"[A-Z]{2,8}[ -]?\d{3,6}[A-Z]{0,3}$")
# "Music for running": the rest is no style.
_MUSIC_FOR = re.compile(
    r"^(?:musiques?|music|m[uú]sica|songs?|playlist)\s+(?:for|pour|to|para|per)\s+"
    r"(?:le |la |les )?",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[\"()\[\]{}?*«»“”]+|!+|^#")
# "Style Daft Punk", "à la Queen".
_LIKE = re.compile(
    r"^(?:style|genre|façon|à la|le meilleur des?|tribute (?:mix |to )?|hommage à)\s*(?=\S)",
    re.IGNORECASE,
)
_ROYALTY_FREE = re.compile(
    r"\b(?:royalty|copyright)[\s-]?free\b|\bno[\s-]copyright\b", re.IGNORECASE
)
# Words of a French name behind the style, which English says before it or not at all.
_FRENCH = re.compile(
    r"[éèêëàâîïôûçœ]|(?:ique|ien(?:ne)?|oise?|aise?|euse|eux|esque|ante|ive|if|in)s?$|"
    r"^(?:de|du|des|d|la|le|les|pour|sans|avec|en)$"
)
# "Traditional Breton folk", but French new wave and Italian soft rock.
_BEFORE_PEOPLE = ("traditional", "old-school", "modern", "contemporary")
# "Techno (Raw / Deep)", "House [deep]".
_ASIDE = re.compile(r"(?<=\S)\s*(?:\([^()]*\)|\[[^\[\]]*\])")
# "Piano et violon": two styles if both are known.
_AND = re.compile(r"\s+(?:et|und|and|y|e)\s+", re.IGNORECASE)
# "Son cubano" is Spanish, "son lourd" says nothing.
_SOUNDS = re.compile(r"^(?:sons? (?:de|des|du|d|da|do) |(?:bruits?|sonidos|suoni) |sounds of )")
# "Barre au piano": what is heard stands behind.
_PLAYED = re.compile(r"^\S.* (?:au|a la|a l|aux) (\S+(?: \S+)?)$")


@cache
def style_of(name: str) -> Style:
    """The style that a name means: `musique classique`, `Rock`, `Pop; Electronic`, `80's`.

    A style that nobody knows is used as it is; a name that says nothing (`Other`) is no style.
    """
    said = bool(_INSTRUMENTAL.search(name))
    # "Instru rap" is known: hip hop beats.
    whole = table().styles.get(key_of(name)) if said else known(_ASIDE.sub("", name))
    if key_of(name) in table().others:
        # "Kwassa kwassa" says nothing twice.
        whole = whole or _found(name) or in_own_words(name)
    whole = None if whole and whole.alone == "music" else whole
    bare = _cleaned(name)
    style = whole or _found(bare) or misspelt(bare) or in_own_words(bare)
    return replace(style, instrumental=True) if said else style


def is_style(name: str) -> bool:
    """Whether a folder of this name holds a style: a kind of music as shops and players name it."""
    key, data = key_of(name), table()
    listed_here = key in data.styles and key not in data.no_folders
    return key == "instrumental" or is_decade(key) or listed_here


def _cleaned(name: str) -> str:
    """A name without "instrumental", marks, tempi and other words that name no style."""
    name = _DRUM_AND_BASS.sub("drum and bass", name)
    for untold in (_INSTRUMENTAL, _LISTS, _MARKS, _ROYALTY_FREE, _TEMPO, _LIKE):
        name = untold.sub(" ", name)
    name = _MUSIC_FOR.sub("", _BEST_OF.sub("", spaced(name).strip(" -_/,;")))
    # "Rock rock" is rock, but La La Land and Lang Lang are names.
    once = " ".join(next(same) for _, same in groupby(name.split(), str.casefold))
    return once if known(once) else name


def _found(name: str) -> Style | None:
    """The style that a name has in the table, or that is made of styles in the table."""
    data, parts = table(), [part for part in _SEVERAL.split(name) if part]
    if found := known(name):
        return found
    # "Hard Style" is no hard rock.
    if table().joined.get(key_of(name)) or key_of(name).replace(" ", "") in data.styles:
        return _turned(name)
    if _CATALOGUE.fullmatch(name):
        return Style()
    # "Daft Punk" is no punk.
    if artist_key(name) in artists():
        return None
    found = _of_kind(key_of(name)) if len(parts) == 1 else None
    # "Power pop" is no energetic pop, "happy hardcore" is one name.
    if key_of(name) in data.others:
        is_same = found is not None and found.before == in_own_words(name).before
        return replace(found, is_mood=False, plain=None) if found and is_same else None
    if found:
        return found
    if (undated := _YEAR.sub("", name).strip()) != name:
        return style_of(undated)
    untaken = _TAKE.sub("", name)
    if untaken != name and (found := known(untaken) or _of_kind(key_of(untaken))):
        return found
    return _of_parts(name, parts) or _turned(name) or _of_words(name)


def _turned(name: str) -> Style | None:
    """The style of a name that French says the other way round: `rap east coast`, `pop baroque`.

    Also of one with or without the blanks that it has here: `deephouse`, `hard style`.
    """
    key, data = key_of(name), table()
    words = key.split()
    turns = (" ".join(words[at:] + words[:at]) for at in range(1, len(words)))
    for form in (data.joined.get(key.replace(" ", ""), ""), key.replace(" ", ""), *turns):
        if form != key and form in data.styles:
            return data.styles[form]
        if form != key and form in data.others:
            return in_own_words(form)
    return None


def _of_parts(name: str, parts: list[str]) -> Style | None:
    """The style of a name that lists several."""
    styles = [_found(part) for part in parts] if len(parts) > 1 else []
    # AC/DC is one name.
    if any(style and style.alone != "music" for style in styles):
        unknown = [part for part, style in zip(parts, styles, strict=True) if not style]
        # Tags have words of all sorts: "battle", "seen live".
        own = {part: in_own_words(part) for part in unknown if _is_kind_name(part)}
        all_parts = zip(parts, styles, strict=True)
        return _of_several([style or own.get(part, Style()) for part, style in all_parts])
    # File systems have no "Electro/Techno".
    for joined in (name.split("-"), _AND.split(name)):
        if len(joined) > 1 and all(map(known, joined)):
            return _of_several([style_of(part) for part in joined])
    return style_of(_LIST.split(name)[0]) if _LIST.search(name.strip(" ;|")) else None


def _is_kind_name(name: str) -> bool:
    words = name.split()
    return key_of(name) in table().others or (ends_as_kind(key_of(words[-1])) and not find(name))


def _of_words(name: str) -> Style | None:
    """The style in a name of which some words say nothing, or nothing that English could say."""
    # "Cool down" is no cool music.
    if find(name):
        return Style()
    # Nobody can say "musique X music" in English.
    is_french = re.match(r"musiques?\s", name, re.IGNORECASE)
    played = _PLAYED.match(folded(name))
    made = _within(name) or _hits(key_of(name)) or (known(played[1]) if played else None)
    if not made and _SOUNDS.match(key_of(name)):
        return known("nature sounds")
    return made or _of_foreign(name) or (Style() if is_french else None)


def _of_kind(key: str) -> Style | None:
    """A style with a word that says which, as English or French put it: `rock japonais`."""
    words = without_music(key).split()
    splits = [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]
    pairs = [pair for first, last in splits for pair in ((first, last), (last, first))]
    pairs.sort(key=lambda pair: _is_out_of_order(*pair))
    found = ((kind, table().styles.get(of)) for which, of in pairs if (kind := kind_of(which)))
    other = ((kind, _other(of)) for which, of in pairs if (kind := kind_of(which)))
    further = ((kind, _of_kind(of)) for which, of in pairs if (kind := kind_of(which)))
    for kind, style in chain(found, other, further):
        # "60-70" is no 60s 70s.
        decades = style is not None and kind.before[:1].isdigit() and style.before[:1].isdigit()
        # "Voice and guitar" is no vocal guitar, and an opera is sung.
        voices = style is not None and kind.before == "vocal" and (style.sung or style.instrument)
        if style and not decades and not voices and not stems(kind.before) & stems(style.alone):
            return _combined(kind, style)
    return None


def _other(key: str) -> Style | None:
    """A kind of music that only kinds.yaml knows."""
    return in_own_words(key) if key in table().others else None


def _is_out_of_order(first: str, last: str) -> bool:
    """Whether adjectives stand the other way: modern Turkish music, but French electronic music."""
    kinds = [kind_of(first), kind_of(last)]
    people_first = _is_people(first)
    other = kinds[people_first]
    if None in kinds or other is None or people_first == _is_people(last):
        return False
    is_quality = (last if people_first else first) in table().no_folders and not other.sung
    return people_first == (is_quality or other.is_mood or other.before[:1].isdigit())


def _is_people(key: str) -> bool:
    kind = kind_of(key)
    return kind is not None and kind.before[:1].isupper()


def _combined(kind: Style, style: Style) -> Style:
    quality = ""
    if kind.before[:1].isupper():
        first, _, rest = style.before.partition(" ")
        if rest and first in _BEFORE_PEOPLE:
            quality = f"{first} "
        # "Chanson québécoise" is not French.
        before, alone = (
            name.removeprefix(quality).removeprefix("French ")
            for name in (style.before, style.alone)
        )
        style = replace(style, before=before, alone=alone)
    return replace(
        style,
        before=f"{quality}{kind.before} {style.before}" if style.before else "",
        alone=f"{quality}{kind.before} {style.alone}",
        claims=both(kind.claims, style.claims),
        sung=kind.sung or style.sung,
        is_mood=kind.is_mood or style.is_mood,
        plain=style if kind.is_mood else None,
    )


def _within(name: str) -> Style | None:
    """The style in a name with words around it that say nothing: `Playlist 3`, `rock mix 2`."""
    for text in chain(_bared(name.split()), _bared(_TAKE.sub("", name).split())):
        # "Best running songs" is no style.
        if found := known(text) or _of_kind(key_of(text)) or (Style() if find(text) else None):
            return found
        if text and (key_of(text) in table().others or artist_key(text) in artists()):
            return in_own_words(text)
    return None


def _bared(words: list[str]) -> Iterator[str]:
    """Words without those around that say nothing: first as few of these as can be."""
    while words and key_of(words[0]) in table().around:
        words = words[1:]
        yield " ".join(words)
    while words and key_of(words[-1]) in table().around:
        words = words[:-1]
        yield " ".join(words)


def _hits(key: str) -> Style | None:
    """`tubes disco`, in French order, is disco: one chunk is no hits."""
    return known(_HITS.sub("", key)) if _HITS.match(key) else None


def _of_foreign(name: str) -> Style | None:
    """The style in a name that is no English, of which nobody knows the rest.

    What kind it is stands in front in French and Spanish (`rap de rue`, `rock duro`), and behind in
    English and German; but English has no "Blasmusik" (`zünftige Blasmusik`).
    """
    words = name.split()
    for at in range(len(words) - 1, 0, -1):
        style = known(" ".join(words[:at]))
        if style and (played := _played_as(style, words[:at], words[at:])):
            return played
        is_noun = style and style.alone != "music" and (style.sung or not _stands_before(style))
        # "Classique baroque" is classical, whatever stands behind.
        is_foreign = not set(key_of(words[at - 1]).split()) <= table().english
        if is_noun and key_of(words[at - 1]) and (is_foreign or not _is_english(words[at:])):
            return style
    last = key_of(words[-1])
    is_foreign = not {last, last.removesuffix("s")} & table().english
    ends = (known(" ".join(words[at:])) for at in range(1, len(words))) if is_foreign else ()
    return next((style for style in ends if style and not _stands_before(style)), None)


def _played_as(instrument: Style, words: list[str], rest: list[str]) -> Style | None:
    """Jazz trumpet, which French calls `trompette jazz`."""
    style = known(" ".join(rest))
    is_foreign = instrument.instrument and key_of(" ".join(words)) != key_of(instrument.before)
    if not is_foreign or style is None or not style.before or style.instrument:
        return None
    before = f"{style.before} {instrument.before}"
    claims = both(instrument.claims, style.claims)
    return replace(instrument, before=before, alone=f"{before} music", claims=claims)


def _is_english(words: list[str]) -> bool:
    """Whether words may follow the name of a style in English: "rock anthems", "house of pain"."""
    if _FRENCH.search(words[0].casefold()):
        return False
    last = key_of(words[-1])
    is_kind = last in table().english or ends_as_kind(last)
    return words[0].casefold() in ("of", "and", "&", "in", "to", "goes") or is_kind


def _of_several(styles: list[Style]) -> Style:
    """One style of several: `acoustic folk` of folk and acoustic; the first two that differ."""
    named: list[Style] = []
    for style in styles:
        said = stems(style.before or style.alone)
        if style.alone != "music" and not any(said & stems(n.before or n.alone) for n in named):
            named.append(style)
    nouns = [style for style in named if not _stands_before(style)]
    # "Piano, study" is piano; "rock, guitar" is rock.
    nouns = [s for s in nouns if key_of(s.before) not in table().no_folders] or nouns
    nouns = [s for s in nouns if not s.instrument] or nouns
    adjectives = sorted(filter(_stands_before, named), key=lambda style: not style.is_mood)
    # "Voice and guitar" is guitar, and an opera is sung.
    if any(style.sung or style.instrument for style in nouns):
        adjectives = [style for style in adjectives if style.before != "vocal"]
    moods = [style for style in adjectives if style.is_mood]
    if not nouns and moods:
        # "Epic; orchestral" is orchestral.
        nouns, adjectives = [style for style in named if not style.is_mood][:1], moods
    if not nouns or len(named) < 2:
        return _two(named)
    # Techno and house are electronic.
    if len(nouns) > 1:
        adjectives = [style for style in adjectives if style.before != "electronic"]
    fitting = [a for a in adjectives if a.is_mood or a.claims.agree([nouns[0].claims])]
    return _combined(fitting[0], nouns[0]) if fitting else _two(nouns)


def _stands_before(style: Style) -> bool:
    """Whether a style is a word that stands before others: `acoustic`, `80s`, `happy`."""
    kind = kind_of(key_of(style.before))
    return kind is not None and kind.before == style.before


def _two(named: list[Style]) -> Style:
    if len(named) < 2:
        return named[0] if named else Style()
    one, two = named[:2]
    # "Jungle and drum and bass" is hard to read.
    has_and = " and " in f"{one.before} {two.before}"
    if not (one.before and two.before) or has_and or not one.claims.agree([two.claims]):
        return one
    both = listed([one.before.removesuffix(" music"), two.before.removesuffix(" music")])
    # "Folk and world music", but "a folk track".
    short = [style for style in (one, two) if not style.before.endswith(" music")]
    before = short[0].before if len(short) == 1 else both
    claims = one.claims if one.claims != NO_CLAIMS else two.claims
    # Of folk and singer-songwriters nobody can say "instrumental".
    return Style(before, f"{both} music", claims, one.sung or two.sung)
