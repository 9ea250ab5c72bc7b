"""Descriptions: recognised sessions, many phrasings, the same every time."""

import pytest

from sport_music_dataset.describe import describe, vocabulary


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Course à pied", "running"),
        ("course_a_pied 2", "running"),
        ("COURSE-A-PIED", "running"),
        ("Running 2", "running"),
        ("Renforcement musculaire", "strength training"),
        ("Vélo d’appartement", "cycling"),
        ("Étirements", "stretching"),
        ("echauffement", "warm-up"),
        ("yoga", "yoga"),
        ("hiit", "HIIT"),
    ],
)
def test_sessions_are_recognised(written: str, name: str) -> None:
    texts = {describe(written, "latino", 0, str(index)) for index in range(20)}
    assert all(name in text and "latino" in text for text in texts)


def test_unknown_sessions_are_used_as_they_are() -> None:
    text = describe("Éveil {musical} %s", "chanson", 0, "a-0000")
    assert "Éveil {musical} %s" in text and "chanson" in text


def test_a_track_has_many_phrasings_and_keeps_them() -> None:
    first = [describe("Yoga", "classic", 0, f"abc-{index:04d}") for index in range(16)]
    assert len(set(first)) >= 8
    assert first == [describe("Yoga", "classic", 0, f"abc-{index:04d}") for index in range(16)]
    assert first != [describe("Yoga", "classic", 1, f"abc-{index:04d}") for index in range(16)]


def test_no_alias_means_two_sessions() -> None:
    import yaml

    from sport_music_dataset import describe as module
    from sport_music_dataset.describe import normalise

    path = module.__file__.replace("describe.py", "sessions.yaml")
    with open(path, encoding="utf-8") as handle:  # noqa: PTH123
        sessions = yaml.safe_load(handle)["sessions"]
    seen: dict[str, str] = {}
    for name, entry in sessions.items():
        for alias in {normalise(alias) for alias in (name, *entry["aliases"])}:
            assert seen.setdefault(alias, name) == name, alias
    assert seen.keys() == vocabulary().sessions.keys()
