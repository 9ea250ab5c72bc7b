"""The arithmetic of benchmarks/truth.py: what a score says, and what is right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judging.midi import DRUM_CHANNEL, MAYBE_VOICES, VOICES, Event, family, score_of
from judging.right import (
    ACC2,
    MIREX,
    TONICS,
    calibration,
    is_tempo,
    relation,
    spelled,
    written_instruments,
    written_key,
    written_tempo,
)
from judging.tables import report, sounds

KEYS = st.sampled_from([f"{tonic} {mode}" for tonic in TONICS for mode in ("major", "minor")])


def test_acc1_allows_4_percent_and_acc2_octaves_and_triples() -> None:
    assert is_tempo(103.9, 100) and not is_tempo(104.1, 100) and not is_tempo(None, 100)
    for factor in (2, 3, 1 / 2, 1 / 3):
        assert is_tempo(100 * factor, 100, ACC2) and not is_tempo(100 * factor, 100)
    assert not is_tempo(150, 100, ACC2)


@pytest.mark.parametrize(
    ("measured", "found"),
    [
        ("A minor", "exact"),
        ("E minor", "fifth"),
        ("D minor", "fifth"),
        ("C major", "relative"),
        ("A major", "parallel"),
        ("G major", "wrong"),
        ("", "none"),
    ],
)
def test_relations_of_keys_are_those_of_mirex(measured: str, found: str) -> None:
    assert relation(measured, "A minor") == found and found in MIREX


@given(KEYS, KEYS, st.integers(0, 11))
def test_relations_do_not_depend_on_the_tonic(measured: str, key: str, step: int) -> None:
    def moved(name: str) -> str:
        tonic, mode = name.split()
        return f"{TONICS[(TONICS.index(tonic) + step) % 12]} {mode}"

    assert relation(moved(measured), moved(key)) == relation(measured, key)
    assert (relation(measured, key) == "exact") == (measured == key)


def test_keys_are_read_however_they_are_spelled() -> None:
    assert spelled("F#m") == "F# minor" and spelled("Bb") == "A# major"
    assert spelled("e- minor") == "D# minor" and spelled("Cb maj") == "B major"
    assert spelled("HP") == ""


def test_words_of_descriptions() -> None:
    text = "rock with bass guitar and drums for running, 128 bpm, F sharp minor"
    assert written_tempo(text) == 128 and written_key(text) == "F# minor"
    assert written_instruments(text) == ["bass guitar", "drums"]
    assert written_tempo("calm") is None and written_key("A good run") == ""


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans())))
def test_a_curve_counts_every_case_once(judged: list[tuple[float, bool]]) -> None:
    curve = calibration(judged)
    assert sum(count for _, count, _, _ in curve) == len(judged)
    assert all(low <= said + 1e-9 and said <= low + 0.1 + 1e-9 for low, _, said, _ in curve)
    rights = sum(count * right for _, count, _, right in curve)
    assert rights == pytest.approx(sum(right for _, right in judged))


def test_the_tempo_map_says_the_tempo_that_holds_longest() -> None:
    # Two beats at 60 BPM, then 16 at 120, then, past the 8 seconds that count, more at 60.
    events = [Event(0, "tempo", 1_000_000), Event(960, "tempo", 500_000)]
    events += [Event(8640, "tempo", 1_000_000), Event(96_000, "end")]
    score = score_of(480, events, 8)
    assert score.bpm == 120 and score.seconds == 8 and score.steady == pytest.approx(6 / 8)


def test_a_beat_of_six_eight_is_a_dotted_quarter() -> None:
    events = [Event(0, "metre", text="6/8"), Event(0, "key", text="Bbm"), Event(9600, "end")]
    score = score_of(480, events, 60)
    assert score.bpm == pytest.approx(80) and score.metre == "6/8" and score.key == "A# minor"
    assert score_of(480, [Event(0, "key", text="C"), Event(9600, "end")], 60).key == ""


def test_instruments_have_the_share_of_time_in_which_they_sound() -> None:
    # Ten seconds at 120 BPM: a choir in the first half, two notes of it at once, then a short drum.
    events = [Event(0, "program", 52, 1), Event(0, "on", 60, 1), Event(480, "on", 64, 1)]
    events += [Event(960, "off", 60, 1), Event(4800, "off", 64, 1)]
    events += [Event(4800, "on", 38, DRUM_CHANNEL), Event(4810, "off", 38, DRUM_CHANNEL)]
    score = score_of(480, [*events, Event(9600, "end")], 60)
    assert score.instruments == {VOICES: 0.5, "drums": 0.1}
    assert family(85, 0) == MAYBE_VOICES and family(127, 0) == "effects" and family(0, 0) == "piano"
    assert VOICES in sounds({"instruments": {MAYBE_VOICES: 0.5}})
    assert sounds({"instruments": {"flute": 0.05}}) == set()


def test_tables_say_how_often_a_written_word_is_wrong() -> None:
    truth = {"kind": "tune", "bpm": 120.0, "key": "A minor", "instruments": {VOICES: 1.0}}
    row = {
        "path": "a", "tempo_bpm": 60.0, "tempo_confidence": 0.9, "key": "A minor",
        "key_confidence": 0.8, "loudness_lufs": -20.0, "vocals": 0.9, "instruments": ["flute"],
        "descriptions": ["instrumental rock, 60 bpm, A minor", "rock with choir, 120 bpm"],
    }  # fmt: skip
    others = {"a": {"librosa": {"bpm": 119.0}, "pyloudnorm": {"lufs": -20.04}}}
    lines = set(report({"a": truth}, {"a": row}, [row], others))
    assert "| sportgen, confident | 1 | 0% | 100% | 0% |" in lines
    assert "| librosa | 1 | 100% | 100% | 0% |" in lines
    assert "| sportgen | 1 | 100% | 0% | 0% | 0% | 0% | 0% | 1.00 |" in lines
    assert {"| tempo | 2 | 50% |", "| instrumental | 1 | 100% |"} <= lines
    assert {
        "| instrument: choir | 1 | 0% |",
        "| flute | 1 | 0% |",
        "| voices | 1 | 100% |",
    } <= lines
    assert "| sportgen | 1 | +0.040 | 0.04 |" in lines
