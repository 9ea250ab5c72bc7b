"""Measures on music of known tempo, key and loudness."""

import numpy as np
import pyloudnorm
import pytest

from builder_tests.support.scores import (
    BEATLESS,
    HARMONY,
    RATE,
    SCORES,
    SPARSE,
    Samples,
    beatless,
    play,
)
from sport_music_dataset.audio.loudness import Weighting, clipping_ratio, integrated_lufs
from sport_music_dataset.audio.measure import TrackAnalysis
from sport_music_dataset.audio.samples import Pcm, chunks_of, to_pcm16
from sport_music_dataset.records import Measures

CHUNK, HOP = 25 * RATE, 15 * RATE


def measured(
    samples: Samples, chunk: int = CHUNK, hop: int = HOP
) -> tuple[list[Measures], Measures]:
    """The measures of a track [N] float32 and of its chunks."""
    analysis = TrackAnalysis(hop)
    for index, pcm in enumerate(chunks_of([to_pcm16(samples)[0]], chunk, hop)):
        analysis.add(index, pcm)
    return analysis.finish()


def is_near(found: float | None, bpm: float) -> bool:
    return found is not None and abs(found / bpm - 1) < 0.02


Heard = list[tuple[str, float, Measures]]


@pytest.fixture(scope="module")
def heard() -> Heard:
    """Tracks of every score, straight, at tempi from the slowest to the fastest of its own."""
    return [
        (name, bpm, measured(play(score, bpm, 25))[1])
        for name, score in SCORES.items()
        for bpm in map(float, np.geomspace(*score.tempi, 7))
    ]


def test_tempo_is_right_and_nearly_always_in_its_octave(heard: Heard) -> None:
    for score, bpm, track in heard:
        assert track.tempo_bpm and track.beat_strength and track.beat_strength > 0.2
        factors = (1, 2, 0.5, 3, 1 / 3, 1.5, 2 / 3)
        assert any(is_near(track.tempo_bpm, bpm * factor) for factor in factors), (score, bpm)
    assert sum(is_near(track.tempo_bpm, bpm) for _, bpm, track in heard) >= 0.9 * len(heard)


@pytest.mark.parametrize("score", SCORES)
def test_every_metre_and_feel_has_its_tempo(heard: Heard, score: str) -> None:
    right = [is_near(track.tempo_bpm, bpm) for name, bpm, track in heard if name == score]
    assert sum(right) >= 5, right


def test_what_is_written_is_right(heard: Heard) -> None:
    written = [(track, bpm) for _, bpm, track in heard if track.confident_tempo_bpm]
    assert len(written) >= 0.6 * len(heard)
    assert sum(is_near(track.tempo_bpm, bpm) for track, bpm in written) >= 0.9 * len(written)


def test_a_confidence_says_no_more_than_is_right(heard: Heard) -> None:
    said = np.mean([track.tempo_confidence for *_, track in heard])
    right = np.mean([is_near(track.tempo_bpm, bpm) for _, bpm, track in heard])
    # Confidences are set for music from elsewhere, which is harder than these scores.
    assert 0.55 <= said <= right


@pytest.mark.parametrize("score", SPARSE)
def test_few_strokes_are_enough(score: str) -> None:
    _, track = measured(play(SPARSE[score], 96, 25, swing=0.62))
    assert is_near(track.tempo_bpm, 96)


@pytest.mark.parametrize("kind", BEATLESS)
def test_no_beat_is_recognised(kind: str) -> None:
    (chunk,), track = measured(beatless(kind, 25, seed=77))
    assert chunk.tempo_bpm is None and track.tempo_confidence == 0.0


def test_a_change_of_tempo_shows_in_the_chunks() -> None:
    halves = [play(SCORES["club"], bpm, 60) for bpm in (90, 132)]
    chunks, _ = measured(np.concatenate(halves))
    assert all(is_near(chunk.tempo_bpm, 90) for chunk in chunks[:3])
    assert all(is_near(chunk.tempo_bpm, 132) for chunk in chunks[-3:])


def test_chunks_that_agree_are_no_surer_than_one() -> None:
    samples = play(SCORES["half time"], 140, 60)
    together, _ = measured(samples)
    alone = [measured(samples[index * HOP :][:CHUNK])[1] for index in range(len(together))]
    surest = max(chunk.tempo_confidence or 0 for chunk in alone)
    assert all((chunk.tempo_confidence or 0) <= surest + 0.02 for chunk in together)


@pytest.mark.parametrize("key", ["C major", "A minor", "F# minor", "D# major"])
def test_key(key: str) -> None:
    _, track = measured(play(HARMONY, 100, 25, key))
    assert track.key == key and track.confident_key == key


def test_a_change_of_key_shows_in_the_chunks() -> None:
    halves = [play(HARMONY, 100, 90, key) for key in ("C major", "D major")]
    chunks, _ = measured(np.concatenate(halves))
    assert {chunk.confident_key for chunk in chunks[:3]} == {"C major"}
    assert {chunk.key for chunk in chunks[-3:]} == {"D major"}


