"""The options of `build` as they are typed: those of a manifest, and what differs between two."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..recipe import Recipe
from ..release.folder import Run
from ..release.layout import SESSIONS
from ..release.manifest import Manifest

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
# (setting, value) -> option and its value.
_FLAGS = {
    ("keep_silence", True): ("--keep-silence", ""),
    ("keep_truncated", False): ("--truncated", "leave-out"),
    ("analysis", False): ("--no-analysis", ""),
    ("without_vocals", True): ("--without-vocals", ""),
    ("require_tempo", True): ("--require-tempo", ""),
}
# Settings that may differ where options are the same.
_BEHIND = {
    "sessions": "--sessions has other content",
    "tagger_revision": "what listens has other files",
}
_CONSTANTS = ("rows_version", "audio", "sampling_rate")
RULES = "sportgen has other rules for rows now"
"""The change that is in no option."""

Option = tuple[str, str]
"""An option and its value, which is empty for a flag."""


def typed(manifest: Manifest, sessions: str = "sessions.yaml") -> list[Option]:
    """The options that give the recipe and the reading of a manifest, but for the usual ones.

    `sessions` is the file with the user's own sessions, of which a manifest knows the content.
    """
    usual = Recipe().as_dict()
    settings = {key: value for key, value in manifest.recipe.items() if usual.get(key) != value}
    if settings.get("sessions"):
        settings["sessions"] = sessions
    return [*_of_recipe(settings), *_of_reading(manifest.reading)]


def typed_in(folder: Path, manifest: Manifest, tagger: str) -> list[Option]:
    """As `typed`, to be run on this machine: with the sessions that a release folder keeps, and
    with the path of a tagger that is a folder, of which a manifest has the name."""
    recipe: Any = {**manifest.recipe, "tagger": tagger}
    sessions = str(folder.resolve() / SESSIONS)
    return typed(replace(manifest, recipe=recipe), sessions)


def build_run(source: str, options: Iterable[Iterable[str]]) -> Run:
    """The run of `build` with these options."""
    return Run("build", [word for option in options for word in option if word], source)


def changes(before: Manifest, after: Manifest) -> list[str]:
    """What differs between the options of two manifests: `--min-fit was unknown, is no`."""
    old, new = _by_name(typed(before)), _by_name(typed(after))
    found = [
        f"{name} was {_said(name, old)}, is {_said(name, new)}"
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]
    one: Mapping[str, Any] = before.recipe
    other: Mapping[str, Any] = after.recipe
    differ = [key for key in other if one.get(key) != other[key]]
    found += [_BEHIND[key] for key in differ if key in _BEHIND and one.get(key) and other[key]]
    return found + [RULES] * any(key in differ for key in _CONSTANTS)


def _of_recipe(settings: Mapping[str, Any]) -> Iterator[Option]:
    if "splits" in settings:
        shares = (f"{name}={share:.15g}" for name, share in settings["splits"].items())
        yield "--splits", ",".join(shares)
    yield from (("--style", style) for style in settings.get("styles", ()))
    for key, value in settings.items():
        if key in _VALUES:
            yield _VALUES[key], f"{value:.15g}" if isinstance(value, float) else str(value)
        elif not isinstance(value, dict | list) and (key, value) in _FLAGS:
            yield _FLAGS[key, value]
    if settings.get("sessions"):
        yield "--sessions", settings["sessions"]
    if tagger := settings.get("tagger"):
        yield "--listen", ""
        if tagger != "musicnn":
            yield "--tagger", tagger


def _of_reading(reading: Mapping[str, str | bool]) -> Iterator[Option]:
    for key, value in reading.items():
        option = key.replace("_", "-")
        if isinstance(value, bool):
            yield f"--{option}" if value else f"--no-{option}", ""
        else:
            yield f"--{option}", value


def _by_name(options: list[Option]) -> dict[str, str]:
    """Option -> its value; the values of one that is repeated in one text."""
    found: dict[str, str] = {}
    for name, value in options:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


_USUAL = dict(_of_recipe(Recipe().as_dict()))


def _said(name: str, options: Mapping[str, str]) -> str:
    return options.get(name, _USUAL.get(name, "not given")) or "given"
