"""The recipe: every setting that determines the rows of a release, and its fingerprint."""

import math
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from .digests import digest
from .errors import SettingError
from .outside.names import check_name

SAMPLING_RATE = 32_000
DEFAULT_SPLITS = {"train": 0.9, "test": 0.1}
DUPLICATES = ("keep", "first")
MOST_DESCRIPTIONS = 12
GROUP_BY = ("recording", "album", "artist")
FITS = ("no", "unknown", "yes")
"""Whether a chunk fits its session, the least first."""

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")

# Increase by one when changed code gives other rows for the same settings: the fingerprint includes
# this number.
ROWS_VERSION = 13


def chunk_count(num_samples: int, chunk_samples: int, hop_samples: int) -> int:
    """Number of full-length chunks in a track."""
    return max(0, (num_samples - chunk_samples) // hop_samples + 1)


def samples_of(seconds: float) -> int:
    """Number of samples at 32 kHz in `seconds`, which must be a whole number of samples."""
    return int(seconds * SAMPLING_RATE)


def parse_splits(text: str) -> dict[str, float]:
    """Map each split name to its proportion, from text like `train=0.9,test=0.1`.

    Raises:
        SettingError: the text has another form, or a name stands twice.
    """
    pairs = [pair.partition("=") for pair in text.split(",")]
    try:
        splits = {name.strip(): float(share) for name, _, share in pairs}
    except ValueError:
        raise SettingError(f"splits={text!r}: write them as train=0.9,test=0.1") from None
    if len(splits) != len(pairs):
        raise SettingError(f"splits={text!r}: a name stands twice")
    return splits


def check_splits(splits: dict[str, float]) -> None:
    """Raise SettingError unless datasets accepts the names and the proportions sum to 1.

    A split of proportion 0 has only the tracks for which metadata asks for it.
    """
    for name, share in splits.items():
        check_name(name, "splits")
        if not 0 <= share <= 1:
            raise SettingError(f"splits={name}={share}: is not a proportion in [0, 1]")
    total = sum(splits.values())
    if not math.isclose(total, 1.0, abs_tol=1e-6):
        typed = ",".join(f"{name}={share:g}" for name, share in splits.items())
        raise SettingError(f"splits={typed}: the proportions sum to {total:g}, not to 1")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings that determine the rows of a release.

    Attributes:
        chunk_seconds: length of a chunk.
        overlap_seconds: audio that a chunk shares with the next chunk.
        splits: pairs of a split's name and its proportion.
        seed: number from which splits and phrasings are drawn.
        styles: the styles to use; all if empty.
        keep_silence: whether chunks of digital silence are kept.
        keep_truncated: whether tracks are kept that end early or are not as long as their container
            states.
        max_track_seconds: a longer track is left out.
        max_expansion: a track is left out if its 16-bit samples take more than this many times the
            bytes of its file.
        analysis: whether every chunk is measured.
        tagger: what listens to every chunk: `musicnn`, or a CLAP model by its Hub id or folder;
            nobody listens if empty.
        tagger_revision: the identity of the tagger's files, a commit or a digest.
        descriptions: `measured` or `notebook`.
        descriptions_per_chunk: phrasings of each chunk, unless metadata gives descriptions.
        sessions: the user's own sessions, as YAML.
        without_vocals: whether chunks are left out in which somebody sings.
        min_fit: how well a chunk must fit its session by tempo and energy, or it is left out:
            `yes`, `unknown` (all but those that do not fit) or `no` (all).
        require_tempo: whether chunks are left out whose tempo is not sure.
        duplicates: which copies of a recording are kept: all (`keep`) or one (`first`).
        group_by: what makes a group besides the same recording: `album`, `artist` or nothing
            (`recording`).

    Raises:
        SettingError: a value cannot work; the message quotes the value.
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
    tagger: str = ""
    tagger_revision: str = ""
    descriptions: str = "measured"
    descriptions_per_chunk: int = 1
    sessions: str = ""
    without_vocals: bool = False
    min_fit: str = "no"
    require_tempo: bool = False
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
            if not 0 < getattr(self, name) < math.inf:
                raise SettingError(f"{name}={getattr(self, name):g}: must be over 0, and finite")
        if self.descriptions not in ("measured", "notebook"):
            raise SettingError(f"descriptions={self.descriptions!r}: measured or notebook")
        most = MOST_DESCRIPTIONS if self.descriptions == "measured" else 1
        if not 1 <= self.descriptions_per_chunk <= most:
            raise SettingError(
                f"descriptions_per_chunk={self.descriptions_per_chunk}: must be from 1 to {most} "
                f"with {self.descriptions} descriptions"
            )
        if bool(self.tagger) != bool(self.tagger_revision):
            raise SettingError(
                f"tagger={self.tagger!r}, tagger_revision={self.tagger_revision!r}: give both; "
                "sport_music_dataset.tagger_revision(tagger) says the second"
            )
        words = {"min_fit": FITS, "duplicates": DUPLICATES, "group_by": GROUP_BY}
        for name, known in words.items():
            if getattr(self, name) not in known:
                raise SettingError(f"{name}={getattr(self, name)!r}: give {' or '.join(known)}")
        self._check_filters()
        check_splits(dict(self.splits))

    @classmethod
    def of(cls, record: dict[str, Any]) -> "Recipe":
        """The recipe of a manifest's record of it, as `as_dict` gives one.

        Raises:
            SettingError: a value or a key is one that a recipe cannot have.
        """
        try:
            return cls._of(record)
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            raise SettingError(str(error)) from error

    @classmethod
    def _of(cls, record: dict[str, Any]) -> "Recipe":
        values: dict[str, Any] = {}
        for field in fields(cls):
            value, default = record.get(field.name), field.default
            kind = (int, float) if isinstance(default, float) else type(default)
            if field.name == "splits":
                value = tuple(record["splits"].items())
            elif isinstance(value, list):
                value = tuple(value)
            if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
                raise SettingError(f"{field.name} is {value!r}")
            values[field.name] = value
        recipe = cls(**values)
        other = [key for key, value in recipe.as_dict().items() if record.get(key) != value]
        other += sorted(record.keys() - recipe.as_dict().keys())
        if other:
            raise SettingError(f"{other[0]} is {record.get(other[0])!r}")
        return recipe

    def _check_filters(self) -> None:
        """Raise SettingError for a filter by what nobody measures or hears."""
        if self.min_fit != "no" and not self.analysis:
            raise SettingError(f"min_fit={self.min_fit}: needs the analysis, which measures it")
        if self.require_tempo and not self.analysis:
            raise SettingError("require_tempo=True: needs the analysis, which measures the tempo")
        if self.without_vocals and not self.tagger:
            raise SettingError(
                "without_vocals=True: needs a tagger, which hears voices; add --listen",
                options="--listen",
            )

    @property
    def chunk_samples(self) -> int:
        """Number of samples of a chunk at 32 kHz."""
        return samples_of(self.chunk_seconds)

    @property
    def hop_samples(self) -> int:
        """Number of samples from the start of a chunk to the start of the next, at 32 kHz."""
        return self.chunk_samples - samples_of(self.overlap_seconds)

    def as_dict(self) -> dict[str, Any]:
        """The settings as JSON values, and the constants that also determine the rows."""
        return {
            **asdict(self),
            "splits": dict(self.splits),
            "styles": list(self.styles),
            # Of a folder only the last part: a release does not tell where the models lie.
            "tagger": self.tagger if _HUB_ID.fullmatch(self.tagger) else Path(self.tagger).name,
            "sampling_rate": SAMPLING_RATE,
            "audio": "FLAC, 16 bit, mono (mean of the channels), soxr HQ",
            "rows_version": ROWS_VERSION,
        }

    @property
    def fingerprint(self) -> str:
        """16 hex digits; they change with every setting and constant that determines the rows."""
        return digest(self.as_dict())[:16]
