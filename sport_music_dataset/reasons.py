"""The closed lists of statuses and reasons that `tracks` records for source files."""

from enum import StrEnum

from .errors import SourceError


class Status(StrEnum):
    """Whether a source file was kept."""

    KEPT = "kept"
    # Kept, but the decoder stopped early or the container states another length.
    TRUNCATED = "truncated"
    LEFT_OUT = "left_out"


class Reason(StrEnum):
    """Why a source file was left out; a detail may follow a colon."""

    UNREADABLE = "unreadable"
    NOT_AUDIO = "not audio"
    TOO_SHORT = "too short"
    SILENT = "silent"
    TRUNCATED = "truncated"
    DUPLICATE = "duplicate of"
    OUTSIDE = "outside the folder"
    NOT_REGULAR = "not a regular file"
    CHANGED = "changed while reading"
    LIMIT = "limit exceeded"
    CRASHED = "crashed decoder"
    MISFIT = "does not fit its session"
    WITHDRAWN = "withdrawn"

    def because(self, detail: str) -> str:
        """The reason, a colon and the detail, on one line."""
        return f"{self}: {' '.join(detail.split())}"


def kind_of(reason: str) -> str:
    """A recorded reason without its detail: the value of a `Reason`, or empty if there is none."""
    return reason.partition(":")[0]


class TrackError(SourceError):
    """A track cannot be used; the error's text is the reason, as `tracks` records it."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason.because(detail) if detail else str(reason))
