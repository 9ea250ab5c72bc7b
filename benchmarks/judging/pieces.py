"""The pieces: scores that others wrote, with what is known about them.

- `game`: MIDI files of games' Debian packages. Their tempo map says the tempo where the notes lie
  on its grid, and their key signature the key, if it is one only and not the default.
- `accompaniment`: Musical MIDI Accompaniment (Debian package `mma`) plays chords of a key drawn at
  random in the grooves of many genres, at a tempo near the genre's.
- `chorale` and `tune`: chorales by Bach, and fiddle tunes and airs from the corpus of `music21`
  (PyPI), at a tempo and by instruments drawn at random. The key of a chorale is that of its
  signature whose tonic is its last bass note, that of a tune the field K: of its source.
"""

import hashlib
import random
import re
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .midi import Score, read_midi, score_of
from .right import TONICS, spelled

PACKAGES = "openttd-openmsx freedoom freedm planetblupi-music-midi simutrans-data playmidi".split()
"""Debian packages with MIDI files."""

# Of a package with very many pieces by few composers, every so-manieth is taken.
_EVERY = {"simutrans-data": 2, "freedoom": 3}
# A tempo map is believed if the tempo holds, and if notes are where it says.
_LEAST_STEADY, _LEAST_ON_GRID, _LEAST_NOTES = 0.98, 0.85, 1.5
_GROOVES = """8Beat:96 50sRock:150 60sRock:128 Ballad:68 BasicRock:120 Beguine:112 BigBand:150
BlueGrass:126 Blues:92 Bolero:84 BoneyM:124 BossaNova:126 BubbleRock:132 Calypso:104 ChaCha:120
Charleston:190 CountryBlues:88 CountryWaltz:108 DixieMarch:110 EasySwing:132 FastBlues:176
FolkBallad:76 Folk:112 FoxTrot:124 FrenchWaltz:150 GypsyJazz:180 HillCountry:116 JazzGuitar:104
JazzWaltz:138 Jive:168 Lullaby:72 Mambo:172 March:116 Merengue:140 PianoBallad:64 Polka:118
PopBallad:74 QuickStep:200 Ragtime:94 RB:88 Rhumba:108 RockBallad:70 Salsa:184 Samba:104 Ska:136
SlowBlues:60 SlowCountry:78 SlowJazz:66 SoftRock:106 Swing:142 Tango:122 Trance:138 Twist:156
Waltz:96 Zydeco:144""".split()
_CHORDS = {
    "major": ("I vi IV V", "I IV I V", "ii V7 I I", "I I IV IV I V7 I V7", "I V vi IV"),
    "minor": ("i VI III VII", "i iv V7 i", "i i iv iv VI V7 i V7", "i VII VI V7"),
}
_DEGREES = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
_CHORALES, _TUNES = 24, 24
_CHORALE_PROGRAMS, _TUNE_PROGRAMS = (19, 0, 48, 52, 53), (40, 73, 21, 105, 24, 0)
_ODD_MODES = re.compile(r"(?im)^K:.*(mix|dor|lyd|phr|loc|aeo)")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece: its kind, its name, its MIDI file and what is known about it."""

    kind: str
    name: str
    midi: bytes
    score: Score

    @property
    def truth(self) -> dict[str, Any]:
        """What is known, as JSON."""
        return {"kind": self.kind, "name": self.name, **asdict(self.score)}

    @property
    def half(self) -> int:
        """0 or 1, by the name: one half to look at, one to measure with in the end."""
        return hashlib.sha1(f"{self.kind}/{self.name}".encode()).digest()[0] % 2


def fetch(folder: Path) -> None:
    """Download and unpack the Debian packages, each into a folder of its name."""
    for name in PACKAGES:
        if not (folder / name).exists():
            subprocess.run(["apt-get", "download", name], cwd=folder, check=True)
            (package,) = folder.glob(f"{name}_*.deb")
            subprocess.run(["dpkg", "-x", package, folder / name], check=True)


def pieces(folder: Path, scratch: Path, seconds: float, seed: int) -> Iterator[Piece]:
    """All pieces, those of games from `folder`, in an order that is always the same."""
    for source in (games(folder), accompaniments(scratch, seed), written(scratch, seed)):
        for kind, name, midi, known in source:
            try:
                score = replace(score_of(*read_midi(midi), seconds), **known)
            except ValueError:
                continue
            if kind != "game" or _is_believed(score, seconds):
                yield Piece(kind, name, midi, score)


def _is_believed(score: Score, seconds: float) -> bool:
    on_grid = score.steady >= _LEAST_STEADY and score.on_grid >= _LEAST_ON_GRID
    return on_grid and score.notes_per_second >= _LEAST_NOTES and score.seconds >= seconds - 5


Found = tuple[str, str, bytes, dict[str, Any]]
"""Kind, name, MIDI file, and what is known better than its events say."""


def games(folder: Path) -> Iterator[Found]:
    """The pieces of games."""
    for package in PACKAGES:
        midis = [
            (file.name.split(".")[0], file.read_bytes())
            for pattern in ("*.mid", "*.mid.gz")
            for file in sorted((folder / package).rglob(pattern))
        ]
        midis += [m for wad in sorted((folder / package).rglob("*.wad")) for m in _lumps(wad)]
        unlike = {midi: name for name, midi in reversed(midis)}
        for midi, name in list(unlike.items())[:: _EVERY.get(package, 1)]:
            yield "game", f"{package}-{name}", midi, {}


def _lumps(wad: Path) -> Iterator[tuple[str, bytes]]:
    """(name, MIDI file) of the music in a WAD of Doom: a directory of lumps."""
    data = wad.read_bytes()
    count, directory = struct.unpack("<II", data[4:12])
    for at in range(directory, directory + 16 * count, 16):
        start, size, name = struct.unpack("<II8s", data[at : at + 16])
        if data[start : start + 4] == b"MThd":
            yield f"{wad.stem}-{name.rstrip(bytes(1)).decode()}", data[start : start + size]


def accompaniments(scratch: Path, seed: int) -> Iterator[Found]:
    """Chords of a key in many grooves; a groove that `mma` does not know is left out."""
    for entry in _GROOVES:
        groove, usual = entry.split(":")
        draw = random.Random(f"{seed}:{groove}")
        mode = draw.choice(("major", "major", "minor"))
        tonic, bpm = draw.randrange(12), int(usual) + draw.randint(-4, 4)
        chords = [_chord(numeral, tonic, mode) for numeral in draw.choice(_CHORDS[mode]).split()]
        bars = "\n".join(f"{bar + 1} {chords[bar % len(chords)]}" for bar in range(80))
        source, made = scratch / "groove.mma", scratch / "groove.mid"
        scratch.mkdir(parents=True, exist_ok=True)
        source.write_text(f"RndSeed {seed}\nTempo {bpm}\nGroove {groove}\n{bars}\n")
        done = subprocess.run(["mma", source, "-f", made], capture_output=True, check=False)
        if not done.returncode:
            yield "accompaniment", groove, made.read_bytes(), {"key": f"{TONICS[tonic]} {mode}"}


def _chord(numeral: str, tonic: int, mode: str) -> str:
    """The chord of a degree of a key, as `mma` writes it: `A#m` for `vi` of C# major."""
    degree = numeral.rstrip("7")
    step = _DEGREES[degree.lower()] - (mode == "minor" and degree in ("III", "VI", "VII"))
    return TONICS[(tonic + step) % 12] + "m" * degree.islower() + "7" * numeral.endswith("7")


