"""What an engine is: workers that take tracks and shards, on this machine or on many."""

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
"""Seconds that one track may take: a mix of ten hours takes a minute or two."""

PROBE = "probe-"
"""How folders begin that exist while a run goes on: by them nodes show that they see its disk."""


@dataclass(frozen=True, slots=True)
class RaySettings:
    """Where Ray is, and what each worker gets of it.

    Without an `address` it is the one that `RAY_ADDRESS` names or that runs on this machine, else
    one that is started and ended with the work. `cpus` 0 leaves the number to the stage.
    """

    address: str = ""
    cpus: int = 0
    gpus: int = 0


class Processes(Protocol):
    """Processes of one machine that items are mapped on."""

    @property
    def size(self) -> int:
        """How many work at once."""

    def map(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        failed: Callable[[Item, str], Result],
    ) -> Iterator[Result]:
        """`function(item)` for every item, in order; `failed(item, reason)` where the item crashed
        its process or took too long. An item whose machine is lost is done by another."""


class ThisProcess:
    """Maps in this process, as `Processes`: an item that crashes takes it along."""

    size = 1

    def map(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        failed: Callable[[Item, str], Result],
    ) -> Iterator[Result]:
        """`function(item)` for every item."""
        return map(function, items)


ShardWork = Callable[[Processes, Sequence[Item], Advance], Iterator[Result]]
"""Makes shards with the processes of one machine, and counts what it has done."""


class Engine(Processes, Protocol):
    """Workers on one machine or many."""

    def map_shards(
        self, function: "ShardWork[Item, Result]", jobs: Sequence[Item], advance: Advance
    ) -> Iterator[Result]:
        """What `function(processes, jobs, advance)` yields for all jobs, in order: called once, or
        for one job at a time wherever there are workers."""

    def sharing(self, folder: Path) -> AbstractContextManager[None]:
        """While all workers write to the disk of `folder`; raises MachineError where one does not
        see it."""


def in_order(
    pending: Iterable[Pending], ahead: int, result: Callable[[Pending], Result]
) -> Iterator[Result]:
    """The results of work in the order in which it was begun, at most `ahead` of them waiting.

    Args:
        pending: begins a piece of work at each step.
        ahead: how many are begun before the first is waited for.
        result: waits for one.
    """
    waiting: deque[Pending] = deque()
    for begun in pending:
        waiting.append(begun)
        if len(waiting) > ahead:
            yield result(waiting.popleft())
    while waiting:
        yield result(waiting.popleft())
