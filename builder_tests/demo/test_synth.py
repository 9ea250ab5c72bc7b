"""The synthesised library: its tempo, key, form and files are what its pieces say."""

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from sport_music_dataset.demo.arrangements import STYLES, scale_of
from sport_music_dataset.demo.synth import DEMO_PIECES, PEAK, Piece, render, write_piece
from sport_music_dataset.errors import SettingError

Float = NDArray[np.float32]
Double = NDArray[np.float64]
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
PROFILES = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
BY_NAME = pytest.mark.parametrize("piece", DEMO_PIECES, ids=lambda piece: piece.file_name)
ELECTRO = tuple(piece for piece in DEMO_PIECES if piece.style == "electro")


@cache
def rendered(piece: Piece) -> Float:
    samples = render(piece)
    samples.flags.writeable = False
    return samples


def levels(samples: Float, seconds: float, sampling_rate: int) -> Double:
    """RMS of consecutive windows of the mean of the channels."""
    size = round(seconds * sampling_rate)
    mono = samples.mean(axis=0, dtype=np.float64)
    squares: Double = mono[: len(mono) // size * size].reshape(-1, size) ** 2
    root_mean_squares: Double = np.sqrt(squares.mean(axis=1))
    return root_mean_squares


def chroma(samples: Float, sampling_rate: int) -> Double:
    """Energy [12] by pitch class, between 130 and 2100 Hz."""
    mono = samples.mean(axis=0)
    power: Double = np.abs(np.fft.rfft(mono)).astype(np.float64) ** 2
    hertz = np.fft.rfftfreq(len(mono), 1 / sampling_rate)
    heard = (hertz > 130) & (hertz < 2100)
    pitch = np.rint(69 + 12 * np.log2(hertz[heard] / 440)).astype(int)
    energy: Double = np.zeros(12)
    np.add.at(energy, pitch % 12, power[heard])
    return energy


def estimated_key(energy: Double) -> str:
    """The key whose profile (Krumhansl & Kessler 1982) correlates best with the chroma."""
    fits = {
        f"{name} {mode}": np.corrcoef(np.roll(profile, tonic), np.sqrt(energy))[0, 1]
        for tonic, name in enumerate(NAMES)
        for mode, profile in PROFILES.items()
    }
    return max(fits, key=fits.__getitem__)


def tempo(samples: Float, sampling_rate: int) -> float:
    """BPM between 60 and 200 at which the rises of the level repeat best."""
    frame_seconds = 0.005
    rises = np.maximum(np.diff(levels(samples, frame_seconds, sampling_rate)), 0)
    rises -= rises.mean()
    correlation = np.fft.irfft(np.abs(np.fft.rfft(rises, 2 * len(rises))) ** 2)
    lags = np.arange(round(60 / 200 / frame_seconds), round(60 / 60 / frame_seconds) + 1)
    return float(60 / (lags[correlation[lags].argmax()] * frame_seconds))


@BY_NAME
def test_samples(piece: Piece) -> None:
    samples = rendered(piece)
    assert samples.dtype == np.float32
    assert samples.shape == (2, round(piece.seconds * piece.sampling_rate))
    assert np.abs(samples).max() == pytest.approx(PEAK, abs=1e-6)
    assert (np.abs(samples) > 0.999 * PEAK).sum() < 50  # not clipped: flat tops would be many
    assert np.abs(samples.mean(axis=1)).max() < 1e-3
    assert np.abs(samples[:, [0, -1]]).max() < 0.01


@BY_NAME
def test_channels_differ_but_belong_together(piece: Piece) -> None:
    assert 0.05 < np.corrcoef(*rendered(piece))[0, 1] < 0.9


@BY_NAME
def test_never_silent_and_sections_vary(piece: Piece) -> None:
    decibels = 20 * np.log10(levels(rendered(piece), 1.0, piece.sampling_rate))
    assert decibels[:-3].min() > -45  # the last seconds fade out
    intro, peak = decibels[1:6].mean(), np.sort(decibels)[-10:].mean()
    assert peak - intro > 6
    assert np.median(decibels) > -22


@BY_NAME
def test_key(piece: Piece) -> None:
    energy = chroma(rendered(piece), piece.sampling_rate)
    scale = np.array(scale_of(piece.key)) % 12
    shares = [energy[(scale + shift) % 12].sum() / energy.sum() for shift in range(12)]
    # Drums fall between the notes: an even spread would give 7/12.
    assert shares[0] == max(shares)
    assert shares[0] > 0.8
    assert estimated_key(energy) == piece.key


@pytest.mark.parametrize("piece", ELECTRO, ids=lambda piece: piece.file_name)
def test_tempo(piece: Piece) -> None:
    ratio = tempo(rendered(piece), piece.sampling_rate) / piece.tempo_bpm
    assert min(abs(ratio / octave - 1) for octave in (0.5, 1, 2)) < 0.04


def test_same_piece_gives_same_samples_in_another_process() -> None:
    piece = replace(DEMO_PIECES[0], seconds=6)
    code = (
        "import hashlib; from sport_music_dataset.demo.synth import Piece, render;"
        f"print(hashlib.sha256(render({piece!r}, 3).tobytes()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    answer = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
    )
    assert answer.stdout.strip() == hashlib.sha256(render(piece, 3).tobytes()).hexdigest()


def test_name_and_seed_change_the_music() -> None:
    piece = replace(DEMO_PIECES[0], seconds=8)
    twin = replace(piece, file_name="latino/Yoga_2_latino.mp3")
    tracks = [render(piece), render(twin), render(piece, seed=1)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        # Far from a copy even where they share tempo, key and parts.
        assert np.corrcoef(tracks[one].mean(axis=0), tracks[other].mean(axis=0))[0, 1] < 0.9


def test_demo_pieces_follow_the_naming_convention() -> None:
    for piece in DEMO_PIECES:
        pattern = rf"{piece.style}/[A-Z][a-z]+(_[a-z]+)*(_\d+)?_{piece.style}\.(mp3|flac|ogg)"
        assert re.fullmatch(pattern, piece.file_name)
        assert 60 <= piece.seconds <= 90
    assert len({piece.file_name for piece in DEMO_PIECES}) == len(DEMO_PIECES)


def test_demo_pieces_cover_styles_formats_and_rates() -> None:
    styles = Counter(piece.style for piece in DEMO_PIECES)
    assert set(styles) == set(STYLES) == {"latino", "classic", "electro"}
    assert min(styles.values()) >= 2
    assert {Path(piece.file_name).suffix for piece in DEMO_PIECES} == {".mp3", ".flac", ".ogg"}
    assert {piece.sampling_rate for piece in DEMO_PIECES} == {44_100, 48_000}


def test_patterns_are_whole_bars() -> None:
    for style in STYLES.values():
        for part in style.rhythm + style.harmony:
            for pattern in part.patterns:
                assert {len(bar) for bar in pattern.split()} == {16}
                assert re.fullmatch(r"[Xxocm0-9_. ]+", pattern)


# The third is long enough to crash libsndfile's Vorbis encoder if written in one call.
@pytest.mark.parametrize("piece", DEMO_PIECES[:3], ids=lambda piece: piece.file_name)
def test_written_file(piece: Piece, tmp_path: Path) -> None:
    path = write_piece(piece, tmp_path)
    assert path == tmp_path / piece.file_name
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == [path]
    decoded, sampling_rate = soundfile.read(path, dtype="float32")
    assert sampling_rate == piece.sampling_rate
    assert len(decoded) / sampling_rate == pytest.approx(piece.seconds, abs=0.1)
    assert np.abs(decoded).max() < 1
    length = min(len(decoded), rendered(piece).shape[1])
    for channel in range(2):
        original = rendered(piece)[channel, :length]
        assert np.corrcoef(decoded[:length, channel], original)[0, 1] > 0.98


def test_wav_is_the_rendered_samples(tmp_path: Path) -> None:
    piece = replace(DEMO_PIECES[0], file_name="latino/Yoga_latino.wav", seconds=3)
    decoded, _ = soundfile.read(write_piece(piece, tmp_path), dtype="float32")
    assert np.abs(decoded.T - render(piece)).max() < 1 / 32_000


def test_failed_write_leaves_nothing(tmp_path: Path) -> None:
    # MP3 has no such sampling rate.
    piece = Piece("latino/Yoga_latino.mp3", "latino", 70, "A minor", 1, 45_678)
    with pytest.raises(soundfile.LibsndfileError, match="only supports sample rates"):
        write_piece(piece, tmp_path)
    assert not [each for each in tmp_path.rglob("*") if each.is_file()]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key": "H minor"}, "H minor"),
        ({"key": "A dorian"}, "A dorian"),
        ({"style": "polka"}, "polka"),
        ({"tempo_bpm": 0.0}, "tempo"),
        ({"seconds": 0.5}, "0.5"),
    ],
)
def test_refused_pieces(change: dict[str, object], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        replace(DEMO_PIECES[0], **change)  # type: ignore[arg-type]


def test_refused_extension(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"\.mp3, \.flac"):
        write_piece(replace(DEMO_PIECES[0], file_name="latino/Yoga_latino.aac"), tmp_path)
    assert not list(tmp_path.iterdir())
