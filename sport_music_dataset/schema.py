"""The records that stages hand on, and the columns of each config."""

from dataclasses import dataclass

from datasets import Audio, Features, List, Value

from .recipe import SAMPLING_RATE


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
    group: str = ""
    split: str = ""
    reason: str = ""

    @property
    def track_id(self) -> str:
        """The first 16 hex digits of the file's sha256, so that it survives renames."""
        return self.sha256[:16]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What cutting one track gave.

    `clipped_samples` lay over full scale (counted at 32 kHz), `nonfinite_samples` were no numbers
    (counted at the file's rate) and became zero, `damaged_packets` did not decode.
    """

    chunks: int = 0
    silent_chunks: int = 0
    duration_seconds: float = 0.0
    tail_seconds: float = 0.0
    clipped_samples: int = 0
    nonfinite_samples: int = 0
    damaged_packets: int = 0
    truncated: bool = False
    reason: str = ""


def chunk_id(track_id: str, index: int) -> str:
    """Identity of a chunk: `<track_id>-<index:04d>`."""
    return f"{track_id}-{index:04d}"


def _strings(*names: str) -> dict[str, Value]:
    return {name: Value("string") for name in names}


RAW_FEATURES = Features(
    {
        **_strings("chunk_id", "track_id"),
        "chunk_index": Value("int32"),
        "start_seconds": Value("float64"),
        "audio": Audio(sampling_rate=SAMPLING_RATE),
        **_strings("description", "session", "style", "title", "artist", "license"),
    }
)

ENCODED_FEATURES = Features(
    {
        **_strings("chunk_id", "track_id", "description"),
        "input_ids": List(Value("int32")),
        "attention_mask": List(Value("int8")),
        "codes": List(List(Value("int16"))),
        "labels": List(List(Value("int16"))),
    }
)

TRACK_FEATURES = Features(
    {
        **_strings("path", "sha256", "track_id"),
        "duration_seconds": Value("float64"),
        "claimed_seconds": Value("float64"),
        "format": Value("string"),
        "sampling_rate": Value("int32"),
        "channels": Value("int32"),
        **_strings("session", "style", "title", "artist", "album", "license", "source_url"),
        **_strings("split", "group"),
        "chunks": Value("int32"),
        "silent_chunks": Value("int32"),
        "tail_seconds": Value("float64"),
        "clipped_samples": Value("int64"),
        "nonfinite_samples": Value("int64"),
        "damaged_packets": Value("int64"),
        **_strings("status", "reason"),
    }
)
