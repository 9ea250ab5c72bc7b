"""Make the descriptions of a chunk, its text prompts, from facts about the chunk."""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from ..outside.documents import own_yaml
from .english import article, stems
from .evidence import Evidence, Facts, Fields, Source, Word
from .sessions import spaced
from .tokens import MOST_TOKENS, token_count
from .words import lexicon

_FIELD = re.compile(r"\{(\w+)\}([,:]?)")
_BLANK_BEFORE_MARK = re.compile(r" ([,:])")
_AFTER_TEMPO = re.compile(r"\bbpm ([\w-]+)")
# "Steady and warm dance and electro music".
_TWO_PAIRS = re.compile(r"\S+ and \S+ (?:(?!for )\S+ )*?\S+ and ")
# Templates for a style that says the session already.
_ALONE = "alone"


@dataclass(frozen=True, slots=True)
class Phrasing:
    """A description: its text, and the words of which it is made, in order."""

    text: str
    words: tuple[Word, ...]


def describe(facts: Facts, seed: int, chunk_id: str, own: str = "") -> str:
    """The text of the first of the chunk's `phrasings`, which is its prompt."""
    return phrasings(facts, seed, chunk_id, own)[0].text


def phrasings(
    facts: Facts, seed: int, chunk_id: str, own: str = "", count: int = 1
) -> list[Phrasing]:
    """English phrasings for a chunk, chosen at random from `seed` and `chunk_id`.

    The same arguments give the same phrasings; a higher `count` adds phrasings at the end. All
    chunks of a track (the part of `chunk_id` before its last hyphen) use the same words for the
    same energy. Sessions and styles are said in English, or not at all. A template can be chosen if
    all its words are known, no word stands in it twice, and its text is short enough for 20 T5
    tokens. If no text is short enough, the shortest text is the only phrasing.

    Args:
        facts: facts about the chunk.
        seed: number that, if it changes, gives other phrasings.
        chunk_id: id of the chunk.
        own: the user's sessions, as YAML.
        count: number of phrasings, each from another template; fewer if no template is left.
    """
    draw = random.Random(f"{seed}:{chunk_id}")
    track_id = chunk_id.rpartition("-")[0]
    evidence = Evidence(facts, own, random.Random(f"{seed}:{track_id}"))
    unused, found = list(_parsed(evidence.alone)), list[Phrasing]()
    while len(found) < count:
        fields = evidence.fields(draw)
        usable = [t for t in unused if t.fields <= fields.keys()]
        drawn = _drawn(usable, fields, draw)
        if drawn is None:
            return found or [_shortest(usable, fields)]
        template, phrasing = drawn
        unused.remove(template)
        if all(phrasing.text != other.text for other in found):
            found.append(phrasing)
    return found


def describe_plain(session: str, style: str) -> Phrasing:
    """The description that the notebook uses: `<style> music for <session>`."""
    words = (
        Word(spaced(style), Source.USER, f"style {style}"),
        Word("music for", Source.PHRASING),
        Word(spaced(session), Source.USER, f"session {session}"),
    )
    return Phrasing(" ".join(word.text for word in words), words)


@cache
def templates(alone: bool = False) -> tuple[str, ...]:
    """The templates in templates.yaml; `alone` those for a style that says the session."""
    groups = own_yaml(__file__, "templates.yaml").items()
    return tuple(t for group, texts in groups if (group == _ALONE) == alone for t in texts)


@dataclass(frozen=True, slots=True, eq=False)
class _Template:
    """A template: its parts from the last to the first, and the fields that it names.

    A part is a field's name with the mark behind it, or a plain word, of which the name is empty.
    """

    parts: tuple[tuple[str, str], ...]
    fields: frozenset[str]


@cache
def _parsed(alone: bool) -> tuple[_Template, ...]:
    found = []
    for template in templates(alone):
        parts = []
        for token in reversed(template.split()):
            match = _FIELD.fullmatch(token)
            parts.append((match[1], match[2]) if match else ("", token))
        found.append(_Template(tuple(parts), frozenset(name for name, _ in parts) - {"", "a"}))
    return tuple(found)


def _drawn(
    usable: Sequence[_Template], fields: Fields, draw: random.Random
) -> tuple[_Template, Phrasing] | None:
    """One of the templates with its phrasing, if one has a phrasing that is good and short enough.

    A template is drawn more often if it says more of what was measured and heard.
    """
    gains = {name: sum(map(_is_known, words)) for name, words in fields.items()}
    weights = {t: 1 + 2 * sum(gains[name] for name in t.fields) for t in usable}
    while weights:
        template = draw.choices(list(weights), list(weights.values()))[0]
        phrasing = _filled(template, fields)
        if not _repeats(phrasing) and token_count(phrasing.text) <= MOST_TOKENS:
            return template, phrasing
        del weights[template]
    return None


def _shortest(usable: Sequence[_Template], fields: Fields) -> Phrasing:
    """The shortest phrasing, of those that say no word twice if there are any."""
    made = [_filled(template, fields) for template in usable]
    return min(made, key=lambda one: (_repeats(one), len(one.text)))


def _is_known(word: Word) -> bool:
    return word.source in (Source.MEASURED, Source.HEARD)


def _filled(template: _Template, fields: Fields) -> Phrasing:
    """The phrasing of a template of which all fields are known."""
    words: list[Word] = []
    # From the end, since an article follows the sound of what it stands before.
    for name, mark in template.parts:
        if not name:
            words.append(Word(mark, Source.PHRASING))
        elif name == "a":
            words.append(Word(article(words[-1].text), Source.PHRASING))
        else:
            words += [Word(mark, Source.PHRASING)] * bool(mark) + fields[name][::-1]
    return Phrasing(_text(words[::-1]), tuple(_joined(words[::-1])))


def _text(words: Iterable[Word]) -> str:
    """Words with blanks between them, but for commas and colons."""
    return _BLANK_BEFORE_MARK.sub(r"\1", " ".join(word.text for word in words))


def _joined(words: Iterable[Word]) -> Iterator[Word]:
    """Words with those of the phrasing that stand side by side as one."""
    for is_plain, group in groupby(words, lambda word: word.source is Source.PHRASING):
        same = list(group)
        yield from [Word(_text(same), Source.PHRASING)] if is_plain else same


def _repeats(phrasing: Phrasing) -> bool:
    """Whether a word stands in a description twice, or in two forms: "dance music for dancing".

    So do numbers side by side ("130 bpm 90s dance"), and an adjective stands before a tempo, not
    behind it ("a 130 bpm happy track"). Two pairs side by side are hard to read.
    """
    if _TWO_PAIRS.match(phrasing.text):
        return True
    after = _AFTER_TEMPO.search(phrasing.text)
    if after and (after[1][0].isdigit() or after[1] in lexicon().words):
        return True
    said = [stem for word in phrasing.words for stem in stems(word.text)]
    return len(said) != len(set(said))
