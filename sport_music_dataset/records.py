"""The records that stages hand on. Light to import: processes that decode need nothing else."""

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]

# From these on, measures are right often enough to be spoken of: see benchmarks/analysis.py.
TEMPO_CONFIDENCE = 0.5
KEY_CONFIDENCE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Measures of a chunk, or of a whole track; None or empty where there is nothing to measure.

    `tempo_bpm` is the beat, None where there is none; `tempo_alternative_bpm` what it may be
    instead, most often its half or double. Confidences, `beat_strength`, ratios and `energy` lie
    in 0 to 1. `key` is written as in `F# minor`. `loudness_lufs` is integrated (ITU-R BS.1770-4),
    `dynamic_range_db` the loudness range (EBU Tech 3342). `silence_ratio` is the share of blocks
    of 0.1 s below -60 dBFS, `clipping_ratio` that of samples in runs at full scale.
    """

    tempo_bpm: float | None = None
    tempo_alternative_bpm: float | None = None
    tempo_confidence: float | None = None
    beat_strength: float | None = None
    key: str = ""
    key_confidence: float | None = None
    loudness_lufs: float | None = None
    dynamic_range_db: float | None = None
    silence_ratio: float | None = None
    clipping_ratio: float | None = None
    energy: float | None = None

    @property
    def confident_tempo_bpm(self) -> float | None:
        """The tempo, where one may rely on it."""
        return self.tempo_bpm if (self.tempo_confidence or 0) >= TEMPO_CONFIDENCE else None

    @property
    def confident_key(self) -> str:
        """The key, where one may rely on it."""
        return self.key if (self.key_confidence or 0) >= KEY_CONFIDENCE else ""


NO_MEASURES = Measures()


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One source file: where it lies, what it is, and why it is left out if it is.

    `file` is the path to open; `path` the same relative to the source, `/` between parts,
    bytes that are not UTF-8 as `\\xNN`. `duration_seconds` is an estimate until the track has been
    decoded; `claimed_seconds` what the container says, None where it does not say. `signature`
    tells whether the file has changed since it was hashed.
    """

    file: str
    path: str
    session: str
    style: str
    sha256: str = ""
    size_bytes: int = 0
    format: str = ""
    sampling_rate: int = 0
    channels: int = 0
    duration_seconds: float = 0.0
    claimed_seconds: float | None = None
    signature: tuple[int, ...] = ()
    title: str = ""
    artist: str = ""
    album: str = ""
    license: str = ""
    source_url: str = ""
    description: str = ""
    descriptions: tuple[str, ...] = ()
    group: str = ""
    split: str = ""
    reason: str = ""

    @property
    def track_id(self) -> str:
        """The first 16 hex digits of the file's sha256, so that it survives renames."""
        return self.sha256[:16]

    @property
    def group_id(self) -> str:
        """What the tracks have in common that must be in one split: the group, else the track."""
        return self.group or self.track_id


@dataclass(frozen=True, slots=True)
class Outcome:
    """What cutting one track gave.

    `clipped_samples` lay over full scale (counted at 32 kHz), `nonfinite_samples` were no numbers
    (counted at the file's rate) and became zero, `damaged_packets` did not decode; `misfit_chunks`
    do not suit their session, the first of them for `misfit_reason`. `measures` are those of the
    whole track, by column.
    """

    chunks: int = 0
    silent_chunks: int = 0
    duration_seconds: float = 0.0
    tail_seconds: float = 0.0
    clipped_samples: int = 0
    nonfinite_samples: int = 0
    damaged_packets: int = 0
    truncated: bool = False
    misfit_chunks: int = 0
    misfit_reason: str = ""
    measures: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


CHUNK_ID = r"[0-9a-f]{16}-[0-9]{4,9}"
"""The form of every chunk id, as a regular expression."""


def chunk_id(track_id: str, index: int) -> str:
    """Identity of a chunk: `<track_id>-<index:04d>`."""
    return f"{track_id}-{index:04d}"
