"""The voices and the reverberation of the synthesised music: from a note to its samples.

Pitched voices are subtractive: one cycle of a band-limited, low-passed sawtooth is computed as a
wavetable (so that any number of harmonics costs the same and none is aliased), read at the note's
pitch, and shaped by an envelope. Drums follow classic analogue synthesizers: a sine whose pitch
falls for skins, filtered noise for metal and snare wires.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Note:
    """One note for a voice; `brightness` in [0, 1] raises the cutoff of its low-pass filter."""

    hertz: float
    seconds: float
    brightness: float
    sampling_rate: int


Voice = Callable[[Note, Generator], Samples]
"""Samples of one note at about unit level, mono [n] or stereo [2, n]; n includes its release."""

_TABLE_SIZE = 4096


def _table(hertz: float, cutoff: float, slope: float, sampling_rate: int) -> Samples:
    """One cycle [4096] of unit RMS: harmonics k**-slope under a 12 dB/octave low-pass filter."""
    k = np.arange(1, max(2, int(0.45 * sampling_rate / hertz)))
    spectrum = np.zeros(_TABLE_SIZE // 2 + 1, np.complex64)
    spectrum[k] = -1j * k**-slope / np.sqrt(1 + (k * hertz / cutoff) ** 4)
    table: Samples = np.fft.irfft(spectrum, _TABLE_SIZE).astype(np.float32)
    table /= table.std()
    return table


def _read(table: Samples, hertz: float, times: NDArray[np.float64], start: float) -> Samples:
    """Samples of the wavetable played at `hertz`, from the phase `start` (in cycles) on."""
    index = ((times * hertz + start) * _TABLE_SIZE).astype(np.int64)
    return table.take(index & (_TABLE_SIZE - 1))


def _times(seconds: float, sampling_rate: int) -> NDArray[np.float64]:
    """Time of each sample of a note, in seconds."""
    return np.arange(max(1, round(seconds * sampling_rate))) / sampling_rate


def _fade(samples: Samples, attack: float, release: float, sampling_rate: int) -> Samples:
    """Apply raised-cosine ramps (seconds) at both ends, in place, so that no note clicks."""
    n = samples.shape[-1]
    rise = min(n // 2, round(attack * sampling_rate))
    fall = min(n - rise, round(release * sampling_rate))
    samples[..., :rise] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(rise) / max(1, rise))
    samples[..., n - fall :] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, fall + 1) / max(1, fall))
    return samples


def plucked(decay: float, cutoff: float, slope: float, release: float = 0.08) -> Voice:
    """A struck or plucked string: high harmonics decay faster than low ones.

    `decay` is the time constant in seconds at 220 Hz; higher notes decay faster.
    """

    def voice(note: Note, rng: Generator) -> Samples:
        rate, hertz = note.sampling_rate, note.hertz
        times = _times(note.seconds + release, rate)
        bright = _table(hertz, max(cutoff * (0.5 + note.brightness), 2 * hertz), slope, rate)
        dark = _table(hertz, max(0.25 * cutoff, hertz), slope, rate)
        seconds = times.astype(np.float32) / np.float32(decay * (220 / hertz) ** 0.4)
        # Both tables start at phase zero: they are in phase, so the spectrum morphs smoothly.
        samples = _read(bright, hertz, times, 0.0) * (0.5 * np.exp(-4 * seconds))
        samples += _read(dark, hertz, times, 0.0) * (0.5 * np.exp(-seconds))
        return _fade(samples, 0.003, release, rate)

    return voice


def sustained(
    cutoff: float,
    cents: Sequence[float],
    attack: float,
    release: float,
    slope: float = 1.0,
    vibrato_cents: float = 0.0,
) -> Voice:
    """A stereo ensemble [2, n]: sawtooths detuned by `cents`, with own phases in each channel."""

    def voice(note: Note, rng: Generator) -> Samples:
        rate, hertz = note.sampling_rate, note.hertz
        times = _times(note.seconds + release, rate)
        if vibrato_cents:
            # The integral of a sinusoidal deviation of the pitch at 5.3 Hz.
            depth = (2 ** (vibrato_cents / 1200) - 1) / (2 * np.pi * 5.3)
            times -= depth * np.cos(2 * np.pi * 5.3 * times) - depth
        table = _table(hertz, max(cutoff * (0.4 + 1.2 * note.brightness), hertz), slope, rate)
        samples = np.zeros((2, len(times)), np.float32)
        for channel, sign in enumerate((1, -1)):
            for detune in cents:
                detuned = hertz * 2 ** (sign * detune / 1200)
                samples[channel] += _read(table, detuned, times, rng.random())
        samples /= math.sqrt(len(cents))
        return _fade(samples, min(attack, note.seconds / 2), release, rate)

    return voice


def skin(decay: float, drop: float, drop_seconds: float, slap: float = 0.0) -> Voice:
    """A drum skin: a sine that falls from `drop` times its pitch, plus noise at level `slap`."""

    def voice(note: Note, rng: Generator) -> Samples:
        times = _times(6 * decay, note.sampling_rate)
        swept = times + (drop - 1) * drop_seconds * -np.expm1(-times / drop_seconds)
        samples = np.sin(2 * np.pi * note.hertz * swept) * np.exp(-times / decay)
        samples += slap * rng.standard_normal(len(times)) * np.exp(-times / 0.008)
        return _fade(samples.astype(np.float32), 0.0005, decay, note.sampling_rate)

    return voice


def noise(decay: float, highpass: int, attack: float = 0.0005, tone: float = 0.0) -> Voice:
    """Snare wires or metal: noise differenced `highpass` times, plus a sine at level `tone`."""

    def voice(note: Note, rng: Generator) -> Samples:
        times = _times(6 * decay, note.sampling_rate)
        samples = np.diff(rng.standard_normal(len(times) + highpass), n=highpass)
        samples *= 0.5 / samples.std()
        samples += tone * np.sin(2 * np.pi * note.hertz * times)
        samples *= np.exp(-times / decay)
        return _fade(samples.astype(np.float32), attack, decay, note.sampling_rate)

    return voice


def swept_noise(note: Note, rng: Generator) -> Samples:
    """A riser [2, n]: noise that gets louder and brighter over the whole note."""
    grow = np.linspace(0, 1, len(_times(note.seconds, note.sampling_rate)), dtype=np.float32)
    dark = rng.standard_normal((2, len(grow) + 1), dtype=np.float32)
    dark, bright = 0.5 * (dark[:, 1:] + dark[:, :-1]), 0.5 * np.diff(dark)
    samples: Samples = (dark * (1 - grow) + bright * grow) * grow**2
    return _fade(samples, 0.01, 0.05, note.sampling_rate)


piano = plucked(decay=0.9, cutoff=3200, slope=1.3, release=0.12)
nylon = plucked(decay=0.45, cutoff=2400, slope=1.0)
synth_pluck = plucked(decay=0.22, cutoff=5000, slope=0.9, release=0.04)
bass_string = plucked(decay=0.5, cutoff=900, slope=1.2)
synth_bass = sustained(900, (0, 6), 0.004, 0.03)
strings = sustained(2000, (-9, -2, 7), 0.35, 0.6, slope=1.1, vibrato_cents=6)
cello = sustained(900, (-4, 4), 0.15, 0.4, slope=1.1, vibrato_cents=6)
violin = sustained(3000, (-3, 3), 0.09, 0.25, vibrato_cents=14)
brass = sustained(2600, (-4, 5), 0.03, 0.08, slope=0.9, vibrato_cents=5)
saw_pad = sustained(2200, (-14, -5, 4, 12), 0.08, 0.3)
lead = sustained(3600, (-8, 0, 8), 0.01, 0.12, vibrato_cents=8)

kick = skin(decay=0.11, drop=5.0, drop_seconds=0.025, slap=0.15)
conga_open = skin(decay=0.12, drop=1.15, drop_seconds=0.02, slap=0.25)
conga_slap = skin(decay=0.03, drop=1.4, drop_seconds=0.01, slap=0.8)
timbale = skin(decay=0.09, drop=1.1, drop_seconds=0.02, slap=0.4)
clave = skin(decay=0.018, drop=1.0, drop_seconds=0.01)
cowbell = plucked(decay=0.12, cutoff=6000, slope=0.3, release=0.02)
snare = noise(decay=0.06, highpass=1, tone=0.35)
clap = noise(decay=0.05, highpass=1, attack=0.012)
hat = noise(decay=0.016, highpass=2)
open_hat = noise(decay=0.06, highpass=2)
shaker = noise(decay=0.02, highpass=2, attack=0.015)
crash = noise(decay=0.5, highpass=2)


def reverberate(dry: Samples, decay: float, sampling_rate: int, rng: Generator) -> Samples:
    """Reverberation [2, N] of mono samples [N]: convolution with decaying noise.

    Each channel has its own noise. `decay` is a time constant in seconds. The convolution is by
    overlap-add of blocks as long as the response (Stockham 1966); their size is a power of two,
    which makes the FFT quick.
    """
    block = 1 << round(np.log2(5 * decay * sampling_rate))
    times = np.arange(block, dtype=np.float32) / sampling_rate
    response = rng.standard_normal((2, block + 1), dtype=np.float32)
    response = (response[:, 1:] + response[:, :-1]) * np.exp(-times / np.float32(decay))
    response *= -np.expm1(-times / np.float32(0.01)) / np.sqrt(decay * sampling_rate)
    response *= 0.5 + 0.5 * np.cos(np.pi * np.arange(block, dtype=np.float32) / block)
    blocks = np.pad(dry, (0, -len(dry) % block)).reshape(-1, block)
    spectrum = np.fft.rfft(blocks, 2 * block)
    wet = np.empty((2, blocks.size), np.float32)
    for channel, transfer in zip(wet, np.fft.rfft(response, 2 * block), strict=True):
        tails = np.fft.irfft(spectrum * transfer, 2 * block)
        tails[1:, :block] += tails[:-1, block:]
        channel[:] = tails[:, :block].ravel()
    return wet[:, : len(dry)]
