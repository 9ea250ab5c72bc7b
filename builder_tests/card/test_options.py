"""Options as they are typed: those of a manifest, and what differs between two."""

from dataclasses import replace
from typing import Any

import pytest

from sport_music_dataset.card.options import changes, typed
from sport_music_dataset.recipe import Recipe
from sport_music_dataset.release.manifest import Manifest

USUAL = Recipe()
HEARD = replace(USUAL, tagger="musicnn", tagger_revision="a")


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (USUAL, USUAL, []),
        (USUAL, replace(USUAL, splits=(("train", 1.0),)),
         ["--splits was train=0.9,test=0.1, is train=1"]),
        (replace(USUAL, styles=("a", "b c")), USUAL, ["--style was a, b c, is not given"]),
        (replace(USUAL, keep_truncated=False), USUAL, ["--truncated was leave-out, is not given"]),
        (replace(USUAL, analysis=False), USUAL, ["--no-analysis was given, is not given"]),
        (replace(USUAL, sessions="a"), USUAL, ["--sessions was sessions.yaml, is not given"]),
        (replace(USUAL, sessions="a"), replace(USUAL, sessions="b"),
         ["--sessions has other content"]),
        (USUAL, HEARD, ["--listen was not given, is given"]),
        (HEARD, replace(HEARD, tagger="org/clap"),
         ["--tagger was not given, is org/clap"]),
        (HEARD, replace(HEARD, tagger_revision="b"), ["what listens has other files"]),
    ],
)  # fmt: skip
def test_every_change_of_a_recipe_is_told(before: Recipe, after: Recipe, found: list[str]) -> None:
    assert changes(Manifest.of(before), Manifest.of(after)) == found


def test_every_setting_has_an_option() -> None:
    others: dict[str, Any] = {
        "chunk_seconds": 20.0, "overlap_seconds": 5.0, "splits": (("train", 1.0),), "seed": 1,
        "styles": ("x",), "keep_silence": True, "keep_truncated": False, "max_track_seconds": 9.0,
        "max_expansion": 9.0, "analysis": False, "tagger": "musicnn", "descriptions": "notebook",
        "descriptions_per_chunk": 2, "sessions": "x", "without_vocals": True, "min_fit": "yes",
        "require_tempo": True, "duplicates": "first", "group_by": "album",
    }  # fmt: skip
    assert {*others} == {*Recipe.__slots__} - {"tagger_revision"}
    heard = {"tagger": "musicnn", "tagger_revision": "a"}
    for name, value in others.items():
        more = heard if name in ("tagger", "without_vocals") else {}
        assert typed(Manifest.of(replace(USUAL, **{name: value, **more}))), name


def test_other_rules_are_told() -> None:
    older = Manifest.of(USUAL)
    older.recipe["rows_version"] = 1
    assert changes(older, Manifest.of(USUAL)) == ["sportgen has other rules for rows now"]
