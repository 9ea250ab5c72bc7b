"""What is measured of a chunk or a track. Light to import."""

from dataclasses import dataclass, fields

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
COLUMNS = {f.name: "string" if f.name == "key" else "float64" for f in fields(Measures)}
"""Column -> its type, in the terms of datasets."""
