"""The records that stages hand on. Light to import: processes that decode need nothing else."""

from dataclasses import dataclass, field
from typing import Any

from . import measures

Row = dict[str, Any]

TRACK_COLUMNS = {
    **dict.fromkeys(("path", "sha256", "track_id"), "string"),
    **dict.fromkeys(("duration_seconds", "claimed_seconds"), "float64"),
    "format": "string",
    **dict.fromkeys(("sampling_rate", "channels"), "int32"),
    **dict.fromkeys(("session", "style", "title", "artist", "album"), "string"),
    **dict.fromkeys(("license", "source_url", "split", "group"), "string"),
    **dict.fromkeys(("chunks", "silent_chunks", "misfit_chunks"), "int32"),
    "tail_seconds": "float64",
    **dict.fromkeys(("clipped_samples", "nonfinite_samples", "damaged_packets"), "int64"),
    **measures.COLUMNS,
    **dict.fromkeys(("status", "reason"), "string"),
}
"""Column of the config `tracks` -> its type, in the terms of datasets."""


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


def chunk_id(track_id: str, index: int) -> str:
    """Identity of a chunk: `<track_id>-<index:04d>`."""
    return f"{track_id}-{index:04d}"
