"""The recipe: every setting that determines the rows of a release, and its fingerprint."""

import math
import re
from dataclasses import asdict, dataclass
from typing import Any

from .digests import digest
from .errors import SettingError

SAMPLING_RATE = 32_000
DEFAULT_SPLITS = {"train": 0.9, "test": 0.1}
DUPLICATES = ("keep", "first")
MOST_DESCRIPTIONS = 12
GROUP_BY = ("recording", "album", "artist")

# Raised whenever the same settings would give other rows: it is part of the fingerprint.
ROWS_VERSION = 3

_SPLIT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def samples_of(seconds: float) -> int:
    """Samples of a length that is a whole number of them, at 32 kHz."""
    return int(seconds * SAMPLING_RATE)


def parse_splits(text: str) -> dict[str, float]:
    """Proportions of `train=0.9,test=0.1`; raises SettingError for anything else."""
    pairs = [pair.partition("=") for pair in text.split(",")]
    try:
        splits = {name.strip(): float(share) for name, _, share in pairs}
    except ValueError:
        raise SettingError(f"splits {text!r}: write them as train=0.9,test=0.1") from None
    if len(splits) != len(pairs):
        raise SettingError(f"splits {text!r}: a name stands twice")
    return splits


def check_splits(splits: dict[str, float]) -> None:
    """Raise SettingError unless names fit datasets' rules and proportions sum to 1."""
    for name, share in splits.items():
        if not _SPLIT_NAME.fullmatch(name) or name == "all":
            raise SettingError(
                f"splits: the name {name!r} cannot be used; letters, digits and _ only, not 'all'"
            )
        if not 0 < share <= 1:
            raise SettingError(f"splits: {name}={share} is not a proportion in (0, 1]")
    total = sum(splits.values())
    if not math.isclose(total, 1.0, abs_tol=1e-6):
        raise SettingError(f"splits: the proportions sum to {total:g}, not to 1")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings that determine the rows. Lengths in seconds; `splits` name -> proportion.

    `keep_silence` keeps chunks of digital silence, `keep_truncated` tracks that are not as long as
    their container says. A track of more than `max_track_seconds`, or that expands to more than
    `max_expansion` times its size as 16-bit samples, is left out. `analysis` measures every chunk,
    `descriptions` is `measured` or `notebook`, `descriptions_per_chunk` how many phrasings each has
    unless metadata gives its own, `sessions` the YAML of the user's own sessions;
    `only_fitting` leaves out those whose tempo and energy are not for their session.
    `duplicates` says whether other copies of a recording stay (keep, first), `group_by` what else
    makes a group (recording, album, artist).

    Raises:
        SettingError: a value cannot work; the message echoes it.
    """

    chunk_seconds: float = 25.0
    overlap_seconds: float = 10.0
    splits: tuple[tuple[str, float], ...] = tuple(DEFAULT_SPLITS.items())
    seed: int = 0
    styles: tuple[str, ...] = ()
    keep_silence: bool = False
    keep_truncated: bool = True
    max_track_seconds: float = 86_400.0
    max_expansion: float = 1_000.0
    analysis: bool = True
    descriptions: str = "measured"
    descriptions_per_chunk: int = 1
    sessions: str = ""
    only_fitting: bool = False
    duplicates: str = "keep"
    group_by: str = "recording"

    def __post_init__(self) -> None:
        if not 0 < self.chunk_seconds <= 3600:
            raise SettingError(f"chunk_seconds={self.chunk_seconds:g}: must be in (0, 3600]")
        if not 0 <= self.overlap_seconds < self.chunk_seconds:
            raise SettingError(
                f"overlap_seconds={self.overlap_seconds:g}: must be at least 0 and shorter "
                f"than the chunk ({self.chunk_seconds:g} s)"
            )
        for name, seconds in (("chunk", self.chunk_seconds), ("overlap", self.overlap_seconds)):
            if not float(seconds * SAMPLING_RATE).is_integer():
                raise SettingError(
                    f"{name}_seconds={seconds!r}: is not a whole number of samples at 32 kHz"
                )
        for name in ("max_track_seconds", "max_expansion"):
            if not getattr(self, name) > 0:
                raise SettingError(f"{name}={getattr(self, name):g}: must be over 0")
        if self.descriptions not in ("measured", "notebook"):
            raise SettingError(f"descriptions={self.descriptions!r}: measured or notebook")
        most = MOST_DESCRIPTIONS if self.descriptions == "measured" else 1
        if not 1 <= self.descriptions_per_chunk <= most:
            raise SettingError(
                f"descriptions_per_chunk={self.descriptions_per_chunk}: must be from 1 to {most} "
                f"with {self.descriptions} descriptions"
            )
        if self.only_fitting and not self.analysis:
            raise SettingError("only_fitting: needs the analysis that says what fits")
        for name, words in (("duplicates", DUPLICATES), ("group_by", GROUP_BY)):
            if getattr(self, name) not in words:
                raise SettingError(f"{name}={getattr(self, name)!r}: give {' or '.join(words)}")
        check_splits(dict(self.splits))

    @property
    def chunk_samples(self) -> int:
        """Samples of a chunk at 32 kHz."""
        return samples_of(self.chunk_seconds)

    @property
    def hop_samples(self) -> int:
        """Samples from the start of a chunk to the start of the next, at 32 kHz."""
        return self.chunk_samples - samples_of(self.overlap_seconds)

    def as_dict(self) -> dict[str, Any]:
        """The settings as JSON writes them, with what else determines rows."""
        return {
            **asdict(self),
            "splits": dict(self.splits),
            "styles": list(self.styles),
            "sampling_rate": SAMPLING_RATE,
            "audio": "FLAC, 16 bit, mono (mean of the channels), soxr HQ",
            "rows_version": ROWS_VERSION,
        }

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change whenever the same source would give other rows."""
        return digest(self.as_dict())[:16]
