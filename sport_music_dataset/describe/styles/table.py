"""The styles of styles.yaml, by what people call them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from ...outside.documents import own_yaml
from ..sessions import folded
from ..words import NO_CLAIMS, Claims, both, claims_of, lexicon

_BETWEEN = re.compile(r"[\s_\-/&+'’.]+|\b(?:and|et|n|und|e)\b")
_MUSIC_AROUND = re.compile(
    r"^(?:musiques?|musicas?|ambiances?|rythmes?|sonorites?|esprit)\s+"
    r"(?:(?:de la|de l|des|de|del|d|du|da|para|per)\s+)?(?=\S)|\s+(?:music|musik)$"
)
# "Klaviermusik" is Klavier, "Entspannungsmusik" Entspannung.
_COMPOUND = re.compile(r"(?<=\w{3})s?musik$")
_DECADE = re.compile(
    r"(?:(?:les |des |die |los |i )?(?:annees |anos |anni )?)((?:20)?\d0)(?: ?e?r?s)?|"
    r"(?:19)(\d0) ?s?|(\d0)er"
)
_DECADE_HITS = re.compile(r"(?:hits|tubes) (?:des )?(?:annees )?(\d0)|(\d0) ?(?:s|er) hits")
# Names of artists with fewer letters are not recognised without their blanks.
_JOINED_LETTERS = 4
# The endings of adjectives that Spanish, Italian, Portuguese and German write for one of ours.
_ENDINGS = (("o", ("a", "os", "as", "i", "e")), ("sch", ("sche", "scher", "sches", "schen")))


@dataclass(frozen=True, slots=True)
class Style:
    """A style in English.

    `before` stands before a noun ("rock" track; empty if nothing can stand there), `alone` by
    itself ("classical music"). `claims` is what its name claims of the music; `sung` whether its
    name says that somebody sings, `unaccompanied` that no instrument plays, `untimed` that there is
    no beat. `instrumental` is whether it was said that nobody sings, `piece` whether one of it is a
    piece, `instrument` whether it is what plays; `is_mood` whether it is, or begins with, what
    music is like (`happy`, `sad violin`), and `plain` the style without that (`violin`). `known` is
    whether it is a style, a kind of music or an artist of our tables, or made of English words.
    """

    before: str = ""
    alone: str = "music"
    claims: Claims = NO_CLAIMS
    sung: bool = False
    unaccompanied: bool = False
    untimed: bool = False
    instrumental: bool = False
    piece: bool = False
    instrument: bool = False
    is_mood: bool = False
    plain: "Style | None" = None
    known: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """What styles.yaml and kinds.yaml have, by keys.

    `styles` has the styles by each of their names, `kinds` those that stand before others,
    `nothing` the names that say nothing of the music and `around` the words that do. `no_folders`
    are names of which a folder does not tell that it holds a style. `others` are the kinds of music
    that only kinds.yaml knows, as it writes them. `joined` has the keys of styles and kinds by
    these without blanks. `english` has all the words that English names of kinds of music are made
    of, `ends` the last of each.
    """

    styles: dict[str, Style]
    no_folders: frozenset[str]
    kinds: dict[str, Style]
    nothing: frozenset[str]
    around: frozenset[str]
    proper: frozenset[str]
    others: dict[str, str]
    joined: dict[str, str]
    english: frozenset[str]
    ends: frozenset[str]


def known_styles() -> frozenset[Style]:
    """The styles of styles.yaml."""
    return frozenset(table().styles.values())


@cache
def table() -> Table:
    """The data of this package."""
    data = own_yaml(__file__, "styles.yaml")
    styles, kinds = _styles_and_kinds(data["styles"])
    others = {key_of(name): name for name in own_yaml(__file__, "kinds.yaml")["kinds"]}
    english = {key_of(style.before or style.alone) for style in styles.values()} | others.keys()
    nothing, around = (frozenset(map(key_of, data[name])) for name in ("nothing", "around"))
    return Table(
        styles=styles,
        no_folders=frozenset(_no_folders(data["styles"])),
        kinds=kinds,
        nothing=nothing,
        around=around,
        proper=frozenset(data["proper"]),
        others=others,
        joined={key.replace(" ", ""): key for key in sorted({*others, *styles}) if " " in key},
        english=frozenset(word for key in english for word in key.split()),
        ends=frozenset(key.split()[-1] for key in english),
    )


@cache
def artists() -> dict[str, str]:
    """The names of artists.yaml as the artists write them, by their keys."""
    names = own_yaml(__file__, "artists.yaml")["artists"]
    return {form: name for name in names for form in _artist_forms(name)}


def artist_key(name: str) -> str:
    """The name of an artist for comparing: commas in it are no list."""
    return key_of(name.replace(",", " "))


def _artist_forms(name: str) -> Iterator[str]:
    key = artist_key(name)
    # "Panic at the Disco".
    yield from (key, f"the {key}", " ".join(re.sub("[!?$]", "", key).split()))
    # "acdc", "daftpunk".
    if len(joined := key.replace(" ", "")) >= _JOINED_LETTERS:
        yield joined


def _styles_and_kinds(entries: dict[str, Any]) -> tuple[dict[str, Style], dict[str, Style]]:
    """All styles by their keys, and those that stand before others."""
    styles, kinds, forms = dict[str, Style](), dict[str, Style](), dict[str, Style]()
    for name, entry in entries.items():
        style = _style(name, entry)
        for spelling in (name, *entry.get("also", ())):
            styles.setdefault(key_of(spelling), style)
            if entry.get("of", False):
                kinds[key_of(spelling)] = style
                forms |= dict.fromkeys(_forms(spelling, is_ours=spelling == name), style)
    # "Bruit de la mer" is "bruits de la mer".
    styles |= {one: style for key, style in styles.items() if (one := _singular(key)) not in styles}
    # "Indie" is no form of a Spanish word.
    named = styles.keys() | kinds.keys()
    kinds |= {form: style for form, style in forms.items() if form not in named}
    return kinds | styles, kinds


def _no_folders(entries: dict[str, Any]) -> Iterator[str]:
    for name, entry in entries.items():
        if not entry.get("folder", True):
            yield from map(key_of, (name, *entry.get("also", ())))


def _forms(spelling: str, is_ours: bool) -> Iterator[str]:
    """The keys of other forms of an adjective, but for one of English."""
    key = key_of(spelling)
    if not is_ours:
        # French adjectives have plurals; "electronics" is no plural of ours.
        yield f"{key}s"
        for ending, others in _ENDINGS:
            if key.endswith(ending):
                yield from (key.removesuffix(ending) + other for other in others)


def _style(name: str, entry: dict[str, Any]) -> Style:
    kind = entry.get("is", "noun")
    return Style(
        before="" if kind == "plural" else entry.get("before", name),
        alone=f"{name} music" if kind == "adjective" else name,
        claims=both(claims_of(entry), lexicon().claims(name)),
        sung=entry.get("sung", False),
        unaccompanied=entry.get("unaccompanied", False),
        untimed=entry.get("untimed", False),
        piece=entry.get("piece", False),
        instrument=entry.get("instrument", False),
        is_mood=name in lexicon().words,
    )


def key_of(name: str) -> str:
    """A name for comparing: see the head of styles.yaml."""
    return " ".join(_BETWEEN.sub(" ", folded(name)).split())


def known(name: str) -> Style | None:
    """The style of styles.yaml, or the decade, that a name means as it stands."""
    key, found = key_of(name), table()
    # "80" may be a decade, a tempo or the number of a disc.
    if not key or key.isdigit() or {key, _singular(key)} & found.nothing:
        return Style()
    bare = _COMPOUND.sub("", _MUSIC_AROUND.sub("", key))
    # A number alone is a decade only behind "années".
    decades = (_DECADE.fullmatch(text) for text in (key, bare) if not text.isdigit())
    if decade := _DECADE_HITS.fullmatch(key) or next(filter(None, decades), None):
        words = _spoken_decade(decade)
        return Style(words, f"{words} music")
    names = (key, bare, _singular(key))
    listed = next((style for name in names if (style := found.styles.get(name))), None)
    return listed or (kind_of(key) if key in lexicon().words else None)


@lru_cache(4_096)
def is_listed(name: str) -> bool:
    """Whether styles.yaml has a style of this name."""
    return key_of(name) in table().styles


def is_decade(key: str) -> bool:
    """Whether a key is that of a decade, as the name of a folder."""
    return _DECADE.fullmatch(key) is not None and not key.isdigit()


def kind_of(key: str) -> Style | None:
    """What may stand before a style, in English: `80s` for `80` too, since a style is beside it."""
    match = _DECADE.fullmatch(key)
    if match and (not key.isdigit() or len(key) == 2):
        return Style(_spoken_decade(match))
    if key in lexicon().words and key not in table().kinds:
        return Style(key, f"{key} music", lexicon().claims(key), is_mood=True)
    return table().kinds.get(key)


def without_music(key: str) -> str:
    """A key without "musique de" in front and "music" at the end."""
    return _MUSIC_AROUND.sub("", key)


def _singular(key: str) -> str:
    return " ".join(word.removesuffix("s") for word in key.split())


def _spoken_decade(match: re.Match[str]) -> str:
    """`80s`; the decades of this century are `2000s` and `2010s`."""
    digits = next(filter(None, match.groups()))
    return f"20{digits}s" if digits in ("00", "10") else f"{digits}s"
