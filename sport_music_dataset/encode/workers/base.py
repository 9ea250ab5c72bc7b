"""Workers that each have an encoder loaded, and what they say while they work."""

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
    """So many rows of a job are done; fewer than none where a lost worker's rows are taken back."""

    count: int


@dataclass(frozen=True, slots=True)
class Finished(Generic[Given]):
    """A job is done: what it gave."""

    result: Given


Work = Callable[[Encoder, Job], Iterator[RowsDone | Finished[Result]]]
"""Yields the rows that are done, any number of times, and last its result."""


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """The facts of an `Encoder`, and why it shares no work between chunks of the release's length
    and hop; empty if it does."""

    facts: dict[str, Any]
    code_facts: dict[str, Any]
    unshared_reason: str

    @classmethod
    def of(cls, encoder: Encoder, samples: int, hop: int) -> "EncoderInfo":
        """That of `encoder`, for chunks of so many samples, a hop apart."""
        reason = encoder.codec.unshared_reason(samples, hop)
        return cls(encoder.facts, encoder.code_facts, reason)


class EncodeWorkers(Protocol):
    """Workers that each hold an encoder; all give the same codes."""

    @property
    def info(self) -> EncoderInfo:
        """What holds for each of them."""

    @property
    def size(self) -> int:
        """How many work at once."""

    def run(
        self, work: "Work[Job, Result]", jobs: Sequence[Job]
    ) -> Iterator[tuple[Job, RowsDone | Finished[Result]]]:
        """What `work(encoder, job)` yields for each job, in the order in which it comes."""

    def sharing(self, folder: Path) -> AbstractContextManager[None]:
        """While all workers write to the disk of `folder`; raises MachineError where one does not
        see it."""
