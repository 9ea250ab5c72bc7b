"""Train the network that hears voices behind instruments (listen/voices.npz).

    python tools/train_voices.py SCORES VOICES --fonts FONT.sf2 ... --played MUSIC --sung SONGS

SCORES is a folder of MIDI files, which FluidSynth renders, each with two of the sound fonts and
with other programs where it has voices; MUSIC is a folder of recordings in which nobody sings, and
SONGS one of singing alone. Parts of drawn notes are rendered alone, by the voices of General MIDI
(programs 52 to 54) and by its other programs. A patch is music with parts mixed into it, of which
half the time one is a voice, 16 dB softer than the music to 6 dB louder: patches with a voice and
without differ in nothing else. Spectra are mixed as powers, each part with a drawn equaliser.

The network in sportgen was trained on 121 pieces (MMA's grooves, songs of `tempo_scores/songs.py`,
chorales, quartets and tunes of music21, and the music of Debian's liquidwar and freedink) with
TimGM6mb, Csound's GM bank, A320U, OPL-3, MuseScore's and FluidR3; on 111 recordings of Debian's
games, and on 3 of singing: 2,000 steps without two of the fonts, then 9,700 with all, in two runs
of which each began where the last one ended. One chorale (BWV 153.9) is also among the pieces that
benchmarks/truth.py judges by. A fifth of pieces and recordings is held back, and how well voices
are told in them is printed.
"""

import argparse
import subprocess
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import mido  # type: ignore[import-not-found, import-untyped, unused-ignore]  # of tools alone
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import nn

from sport_music_dataset.listen.mel import log_mel, samples_of_frames
from sport_music_dataset.recipe import SAMPLING_RATE
from train_listener import recorded, rendered

Floats = NDArray[np.float32]

_FRAMES, _STEP_SECONDS = 47, 2.5
_PART_SECONDS, _PAUSE_SECONDS = 12.0, 1.5
_VOICES, _LIKE_VOICES = (52, 53, 54), (85, 91)
# What sustains notes, as voices do.
_OTHERS = [
    program
    for program in (*range(16, 24), *range(40, 45), *range(48, 52), *range(56, 104))
    if program not in _LIKE_VOICES
]
_INSTEAD = (0, 4, 24, 25, 48, 50, 88, 89, 16, 61, 73, 81)
_SHARE_HELD_BACK = 5


