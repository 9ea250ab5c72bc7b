"""JSON and YAML of strangers: read as they are meant, or one line and no time lost."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sport_music_dataset.errors import ReleaseError, SourceError
from sport_music_dataset.outside.documents import load_json, load_yaml, split_front_matter

# Nine aliases on each of nine levels: a billion values.
ALIASES = "a0: &a0 [x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ALIASES, "more than 100,000 values"),
        ("a: &a [*a]", "an alias of itself"),
        ("[" * 40 + "]" * 40, "nested more than 32 levels"),
        ("a: " * 2000, "must be YAML"),
        ("- " * 3000 + "x", "nested more than 32 levels"),
        ("x: 0x_", "invalid literal"),
        ("? [a]\n: b", "line 1: found unhashable key"),
        ("? {a: b}\n: c", "unhashable"),
        ("a:\n  b: [1", "line 2: "),
        ("x: !!python/object/apply:os.system [true]", "python/object"),
        ("x: !!timestamp 2024-99-99", "month"),
        ("x: '\\ud800'\ny: \"\\ud800\"", "surrogate"),
        ("a\x00", "unacceptable character"),
        ("a: 1\n---\nb: 2", "another document"),
        ("x: " + "9" * 5000, "Exceeds the limit"),
        ("x" * 600_000, "600,000 letters"),
    ],
    ids=lambda text: text[:20],
)
def test_yaml_beyond_its_limits_is_one_line(text: str, said: str) -> None:
    with pytest.raises(SourceError) as raised:
        load_yaml(text, "sessions.yaml", SourceError)
    told = str(raised.value)
    assert told.startswith("sessions.yaml:") and said in told
    assert "\n" not in told and len(told) < 500


def test_yaml_is_read_as_people_mean_it() -> None:
    text = "calm: &calm [soft, slow]\nyoga: *calm\nday: 2024-01-01\nbpm: [60, 90.5]\nnone:\n"
    assert load_yaml(text, "x", SourceError) == {
        "calm": ["soft", "slow"],
        "yoga": ["soft", "slow"],
        "day": "2024-01-01",
        "bpm": [60, 90.5],
        "none": None,
    }
    assert load_yaml("", "x", SourceError) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "nested too deeply"),
        ("[" * 40 + "]" * 40, "nested more than 32 levels"),
        ('{"a": {"\\ud800": 1}}', "surrogate"),
        ('["\\udfff"]', "surrogate"),
        ("NaN", "NaN"),
        ("[1e999]", "not finite"),
        ("1" * 5000, "Exceeds the limit"),
        ("[1,", "is not JSON"),
    ],
    ids=lambda text: text[:20],
)
def test_json_beyond_its_limits_is_one_line(text: str, said: str) -> None:
    with pytest.raises(ReleaseError, match=said) as raised:
        load_json(text, "x.json", ReleaseError)
    assert str(raised.value).startswith("x.json: ")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # Without halves of surrogate pairs, which are no text.
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


@given(JSON)
def test_json_within_its_limits_is_read_as_it_is(value: Any) -> None:
    import json

    assert load_json(json.dumps(value), "x", ReleaseError) == value


def test_a_card_without_front_matter_has_only_a_body() -> None:
    for text in ("", "# Music", "---\nno end", "--- no fence\n---\n"):
        assert split_front_matter(text, "README.md", ReleaseError) == ({}, text)
    # A regular expression needs quadratic time for this.
    long = "---" + "\n" * 400_000
    assert split_front_matter(long, "README.md", ReleaseError) == ({}, long)
    text = "---  \nlicense: mit\n---\n\n# Music\n---\n"
    found = split_front_matter(text, "README.md", ReleaseError)
    assert found == ({"license": "mit"}, "\n# Music\n---\n")


@pytest.mark.parametrize("head", ["[a]", "text", "3"])
def test_front_matter_is_a_mapping(head: str) -> None:
    with pytest.raises(ReleaseError, match="no mapping"):
        split_front_matter(f"---\n{head}\n---\n", "README.md", ReleaseError)