def written(scratch: Path, seed: int) -> Iterator[Found]:
    """Chorales and tunes of music21's corpus; one that music21 cannot play is left out."""
    import music21

    corpus, draw = Path(music21.__file__).parent / "corpus", random.Random(seed)
    chorales = draw.sample(sorted((corpus / "bach").glob("bwv[1-4]*.mxl")), _CHORALES)
    books = ("ryansMammoth", "oneills1850", "airdsAirs")
    tunes = draw.sample([t for book in books for t in _tunes(corpus / book)], _TUNES)
    jobs: list[tuple[str, str, Any]] = [("chorale", file.stem, file) for file in chorales]
    jobs += [("tune", name, text) for name, text in tunes]
    for kind, name, source in jobs:
        slow, fast = (60, 96) if kind == "chorale" else (92, 126)
        program = draw.choice(_CHORALE_PROGRAMS if kind == "chorale" else _TUNE_PROGRAMS)
        bpm = draw.randint(slow, fast)
        try:
            stream = music21.converter.parse(source, format="abc" if kind == "tune" else None)
            key = _key_of_tune(source) if kind == "tune" else _key_of_chorale(stream)
            midi = _played(stream, scratch, bpm, program)
        except (music21.Music21Exception, StopIteration, ValueError, IndexError):
            continue
        yield kind, name, midi, {"key": key, "bpm": float(bpm)}


def _tunes(book: Path) -> Iterator[tuple[str, str]]:
    """(name, text) of each tune in a folder of ABC files."""
    for file in sorted(book.glob("*.abc")):
        parts = re.split(r"(?m)^(?=X:)", file.read_text(errors="replace"))
        for number, text in enumerate(part for part in parts if part.startswith("X:")):
            yield f"{book.name}-{file.stem}-{number}", text


def _key_of_tune(text: str) -> str:
    """The key that the field K: names; empty for other modes and for a change of key."""
    fields = re.findall(r"(?m)^K:\s*(.*)", text)
    return "" if len(fields) != 1 or _ODD_MODES.search(text) else spelled(fields[0])


def _key_of_chorale(stream: Any) -> str:
    """The key of the signature whose tonic is the last bass note; empty if neither's is."""
    last = stream.parts[-1].flatten().notes[-1].pitches[0].pitchClass
    signature = next(iter(stream.recurse().getElementsByClass("KeySignature")))
    tonics = {mode: signature.getScale(mode).tonic.pitchClass for mode in ("major", "minor")}
    return next((f"{TONICS[last]} {mode}" for mode, tonic in tonics.items() if tonic == last), "")


def _played(stream: Any, scratch: Path, bpm: float, program: int) -> bytes:
    """A MIDI file of a stream of music21 that one program plays at a tempo, again and again."""
    import mido

    scratch.mkdir(parents=True, exist_ok=True)
    file = scratch / "written.mid"
    stream.write("midi", file)
    midi = mido.MidiFile(file)
    metre = next(iter(stream.recurse().getElementsByClass("TimeSignature")))
    beat = 1.5 if metre.denominator == 8 and metre.numerator % 3 == 0 else 4 / metre.denominator
    bar = round(midi.ticks_per_beat * metre.barDuration.quarterLength)
    length = -(-max(sum(e.time for e in track) for track in midi.tracks) // bar) * bar
    for track in midi.tracks:
        kept = [e for e in track if e.type not in ("set_tempo", "program_change", "end_of_track")]
        rest = length - sum(e.time for e in kept)
        again = [kept[0].copy(time=kept[0].time + rest), *kept[1:]] if kept else []
        track[:] = kept + again * 20
    head = [mido.MetaMessage("set_tempo", tempo=round(60e6 / bpm / beat))]
    head += [mido.Message("program_change", channel=c, program=program) for c in range(9)]
    midi.tracks[0][:0] = head
    midi.save(file)
    return file.read_bytes()
