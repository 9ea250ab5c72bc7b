"""How each style of the synthesised music is played: its parts, patterns and progressions."""

from dataclasses import dataclass
from typing import Literal

from ..audio.keys import TONICS
from ..errors import SettingError
from . import instruments as play

_TONICS = {name: pitch_class for pitch_class, name in enumerate(TONICS)}
_TONICS |= {"Db": 1, "Eb": 3, "Gb": 6, "Ab": 8, "Bb": 10}
_MODES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}


def scale_of(key: str) -> tuple[int, ...]:
    """The seven pitches of a key such as `F# minor`, in semitones over C, from its tonic up.

    Raises SettingError where the tonic or the mode is unknown.
    """
    tonic, _, mode = key.partition(" ")
    if tonic not in _TONICS or mode not in _MODES:
        raise SettingError(f"key {key!r}: give a tonic and a mode, as in 'F# minor' or 'Bb major'")
    return tuple(_TONICS[tonic] + step for step in _MODES[mode])


@dataclass(frozen=True, slots=True)
class Part:
    """A voice and its patterns, one of which is drawn for each piece.

    A pattern is one or more bars of 16 characters, separated by spaces. X x o: a stroke, from loud
    to soft; 0 to 9: a tone of the chord, counted up from its root; c: the whole chord; m: a note of
    the melody; _: the note continues; .: a rest.
    """

    voice: play.Voice
    patterns: tuple[str, ...]
    level: float
    low: int  # the lowest MIDI pitch of its notes
    pan: float = 0.0  # from -1, left, to 1, right
    enters: int = 1  # the lowest intensity at which it plays
    # start: the first bar of a section; rise: its last bar, before a more intense section.
    when: Literal["always", "start", "rise"] = "always"


@dataclass(frozen=True, slots=True)
class Style:
    """The parts of a style, its reverberation, and its chord progressions."""

    rhythm: tuple[Part, ...]  # with little reverberation
    harmony: tuple[Part, ...]  # with reverberation, and softer on each beat (`ducking`)
    progressions: dict[str, tuple[str, ...]]  # degrees of the scale, a bar each
    room: float  # decay of the reverberation, in seconds
    wet: float  # level of the reverberation
    ducking: float = 0.0  # depth, from 0 to 1
    looseness: float = 0.0  # standard deviation of the notes' timing, in seconds


_HELD = "c_______________"
STYLES = {
    "latino": Style(
        rhythm=(
            Part(play.clave, ("..x.x...x..x..x.",), 0.35, 96, -0.5),
            Part(play.shaker, ("xoXoxoXoxoXoxoXo",), 0.35, 60, 0.6),
            Part(play.conga_slap, ("o.X.o.....X.o...",), 0.35, 57, 0.35, 2),
            Part(play.conga_open, ("......xx......xX", "......xx...x..xX"), 0.6, 50, 0.3, 2),
            Part(play.kick, ("X.......X.......", "X......xX......."), 0.75, 28, 0.0, 3),
            Part(play.cowbell, ("X...x...X...x.x.",), 0.22, 76, -0.35, 4),
            Part(play.timbale, ("........x.xxx.XX",), 0.6, 55, 0.4, 1, "rise"),
            Part(play.crash, ("x...............",), 0.4, 60, -0.4, 3, "start"),
            Part(play.bass_string, ("0__2__3____2__3_", "0_____2____2__0_"), 0.35, 33, 0.0, 2),
        ),
        harmony=(
            Part(play.nylon, ("0_1_2_3_2_1_2_1_",), 0.25, 52, -0.3),
            Part(play.piano, ("c_12_3_1_2_3_1_2", "c.1c.2.c.1.3.2.1"), 0.3, 60, 0.2, 2),
            Part(play.piano, ("0_12_3_1_2_3_1_2",), 0.13, 72, 0.3, 4),
            Part(play.strings, (_HELD,), 0.12, 60),
            Part(play.brass, ("......c_..c_....", "..........c_c.c_"), 0.11, 64, -0.4, 4),
            Part(
                play.brass,
                ("m___m_m_m___m___ m_____m_m_______", "..m_m___m_m_m___ m___m_m_m___...."),
                level=0.2,
                low=69,
                pan=-0.1,
                enters=3,
            ),
        ),
        progressions={"major": ("1451", "1625", "1415"), "minor": ("1451", "1415", "1645")},
        room=0.22,
        wet=0.35,
        looseness=0.004,
    ),
    "classic": Style(
        rhythm=(),
        harmony=(
            Part(play.piano, ("0_2_3_4_5_4_3_2_", "0_2_4_2_3_2_4_2_"), 0.28, 48, -0.25),
            Part(play.strings, (_HELD,), 0.17, 57),
            Part(play.cello, ("0_______2_______", "0_______________"), 0.18, 36, 0.3, 2),
            Part(
                play.violin,
                ("m_______m___m___ m___________m___", "m___m_m_m_______ m_______m_m_m___"),
                level=0.17,
                low=72,
                pan=0.2,
                enters=3,
            ),
            Part(play.nylon, ("0123454321234543",), 0.2, 67, 0.5, 4),
            Part(play.strings, (_HELD,), 0.09, 74, 0.0, 4),
        ),
        progressions={"major": ("1451", "1645", "1425"), "minor": ("1451", "1645", "1415")},
        room=0.4,
        wet=0.6,
        looseness=0.008,
    ),
    "electro": Style(
        rhythm=(
            Part(play.kick, ("X...X...X...X...",), 0.95, 28, 0.0, 2),
            Part(play.clap, ("....X.......X...",), 0.75, 60, 0.1, 3),
            Part(play.hat, ("x.x.x.x.x.x.x.x.", "..x...x...x...xo"), 0.5, 60, -0.4),
            Part(play.open_hat, ("..X...X...X...X.",), 0.34, 60, 0.4, 3),
            Part(play.hat, ("oxoxoxoxoxoxoxox",), 0.4, 60, -0.5, 4),
            Part(play.snare, ("x...x...x.x.xxxX",), 0.4, 57, -0.1, 1, "rise"),
            Part(play.crash, ("X...............",), 0.5, 60, 0.3, 3, "start"),
            Part(play.synth_bass, ("..0_..0_..0_..0_", "..00..00..00..03"), 0.34, 33, 0.0, 2),
        ),
        harmony=(
            Part(play.saw_pad, (_HELD,), 0.2, 57),
            Part(play.synth_pluck, ("0.2.3.2.0.2.4.3.", "0..3..2.0..3..4."), 0.4, 69, -0.45),
            Part(play.saw_pad, ("c..c..c...c..c..",), 0.14, 69, 0.0, 4),
            Part(play.swept_noise, (_HELD.replace("c", "x"),), 0.6, 60, 0.0, 1, "rise"),
            Part(
                play.lead,
                ("m__m__m_m___m___ m__m__m_m_______", "m_m_..m_m_m_m___ m___m___..m_m_m_"),
                level=0.15,
                low=72,
                pan=0.15,
                enters=4,
            ),
        ),
        progressions={"major": ("1645", "1465", "1415"), "minor": ("1645", "1465", "1415")},
        room=0.25,
        wet=0.4,
        ducking=0.75,
    ),
}
