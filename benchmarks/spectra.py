"""Our spectra against librosa's, on the same samples: does librosa do any of this better or faster?

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/spectra.py [--runs 5]

Four minutes of chords with beats and noise, cut into chunks of 25 s every 15 s, as a build hears
them. Milliseconds are of one thread's processor time, medians of runs in turn, without imports;
what librosa's cost is told too. Differences are relative to the largest value.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import librosa
import numpy as np
import torch
from numpy.typing import NDArray

from harness import record
from sport_music_dataset.audio import keys, spectra
from sport_music_dataset.listen import mel as listened
from sport_music_dataset.preview import mel as previewed
from sport_music_dataset.recipe import SAMPLING_RATE as RATE

Floats = NDArray[np.float32]
Way = Callable[[list[Floats]], list[Floats]]

SECONDS, CHUNK, HOP = 240, 25 * RATE, 15 * RATE
IMPORT = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def music() -> Floats:
    """Chords that beat at 120 BPM, and noise, [N]."""
    time_ = np.arange(SECONDS * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * hertz * time_) for hertz in (220.0, 277.2, 329.6, 440.0)) / 8
    beats = (1 + np.sign(np.sin(4 * np.pi * time_))) / 2
    noise = 0.05 * np.random.default_rng(0).standard_normal(len(time_))
    return np.asarray(chord * beats + noise, np.float32)


def bands(chunks: list[Floats]) -> list[Floats]:
    """Power [frames, 24] of the bands of onsets."""
    frames = spectra.onset_frames(HOP)
    return [frames.of(index, chunk) for index, chunk in enumerate(chunks)]


def librosas_bands(chunks: list[Floats]) -> list[Floats]:
    """The same, by `librosa.feature.melspectrogram`."""
    settings: dict[str, Any] = {
        "n_fft": 1024,
        "hop_length": 500,
        "n_mels": 24,
        "fmin": 30,
        "fmax": 14_000,
    }
    return [mel_of(chunk, htk=True, norm=1, center=False, **settings).T for chunk in chunks]


def rises(chunks: list[Floats]) -> list[Floats]:
    """Onsets of the inner bands: those of the outer two, librosa compares with one neighbour."""
    return [spectra.onsets(spectra.levels_db(power))[:, 1:-1] for power in bands(chunks)]


def librosas_rises(chunks: list[Floats]) -> list[Floats]:
    """The same, by `librosa.onset.onset_strength_multi`, of our bands."""
    settings: dict[str, Any] = {
        "lag": 2,
        "max_size": 3,
        "channels": list(range(25)),
        "center": False,
    }
    levels = [spectra.levels_db(power) for power in bands(chunks)]
    return [librosa.onset.onset_strength_multi(S=level.T, **settings)[1:-1].T for level in levels]


def classes(chunks: list[Floats]) -> list[Floats]:
    """The pitch classes [12] of each chunk."""
    frames = keys.key_frames(HOP)
    return [keys.pitch_classes(frames.of(index, chunk)) for index, chunk in enumerate(chunks)]


def librosas_classes(chunks: list[Floats]) -> list[Floats]:
    """The same, by `librosa.feature.chroma_stft`."""
    settings: dict[str, Any] = {"sr": RATE, "n_fft": 16_000, "hop_length": 8_000, "center": False}
    return [librosa.feature.chroma_stft(y=chunk, **settings).mean(axis=1) for chunk in chunks]


def excerpts(chunks: list[Floats]) -> list[Floats]:
    """What musicnn hears of the chunks: 0.75 s every 2.5 s."""
    length = listened.samples_of_frames(47)
    return [chunk[at : at + length] for chunk in chunks for at in range(0, HOP, 80_000)]


def heard(chunks: list[Floats]) -> list[Floats]:
    """Log mels for musicnn."""
    return [listened.log_mel(excerpt) for excerpt in excerpts(chunks)]


def librosas_heard(chunks: list[Floats]) -> list[Floats]:
    """The same, by `librosa.feature.melspectrogram`."""
    settings: dict[str, Any] = {
        "n_fft": 1024,
        "hop_length": 512,
        "n_mels": 96,
        "fmax": 8_000,
        "center": False,
    }
    return [np.log10(1 + 2_500 * mel_of(one, **settings).T) for one in excerpts(chunks)]


def shown(chunks: list[Floats]) -> list[Floats]:
    """Log mels for the preview's pictures: librosa's filters, PyTorch's transform."""
    return [
        previewed.log_mel(torch.from_numpy(chunk[None]), 2048, 64)[0].numpy() for chunk in chunks
    ]


def librosas_shown(chunks: list[Floats]) -> list[Floats]:
    """The same, all by librosa."""
    settings: dict[str, Any] = {
        "n_fft": 2048,
        "hop_length": 512,
        "n_mels": 64,
        "norm": None,
        "power": 1,
    }
    return [np.log(mel_of(chunk, pad_mode="reflect", **settings) / 512 + 1e-4) for chunk in chunks]


def mel_of(samples: Floats, **settings: Any) -> Floats:
    """librosa's mel spectrogram [bands, frames]."""
    return np.asarray(librosa.feature.melspectrogram(y=samples, sr=RATE, **settings), np.float32)


WAYS: dict[str, tuple[Way, Way]] = {
    "bands of onsets": (bands, librosas_bands),
    "onsets, bands included": (rises, librosas_rises),
    "pitch classes": (classes, librosas_classes),
    "mels for musicnn": (heard, librosas_heard),
    "mels for the preview": (shown, librosas_shown),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    torch.set_num_threads(1)
    track = music()
    chunks = [track[at : at + CHUNK] for at in range(0, len(track) - CHUNK + 1, HOP)]
    print("| what | ours, ms | librosa's, ms | ratio | difference |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, ways in WAYS.items():
        mine, other = (way(chunks) for way in ways)
        spent = [[took(way, chunks) for way in ways] for _ in range(runs)]
        ours, theirs = (1000 * statistics.median(times) for times in zip(*spent, strict=True))
        record(name, ours, "ms for 4 minutes", theirs / ours, "librosa")
        print(
            f"| {name} | {ours:.0f} | {theirs:.0f} | {theirs / ours:.1f} | {apart(mine, other)} |"
        )
    for module in ("scipy.fft", "librosa.filters"):
        times = [float(python(IMPORT.format(module))) for _ in range(runs)]
        print(f"\nimport {module}: {statistics.median(times):.2f} s")


def took(way: Way, chunks: list[Floats]) -> float:
    """Seconds of processor time."""
    begun = time.process_time()
    way(chunks)
    return time.process_time() - begun


def apart(one: list[Floats], other: list[Floats]) -> str:
    """The largest difference; nothing where the two are not of the same shape or kind."""
    if one[0].shape != other[0].shape or one[0].shape == (12,):
        return ""
    most = max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))
    return f"{most / max(float(np.abs(b).max()) for b in other):.0e}"


def python(code: str) -> str:
    """What a new interpreter prints."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


if __name__ == "__main__":
    main()
