"""Music of known tempo and key, played by a few oscillators: what the tempo network is trained on.

It shares nothing with the package's own synthesiser, nor with what tests listen to
(`builder_tests/support/scores.py`): who is trained on it is not judged by it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

RATE = 32_000
Samples = NDArray[np.float32]

# A bar of sixteenths by voice; capital letters are accents.
PATTERNS: dict[str, dict[str, str]] = {
    "rock": {"kick": "X.......X.x.....", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
    "pop": {"kick": "X.......X.......", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.xx"},
    "house": {"kick": "X...X...X...X...", "snare": "....x.......x...", "hat": "..x...x...x...x."},
    "techno": {"kick": "X...X...X...X...", "hat": "x.x.x.x.x.x.x.x.", "bass": "..x...x...x...x."},
    "funk": {"kick": "X..x..x...x.....", "snare": "....X.......X..x", "hat": "xxxxxxxxxxxxxxxx"},
    "march": {"kick": "X.......X.......", "snare": "x...X.x.x...X.xx"},
    "click": {"hat": "X...X...X...X..."},
    "claps": {"snare": "X...X...X...X..."},
    "walking": {"bass": "X...X...X...X...", "hat": "....x.......x..."},
    "ballad": {
        "kick": "X.........x.....",
        "snare": "....X.......X...",
        "chord": "X.......x.......",
    },
    "latin": {"kick": "X.....x.X.....x.", "snare": "..x..x..X..x..x.", "hat": "X.x.X.x.X.x.X.x."},
    "bass and chords": {"bass": "X...x...X...x...", "chord": "..x...x...x...x."},
}
SPARSE: dict[str, dict[str, str]] = {
    "kick and snare": {"kick": "X.......X.......", "snare": "....X.......X..."},
    "kick alone": {"kick": "X...X...X...X..."},
    "bass alone": {"bass": "X...X...X...X..."},
    "stabs": {"chord": "X...X...X...X..."},
}
STEADY = ("pad", "noise", "drone", "swells", "speech", "rubato", "gusts", "drops")
KEYS = tuple(
    f"{tonic} {mode}"
    for tonic in ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
    for mode in ("major", "minor")
)
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_PROGRESSIONS = ((0, 3, 4, 0), (0, 5, 3, 4), (0, 4, 5, 3), (0, 3, 0, 4))


@dataclass(frozen=True, slots=True)
class Groove:
    """What is played: `swing` is where the second of two eighths falls, 0.5 for straight ones."""

    pattern: dict[str, str]
    tempo_bpm: float
    key: str = "A minor"
    swing: float = 0.5
    pads: bool = True
    looseness_seconds: float = 0.0


def random_pattern(tempo_bpm: float, draw: Generator) -> dict[str, str]:
    """A bar whose beat is clear to a listener: nobody plays sixteenths at 200 BPM."""
    kind = draw.integers(5)
    pattern: dict[str, str] = {}
    if kind == 0:
        pattern["kick"] = _drawn("9.0112229.2201211"[:16], draw)
        pattern["snare"] = _drawn("....9..1.1..9.11", draw)
    elif kind == 1:
        pattern["kick"] = "X...X...X...X..."
        if draw.random() < 0.6:
            pattern["snare"] = "....X.......X..."
    elif kind == 2:
        pattern["kick"] = _drawn("9.219.219.219.21", draw)
        pattern["snare"] = _drawn("3152315231523152", draw)
    elif kind == 3:
        pattern["bass"] = _drawn("9.319.319.319.31", draw)
        pattern["chord"] = _drawn("8.418.418.418.41", draw)
    else:
        pattern["bass"] = _drawn("9.418.419.418.41", draw)
        pattern["snare"] = "....X.......X..."
    fast = draw.random() < (tempo_bpm - 60) / 80
    eighths = ("x.x.x.x.x.x.x.x.", "..x...x...x...x.", "X.x.X.x.X.x.X.x.")
    sixteenths = ("xxxxxxxxxxxxxxxx", "X.xxX.xxX.xxX.xx", "xoxxxoxxxoxxxoxx".replace("o", "."))
    lines = ("X...X...X...X...", *eighths, *(() if fast else sixteenths))
    if draw.random() < 0.7:
        pattern["hat"] = str(draw.choice(lines))
    if draw.random() < 0.4:
        pattern["pluck"] = str(draw.choice(lines))
    if kind < 3 and draw.random() < 0.4:
        pattern["bass"] = _drawn("9.419.419.419.41", draw)
    return pattern


def _drawn(tenths: str, draw: Generator) -> str:
    """A pattern in which every step is struck with its probability in tenths; 9 is always."""
    struck = [mark == "9" or (mark != "." and draw.random() < int(mark) / 10) for mark in tenths]
    beat = ("X" if step % 4 == 0 else "x" for step in range(len(tenths)))
    return "".join(mark if hit else "." for mark, hit in zip(beat, struck, strict=True))


def play(groove: Groove, seconds: float, draw: Generator) -> Samples:
    """The groove [N] float32 at 32 kHz, with its peak at 0.8."""
    count = round(seconds * RATE)
    out = np.zeros(count + 4 * RATE, np.float32)
    tonic, scale = KEYS.index(groove.key) // 2, _SCALES[groove.key.split()[1]]
    progression = _PROGRESSIONS[draw.integers(len(_PROGRESSIONS))]
    beat = 60 / groove.tempo_bpm
    levels = {voice: draw.uniform(0.7, 1.3) for voice in _VOICES}
    for bar in range(int(seconds / (4 * beat)) + 1):
        degree = progression[bar % len(progression)]
        chord = [
            tonic + scale[(degree + third) % 7] + 12 * ((degree + third) // 7)
            for third in (0, 2, 4)
        ]
        for voice, steps in groove.pattern.items():
            for step, mark in enumerate(steps):
                if mark == ".":
                    continue
                half, rest = divmod(step, 2)
                within = (half % 2) * groove.swing + rest * 0.25
                start = (4 * bar + half // 2 + within) * beat
                start += draw.normal(0, groove.looseness_seconds)
                note = _VOICES[voice](chord, draw) * levels[voice] * (1.0 if mark == "X" else 0.6)
                at = max(0, round(start * RATE))
                if at < count:
                    out[at : at + len(note)] += note
        if groove.pads:
            _add(out, 4 * bar * beat, 0.15 * _pad(chord, 4 * beat))
    return _levelled(out[:count])


def steady(kind: str, seconds: float, draw: Generator) -> Samples:
    """Sound without any beat, [N] float32 at 32 kHz."""
    count = round(seconds * RATE)
    times = np.arange(count) / RATE
    if kind == "noise":
        return _levelled(np.asarray(draw.standard_normal(count), np.float32))
    if kind == "drone":
        return _levelled(_tone(55 * 2 ** draw.uniform(0, 1), seconds, 6))
    if kind == "gusts":
        return _levelled(_gusts(count, draw))
    out = np.zeros(count + 20 * RATE, np.float32)
    start = 0.0
    while start < seconds:
        chord = [int(draw.integers(12)) + third for third in (0, 4, 7)]
        if kind == "rubato":
            _add(out, start, _pluck(chord, draw) * np.float32(draw.uniform(0.3, 1)))
            start += draw.uniform(0.1, 1.1)
        elif kind == "drops":
            # As many a second as chance has it, of any strength.
            voice = (_bass, _stab, _pluck, _snare)[int(draw.integers(4))]
            _add(out, start, voice(chord, draw) * np.float32(draw.uniform(0.2, 1)))
            start += draw.exponential(0.5)
        elif kind == "speech":
            length = draw.uniform(0.08, 0.35)
            burst = draw.standard_normal(round(length * RATE)) * np.hanning(round(length * RATE))
            _add(out, start, np.asarray(burst, np.float32) * np.float32(draw.uniform(0.2, 1)))
            start += length * draw.uniform(0.7, 3.0)
        else:
            length = draw.uniform(4, 11)
            _add(out, start, _pad(chord, length + 3))
            start += length * draw.uniform(0.6, 1.0)
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * times / draw.uniform(7, 13)) if kind == "swells" else 1.0
    return _levelled(np.asarray(out[:count] * swell, np.float32))


def _gusts(count: int, draw: Generator) -> Samples:
    """Noise of any colour that comes and goes."""
    places = np.cumsum(draw.uniform(0.5, 5, count // RATE * 2 + 2))
    loudness = np.interp(np.arange(count) / RATE, places, draw.uniform(0.1, 1, len(places)))
    spectrum = np.fft.rfft(draw.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    low, high = np.sort(np.exp(draw.uniform(np.log(50), np.log(12_000), 2)))
    spectrum *= 1 / (1 + (hertz / high) ** 2) / (1 + (low / np.maximum(hertz, 1)) ** 2)
    return np.asarray(np.fft.irfft(spectrum, count) * loudness, np.float32)


def _add(out: Samples, start: float, note: Samples) -> None:
    place = out[round(start * RATE) :][: len(note)]
    place += note[: len(place)]


def _levelled(samples: Samples) -> Samples:
    return np.asarray(0.8 * samples / np.abs(samples).max(), np.float32)


def _tone(hertz: float, seconds: float, partials: int) -> Samples:
    times = np.arange(round(seconds * RATE), dtype=np.float32) / RATE
    out = np.zeros(len(times), np.float32)
    for partial in range(1, partials + 1):
        out += np.sin(2 * np.pi * hertz * partial * times, dtype=np.float32) / partial
    return out


def _hertz(pitch_class: int, octave: int) -> float:
    return float(440 * 2 ** ((pitch_class - 9) / 12 + octave - 4))


def _pad(chord: list[int], seconds: float) -> Samples:
    tones = sum((_tone(_hertz(pitch, 4), seconds, 3) for pitch in chord), start=np.float32(0))
    length = len(np.atleast_1d(tones))
    edge = min(length // 2, RATE)
    ramp = np.linspace(0, 1, edge, dtype=np.float32)
    shape = np.concatenate([ramp, np.ones(length - 2 * edge, np.float32), ramp[::-1]])
    return np.asarray(tones * shape, np.float32)


def _decayed(samples: Samples, decay: float) -> Samples:
    times = np.arange(len(samples), dtype=np.float32) / RATE
    return np.asarray(samples * np.exp(-times / decay) * np.minimum(times / 0.002, 1), np.float32)


def _kick(chord: list[int], draw: Generator) -> Samples:
    times = np.arange(round(0.25 * RATE), dtype=np.float32) / RATE
    phase = 2 * np.pi * np.cumsum(50 + 120 * np.exp(-times / 0.03)) / RATE
    return _decayed(np.asarray(np.sin(phase), np.float32), 0.08)


def _noise(seconds: float, decay: float, highpass: int, draw: Generator) -> Samples:
    samples = draw.standard_normal(round(seconds * RATE) + highpass)
    for _ in range(highpass):
        samples = np.diff(samples)
    return _decayed(np.asarray(samples, np.float32), decay)


def _snare(chord: list[int], draw: Generator) -> Samples:
    body = _decayed(_tone(190, 0.2, 1), 0.05)
    return 0.35 * _noise(0.2, 0.05, 0, draw) + 0.4 * body


def _hat(chord: list[int], draw: Generator) -> Samples:
    return 0.1 * _noise(0.08, 0.02, 2, draw)


def _pluck(chord: list[int], draw: Generator) -> Samples:
    pitch = chord[int(draw.integers(len(chord)))]
    return 0.3 * _decayed(_tone(_hertz(pitch % 12, 5), 0.3, 4), 0.12)


def _bass(chord: list[int], draw: Generator) -> Samples:
    return 0.6 * _decayed(_tone(_hertz(chord[0] % 12, 2), 0.4, 4), 0.2)


def _stab(chord: list[int], draw: Generator) -> Samples:
    return 0.2 * _decayed(
        np.asarray(sum(_tone(_hertz(pitch, 4), 0.4, 5) for pitch in chord), np.float32), 0.15
    )


_VOICES = {
    "kick": _kick,
    "snare": _snare,
    "hat": _hat,
    "bass": _bass,
    "chord": _stab,
    "pluck": _pluck,
}
