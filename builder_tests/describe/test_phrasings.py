"""Descriptions: many phrasings, what is measured in them, the same every time."""

from itertools import pairwise, product

import pytest

from sport_music_dataset.describe.phrasings import (
    Facts,
    describe,
    describe_plain,
    phrasings,
    templates,
)
from sport_music_dataset.describe.sessions import find
from sport_music_dataset.records import Measures


def of_a_track(facts: Facts, seed: int = 0) -> list[str]:
    """The descriptions of the 16 chunks of a track of four minutes."""
    return [describe(facts, seed, f"abc-{index:04d}") for index in range(16)]


def test_unknown_sessions_are_used_as_they_are() -> None:
    text = describe(Facts("Éveil {musical} %s", "chanson"), 0, "a-0000")
    assert "Éveil {musical} %s" in text and "chanson" in text


@pytest.mark.parametrize("session", ["Yoga", "Course à pied", "Éveil musical"])
def test_a_track_has_many_phrasings_and_keeps_them(session: str) -> None:
    facts = Facts(session, "classic", 72.0, "A minor", 0.3)
    first = of_a_track(facts)
    assert len(set(first)) >= 8
    assert first == of_a_track(facts)
    assert first != of_a_track(facts, seed=1)


@pytest.mark.parametrize("session", ["Yoga", "Éveil musical"])
def test_several_phrasings_of_a_chunk_differ_and_begin_with_its_prompt(session: str) -> None:
    facts = Facts(session, "classic", 72.0, "A minor", 0.3)
    for number in range(50):
        several = phrasings(facts, 0, str(number), count=6)
        assert len(set(several)) == 6
        assert several[0] == describe(facts, 0, str(number))
        assert several[:3] == phrasings(facts, 0, str(number), count=3)


def test_there_are_no_more_phrasings_than_templates_that_fit() -> None:
    everything = phrasings(Facts("Éveil musical", "chanson"), 0, "a-0000", count=100)
    assert len(set(everything)) == len(everything) == 6
    assert len(phrasings(Facts("long " * 30, "chanson"), 0, "a-0000", count=3)) == 1


def test_known_sessions_have_a_dozen_phrasings_of_other_words() -> None:
    known = [text for text in templates() if not {"{tempo}", "{key}", "{arc}"} & set(text.split())]
    plain = [text for text in known if "tempo" not in text and "key" not in text]
    assert len({text.replace("{a ", "{") for text in plain}) >= 12


def test_measures_are_told_only_where_they_are_given() -> None:
    texts = {describe(Facts("yoga", "latino"), 0, str(i)) for i in range(300)}
    assert not any("bpm" in text or "minor" in text or "peak" in text for text in texts)
    full = Facts("yoga", "latino", 71.6, "F# minor", 0.2, "peak")
    told = {describe(full, 0, str(i)) for i in range(300)}
    assert any("72 bpm" in text for text in told)
    assert any("F sharp minor" in text for text in told)
    assert any(text.endswith(", peak") for text in told)


def test_energy_words_follow_what_is_measured() -> None:
    low, high = (
        {
            word
            for i in range(200)
            for word in describe(Facts("cardio", "x", energy=e), 0, str(i)).split()
        }
        for e in (0.1, 0.9)
    )
    assert "calm" in low and "driving" not in low
    assert "driving" in high and "calm" not in high


def test_english_is_right() -> None:
    for session, energy in product(
        ("yoga", "cool-down", "Abdos", "unheard of"), (None, 0.2, 0.5, 0.9)
    ):
        for number in range(200):
            text = describe(
                Facts(session, "electro", energy=energy, arc="cool-down"), 3, str(number)
            )
            words = text.replace(",", "").replace(":", "").split()
            assert all(a != b for a, b in pairwise(words)), text
            assert " a e" not in text.replace(" a electro", ""), text
            assert "{" not in text and "  " not in text


def test_the_plain_form_is_the_notebooks() -> None:
    assert describe_plain("Course à pied", "latino") == "latino music for Course à pied"


def test_only_confident_measures_are_spoken_of() -> None:
    doubtful = Measures(tempo_bpm=120.0, tempo_confidence=0.3, key="A minor", key_confidence=0.2)
    assert (doubtful.confident_tempo_bpm, doubtful.confident_key) == (None, "")
    sure = Measures(tempo_bpm=120.0, tempo_confidence=0.9, key="A minor", key_confidence=0.9)
    assert (sure.confident_tempo_bpm, sure.confident_key) == (120.0, "A minor")
    assert find("Course à pied") == find("running")