class Network(nn.Module):
    """What `listen/voices.py` computes, before batch normalization is made part of its weights."""

    def __init__(self) -> None:
        super().__init__()
        shapes = ((1, 16, (5, 7), (1, 2)), (16, 24, (3, 3), (2, 2)), (24, 32, (3, 3), (1, 1)))
        layers = list[nn.Module]()
        for into, out, size, stride in (*shapes, (32, 32, (3, 3), (1, 1))):
            padding = size[0] // 2, size[1] // 2
            layers += [nn.Conv2d(into, out, size, stride, padding, bias=False)]
            layers += [nn.BatchNorm2d(out), nn.ReLU()]
        layers.insert(9, nn.MaxPool2d(2))
        self.input, self.layers = nn.BatchNorm2d(1), nn.Sequential(*layers)
        self.drop, self.out = nn.Dropout(0.1), nn.Linear(32 * 12, 1)

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Logits [n] of patches [n, frames, 96]."""
        found = self.layers(self.input(nn.functional.avg_pool2d(patches[:, None], (2, 1))))
        sixths = nn.functional.avg_pool2d(found, (1, 2))
        pooled = torch.cat([sixths.mean(2), sixths.amax(2)], dim=1).flatten(1)
        return torch.as_tensor(self.out(self.drop(pooled))[:, 0])

    def stored(self) -> dict[str, NDArray[Any]]:
        """The arrays of voices.npz."""
        arrays = dict[str, NDArray[Any]]()
        convolved = [layer for layer in self.layers if isinstance(layer, nn.Conv2d)]
        normalized = [layer for layer in self.layers if isinstance(layer, nn.BatchNorm2d)]
        for at, (layer, norm) in enumerate(zip(convolved, normalized, strict=True)):
            factor, addend = _affine(norm)
            arrays[f"kernel_{at}"] = (layer.weight * factor[:, None, None, None]).numpy()
            arrays[f"bias_{at}"] = addend.numpy()
        arrays["input"] = torch.cat(_affine(self.input)).numpy()
        arrays["weights"], arrays["bias"] = self.out.weight[0].numpy(), self.out.bias[0].numpy()
        exact = ("input", "bias")
        return {
            name: array.astype(np.float32 if name in exact else np.float16)
            for name, array in arrays.items()
        }


def _affine(norm: nn.BatchNorm2d) -> tuple[torch.Tensor, torch.Tensor]:
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None and variance is not None
    factor = norm.weight / torch.sqrt(variance + norm.eps)
    return factor, norm.bias - mean * factor


def without_voices(score: Path, folder: Path, draw: Generator) -> Path:
    """The score with other programs for its voices."""
    instead = {program: int(draw.choice(_INSTEAD)) for program in (*_VOICES, *_LIKE_VOICES)}
    file = mido.MidiFile(score, clip=True)
    for track in file.tracks:
        for event in track:
            if event.type == "program_change":
                event.program = instead.get(event.program, event.program)
    file.save(folder / score.name)
    return folder / score.name


def part(begin: float, draw: Generator) -> Iterator[tuple[float, float, int, int]]:
    """(begin, seconds, pitch, velocity) of the notes of a drawn part: chords, lines or octaves."""
    scale = (0, 2, 4, 5, 7, 9, 11) if draw.random() < 0.5 else (0, 2, 3, 5, 7, 8, 10)
    kind = str(draw.choice(["chords", "chords", "line", "melody", "stabs", "octaves", "runs"]))
    tonic, lowest, force = draw.integers(12), draw.integers(36, 70), draw.integers(45, 122)
    length, held = float(draw.choice([0.6, 1, 1.6, 2.4, 4, 6])), draw.uniform(0.8, 1.05)
    steps = {"stabs": max(length / 2, 0.5), "line": float(draw.choice([0.5, 0.8, 1.2]))}
    step = steps.get(kind, float(draw.choice([0.15, 0.25, 0.4, 0.6])))
    now, end = begin, begin + _PART_SECONDS
    while now < end - 0.3:
        degree, size = int(draw.integers(7)), int(draw.integers(2, 5))
        tones = [scale[(degree + up) % 7] for up in (0, 2, 4, 6)][:size]
        pitches = sorted({int(lowest + (tonic + tone - lowest) % 12) for tone in tones})
        if kind == "octaves" or draw.random() < 0.3:
            pitches = [*(pitches[:1] if kind == "octaves" else pitches), pitches[0] + 12]
        until = min(now + length, end)
        whole = kind in ("chords", "octaves")
        for at in np.arange(now, until - 0.05, until - now if whole else step):
            together = pitches if whole or kind == "stabs" else [int(draw.choice(pitches))]
            seconds = held * (until - now if whole else 0.35 if kind == "stabs" else step)
            for pitch in together:
                higher = 12 * (kind == "melody" and draw.random() < 0.4)
                velocity = np.clip(force + draw.normal(0, 8), 15, 127)
                yield float(at), seconds, pitch + higher, int(velocity)
        now = until + (length if draw.random() < 0.08 else 0)


def parts(programs: Sequence[int], font: Path, draw: Generator) -> list[Floats]:
    """Spectra [frames, 96] of parts, each alone and equally loud; silent ones are left out."""
    file, track, events = mido.MidiFile(ticks_per_beat=960), mido.MidiTrack(), []
    file.tracks.append(track)
    each = _PART_SECONDS + _PAUSE_SECONDS
    for at, program in enumerate(programs):
        key = {"channel": at % 8}
        events.append((at * each, 0, mido.Message("program_change", program=program, **key)))
        for begin, seconds, pitch, velocity in part(at * each, draw):
            note = key | {"note": pitch}
            events.append((begin, 2, mido.Message("note_on", velocity=velocity, **note)))
            events.append((begin + seconds, 1, mido.Message("note_off", **note)))
    ticks = 0
    for begin, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=round(begin * 1920) - ticks))
        ticks = round(begin * 1920)
    samples = _played(file, font, len(programs) * each, draw)
    spectra = []
    for at in range(len(programs)):
        own = samples[round(at * each * SAMPLING_RATE) :][: round(_PART_SECONDS * SAMPLING_RATE)]
        loudest = np.sqrt(np.square(own.reshape(-1, SAMPLING_RATE)).mean(axis=1).max())
        if loudest > 1e-5:
            spectra.append(log_mel(own * np.float32(0.1 / loudest)))
    return spectra


def _played(file: Any, font: Path, seconds: float, draw: Generator) -> Floats:
    """The file played by FluidSynth, [N] float32."""
    with tempfile.TemporaryDirectory() as folder:
        file.save(Path(folder, "a.mid"))
        command = ["fluidsynth", "-ni", "-q", "-T", "raw", "-O", "float", "-F", "/dev/stdout"]
        command += ["-r", str(SAMPLING_RATE), "-g", "0.3", "-o", "synth.dynamic-sample-loading=1"]
        for effect in ("reverb", "chorus"):
            command += ["-o", f"synth.{effect}.active={int(draw.random() < 0.8)}"]
        command += [str(font), str(Path(folder, "a.mid"))]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout
            raw = process.stdout.read(round(seconds * SAMPLING_RATE) * 8)
            process.kill()
    samples = np.frombuffer(raw[: len(raw) // 8 * 8], "<f4").reshape(-1, 2)
    return np.asarray(samples.mean(axis=1), np.float32)


def patches(samples: Floats) -> Floats:
    """Patches [n, frames, 96] of music, one each two and a half seconds."""
    length, step = samples_of_frames(_FRAMES), int(_STEP_SECONDS * SAMPLING_RATE)
    starts = range(step // 2, len(samples) - length, step)
    return np.stack([log_mel(samples[at : at + length]) for at in starts])


class Mixes:
    """Draws patches with voices and without.

    Args:
        music: patches of scores and of recordings, which are drawn six and four times in ten.
        voices, others: spectra of parts of each font.
        sung: spectra of singing, instead of a voice of a font six times in a hundred.
    """

    def __init__(
        self,
        music: tuple[Floats, Floats],
        voices: list[list[Floats]],
        others: list[list[Floats]],
        sung: list[Floats],
        seed: int,
    ) -> None:
        self._music, self._voices, self._others, self._sung = music, voices, others, sung
        self._draw = np.random.default_rng(seed)

    def batch(self, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Patches [count, frames, 96] and whether a voice is in each, [count] float32."""
        mixed, sung = zip(*(self._mixed() for _ in range(count)), strict=True)
        return torch.from_numpy(np.stack(mixed)), torch.tensor(sung, dtype=torch.float32)

    def _mixed(self) -> tuple[Floats, bool]:
        draw = self._draw
        music = self._music[int(draw.random() > 0.62)]
        power = _power(music[draw.integers(len(music))])
        loud, sung = max(float(power.sum()), 1e-3), draw.random() < 0.5
        kinds = [(self._voices, 16.0)] * sung
        kinds += [(self._others, 18.0)] * (draw.random() < (0.35 if sung else 0.75))
        if kinds and draw.random() < 0.06:
            power = power * np.float32(1e-6)
        font = int(draw.integers(len(self._voices)))
        same = draw.random() < 0.5
        for fonts, quietest in kinds:
            own = self._part(fonts[font if same else draw.integers(len(fonts))], fonts)
            gain = loud / own.sum() * 10 ** (draw.uniform(-quietest, 6) / 10)
            power = power + own * self._equaliser() * np.float32(gain)
        power = power * self._equaliser()
        power *= np.float32(10 ** (draw.uniform(-9, 9) / 10) * loud / max(power.sum(), 1e-9))
        return np.asarray(np.log10(1 + np.float32(10_000) * power), np.float32), sung

    def _part(self, spectra: list[Floats], fonts: list[list[Floats]]) -> Floats:
        """Power [frames, 96] of a patch of a part that is not silent."""
        while True:
            sung = fonts is self._voices and self._draw.random() < 0.06
            found = self._sung if sung else spectra
            spectrum = found[self._draw.integers(len(found))]
            at = self._draw.integers(len(spectrum) - _FRAMES)
            power = _power(spectrum[at : at + _FRAMES])
            if power.sum() > 0.05 * _FRAMES:
                return power

    def _equaliser(self) -> Floats:
        """Gains [96] of power, which vary slowly from band to band."""
        decibels = np.interp(np.arange(96), np.linspace(0, 95, 5), self._draw.normal(0, 1.5, 5))
        return np.asarray(10 ** (decibels / 10), np.float32)


