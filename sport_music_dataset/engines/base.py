"""Protocols and settings of engines: workers for tracks and shards, on one machine or more."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from ..progress import Advance

Item = TypeVar("Item")
Result = TypeVar("Result")
Pending = TypeVar("Pending")

DEFAULT_TIMEOUT = 900.0
"""Most seconds of work on one track: a mix of ten hours takes one or two minutes."""

PROBE = "probe-"
"""Prefix of temporary folders that show whether a node sees the same disk."""


@dataclass(frozen=True, slots=True)
class RaySettings:
    """The address of Ray, and the CPUs and GPUs of each worker.

    If `address` is empty, the engine uses Ray at `RAY_ADDRESS`, else Ray that runs on this machine,
    else it starts Ray and ends it after the work. If `cpus` is 0, the stage chooses the number.
    """

    address: str = ""
    cpus: int = 0
    gpus: int = 0


class Processes(Protocol):
    """Processes of one machine that apply a function to items."""

    @property
    def size(self) -> int:
        """Number of items that are processed at once."""

    def map(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        failed: Callable[[Item, str], Result],
    ) -> Iterator[Result]:
        """Yield `function(item)` for every item, in order.

        If an item crashes its process or takes too long, or if this machine fails at it again and
        again, its result is `failed(item, reason)`; `reasons.is_of_one_run` tells which of these
        says nothing of the item. If a whole machine fails, another processes its items.
        """


def cores() -> int:
    """Number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ThisProcess:
    """`Processes` without processes of its own.

    An item that crashes ends this process, and a MachineFault at an item is raised.
    """

    size = 1

    def map(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        failed: Callable[[Item, str], Result],
    ) -> Iterator[Result]:
        """Yield `function(item)` for every item, in order."""
        return map(function, items)


ShardWork = Callable[[Processes, Sequence[Item], Advance], Iterator[Result]]
"""Makes shards with the processes of one machine, and reports its steps to `Advance`."""


class Engine(Processes, Protocol):
    """Workers on one machine or more."""

    def map_shards(
        self, function: "ShardWork[Item, Result]", jobs: Sequence[Item], advance: Advance
    ) -> Iterator[Result]:
        """Yield the results of `function(processes, jobs, advance)` for all jobs, in order.

        The engine calls `function` once with all jobs, or once for each job on any of its machines.
        """

    def sharing(self, folder: Path) -> AbstractContextManager[None]:
        """A context in which all workers may write to `folder`.

        Raises:
            MachineError: a worker does not see the folder.
        """


def in_order(
    pending: Iterable[Pending], ahead: int, result: Callable[[Pending], Result]
) -> Iterator[Result]:
    """Yield the results of pieces of work, in the order in which the pieces were started.

    Args:
        pending: iterator that starts one piece of work at each step.
        ahead: number of pieces that are started before the result of the first is awaited.
        result: waits for a piece of work and returns its result.
    """
    waiting: deque[Pending] = deque()
    for started in pending:
        waiting.append(started)
        if len(waiting) > ahead:
            yield result(waiting.popleft())
    while waiting:
        yield result(waiting.popleft())
