"""The commands that make a release again, from its recipe and what its manifest says of it."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from ..recipe import Recipe
from ..release.last_runs import EncodeOptions
from ..release.manifest import Encoding, Manifest

_WIDTH = 96
# Setting of the recipe -> option, where its value is the option's; other settings follow below.
_VALUES = {
    "chunk_seconds": "--chunk-seconds",
    "overlap_seconds": "--overlap-seconds",
    "seed": "--seed",
    "max_track_seconds": "--max-track-seconds",
    "max_expansion": "--max-expansion",
    "descriptions": "--descriptions",
    "descriptions_per_chunk": "--descriptions-per-chunk",
    "min_fit": "--min-fit",
    "duplicates": "--duplicates",
    "group_by": "--group-by",
}
# (setting, value) -> option.
_FLAGS = {
    ("keep_silence", True): "--keep-silence",
    ("keep_truncated", False): "--truncated leave-out",
    ("analysis", False): "--no-analysis",
    ("without_vocals", True): "--without-vocals",
    ("require_tempo", True): "--require-tempo",
}
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
    options = [*_recipe_options(recipe), *_reading_options(manifest.reading)]
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


def _recipe_options(recipe: Mapping[str, Any]) -> Iterator[str]:
    usual = Recipe().as_dict()
    changed = {key: value for key, value in recipe.items() if usual.get(key) != value}
    if "splits" in changed:
        splits = ",".join(f"{name}={share}" for name, share in changed["splits"].items())
        yield f"--splits {_word(splits)}"
    yield from (f"--style {_word(style)}" for style in changed.get("styles", ()))
    for key, value in changed.items():
        if key in _VALUES:
            number = f"{value:.15g}" if isinstance(value, float) else str(value)
            yield f"{_VALUES[key]} {_word(number)}"
        elif not isinstance(value, dict | list) and (key, value) in _FLAGS:
            yield _FLAGS[key, value]
    if recipe.get("sessions"):
        yield "--sessions sessions.yaml"
    if tagger := recipe.get("tagger"):
        yield "--listen" + (f" --tagger {_word(tagger)}" if tagger != "musicnn" else "")


def _reading_options(reading: Mapping[str, str | bool]) -> Iterator[str]:
    for key, value in reading.items():
        option = _word(key.replace("_", "-"))
        if isinstance(value, bool):
            yield f"--{option}" if value else f"--no-{option}"
        else:
            yield f"--{option} {_word(value)}"


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