def test_a_track_has_one_key_however_its_chunks_are_cut() -> None:
    chunks, track = measured(play(HARMONY, 100, 60, "A minor"), 5 * RATE, 5 * RATE)
    assert {chunk.key for chunk in chunks} == {"A minor"} and track.key == "A minor"


@pytest.mark.parametrize("cents", [-40, -20, 25, 40])
def test_key_of_music_that_is_tuned_otherwise(cents: int) -> None:
    samples = play(HARMONY, 100, 25, "E major")
    places = np.arange(0, len(samples) - 1, 2 ** (cents / 1200))
    detuned = np.interp(places, np.arange(len(samples)), samples).astype(np.float32)
    _, track = measured(detuned[: 24 * RATE], 24 * RATE, 24 * RATE)
    assert track.confident_key == "E major"


def test_what_has_no_tones_has_no_key_of_its_neighbours() -> None:
    tones, noise = play(HARMONY, 100, 25), beatless("crowd", 25, seed=3)
    chunks, track = measured(np.concatenate([tones, noise, tones]), CHUNK, CHUNK)
    assert [bool(chunk.confident_key) for chunk in chunks] == [True, False, True]
    assert track.confident_key == chunks[0].key
    silent = np.concatenate([tones, np.zeros_like(noise), tones])
    assert [chunk.key for chunk in measured(silent, CHUNK, CHUNK)[0]][1] == ""


def test_drums_have_no_key() -> None:
    _, track = measured(play(SPARSE["two drums"], 100, 25))
    assert track.confident_key == ""


def test_loudness_is_that_of_the_library() -> None:
    samples = play(SCORES["club"], 110, 58)
    chunks, track = measured(samples)
    meter = pyloudnorm.Meter(RATE)
    slots = Weighting(HOP).of(0, samples)
    assert integrated_lufs(slots) == pytest.approx(meter.integrated_loudness(samples), abs=0.01)
    for index, chunk in enumerate(chunks):
        wanted = meter.integrated_loudness(samples[index * HOP :][:CHUNK])
        # Rounded to a tenth.
        assert chunk.loudness_lufs == pytest.approx(wanted, abs=0.051)
    whole = samples[: (len(chunks) - 1) * HOP + CHUNK]
    assert track.loudness_lufs == pytest.approx(meter.integrated_loudness(whole), abs=0.051)


def test_a_sine_at_minus_23_dbfs_is_as_the_standard_says() -> None:
    # BS.1770-4: 997 Hz at 0 dBFS peak in one channel reads -3.01 LUFS.
    times = np.arange(CHUNK) / RATE
    sine = (10 ** (-23 / 20) * np.sin(2 * np.pi * 997 * times)).astype(np.float32)
    (chunk,), _ = measured(sine)
    assert chunk.loudness_lufs == pytest.approx(-26.0, abs=0.15)
    assert chunk.dynamic_range_db == pytest.approx(0, abs=0.1)


def test_energy_orders_music_and_hardly_knows_gain() -> None:
    calm = beatless("organ", 25, seed=0)
    driving = play(SCORES["club"], 140, 25)
    (low,), _ = measured(calm)
    (high,), _ = measured(driving)
    (softer,), _ = measured(driving * np.float32(0.5))
    assert low.energy is not None and high.energy is not None and softer.energy is not None
    assert low.energy + 0.15 < high.energy
    assert abs(high.energy - softer.energy) <= 0.06
    assert softer.tempo_bpm == high.tempo_bpm and softer.key == high.key


def test_silence_and_clipping_are_shares() -> None:
    samples = play(SCORES["backbeat"], 120, 25)
    samples[: CHUNK // 4] = 0
    (chunk,), _ = measured(samples)
    assert chunk.silence_ratio == pytest.approx(0.25, abs=0.03)
    assert chunk.clipping_ratio == 0.0
    pcm: Pcm = np.array([0, 32_767, 32_767, 32_767, 5, 32_767, -32_768, 9, 0, 1], np.int16)
    assert clipping_ratio(pcm) == pytest.approx(0.3)


def test_shared_work_changes_nothing() -> None:
    samples = play(SCORES["march"], 104, 60)
    together, _ = measured(samples)
    for index, chunk in enumerate(together):
        (alone,), _ = measured(samples[index * HOP :][:CHUNK])
        assert alone.loudness_lufs == pytest.approx(chunk.loudness_lufs, abs=0.1)
        assert (alone.energy, alone.key) == (chunk.energy, chunk.key)


@pytest.mark.parametrize("seconds", [0.05, 0.5, 1, 3])
def test_short_chunks_have_what_can_be_measured(seconds: float) -> None:
    size = round(seconds * RATE)
    chunks, track = measured(play(SCORES["club"], 120, 8), size, size)
    assert len(chunks) == int(8 / seconds) and track.energy is not None
    assert all(chunk.tempo_bpm is None for chunk in chunks)


def test_gaps_and_silence_do_no_harm() -> None:
    analysis = TrackAnalysis(HOP)
    for index in (0, 3, 4, 9):
        analysis.add(index, np.zeros(CHUNK, np.int16))
    chunks, track = analysis.finish()
    assert len(chunks) == 4 and track.loudness_lufs is None and track.silence_ratio == 1.0
    assert track.tempo_bpm is None and track.key == ""
