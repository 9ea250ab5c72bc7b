"""A small library of sport music, synthesised: tracks of known tempo and key.

`sportgen demo` and the tests need music that may be shared and whose measures are known. A piece
is composed on a grid of sixteenths. Its style determines the parts (a voice and its patterns), its
key the chord progression, its sections (intro, build, peak, breakdown, peak, cool-down) the number
of parts and their brightness; its name seeds the random choices.
"""

import hashlib
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.random import Generator
from numpy.typing import NDArray

from ..errors import SettingError
from .arrangements import STYLES, Part, scale_of
from .instruments import Note, Samples, reverberate

PEAK = 0.89
"""Full scale less 1 dB, so that lossy encoders have room to overshoot."""

_STEPS = 16  # sixteenths of a bar
_VELOCITIES = {"X": 1.0, "x": 0.75, "o": 0.4}
_LOUDNESS = {1: 0.5, 2: 0.68, 3: 0.84, 4: 1.0}  # by intensity
_FADE_SECONDS = 3.0
_BLOCK = 65_536
# (share of the bars, intensity) of each section; intensity decides which parts play.
_SECTIONS = ((0.12, 1), (0.14, 2), (0.12, 3), (0.22, 4), (0.12, 2), (0.16, 4), (0.12, 1))
_ENCODINGS = {
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".wav": ("WAV", "PCM_16"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """One track to synthesise; `file_name` is `<style>/<Session_Words>[_<n>]_<style>.<ext>`.

    `key` is written as in `F# minor`. Raises SettingError if a field has no valid value.
    """

    file_name: str
    style: str
    tempo_bpm: float
    key: str
    seconds: float
    sampling_rate: int = 44_100

    def __post_init__(self) -> None:
        scale_of(self.key)
        if self.style not in STYLES:
            raise SettingError(f"style {self.style!r}: there are {', '.join(STYLES)}")
        if self.tempo_bpm <= 0 or self.seconds < 1 or self.sampling_rate < 8000:
            raise SettingError(f"{self}: give a tempo over 0, at least 1 second and 8000 Hz")


DEMO_PIECES: tuple[Piece, ...] = (
    Piece("latino/Yoga_1_latino.mp3", "latino", 70, "A minor", 70),
    Piece("latino/Cardio_latino.flac", "latino", 126, "D minor", 65, 48_000),
    Piece("latino/Marche_rapide_2_latino.ogg", "latino", 112, "G major", 75),
    Piece("classic/Stretching_classic.flac", "classic", 66, "C major", 60),
    Piece("classic/Yoga_2_classic.ogg", "classic", 72, "E minor", 80, 48_000),
    Piece("classic/Retour_au_calme_classic.mp3", "classic", 60, "F major", 90),
    Piece("electro/Running_2_electro.mp3", "electro", 160, "F# minor", 75, 48_000),
    Piece("electro/Course_a_pied_electro.flac", "electro", 128, "A minor", 70),
    Piece("electro/Renforcement_musculaire_electro.ogg", "electro", 124, "C minor", 60),
    Piece("electro/Cycling_1_electro.mp3", "electro", 136, "D major", 85),
)


@dataclass(frozen=True, slots=True)
class _Bar:
    index: int
    position: int  # of the bar in its section
    degree: int  # of the chord's root: 0 is the tonic
    intensity: int
    rises: bool  # the last bar before a more intense section


def _bars(piece: Piece, progression: str) -> list[_Bar]:
    """The bars of a piece; each section begins on the tonic, and the last bar is on the tonic."""
    count = math.ceil(piece.seconds * piece.tempo_bpm / 240)
    ends = np.rint(np.cumsum([share for share, _ in _SECTIONS]) * count).astype(int)
    bars: list[_Bar] = []
    for number, (end, (_, intensity)) in enumerate(zip(ends, _SECTIONS, strict=True)):
        follower = _SECTIONS[min(number + 1, len(_SECTIONS) - 1)][1]
        for position in range(end - len(bars)):
            degree = int(progression[position % len(progression)]) - 1
            if len(bars) == count - 1:
                degree = 0
            rises = len(bars) == end - 1 and follower > intensity
            bars.append(_Bar(len(bars), position, degree, intensity, rises))
    return bars


def _strokes(
    part: Part, pattern: str, bars: Sequence[_Bar]
) -> Iterator[tuple[_Bar, int, int, str]]:
    """(bar, step of the piece, steps held, symbol) of each stroke of a part."""
    texts = pattern.split()
    for bar in bars:
        plays = {"always": True, "start": bar.position == 0, "rise": bar.rises}[part.when]
        if plays and bar.intensity >= part.enters:
            for stroke in re.finditer(r"[^._]_*", texts[bar.position % len(texts)]):
                step = bar.index * _STEPS + stroke.start()
                yield bar, step, len(stroke[0]), stroke[0][0]


class _Player:
    """Turns strokes into pitches; keeps the motif of the melody and its last note."""

    def __init__(self, scale: tuple[int, ...], rng: Generator) -> None:
        self._scale = scale
        # A motif of two bars that returns over every chord: repetition makes it a melody.
        self._motif = rng.integers(0, 3, (2, _STEPS))
        self._degree = 0

    def pitches(self, part: Part, bar: _Bar, step: int, symbol: str) -> list[int]:
        """MIDI pitches of one stroke."""
        if symbol == "c":
            return [self._above(bar.degree + third, part.low) for third in (0, 2, 4)]
        if symbol.isdigit():
            octave, third = divmod(int(symbol), 3)
            root = self._above(bar.degree, part.low)
            return [self._above(bar.degree + 2 * third, root) + 12 * octave]
        if symbol == "m":
            return [self._above(self._melody(bar, step), part.low)]
        return [self._above(0, part.low)]

    def _above(self, degree: int, low: int) -> int:
        """Pitch of a degree in the octave above `low`, so that chords keep their common tones."""
        return low + (self._scale[degree % 7] - low) % 12

    def _melody(self, bar: _Bar, step: int) -> int:
        """Degree of the next note: on a beat a chord tone, else a step from the last note."""
        turn = int(self._motif[bar.position % 2, step % _STEPS])
        if step % 4 == 0:
            self._degree = bar.degree + 2 * turn
        else:
            self._degree += (-1, 1, 1)[turn]
        return self._degree


def _perform(
    part: Part, piece: Piece, bars: Sequence[_Bar], player: _Player, rng: Generator, bus: Samples
) -> None:
    """Add a part to a bus [2, N], in place; equal notes are rendered once."""
    pattern = part.patterns[rng.integers(len(part.patterns))]
    looseness = STYLES[piece.style].looseness
    seconds_per_step = 15 / piece.tempo_bpm
    angle = np.pi / 4 * (1 + part.pan)
    pan = np.array([[np.cos(angle)], [np.sin(angle)]], np.float32) * part.level
    rendered: dict[Note, Samples] = {}
    for bar, step, held, symbol in _strokes(part, pattern, bars):
        velocity = _VELOCITIES.get(symbol, 1.0) * _LOUDNESS[bar.intensity] * rng.uniform(0.88, 1.0)
        delay = abs(rng.normal(0.0, looseness))
        start = round((step * seconds_per_step + delay) * piece.sampling_rate)
        pitches = player.pitches(part, bar, step, symbol)
        gains = pan * velocity / math.sqrt(len(pitches))
        for pitch in pitches:
            hertz = 440 * 2 ** ((pitch - 69) / 12)
            brightness = (bar.intensity - 1) / 3
            note = Note(hertz, held * seconds_per_step, brightness, piece.sampling_rate)
            if note not in rendered:
                rendered[note] = np.atleast_2d(part.voice(note, rng))
            place = bus[:, start : start + rendered[note].shape[1]]
            place += gains * rendered[note][:, : place.shape[1]]


def _ducking(piece: Piece, count: int) -> Samples:
    """Gains [N] that dip on every beat, as if the kick controlled a compressor of the harmony."""
    beat_seconds = 60 / piece.tempo_bpm
    times = np.arange(math.ceil(beat_seconds * piece.sampling_rate)) / piece.sampling_rate
    dip = -np.expm1(-times / 0.004) * np.exp(-times / (0.3 * beat_seconds))
    depth = STYLES[piece.style].ducking
    gains = np.ones(count, np.float32)
    for beat in range(math.ceil(piece.seconds / beat_seconds)):
        place = gains[round(beat * beat_seconds * piece.sampling_rate) :][: len(dip)]
        place[:] = 1 - depth * dip[: len(place)]
    return gains


def render(piece: Piece, seed: int = 0) -> NDArray[np.float32]:
    """The piece's samples.

    Shape: [2, N], N = round(seconds * sampling_rate), float32, with its peak at `PEAK`. The same
    piece and seed give the same samples; another seed composes another track of the same name.
    """
    digest = hashlib.sha256(f"{seed}:{piece.file_name}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    style = STYLES[piece.style]
    bars = _bars(piece, str(rng.choice(style.progressions[piece.key.split()[1]])))
    player = _Player(scale_of(piece.key), rng)
    count = round(piece.seconds * piece.sampling_rate)
    rhythm, harmony = np.zeros((2, 2, count), np.float32)
    for bus, parts in ((rhythm, style.rhythm), (harmony, style.harmony)):
        for part in parts:
            _perform(part, piece, bars, player, rng, bus)
    if style.ducking:
        harmony *= _ducking(piece, count)
    dry = 0.5 * (harmony[0] + harmony[1]) + 0.1 * (rhythm[0] + rhythm[1])
    mix = rhythm + harmony + style.wet * reverberate(dry, style.room, piece.sampling_rate, rng)
    # Saturation limits the few highest peaks: without it, the rest would be too quiet.
    mix = np.tanh(mix)
    mix -= mix.mean(axis=1, keepdims=True)
    fade = min(count, round(_FADE_SECONDS * piece.sampling_rate))
    mix[:, count - fade :] *= np.linspace(1, 0, fade, dtype=np.float32) ** 2
    mix *= PEAK / np.abs(mix).max()
    return mix


def write_piece(piece: Piece, folder: Path, seed: int = 0) -> Path:
    """Render the piece into `folder / piece.file_name` and return that path.

    The extension determines the encoding: mp3, flac, ogg (Vorbis) or wav. An incomplete file never
    has the final name. Ogg streams get random serial numbers, so the bytes of an ogg file differ
    from run to run; its samples do not.

    Raises:
        SettingError: the extension is another one.
    """
    path = folder / piece.file_name
    if path.suffix not in _ENCODINGS:
        raise SettingError(f"{piece.file_name}: the extensions are {', '.join(_ENCODINGS)}")
    container, subtype = _ENCODINGS[path.suffix]
    frames = render(piece, seed).T
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with soundfile.SoundFile(
            temporary, "w", piece.sampling_rate, 2, subtype, format=container
        ) as file:
            # libsndfile's Vorbis encoder overflows the stack on minutes of audio in one call.
            for start in range(0, len(frames), _BLOCK):
                file.write(frames[start : start + _BLOCK])
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
