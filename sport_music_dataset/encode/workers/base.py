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
    """`count` rows of a job are done; negative to take back the rows of a lost worker."""

    count: int


@dataclass(frozen=True, slots=True)
class Finished(Generic[Given]):
    """A job is done, with its result."""

    result: Given


Work = Callable[[Encoder, Job], Iterator[RowsDone | Finished[Result]]]
"""Work on a job: yields finished rows any number of times, and last its result."""


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
        """Yield the events of `work(encoder, job)` for all jobs, as they happen."""

    def sharing(self, folder: Path) -> AbstractContextManager[None]:
        """For the time in which all workers write to `folder`.

        Raises MachineError if a worker does not see the folder.
        """
