"""The ways in which a recording comes twice into a collection, and music that is only alike."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import soundfile

from builder_tests.conftest import Samples
from sport_music_dataset.demo.synth import Piece, render

RATE = 44_100
SECONDS = 40


def piece(seed: int, style: str = "electro", seconds: float = SECONDS) -> Samples:
    """Samples [N, 2] of a piece: one band, tempo and key for all seeds."""
    tempo, key = {"electro": (128, "A minor"), "classic": (66, "C major")}[style]
    return render(Piece(f"{style}/x_{style}.wav", style, tempo, key, seconds, RATE), seed).T


def write(file: Path, samples: Samples, title: str = "") -> None:
    """Write samples [N] or [N, 2] as flac, mp3 (128 kbit/s), ogg or m4a."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".m4a":
        _write_aac(file, samples)
        return
    settings = {"bitrate_mode": "CONSTANT", "compression_level": 0.5}
    channels = samples.shape[1] if samples.ndim == 2 else 1
    with soundfile.SoundFile(
        file, "w", RATE, channels, **(settings if file.suffix == ".mp3" else {})
    ) as out:
        if title:
            out.title = title
        for start in range(0, len(samples), 65_536):
            out.write(samples[start : start + 65_536])


def _write_aac(file: Path, samples: Samples) -> None:
    with av.open(str(file), "w") as container:
        stream = container.add_stream("aac", rate=RATE, layout="stereo")
        for start in range(0, len(samples), 1024):
            block = np.ascontiguousarray(samples[start : start + 1024].T, np.float32)
            frame = av.AudioFrame.from_ndarray(block, "fltp", "stereo")
            frame.sample_rate, frame.pts = RATE, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _cut(samples: Samples, begin: float, end: float) -> Samples:
    return samples[round(begin * RATE) : len(samples) - round(end * RATE)]


# Kind -> (file, what is done to the samples). Chromaprint's hop is 0.1238 s.
COPIES: dict[str, tuple[str, Callable[[Samples], Samples]]] = {
    "mp3": ("electro/Cardio_1_electro.mp3", lambda samples: samples),
    "ogg": ("electro/Cardio_2_electro.ogg", lambda samples: samples),
    "aac": ("electro/Cardio_3_electro.m4a", lambda samples: samples),
    "other tags": ("electro/Cardio_4_electro.flac", lambda samples: samples),
    "trimmed at the start": ("electro/Cardio_5_electro.flac", lambda s: _cut(s, 4.3952, 0)),
    "trimmed at the end": ("electro/Cardio_6_electro.flac", lambda s: _cut(s, 0, 5.3)),
    "trimmed, mp3": ("electro/Cardio_7_electro.mp3", lambda s: 0.5 * _cut(s, 3.217, 2.5)),
    "-6 dB": ("electro/Cardio_8_electro.flac", lambda samples: 0.5 * samples),
    "+3 dB": ("electro/Cardio_9_electro.flac", lambda s: np.clip(1.41 * s, -1, 1)),
    "mono": ("electro/Cardio_10_electro.flac", lambda samples: samples.mean(axis=1)),
    "another style": ("classic/Yoga_classic.mp3", lambda samples: samples),
}
ORIGINAL = "electro/Cardio_electro.flac"


def write_library(root: Path) -> None:
    """The original with a copy of every kind, and five pieces of the same band."""
    original = piece(0)
    write(root / ORIGINAL, original)
    for kind, (name, change) in COPIES.items():
        write(root / name, change(original), title=kind)
    for seed in range(1, 6):
        write(root / f"electro/Running_{seed}_electro.flac", piece(seed))
