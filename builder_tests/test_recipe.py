"""Settings are refused with the value echoed, and the fingerprint follows them."""

from dataclasses import replace
from typing import Any

import pytest

from sport_music_dataset.errors import SettingError
from sport_music_dataset.recipe import Recipe, parse_splits


@pytest.mark.parametrize(
    ("settings", "echo"),
    [
        ({"chunk_seconds": 0.0}, "chunk_seconds=0"),
        ({"chunk_seconds": float("nan")}, "chunk_seconds=nan"),
        ({"overlap_seconds": 25.0}, "overlap_seconds=25"),
        ({"overlap_seconds": -1.0}, "overlap_seconds=-1"),
        ({"chunk_seconds": 10.00001}, "10.00001"),
        ({"splits": (("train", 0.9),)}, "0.9"),
        ({"splits": (("train", 1.5), ("test", -0.5))}, "1.5"),
        ({"splits": (("all", 1.0),)}, "'all'"),
        ({"splits": (("../up", 1.0),)}, "'../up'"),
    ],
)
def test_a_setting_that_cannot_work_is_echoed(settings: dict[str, Any], echo: str) -> None:
    with pytest.raises(SettingError) as caught:
        Recipe(**settings)
    assert echo in str(caught.value)


@pytest.mark.parametrize("text", ["train", "train=x", "train=0.5,train=0.5", ""])
def test_splits_that_are_not_written_as_splits_are_refused(text: str) -> None:
    with pytest.raises(SettingError, match=f"splits='{text}'"):
        parse_splits(text)


def test_samples_are_those_of_25_and_15_seconds() -> None:
    recipe = Recipe()
    assert (recipe.chunk_samples, recipe.hop_samples) == (800_000, 480_000)


def test_every_setting_changes_the_fingerprint() -> None:
    recipe = Recipe()
    others = [
        replace(recipe, chunk_seconds=20.0),
        replace(recipe, overlap_seconds=5.0),
        replace(recipe, splits=(("train", 1.0),)),
        replace(recipe, seed=1),
        replace(recipe, styles=("latino",)),
    ]
    assert len({one.fingerprint for one in [recipe, *others]}) == len(others) + 1


def test_the_order_of_splits_is_no_setting() -> None:
    swapped = Recipe(splits=(("test", 0.1), ("train", 0.9)))
    assert swapped.fingerprint == Recipe().fingerprint
