"""Articles by sound, and words that say the same."""

import pytest

from sport_music_dataset.describe.english import article, singular, stems

ARTICLES = (
    "an R&B|an hour|a UK garage|a eurodance|an 80s|an EDM|a HIIT|an upbeat|an Éveil musical|"
    "a 128 bpm|an 80 bpm|an 8-bit|an 11 bpm|a 118 bpm|a ukulele|an IDM|a K-pop|a yoga|"
    "an energetic|an a cappella|an orchestral|a Europop|a unique|an uplifting|a hip hop|a MIDI|"
    "an Afrobeat|a trap|an Irish|a one-drop|an xx|a PNL"
)


@pytest.mark.parametrize("right", ARTICLES.split("|"))
def test_articles_follow_the_sound(right: str) -> None:
    wanted, _, text = right.partition(" ")
    assert article(text) == wanted


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("dance", "dancing"),
        ("classic", "classical"),
        ("strings", "string"),
        ("relaxed", "relaxation"),
        ("energetic", "energy"),
        ("running", "run"),
        ("powerful", "power yoga"),
        ("drum and bass", "drums"),
        ("upbeat", "breakbeat"),
    ],
)
def test_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    assert stems(one) & stems(other)


def test_small_words_and_other_words_are_no_repetition() -> None:
    assert not stems("with the bass in it") & stems("for a walk with the dog in it")
    assert not stems("light rock") & stems("lively track")


@pytest.mark.parametrize(
    ("word", "one"),
    [("stretches", "stretch"), ("lunges", "lunge"), ("bodies", "body"), ("aerobics", "aerobics")],
)
def test_of_several_one_stands_before_a_noun(word: str, one: str) -> None:
    assert singular(word) == one
