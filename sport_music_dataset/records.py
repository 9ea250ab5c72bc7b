"""The records that one stage passes to the next.

This module imports only the standard library: processes that decode audio start fast.
"""

from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

Row = dict[str, Any]

# Least confidence with which a description names the tempo or the key. A tempo is right at least as
# often as its confidence says; of those from here on 92 to 95% are, by the set of pieces.
TEMPO_CONFIDENCE = 0.55
# Of the keys from here on, 93 to 96% are right, by the set of pieces; from 0.6 on, 82 to 95%
# (benchmarks/truth.py).
KEY_CONFIDENCE = 0.75
# Most `vocals` with which a chunk is called instrumental, and least with which somebody sings. Of
# rendered pieces without voices 61% have no more than the first, of those with a choir, most of
# them behind other instruments, 14%; 0.6% of the former reach the second (docs/figures.md).
NO_VOICE = 0.3
VOICE = 0.9
# Least confidence with which a description names an instrument, a mood or a style that was heard.
HEARD_CONFIDENCE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Measures of a chunk or of a whole track; None or empty where nothing can be measured.

    `tempo_bpm` is the tempo of the beat, None for audio without a beat. `tempo_alternative_bpm` is
    the next likely tempo, most often half or double of `tempo_bpm`. Confidences, `beat_strength`,
    ratios and `energy` are from 0 to 1. `key` is written like `F# minor`. `loudness_lufs` is the
    integrated loudness (ITU-R BS.1770-4), `dynamic_range_db` the loudness range (EBU Tech 3342).
    `silence_ratio` is the share of blocks of 0.1 s below -60 dBFS, `clipping_ratio` the share of
    samples in runs at full scale.
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
        """The tempo if its confidence reaches TEMPO_CONFIDENCE, else None."""
        return self.tempo_bpm if (self.tempo_confidence or 0) >= TEMPO_CONFIDENCE else None

    @property
    def confident_key(self) -> str:
        """The key if its confidence reaches KEY_CONFIDENCE, else empty."""
        return self.key if (self.key_confidence or 0) >= KEY_CONFIDENCE else ""


NO_MEASURES = Measures()


@dataclass(frozen=True, slots=True)
class Heard:
    """What a trained tagger hears in a chunk or in a whole track; empty if nobody listened.

    `vocals` is the probability, 0 to 1, that somebody sings; a chunk has at least that of its
    track, since not all of it is heard. `instruments` and `moods` are English words, the surest
    first, and only those that are more likely than not; `heard_style` is the likeliest style. Each
    confidence is from 0 to 1 and stands in the order of its words.
    """

    vocals: float | None = None
    instruments: tuple[str, ...] = ()
    instruments_confidence: tuple[float, ...] = ()
    moods: tuple[str, ...] = ()
    moods_confidence: tuple[float, ...] = ()
    heard_style: str = ""
    heard_style_confidence: float | None = None

    @property
    def is_instrumental(self) -> bool:
        """Whether somebody listened, and heard no voice in the chunk nor in its track."""
        return self.vocals is not None and self.vocals <= NO_VOICE

    @property
    def is_vocal(self) -> bool:
        """Whether a voice was heard, most likely."""
        return (self.vocals or 0.0) >= VOICE

    @classmethod
    def of(cls, row: Row) -> "Heard":
        """What a row of `raw` or `tracks` says was heard; rows of older releases say nothing."""
        found: dict[str, Any] = {}
        for field_ in fields(cls):
            value = row.get(field_.name)
            if value is not None:
                found[field_.name] = tuple(value) if isinstance(value, list) else value
        return cls(**found)


NOT_HEARD = Heard()


class Decoder(StrEnum):
    """Who decoded a track."""

    FFMPEG = "FFmpeg"
    # A WAV with more samples than its header says, as of a recorder that was switched off.
    FFMPEG_PAST_HEADER = "FFmpeg, past the length in the header"
    # What FFmpeg refuses and libsndfile reads.
    LIBSNDFILE = "libsndfile"


MEAN = "mean"
"""How channels become one: by their mean, unless they cancel each other."""


