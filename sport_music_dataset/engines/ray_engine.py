"""Ray as the engine of a build: tasks for tracks and for shards of `raw`.

Ray decides where work runs. A task has processes of its own, as a build on one machine has, so a
file that crashes its decoder costs itself there too; what takes the whole worker along, or its
machine, says nothing about a file, and the task runs again elsewhere. Whoever is thought lost may
still be writing: attempts never share a file under a temporary name, and all give the same bytes.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import ray

from .base import RaySettings
from .local import Workers
from .ray_cluster import (
    RETRIES,
    Terms,
    check_node,
    check_nodes,
    connected,
    lost_for_good,
    received,
    shared_probe,
    slots,
    terms_of,
)

Item = TypeVar("Item")
Result = TypeVar("Result")

# Tracks of a task: few, so that all workers have some; enough that a task is worth its start.
_MOST_TRACKS = 16
_TASKS_PER_WORKER = 4
# Results that wait for their turn, for each worker.
_AHEAD = 16


@contextmanager
def ray_engine(
    settings: RaySettings, num_proc: int, timeout: float, places: Sequence[Path]
) -> Iterator["RayEngine"]:
    """Ray for a build; all nodes must see `places`. Raises MachineError as `open_engine` does."""
    with connected(settings, num_proc):
        cpus = settings.cpus or 1
        terms = terms_of(places, num_proc=cpus, timeout=timeout)
        check_nodes(terms, cpus)
        yield RayEngine(terms, cpus)


class RayEngine:
    """Tasks of `cpus` processors, each with as many processes; an `Engine`."""

    def __init__(self, terms: Terms, cpus: int) -> None:
        self._terms, self._cpus = terms, cpus

    @property
    def size(self) -> int:
        """How many tasks run at once."""
        return slots(self._cpus)

    def map(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        failed: Callable[[Item, str], Result],
    ) -> Iterator[Result]:
        """As `Workers.map`, by tasks that take some items each."""
        items = list(items)
        size = min(_MOST_TRACKS, max(1, len(items) // (_TASKS_PER_WORKER * self.size)))
        remaining = iter(items)
        batches = iter(lambda: list(islice(remaining, size)), [])
        for results in self._run(_map, ((function, batch, failed) for batch in batches)):
            yield from results

    def deal(
        self,
        function: Callable[[Workers, Sequence[Item], Callable[[int], None]], Iterator[Result]],
        jobs: Sequence[Item],
        advance: Callable[[int], None],
    ) -> Iterator[Result]:
        """What `function(workers, [job], advance)` yields, by a task for each job."""
        for steps, results in self._run(_deal, ((function, job) for job in jobs)):
            advance(steps)
            yield from results

    @contextmanager
    def sharing(self, folder: Path) -> Iterator[None]:
        """A file that only this run has made must be seen by all nodes."""
        with shared_probe(self._terms, folder) as terms:
            check_nodes(terms, self._cpus)
            self._terms = terms
            yield

    def _run(self, task: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """Results of tasks in the order of their arguments."""
        remote = ray.remote(task).options(num_cpus=self._cpus, max_retries=RETRIES)
        waiting: deque[Any] = deque()
        with lost_for_good():
            for given in arguments:
                waiting.append(remote.remote(self._terms, *given))
                if len(waiting) > _AHEAD * self.size:
                    yield received(waiting.popleft())
            while waiting:
                yield received(waiting.popleft())


@cache
def _workers(num_proc: int, timeout: float) -> Workers:
    """Processes of a Ray worker, for all of its tasks: their start costs half a second."""
    return Workers(num_proc, timeout)


def _map(
    terms: Terms,
    function: Callable[[Item], Result],
    items: Sequence[Item],
    failed: Callable[[Item, str], Result],
) -> list[Result]:
    check_node(terms)
    return list(_workers(terms.num_proc, terms.timeout).map(function, items, failed))


def _deal(
    terms: Terms,
    function: Callable[[Workers, Sequence[Item], Callable[[int], None]], Iterator[Result]],
    job: Item,
) -> tuple[int, list[Result]]:
    check_node(terms)
    steps: list[int] = []
    workers = _workers(terms.num_proc, terms.timeout)
    results = list(function(workers, [job], steps.append))
    return sum(steps), results
