"""Splits by group: whole, near the asked proportions, never empty, sticky."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from builder_tests.conftest import RECIPE, noise, write_audio
from builder_tests.support.making import build
from sport_music_dataset.build.plan import plan_tracks
from sport_music_dataset.build.splits import TooFewGroups, assign
from sport_music_dataset.errors import SourceError
from sport_music_dataset.recipe import Recipe, check_splits, parse_splits
from sport_music_dataset.records import Track

PROPORTIONS = {"train": 0.8, "validation": 0.1, "test": 0.1}
Weights = Mapping[str, float]
libraries = st.dictionaries(
    st.text("abcdef0123456789", min_size=1), st.integers(1, 50).map(float), min_size=3, max_size=60
)


@st.composite
def proportions(draw: st.DrawFn) -> dict[str, float]:
    """Two to five splits of any shares."""
    parts = draw(st.lists(st.integers(1, 100), min_size=2, max_size=5))
    return {f"s{number}": part / sum(parts) for number, part in enumerate(parts)}


def off(split_of: Mapping[str, str], weights: Weights, shares: Weights) -> dict[str, float]:
    """By how much every split is over its share."""
    sizes = dict.fromkeys(shares, 0.0)
    for group, weight in weights.items():
        sizes[split_of[group]] += weight
    total = sum(weights.values())
    return {split: size - shares[split] * total for split, size in sizes.items()}


def farthest(split_of: Mapping[str, str], weights: Weights, shares: Weights) -> float:
    return max(map(abs, off(split_of, weights, shares).values()))


@given(libraries, proportions(), st.integers(0, 5))
def test_shares_are_within_one_group_and_none_is_empty(
    weights: dict[str, float], shares: dict[str, float], seed: int
) -> None:
    assume(len(weights) >= len(shares))
    split_of = assign(weights, shares, seed)
    assert split_of.keys() == weights.keys()
    assert set(split_of.values()) == set(shares)
    # A split that is due less than a group gets one all the same: the others lack that.
    least = min(shares.values()) * sum(weights.values())
    if least >= (largest := max(weights.values())):
        assert farthest(split_of, weights, shares) <= largest + 1e-6


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from([1.0, 5.0, 20.0, 50.0]), min_size=3, max_size=7),
    st.lists(st.sampled_from([1, 2, 10, 90]), min_size=3, max_size=3),
    st.lists(st.integers(0, 2), max_size=3),
    st.integers(0, 50),
)
def test_shares_are_within_one_group_of_the_best_possible(
    sizes: list[float], parts: list[int], held: list[int], seed: int
) -> None:
    shares = {f"s{number}": part / sum(parts) for number, part in enumerate(parts)}
    weights = {f"g{number}": size for number, size in enumerate(sizes)}
    fixed = {f"g{number}": f"s{split}" for number, split in enumerate(held[: len(sizes) - 3])}
    free = [group for group in weights if group not in fixed]
    possible = (
        fixed | dict(zip(free, splits, strict=True)) for splits in product(shares, repeat=len(free))
    )
    best = min(
        farthest(every, weights, shares) for every in possible if set(every.values()) == set(shares)
    )
    found = assign(weights, shares, seed, fixed)
    assert farthest(found, weights, shares) <= best + max(sizes) + 1e-6


@given(libraries, libraries, st.integers(0, 5), st.data())
def test_groups_keep_their_split_when_others_come_and_go(
    weights: dict[str, float], more: dict[str, float], seed: int, data: st.DataObject
) -> None:
    before = assign(weights, PROPORTIONS, seed)
    # The last of a split must stay: without it the split would be empty, which is refused.
    needed = {split: group for group, split in before.items()}.values()
    gone = data.draw(st.sets(st.sampled_from(sorted(weights))))
    stay = {group: size for group, size in weights.items() if group in needed or group not in gone}
    after = assign({**more, **stay}, PROPORTIONS, seed, before)
    assert {group: after[group] for group in stay} == {group: before[group] for group in stay}


@given(st.lists(st.integers(20, 60), min_size=2, max_size=5), st.integers(0, 5))
def test_splits_have_styles_and_sessions_alike(sizes: list[int], seed: int) -> None:
    kinds = {
        f"{style}-{number}": (f"style {style}", f"session {number % 2}")
        for style, size in enumerate(sizes)
        for number in range(size)
    }
    split_of = assign(dict.fromkeys(kinds, 1.0), PROPORTIONS, seed, kinds=kinds)
    for style, size in enumerate(sizes):
        for split, share in PROPORTIONS.items():
            found = sum(split_of[f"{style}-{number}"] == split for number in range(size))
            # Of one kind no split has more than a group or two beside its share.
            assert abs(found - share * size) <= 2


@given(libraries)
def test_the_order_of_groups_does_not_matter(weights: dict[str, float]) -> None:
    backwards = dict(reversed(weights.items()))
    assert assign(weights, PROPORTIONS, 0) == assign(backwards, PROPORTIONS, 0)


def test_too_few_groups_are_refused() -> None:
    with pytest.raises(TooFewGroups, match=r"validation would be empty: .* any split: 2") as said:
        assign({"a": 1.0, "b": 1.0}, PROPORTIONS, 0)
    assert said.value.options == "--splits train=0.9,test=0.1"


@given(st.integers(1, 4), proportions(), st.data())
def test_the_splits_that_an_error_names_can_be_filled(
    groups: int, shares: dict[str, float], data: st.DataObject
) -> None:
    weights = {str(number): 1.0 for number in range(groups)}
    somewhere = st.sampled_from([*shares, "elsewhere"])
    fixed = data.draw(st.dictionaries(st.sampled_from([*weights]), somewhere))
    try:
        assign(weights, shares, 0, fixed)
    except TooFewGroups as error:
        named = parse_splits(error.splits)
        check_splits(named)
        assert {*named} <= {*assign(weights, named, 0, fixed).values()}


def track(number: int, group: str = "", split: str = "") -> Track:
    return Track(
        file="",
        path=f"{number}.mp3",
        session="",
        style="",
        sha256=f"{number:064x}",
        group=group,
        split=split,
    )


def test_a_split_in_metadata_wins_and_holds_its_group_together() -> None:
    tracks = [track(n << 192, group="album") for n in range(4)] + [track(9 << 192, split="held")]
    tracks[0] = track(0, group="album", split="test")
    tracks += [track(n << 192) for n in range(20, 30)]
    where = {
        t.track_id: shard.split for shard in plan_tracks(tracks, Recipe()) for t in shard.tracks
    }
    assert {where[t.track_id] for t in tracks[:4]} == {"test"}
    assert where[tracks[4].track_id] == "held"


def test_a_contradiction_inside_a_group_names_both_files() -> None:
    tracks = [track(1 << 192, group="g", split="train"), track(2 << 192, group="g", split="test")]
    with pytest.raises(SourceError, match=rf"{1 << 192}\.mp3.*{2 << 192}\.mp3"):
        plan_tracks(tracks, Recipe())


def test_words_for_splits_are_their_names(tmp_path: Path) -> None:
    for number in range(6):
        write_audio(tmp_path / f"music/pop/Yoga_{number}_pop.wav", noise(3.0, seed=number))
    words = ("Train", "TEST", "val", "dev", "Held", "eval")
    rows = [f"pop/Yoga_{number}_pop.wav,{word}" for number, word in enumerate(words)]
    (tmp_path / "music/metadata.csv").write_text("\n".join(["file_name,split", *rows]))
    recipe = replace(RECIPE, splits=(("train", 0.8), ("test", 0.2), ("held", 0.0), ("dev", 0.0)))
    report = build(tmp_path / "music", tmp_path / "out", recipe)
    splits = {row["path"][9]: row["split"] for row in report.tracks}
    assert [splits[str(n)] for n in range(6)] == [
        "train",
        "test",
        "validation",
        "dev",
        "held",
        "test",
    ]
    assert "metadata: split val is read as validation" in report.notes