def channel_name(index: int) -> str:
    """`mixdown` of a track of which one channel was kept: `channel 2` for index 1."""
    return f"channel {index + 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """What a review decided of a track or of one chunk; empty or None where it decided nothing.

    `id` is that of the track or the chunk. `is_dropped` leaves a chunk out; what `is_kept` stays,
    whatever filters of the recipe say. `session` is the name that all tracks of a session share,
    `session_as_named` what the reviewer calls it.
    """

    id: str
    is_kept: bool = False
    is_dropped: bool = False
    description: str = ""
    session: str = ""
    session_as_named: str = ""
    style: str = ""
    tempo_bpm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One source file: its path, its metadata, and the reason if it is left out.

    `file` is the path to open. `path` is relative to the source, with `/` between parts and bytes
    that are not UTF-8 written as `\\xNN`. `duration_seconds` is an estimate until the track is
    decoded; `claimed_seconds` is the length that the container states, None if it states none.
    `session` is the name that all tracks of a session share, `session_as_named` what metadata or
    the file's name calls it. `genre`, `isrc`, `claimed_bpm` and `claimed_key` are what tags in the
    file claim, and nobody has measured. A different `signature` means that the file has changed
    since it was hashed. `edits` are what a review decided of its chunks, and of the whole track if
    that is more than its session, style and description, which stand in these fields.
    """

    file: str
    path: str
    session: str = ""
    session_as_named: str = ""
    style: str = ""
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
    album_artist: str = ""
    genre: str = ""
    isrc: str = ""
    claimed_bpm: float | None = None
    claimed_key: str = ""
    license: str = ""
    copyright: str = ""
    source_url: str = ""
    description: str = ""
    descriptions: tuple[str, ...] = ()
    group: str = ""
    split: str = ""
    reason: str = ""
    edits: tuple[Edits, ...] = ()

    @property
    def track_id(self) -> str:
        """The first 16 hex digits of the file's sha256, so that it survives renames."""
        return self.sha256[:16]

    @property
    def group_id(self) -> str:
        """The group, else the track id: tracks with one group id must be in one split."""
        return self.group or self.track_id

    @property
    def content(self) -> dict[str, Any]:
        """The fields that determine the rows of the track."""
        # Not by asdict: it copies every value, which takes four times as long.
        content = {key: getattr(self, key) for key in _CONTENT}
        return content | {"edits": list(map(asdict, self.edits))} if self.edits else content

    def edits_of(self, index: int) -> Edits:
        """What a review decided of a chunk, by itself or with the whole track."""
        found = {edits.id: edits for edits in self.edits}
        whole = found.get(self.track_id, Edits(id=self.track_id))
        own = found.get(chunk_id(self.track_id, index), whole)
        return replace(
            own,
            is_kept=own.is_kept or (whole.is_kept and not own.is_dropped),
            tempo_bpm=own.tempo_bpm or whole.tempo_bpm,
        )


# The place of a file, the time of its copy, its group and its split do not change its rows; edits
# do, but most tracks have none.
_PLACE = ("file", "path", "signature", "group", "split", "edits")
_CONTENT = tuple(field.name for field in fields(Track) if field.name not in _PLACE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The counts and measures of one track that was cut into chunks.

    `clipped_samples` were over full scale (counted at 32 kHz). `nonfinite_samples` were not numbers
    and became zero (counted at the file's rate). `damaged_packets` did not decode. `voiced_chunks`
    are left out because somebody sings, `untimed_chunks` because their tempo is not sure.
    `misfit_chunks` do not suit their session: the recipe leaves them out or keeps them.
    `misfit_reason` is the reason of the first of these chunks.
    `measures` maps each column of `Measures` and `Heard` to its value of the whole track. `decoder`
    is who decoded it (`Decoder`), `mixdown` how its channels became one (`MEAN`, or the channel
    that was kept).
    """

    chunks: int = 0
    silent_chunks: int = 0
    dropped_chunks: int = 0
    duration_seconds: float = 0.0
    tail_seconds: float = 0.0
    clipped_samples: int = 0
    nonfinite_samples: int = 0
    damaged_packets: int = 0
    truncated: bool = False
    voiced_chunks: int = 0
    misfit_chunks: int = 0
    untimed_chunks: int = 0
    misfit_reason: str = ""
    decoder: str = ""
    mixdown: str = ""
    measures: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


CHUNK_ID = r"[0-9a-f]{16}-[0-9]{4,9}"
"""The form of every chunk id, as a regular expression."""


def chunk_id(track_id: str, index: int) -> str:
    """The id of a chunk: `<track_id>-<index:04d>`."""
    return f"{track_id}-{index:04d}"