def _power(log_power: Floats) -> Floats:
    """Powers of log10(1 + 10,000 power)."""
    return np.asarray((np.power(np.float32(10), log_power) - 1) / np.float32(10_000), np.float32)


def train(network: Network, mixes: Mixes, steps: int) -> None:
    """Train the network on drawn mixes."""
    loss_of = nn.functional.binary_cross_entropy_with_logits
    optimiser = torch.optim.AdamW(network.parameters(), 3e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, steps, pct_start=0.02)
    network.train()
    for step in range(steps):
        heard, sung = mixes.batch(96)
        loss = loss_of(network(heard), sung * 0.96 + 0.02)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
        if step % 500 == 0:
            print(f"{step}: loss {loss.item():.3f}", flush=True)


def _is_kept(name: str) -> bool:
    return zlib.crc32(name.encode()) % _SHARE_HELD_BACK > 0


def main() -> None:
    """Render, train, report on what was held back, and write the network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scores", type=Path)
    parser.add_argument("voices", type=Path)
    parser.add_argument("--fonts", type=Path, nargs="+", required=True)
    parser.add_argument("--played", type=Path, required=True)
    parser.add_argument("--sung", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=12_000)
    options = parser.parse_args()
    draw, fonts = np.random.default_rng(1), options.fonts
    torch.manual_seed(1)
    music: dict[bool, tuple[list[Floats], list[Floats]]] = {True: ([], []), False: ([], [])}
    with tempfile.TemporaryDirectory() as folder:
        for number, score in enumerate(sorted(options.scores.glob("*.mid"))):
            plain = without_voices(score, Path(folder), draw)
            for turn in range(2):
                font = fonts[(number + turn * len(fonts) // 2) % len(fonts)]
                music[_is_kept(score.stem)][0].append(patches(rendered(plain, font)))
    for file in sorted(options.played.glob("**/*.flac")):
        music[_is_kept(file.stem)][1].append(patches(recorded(file)))
    voices = [parts(list(draw.permutation(_VOICES * 30)), font, draw) for font in fonts]
    others = [parts([int(p) for p in draw.choice(_OTHERS, 176)], font, draw) for font in fonts]
    sung = [log_mel(recorded(file)) for file in sorted(options.sung.glob("**/*.flac"))]
    network = Network()
    mixes = {
        kept: Mixes((np.concatenate(own[0]), np.concatenate(own[1])), voices, others, sung, 2)
        for kept, own in music.items()
    }
    train(network, mixes[True], options.steps)
    network.eval()
    with torch.no_grad():
        heard, truth = mixes[False].batch(2_000)
        right = float(((network(heard) > 0) == (truth > 0.5)).double().mean())
        arrays: dict[str, Any] = network.stored()
        np.savez_compressed(options.voices, **arrays)
    print(f"in pieces held back {right:.0%} of 2,000 mixes are told rightly")


if __name__ == "__main__":
    main()
