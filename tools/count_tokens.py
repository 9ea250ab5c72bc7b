"""Write how many T5 tokens each word of descriptions has, with the tokenizer in a folder.

    .venv/bin/python tools/count_tokens.py TOKENIZER_FOLDER

Run it when words are added to templates, sessions, styles, moods or instruments: it writes
sport_music_dataset/describe/tokens.yaml. A word that is missing there is estimated.
"""

import sys
from functools import partial
from itertools import chain
from pathlib import Path
from textwrap import fill

from transformers import AutoTokenizer

from sport_music_dataset.describe.phrasings import templates
from sport_music_dataset.describe.sessions import known_sessions
from sport_music_dataset.describe.styles import known_styles
from sport_music_dataset.describe.words import lexicon

FILE = Path(__file__).parents[1] / "sport_music_dataset/describe/tokens.yaml"
# What taggers call instruments, and words of styles that tags add to those we know.
INSTRUMENTS = (
    "accordion banjo bass bassoon bells brass cello choir clarinet clavinet cymbals drums drum "
    "double dulcimer electric acoustic fiddle flute flutes glockenspiel guitar guitars hand "
    "handclaps harmonica harp harpsichord horn horns keyboard keyboards kit lead machine "
    "mallets mandolin marimba oboe organ pad pads percussion piano pianos pipe saxophone "
    "section sitar slap steel string strings synth synths synthesizer synthesizers tabla "
    "tambourine timpani trombone trumpet tuba ukulele vibraphone viola violin violins vocals "
    "voice voices whistle woodwinds xylophone"
)
MODIFIERS = (
    "acid deep dark hard soft melodic progressive old new school modern organic vocal psychedelic "
    "symphonic gothic melodic experimental instrumental tropical future liquid neo nu post retro"
)
KEYS = "A B C D E F G flat sharp major minor bpm and"


def words() -> set[str]:
    """Every word that descriptions are made of, but for names that users give."""
    sessions = set(known_sessions().values())
    texts = chain(
        (template for alone in (False, True) for template in templates(alone)),
        *((s.name, s.purpose, s.event, *s.moods) for s in sessions),
        (text for style in known_styles() for text in (style.before, style.alone)),
        lexicon().words,
        (says for says, _ in lexicon().arcs.values()),
        (INSTRUMENTS, MODIFIERS, KEYS),
    )
    found = {word.strip(",:") for text in texts for word in text.split() if "{" not in word}
    return found | {f"{decade}0s" for decade in range(5, 10)}


def main(folder: str) -> None:
    """Write tokens.yaml."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    by_count: dict[int, list[str]] = {}
    for word in sorted(words()):
        count = len(tokenizer(word, add_special_tokens=False)["input_ids"])
        by_count.setdefault(count, []).append(f'"{word}"')
    # A word that is broken at its hyphen would be another one.
    wrap = partial(fill, width=100, subsequent_indent="  ", break_on_hyphens=False)
    lines = [wrap(f"{count}: [{', '.join(by_count[count])}]") for count in sorted(by_count)]
    head = "# T5 tokens of each word, by their number; written by tools/count_tokens.py."
    FILE.write_text("\n".join([head, *lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
