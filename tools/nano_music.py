"""Music for training and measuring the nano codec; all of it is synthesised."""

import math
from collections.abc import Iterator

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from torch import Tensor

from nano_codec import RATE, SEED
from sport_music_dataset.demo.arrangements import STYLES
from sport_music_dataset.demo.synth import DEMO_PIECES, Piece, render

Wave = NDArray[np.float64]
PIECES, PIECE_SECONDS = 20, 40
SOUNDS, SOUND_SECONDS = 24, 20
CHUNK, HOP = 25 * RATE, 15 * RATE
_TONICS = "C C# D D# E F F# G G# A A# B".split()


def note(rng: np.random.Generator, seconds: Wave) -> Wave:
    """Return one decaying note at the times `seconds` [N], with a random pitch and timbre."""
    pitch = 40.0 * 2 ** rng.uniform(0, 6)
    partials = np.arange(1.0, rng.uniform(2, min(12, RATE / 2 / pitch)))
    weights = partials ** -rng.uniform(0.5, 2.5)
    tone: Wave = weights @ np.sin(2 * np.pi * pitch * np.outer(partials, seconds))
    return tone * np.exp(-rng.uniform(0.5, 12) * seconds) * np.minimum(1, seconds * 300)


def sound(rng: np.random.Generator, samples: int) -> Wave:
    """Return a sound [samples] in [-1, 1]: notes and drum strokes on a beat, or noise."""
    if rng.random() < 0.1:
        colour = np.fft.rfft(rng.standard_normal(samples))
        wave: Wave = np.fft.irfft(colour / np.arange(1, colour.size + 1) ** rng.uniform(), samples)
    else:
        wave, seconds, drums = np.zeros(samples + RATE), np.arange(RATE) / RATE, rng.uniform()
        for start in range(0, samples, int(RATE * 30 / rng.uniform(60, 180))):
            for _ in range(rng.integers(1, 4)):
                wave[start : start + RATE] += note(rng, seconds)
            if rng.uniform() < drums:
                decay = np.exp(-rng.uniform(8, 60) * seconds)
                wave[start : start + RATE] += rng.standard_normal(RATE) * decay
        wave = wave[:samples]
    # Published music has limited peaks: limit the peaks here too, by a random degree.
    wave = np.tanh(rng.uniform(0.3, 3) * wave / wave.std())
    return wave * math.exp(rng.uniform(-4, 0))


def training_pieces() -> Iterator[Piece]:
    """Yield `PIECES` pieces a style, of random tempo and key; no demo piece is among them."""
    rng = np.random.default_rng(SEED)
    for style in STYLES:
        for number in range(PIECES):
            key = f"{rng.choice(_TONICS)} {rng.choice(['major', 'minor'])}"
            name = f"{style}/Nano_{number}_{style}.wav"
            tempo = round(rng.uniform(56, 184))
            yield Piece(name, style, tempo, key, PIECE_SECONDS, RATE)


def training_waves() -> list[NDArray[np.float16]]:
    """Return the mono waves [N] for training: the pieces above, and sounds without a style."""
    waves = [render(piece, SEED).mean(axis=0) for piece in training_pieces()]
    rng = np.random.default_rng(SEED)
    waves += [sound(rng, SOUND_SECONDS * RATE) for _ in range(SOUNDS)]
    return [wave.astype(np.float16) for wave in waves]


def crops(waves: list[NDArray[np.float16]], step: int, count: int, samples: int) -> Tensor:
    """Return crops [count, 1, samples] float32 of random waves at random levels.

    The crops depend only on the seed and `step`, so that an interrupted run can continue.
    """
    rng = np.random.default_rng([SEED, step])
    batch = np.empty((count, 1, samples), np.float32)
    for row in batch:
        wave = waves[rng.integers(len(waves))]
        start = rng.integers(len(wave) - samples + 1)
        row[0] = wave[start : start + samples] * np.float32(10 ** rng.uniform(-0.75, 0.1))
    return torch.from_numpy(batch)


def demo_chunks(which: slice = slice(None)) -> Tensor:
    """Return chunks [B, 25 s] float32 of the demo tracks, cut as in a build.

    `which` selects from the chunks of each track.
    """
    chunks = []
    for piece in DEMO_PIECES:
        track = soxr.resample(render(piece).mean(axis=0), piece.sampling_rate, RATE, "HQ")
        starts = range(0, len(track) - CHUNK + 1, HOP)
        chunks += [track[start : start + CHUNK] for start in starts[which]]
    return torch.from_numpy(np.stack(chunks).astype(np.float32))
