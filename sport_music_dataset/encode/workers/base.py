"""The interface of workers that encode, and the events that they send."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from ..encoder import Encoder

Job = TypeVar("Job")
Result = TypeVar("Result")
Given = TypeVar("Given", covariant=True)


@dataclass(frozen=True, slots=True)
class RowsDone:
    """`count` rows of a job are done; negative to take back the rows of a lost worker.

    `seconds` is how long the model worked on them.
    """

    count: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Finished(Generic[Given]):
    """A job is done, with its result."""

    result: Given


Work = Callable[[Encoder, Sequence[Job]], Iterator[tuple[int, RowsDone | Finished[Result]]]]
"""Work on jobs, in order: yields the number of a job with its rows any number of times, and with
its result once, when those of the jobs before it have come."""

# Most jobs that a worker gets at a time. It reads ahead and writes behind within these; what it was
# given waits for it alone.
_MOST_JOBS = 8
# Most threads that decode chunks for a model: together they decode 1,000 chunks a second.
_MOST_READERS = 8


def portion(waiting: int, workers: int) -> int:
    """How many of the waiting jobs a worker gets: few at the end, so that all end together."""
    return max(1, min(_MOST_JOBS, waiting // (2 * workers)))


def reader_threads(device: str, processors: int) -> int:
    """How many threads decode chunks for a model on `device`, whose worker has `processors`.

    On a CPU one is enough: the model needs a hundred times as long, and all processors.
    """
    return 1 if device == "cpu" else max(1, min(_MOST_READERS, processors))


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """The facts of an `Encoder`; `tile_samples` is that of its codec.

    `unshared_reason` says why chunks of the release's length and hop share no work; empty if they
    share it.
    """

    facts: dict[str, Any]
    code_facts: dict[str, Any]
    unshared_reason: str
    tile_samples: int

    @classmethod
    def of(cls, encoder: Encoder, samples: int, hop: int) -> "EncoderInfo":
        """The facts of `encoder` for chunks of that length and hop, in samples."""
        reason = encoder.codec.unshared_reason(samples, hop)
        return cls(encoder.facts, encoder.code_facts, reason, encoder.codec.tile_samples)


class EncodeWorkers(Protocol):
    """Workers with an encoder each; all make the same codes."""

    @property
    def info(self) -> EncoderInfo:
        """The facts that are the same for all workers."""

    @property
    def size(self) -> int:
        """Number of workers that run at once."""

    def run(
        self, work: "Work[Job, Result]", jobs: Sequence[Job]
    ) -> Iterator[tuple[Job, RowsDone | Finished[Result]]]:
        """Yield the events of `work` for all jobs, as they happen."""

    def sharing(self, folder: Path) -> AbstractContextManager[None]:
        """For the time in which all workers write to `folder`.

        Raises MachineError if a worker does not see the folder.
        """
