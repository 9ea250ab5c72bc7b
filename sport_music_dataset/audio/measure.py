"""Measures of a track's chunks, as they are cut: one pass, and little kept of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..records import Measures
from .keys import key_frames, key_of, pitch_classes
from .loudness import (
    Powers,
    Weighting,
    clipping_ratio,
    integrated_lufs,
    joined,
    loudness_range_db,
    silence_ratio,
)
from .samples import Pcm
from .spectra import FRAMES_PER_SECOND, Floats, Frames, levels_db, onset_frames, onsets
from .tempo import Pulse, Tempo, pulse, settle

# What counts as no and as full energy, and how much each side of it weighs. Busy and bright music
# drives whatever its gain; of loudness, 6 dB more are 0.04 more.
_ACTIVITY_DB = (5.0, 120.0)
_BRIGHTNESS_BANDS = (3.0, 13.0)
_LOUDNESS_LUFS = (-40.0, -10.0)
_WEIGHTS = (0.5, 0.3, 0.2)


@dataclass(slots=True)
class _Found:
    """What is kept of a chunk until its track ends: 2 KB."""

    index: int
    pulse: Pulse
    classes: Floats
    slots: Powers
    silence: float
    clipping: float
    activity: float
    brightness: float


@dataclass(slots=True)
class TrackAnalysis:
    """The analysis of one track, chunk by chunk; `chunk_hop` in samples."""

    chunk_hop: int
    _onsets: Frames = field(init=False)
    _keys: Frames = field(init=False)
    _weighting: Weighting = field(init=False)
    _found: list[_Found] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._onsets = onset_frames(self.chunk_hop)
        self._keys = key_frames(self.chunk_hop)
        self._weighting = Weighting(self.chunk_hop)

    def add(self, index: int, pcm: Pcm) -> None:
        """Measure the chunk at `index`, samples [N] int16 at 32 kHz, after those before it."""
        samples = np.asarray(pcm, np.float32) / np.float32(32_768)
        level = levels_db(self._onsets.of(index, samples))
        self._found.append(
            _Found(
                index,
                pulse(level),
                pitch_classes(self._keys.of(index, samples)),
                self._weighting.of(index, samples),
                silence_ratio(samples),
                clipping_ratio(pcm),
                float(onsets(level).mean(axis=1).sum() / max(len(level), 1) * FRAMES_PER_SECOND),
                _brightness(level),
            )
        )

    def finish(self) -> tuple[list[Measures], Measures]:
        """The measures of each chunk, in their order, and of the track."""
        found = self._found
        tempi, tempo = settle([chunk.pulse for chunk in found])
        chunks = [
            _measures([chunk], own, chunk.slots) for chunk, own in zip(found, tempi, strict=True)
        ]
        slots = joined([c.slots for c in found], [c.index for c in found], self.chunk_hop)
        return chunks, _measures(found, tempo, slots)


def energy(activity_db: float, brightness_bands: float, loudness_lufs: float | None) -> float:
    """Energy in 0 to 1: recorded music lies between 0.2, held strings, and 0.7, fast and bright.

    Args:
        activity_db: by how much the mean band rises in a second, in dB: how busy it is.
        brightness_bands: centre of the 24 mel bands' levels over the floor.
        loudness_lufs: integrated loudness.
    """
    values = (activity_db, brightness_bands, -70.0 if loudness_lufs is None else loudness_lufs)
    ranges = (_ACTIVITY_DB, _BRIGHTNESS_BANDS, _LOUDNESS_LUFS)
    shares = [
        (value - low) / (high - low) for value, (low, high) in zip(values, ranges, strict=True)
    ]
    return float(np.dot(np.clip(shares, 0, 1), _WEIGHTS))


def _brightness(level: Floats) -> float:
    """Centre of the bands' mean levels over the floor, in bands from 0."""
    over = (level - level.min(initial=0.0)).mean(axis=0) if len(level) else np.zeros(1)
    return float(np.dot(over, np.arange(len(over))) / max(over.sum(), 1e-9))


def _measures(found: Sequence[_Found], tempo: Tempo, slots: Powers) -> Measures:
    """Measures of chunks together, rounded to what they are good for: other machines, whose sums
    differ in their last bits, write the same."""

    def mean(name: str) -> float:
        return float(np.mean([getattr(chunk, name) for chunk in found]))

    key, key_confidence = key_of(np.mean([chunk.classes for chunk in found], axis=0))
    loudness = integrated_lufs(slots)
    return Measures(
        tempo_bpm=_rounded(tempo.bpm, 1),
        tempo_alternative_bpm=_rounded(tempo.alternative_bpm, 1),
        tempo_confidence=round(tempo.confidence, 2),
        beat_strength=round(tempo.strength, 2),
        key=key,
        key_confidence=round(key_confidence, 2),
        loudness_lufs=_rounded(loudness, 1),
        dynamic_range_db=_rounded(loudness_range_db(slots), 1),
        silence_ratio=round(mean("silence"), 4),
        clipping_ratio=round(mean("clipping"), 6),
        energy=round(energy(mean("activity"), mean("brightness"), loudness), 2),
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
