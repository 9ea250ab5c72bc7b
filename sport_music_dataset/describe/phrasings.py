"""Make the descriptions of a chunk, its text prompts, from facts about the chunk."""

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

import yaml

from .english import article, stems
from .evidence import Evidence, Facts, Fields, Source, Word
from .sessions import spaced
from .tokens import MOST_TOKENS, token_count

_FIELD = re.compile(r"\{(\w+)\}([,:]?)")
_BLANK_BEFORE_MARK = re.compile(r" ([,:])")
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
    same energy. Sessions and styles are recognised in French and English; any other name is used as
    it is. A template can be chosen if all its words are known, no word stands in it twice, and its
    text is short enough for 20 T5 tokens. If no text is short enough, the shortest text is the only
    phrasing.

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
    unused, found = list(templates(evidence.alone)), list[Phrasing]()
    while len(found) < count:
        fields = evidence.fields(draw)
        made = {t: phrasing for t in unused if (phrasing := _filled(t, fields))}
        good = [t for t, phrasing in made.items() if not _repeats(phrasing)]
        fitting = [t for t in good if token_count(made[t].text) <= MOST_TOKENS]
        if not fitting:
            return found or [min((made[t] for t in good or made), key=lambda one: len(one.text))]
        chosen = draw.choices(fitting, [_weight(made[t]) for t in fitting])[0]
        unused.remove(chosen)
        if all(made[chosen].text != other.text for other in found):
            found.append(made[chosen])
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
    text = Path(__file__).with_name("templates.yaml").read_text(encoding="utf-8")
    groups = yaml.safe_load(text).items()
    return tuple(t for group, texts in groups if (group == _ALONE) == alone for t in texts)


def _filled(template: str, fields: Fields) -> Phrasing | None:
    """The phrasing of a template; None if a field of it is not known."""
    words: list[Word] = []
    # From the end, since an article follows the sound of what it stands before.
    for token in reversed(template.split()):
        match = _FIELD.fullmatch(token)
        if match is None:
            words.append(Word(token, Source.PHRASING))
        elif match[1] == "a":
            words.append(Word(article(words[-1].text), Source.PHRASING))
        else:
            known = fields[match[1]]
            # Without any style, a track is just that.
            if known is None or not (known or match[1] == "style"):
                return None
            words += [Word(match[2], Source.PHRASING)] * bool(match[2]) + known[::-1]
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
    """Whether a word stands in a description twice, or in two forms: "dance music for dancing"."""
    said = [stem for word in phrasing.words for stem in stems(word.text)]
    return len(said) != len(set(said))


def _weight(phrasing: Phrasing) -> int:
    """How often a phrasing is drawn: more often if it says more of what was measured and heard."""
    known = (Source.MEASURED, Source.HEARD)
    return 1 + 2 * sum(word.source in known for word in phrasing.words)
