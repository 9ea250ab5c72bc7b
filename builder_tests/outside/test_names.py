"""Names and paths of strangers: which may become ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sport_music_dataset.errors import SettingError
from sport_music_dataset.outside.names import check_name, is_inside, shown
from sport_music_dataset.release.layout import is_release_path, shard_name, split_of

ODD = (
    "../x",
    "/x",
    "a/b",
    "a b",
    "a\n",
    "*",
    "[x]",
    "..",
    ".",
    "",
    "é",
    "a\x00",
    "a..b",
    "_a",
    "1a",
)


@pytest.mark.parametrize("name", [*ODD, "all", "a" * 65, "\ud800"])
def test_odd_names_are_refused_in_one_line(name: str) -> None:
    with pytest.raises(SettingError, match="cannot be used") as raised:
        check_name(name, "metadata.csv: row 3: split")
    assert str(raised.value).startswith("metadata.csv: row 3: split: ")
    assert str(raised.value).isprintable()
    with pytest.raises(SettingError):
        shard_name("raw", name, 0, 1)


@given(st.text())
def test_a_name_is_a_part_of_a_path_or_refused(name: str) -> None:
    try:
        path = shard_name("raw", check_name(name, "split"), 0, 1)
    except SettingError:
        return
    assert is_inside(path) and is_release_path(path) and split_of(path) == name


@pytest.mark.parametrize("path", ["../x", "/x", "a/../b", "a//b", "./a", "a/.", "..", "a\x00", ""])
def test_paths_that_lead_out_are_told(path: str) -> None:
    assert not is_inside(path) and not is_release_path(path)


def test_what_is_shown_of_a_value_is_short() -> None:
    assert shown("x") == "'x'"
    assert len(shown("x" * 1_000_000)) < 100 and len(shown([["y" * 99] * 99] * 99)) < 200
