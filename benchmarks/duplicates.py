"""Find planted copies among many synthetic tracks: recall, precision, and how time grows.

    python benchmarks/duplicates.py              # 250, 500, 1000 and 2000 tracks, a tenth copied
    python benchmarks/duplicates.py 200          # one size

A track is a minute of chords and melody at 11025 Hz; all tracks use the same 24 notes. A copy is
cut at both ends, at samples that are not on Chromaprint's grid, made louder or softer, and has
added noise 35 dB below it.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness import record
from sport_music_dataset.audio.fingerprint import RATE, fingerprint
from sport_music_dataset.audio.matching import FingerprintFile, Match, find_matches

_SECONDS = 60
_SCALE = np.array([0, 2, 4, 5, 7, 9, 11])

Samples = NDArray[np.float32]


def _notes() -> list[Samples]:
    """A second of each note of three octaves of the scale from MIDI 48 on, struck and fading."""
    times = np.arange(RATE) / RATE
    pitches = (48 + 12 * octave + step for octave in range(3) for step in _SCALE)
    return [_note(440 * 2 ** ((pitch - 69) / 12), times) for pitch in pitches]


def _note(hertz: float, times: NDArray[np.float64]) -> Samples:
    partials = sum(np.sin(2 * np.pi * hertz * n * times) / n for n in (1, 2, 3))
    return np.asarray(partials * np.exp(-3 * times), np.float32)


_NOTES = _notes()


def track(seed: int, seconds: int = _SECONDS) -> Samples:
    """A track [N] float32 at `RATE`: four melody notes a second, and a chord every two seconds."""
    draw = np.random.default_rng(seed)
    samples = np.zeros((seconds + 1) * RATE, np.float32)
    for step in range(4 * seconds):
        start = step * RATE // 4
        played = [int(draw.integers(7, 21))]
        if step % 8 == 0:
            root = int(draw.integers(0, 7))
            played += [root, root + 2, root + 4]
        for note in played:
            samples[start : start + RATE] += 0.15 * _NOTES[note]
    return samples


def copy(samples: Samples, seed: int) -> Samples:
    """A copy of a track, changed like the same recording in another file."""
    draw = np.random.default_rng([seed, 1])
    begin, end = draw.integers(0, 6 * RATE, 2)
    part = samples[begin : len(samples) - end] * draw.uniform(0.5, 1.4)
    noise = 10 ** (-35 / 20) * part.std() * draw.standard_normal(len(part))
    return np.asarray(part + noise, np.float32)


def library(tracks: int, copies: int) -> Iterator[tuple[str, Samples]]:
    """(name, samples) of `tracks` tracks in all; the first `copies` tracks have a copy each."""
    for seed in range(tracks - copies):
        samples = track(seed)
        yield f"{seed}", samples
        if seed < copies:
            yield f"{seed} copy", copy(samples, seed)


def score(matches: list[Match], copies: int) -> tuple[float, float]:
    """(recall, precision) of the pairs found."""
    right = sum(match.a.split()[0] == match.b.split()[0] for match in matches)
    return right / copies, right / len(matches) if matches else 0.0


def run(tracks: int) -> tuple[float, float, float, float]:
    """(seconds to make and fingerprint the tracks, seconds to compare them, recall, precision)."""
    copies = tracks // 10
    with tempfile.TemporaryDirectory() as folder, FingerprintFile(Path(folder)) as gathering:
        start = time.perf_counter()
        for name, samples in library(tracks, copies):
            gathering.add(name, fingerprint([samples]))
        made = time.perf_counter()
        matches = find_matches(gathering.fingerprints(), Path(folder))
        compared = time.perf_counter()
    return made - start, compared - made, *score(matches, copies)


def main() -> None:
    """Print a line for each size."""
    sizes = [int(argument) for argument in sys.argv[1:]] or [250, 500, 1000, 2000]
    for tracks in sizes:
        made, compared, recall, precision = run(tracks)
        print(
            f"{tracks:>5} tracks: fingerprints {made:6.1f} s, comparing {compared:6.2f} s, "
            f"recall {recall:.3f}, precision {precision:.3f}",
            flush=True,
        )
        record(f"{tracks} tracks: comparing", 1000 * compared / tracks, "ms a track")
        record(f"{tracks} tracks: recall", recall, "of 1")
        record(f"{tracks} tracks: precision", precision, "of 1")


if __name__ == "__main__":
    main()
