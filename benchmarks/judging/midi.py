"""The truth about a piece, read from its MIDI events: tempo, metre, key, instruments, voices."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .right import spelled

DRUM_CHANNEL = 9
# General MIDI's programs 0 to 127 in families, each with its last program; source: General MIDI
# System Level 1 (MIDI Manufacturers Association, 1991).
_FAMILIES = (
    (5, "piano"), (6, "harpsichord"), (7, "piano"), (15, "bells"), (20, "organ"),
    (23, "accordion"), (31, "guitar"), (39, "bass"), (45, "strings"), (46, "harp"), (47, "drums"),
    (51, "strings"), (54, "choir"), (55, "effects"), (63, "brass"), (71, "reeds"), (79, "flute"),
    (103, "synth"), (104, "sitar"), (105, "banjo"), (109, "world"), (110, "strings"),
    (111, "world"), (119, "drums"), (127, "effects"),
)  # fmt: skip
# Lead 6 (voice) and pad 4 (choir): whether they sound like voices depends on the sound font.
_LIKE_VOICES = (85, 91)
VOICES = "choir"
"""The family of the programs 52 to 54, which are recorded or imitated voices."""
MAYBE_VOICES = "like voices"
# Onsets within this part of a beat of a grid of halves, thirds and quarters are on it.
_ON_GRID = 0.04
_DEFAULT_TEMPO = 500_000
_GRID = (0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1)


class Event(NamedTuple):
    """An event at a tick.

    `kind` is `tempo`, with `number` microseconds a quarter note; `metre` or `key`, with `text` like
    `6/8` or `Bbm`; `program`, `on` or `off`, with its `number`, or that of the note; `end`.
    """

    tick: int
    kind: str
    number: int = 0
    channel: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a score says of its first seconds.

    `bpm` is the tempo of the beat that is there most of the time; `steady` the share of time within
    2% of it; `on_grid` the share of onsets that lie where beats, halves, thirds or quarters of them
    are: music that was played freely into a sequencer has a tempo map that says nothing.
    `instruments` has the share of time in which each family sounds.
    """

    bpm: float
    steady: float
    on_grid: float
    seconds: float
    metre: str
    key: str
    notes_per_second: float
    instruments: dict[str, float]


def read_midi(data: bytes) -> tuple[int, list[Event]]:
    """(ticks of a quarter note, events in order) of a MIDI file; it may be compressed by gzip.

    Raises:
        ValueError: it cannot be read.
    """
    import gzip
    from io import BytesIO

    import mido

    try:
        plain = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        midi = mido.MidiFile(file=BytesIO(plain), clip=True)
    except (OSError, EOFError, mido.KeySignatureError) as error:
        raise ValueError(str(error)) from error
    events, tick = list[Event](), 0
    for message in mido.merge_tracks(midi.tracks):
        tick += message.time
        if message.type == "set_tempo":
            events.append(Event(tick, "tempo", message.tempo))
        elif message.type == "time_signature":
            metre = f"{message.numerator}/{message.denominator}"
            events.append(Event(tick, "metre", text=metre))
        elif message.type == "key_signature":
            events.append(Event(tick, "key", text=message.key))
        elif message.type == "program_change":
            events.append(Event(tick, "program", message.program, message.channel))
        elif message.type in ("note_on", "note_off"):
            kind = "on" if message.type == "note_on" and message.velocity else "off"
            events.append(Event(tick, kind, message.note, message.channel))
    return midi.ticks_per_beat, [*events, Event(tick, "end")]


def score_of(ticks_per_quarter: int, events: Sequence[Event], seconds: float) -> Score:
    """What a score says of its first `seconds`."""
    timed = list(_timed(ticks_per_quarter, events, seconds))
    end = timed[-1][0]
    tempo, steady = _main_tempo(timed)
    metres = {event.text for _, event in timed if event.kind == "metre"}
    keys = {spelled(event.text) for _, event in timed if event.kind == "key"}
    onsets = [event.tick / ticks_per_quarter % 1 for _, event in timed if event.kind == "on"]
    near = [min(abs(onset - place) for place in _GRID) <= _ON_GRID for onset in onsets]
    metre = metres.pop() if len(metres) == 1 else ""
    return Score(
        bpm=60e6 / tempo * (2 / 3 if metre in ("6/8", "9/8", "12/8") else 1),
        steady=steady,
        on_grid=sum(near) / max(len(near), 1),
        seconds=end,
        metre=metre,
        # C major may be nothing but what a sequencer writes by default.
        key=keys.pop() if len(keys) == 1 and keys != {"C major"} else "",
        notes_per_second=len(onsets) / max(end, 1),
        instruments=_shares(timed, end),
    )


def _timed(
    ticks_per_quarter: int, events: Sequence[Event], seconds: float
) -> Iterator[tuple[float, Event]]:
    """(seconds, event) of the events in the first `seconds`, by the tempo map."""
    at, tick, tempo = 0.0, 0, _DEFAULT_TEMPO
    for event in events:
        at += (event.tick - tick) * tempo / 1e6 / ticks_per_quarter
        tick = event.tick
        if at > seconds:
            break
        if event.kind == "tempo":
            tempo = event.number
        yield at, event
    yield min(at, seconds), Event(tick, "end")


def _main_tempo(timed: Sequence[tuple[float, Event]]) -> tuple[int, float]:
    """The tempo that holds longest, and the share of time within 2% of it."""
    spans, tempo, since = dict[int, float](), _DEFAULT_TEMPO, 0.0
    for at, event in timed:
        spans[tempo] = spans.get(tempo, 0.0) + at - since
        since = at
        if event.kind == "tempo":
            tempo = event.number
    main = max(spans, key=lambda tempo: spans[tempo])
    near = sum(length for other, length in spans.items() if abs(other / main - 1) <= 0.02)
    return main, near / max(sum(spans.values()), 1e-9)


def family(program: int, channel: int) -> str:
    """The family of instruments of a General MIDI program, 0 to 127."""
    if channel == DRUM_CHANNEL:
        return "drums"
    if program in _LIKE_VOICES:
        return MAYBE_VOICES
    return next(name for last, name in _FAMILIES if program <= last)


def _shares(timed: Sequence[tuple[float, Event]], end: float) -> dict[str, float]:
    """Family -> share of the seconds in which a note of it sounds; a stroke of a drum is short."""
    programs, notes = dict[int, int](), dict[tuple[int, int], tuple[str, float]]()
    seconds: dict[str, set[int]] = {}

    def stop(note: tuple[int, int], at: float) -> None:
        name, since = notes.pop(note, ("", at))
        if name:
            seconds.setdefault(name, set()).update(range(int(since), math.ceil(at)))

    for at, event in timed:
        note = (event.channel, event.number)
        if event.kind == "program":
            programs[event.channel] = event.number
        elif event.kind in ("on", "off"):
            stop(note, at)
        if event.kind == "on":
            notes[note] = family(programs.get(event.channel, 0), event.channel), at
    for note in list(notes):
        stop(note, end)
    whole = max(math.ceil(end), 1)
    return {name: round(len(found) / whole, 3) for name, found in sorted(seconds.items())}
