"""The closed lists of statuses and reasons that `tracks` records for source files.

A reason follows from the bytes of a file, the recipe and the software; or it is of one run, and
says nothing of the file: the next run tries the file again.
"""

import errno
from collections.abc import Iterable, Mapping
from enum import StrEnum

from .errors import MachineError, SourceError


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
    DROPPED = "dropped in review"
    DROPPED_TRACK = "track dropped in review"
    VOICE = "somebody sings"
    MISFIT = "does not fit its session"
    UNTIMED = "no sure tempo"
    WITHDRAWN = "withdrawn"
    MACHINE = "machine fault"
    TIMEOUT = "timed out"

    def because(self, detail: str) -> str:
        """The reason, a colon and the detail, on one line."""
        return f"{self}: {' '.join(detail.split())}"


CHUNK_COUNTS: dict[str, str] = {
    Reason.SILENT: "silent_chunks",
    Reason.DROPPED: "dropped_chunks",
    Reason.VOICE: "voiced_chunks",
    Reason.MISFIT: "misfit_chunks",
    Reason.UNTIMED: "untimed_chunks",
}
"""The reasons for which single chunks are left out, in the order in which they are asked, and the
columns of `tracks` that count them. A track is left out for one of them if no chunk of it stays."""


_KEEPING = {
    Reason.TOO_SHORT: "a smaller --chunk-seconds",
    Reason.SILENT: "--keep-silence",
    Reason.TRUNCATED: "--truncated keep",
    Reason.LIMIT: "a larger --max-track-seconds or --max-expansion",
    Reason.DROPPED: "taking back what review.csv of the release folder drops",
    Reason.DROPPED_TRACK: "taking back what review.csv of the release folder drops",
    Reason.VOICE: "a build without --without-vocals",
    Reason.MISFIT: "--min-fit no",
    Reason.UNTIMED: "a build without --require-tempo",
}


def keeping(reasons: Iterable[str]) -> str:
    """What keeps tracks or chunks that are left out for these reasons; empty if nothing does."""
    left_out = {*reasons}
    found = dict.fromkeys(text for reason, text in _KEEPING.items() if reason in left_out)
    return f"{' or '.join(found)} keeps more" if found else ""


def kind_of(reason: str) -> str:
    """A recorded reason without its detail: the value of a `Reason`, or empty if there is none."""
    return reason.partition(":")[0]


def counts_of(left_out: Mapping[str, int]) -> str:
    """Reasons and their numbers in one line: `not audio: 2, too short: 1`."""
    return ", ".join(f"{reason}: {number}" for reason, number in left_out.items() if number)


_OF_ONE_RUN = (Reason.CHANGED, Reason.MACHINE, Reason.TIMEOUT)


def is_of_one_run(reason: str) -> bool:
    """Whether a recorded reason says nothing of the file: the next run must not believe it."""
    return kind_of(reason) in _OF_ONE_RUN


class TrackError(SourceError):
    """A track cannot be used; the error's text is the reason, as `tracks` records it."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason.because(detail) if detail else str(reason))


class MachineFault(MachineError):  # noqa: N818 - a fault, in the words of `tracks`
    """This machine, a disk or a network failed at a file, of which that says nothing.

    `reason` is what `tracks` records if it fails again and again.
    """

    def __init__(self, file: str, detail: str) -> None:
        super().__init__(file, detail)
        self.reason = Reason.MACHINE.because(detail)

    def __str__(self) -> str:
        file, detail = self.args
        return f"{file}: {detail}; see to the disk or the network, then run the same command again"


# What a name or its access rights cause. All else that may happen to a read, from EIO to what a
# driver makes up, is the machine's: trying again costs little, a lost track much.
_OF_THE_FILE = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG}
    | {errno.EISDIR, errno.EINVAL}
)


def is_machine_fault(error: BaseException | None) -> bool:
    """Whether an error of reading is the machine's, as EIO, and not the file's, as EACCES."""
    return isinstance(error, MemoryError) or (
        # Arrow raises an OSError without a number for damaged Parquet.
        isinstance(error, OSError) and bool(error.errno) and error.errno not in _OF_THE_FILE
    )


def read_fault(
    file: str, error: OSError, otherwise: Reason = Reason.CHANGED
) -> "MachineFault | TrackError":
    """An error of reading `file` as what is raised for a track.

    `otherwise` is the reason where the fault is not the machine's.
    """
    detail = error.strerror or "cannot be read"
    if is_machine_fault(error):
        return MachineFault(file, detail)
    return TrackError(otherwise, detail)
