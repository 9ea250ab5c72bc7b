"""The commands that make a release again, from its recipe and what its manifest says of it."""

import shlex

from ..release.last_runs import EncodeOptions
from ..release.manifest import Encoding, Manifest
from .options import typed

_WIDTH = 96
_SESSIONS = (
    "python -c 'import json, pathlib as p; "
    """print(json.loads(p.Path("sportgen.json").read_text())["recipe"]["sessions"], end="")' """
    "> sessions.yaml"
)


def commands(manifest: Manifest, repo_id: str, before: str) -> str:
    """Lines for a shell that make the release of `manifest` again from the music.

    `before` is the version of the release before, whose groups keep their splits; empty if there is
    none.
    """
    recipe, source = manifest.recipe, manifest.source
    place = "MUSIC"  # of files in a store too: nothing there tells their versions apart
    if "dataset" in source:
        place = f"hf://datasets/{source['dataset']}@{source['revision']}"
    options = [" ".join(map(_word, filter(None, option))) for option in typed(manifest)]
    if before:
        options.append(f"--since {_word(f'{repo_id}@v{before}')}")
    lines = [f"pip install 'sport-music-dataset=={_word(manifest.software['sportgen'])}'"]
    lines += [_SESSIONS] if recipe.get("sessions") else []
    if manifest.review:
        lines.append("mkdir -p dataset && cp review.csv dataset  # decided while listening")
    lines.append(_folded(f"sportgen build {_word(place)} dataset", options))
    if manifest.encoding and manifest.shards("encoded"):
        lines.append(_folded("sportgen encode dataset", _encode_options(manifest.encoding)))
    return "\n".join(lines)


def _encode_options(encoding: Encoding) -> list[str]:
    return [" ".join(map(_word, words)) for words in EncodeOptions.of(encoding).words()]


def _folded(command: str, options: list[str]) -> str:
    """A command with its options, in lines that a shell reads as one."""
    lines = [command]
    for option in options:
        if len(lines[-1]) + len(option) + 3 > _WIDTH:
            lines.append(f"   {option}")
        else:
            lines[-1] += f" {option}"
    return " \\\n".join(lines)


def _word(text: str) -> str:
    """A text as one word for bash; what could end the block of code or begin HTML is escaped."""
    if text.isprintable() and not set("<>`") & set(text):
        return shlex.quote(text)
    letters = (
        letter if letter.isprintable() and letter not in "<>`'\\" else f"\\U{ord(letter):08x}"
        for letter in text
    )
    return f"$'{''.join(letters)}'"
