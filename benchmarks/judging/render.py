"""Audio of a score, by FluidSynth with any sound font."""

import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE, CHANNELS = 44_100, 2
_LEAST_SECONDS, _LEAST_PEAK = 30, 0.01


def render(midi: bytes, font: Path, seconds: float, scratch: Path) -> NDArray[np.float32]:
    """The first `seconds` of a MIDI file, samples [N, 2].

    Raises:
        ValueError: there is less than half a minute, or it is silent.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    file = scratch / "score.mid"
    file.write_bytes(midi)
    command = ["fluidsynth", "-ni", "-q", "-T", "raw", "-O", "s16", "-F", "/dev/stdout"]
    command += ["-r", str(RATE), "-g", "0.35", str(font), str(file)]
    # It renders on for ever after the end of some files: it is stopped when enough is read.
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        raw = process.stdout.read(round(seconds * RATE) * 2 * CHANNELS)
        process.kill()
    whole = raw[: len(raw) // (2 * CHANNELS) * 2 * CHANNELS]
    pcm = np.frombuffer(whole, "<i2").reshape(-1, CHANNELS)
    samples = pcm.astype(np.float32) / np.float32(32_768)
    if len(samples) < _LEAST_SECONDS * RATE or np.abs(samples).max() < _LEAST_PEAK:
        raise ValueError(f"{len(samples) / RATE:.0f} s, or silent")
    return samples
