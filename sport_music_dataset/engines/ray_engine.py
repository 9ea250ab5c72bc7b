"""Ray as the engine of a build: tasks for tracks and for shards of `raw`.

Ray decides where tasks run. A task has its own processes, like a build on one machine, so a file
that crashes its decoder fails alone. If a whole worker or machine fails, no file is the cause, and
Ray runs the task again elsewhere. The first worker may then still be writing: each attempt writes
to its own temporary file, and all attempts give the same bytes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import ray

from ..progress import Advance
from .base import Item, RaySettings, Result, ShardWork, in_order
from .local import Workers
from .ray_cluster import (
    RETRIES,
    NodeRequirements,
    check_node,
    check_nodes,
    connected,
    ray_errors,
    received,
    requirements,
    shared_probe,
    slots,
)

# Most tracks of a task: few enough that all workers have tracks, enough to outweigh its start.
_MOST_TRACKS = 16
_TASKS_PER_WORKER = 4
# Tasks per worker that are started before the oldest result is needed.
_AHEAD = 16


@contextmanager
def ray_engine(
    settings: RaySettings,
    num_proc: int,
    timeout: float,
    places: Sequence[Path],
    versions: Callable[[], dict[str, str]],
) -> Iterator["RayEngine"]:
    """Ray as the engine of a build; arguments and errors are those of `open_engine`."""
    with connected(settings, num_proc):
        cpus = settings.cpus or 1
        needs = requirements(places, versions, num_proc=cpus, timeout=timeout)
        check_nodes(needs, cpus)
        yield RayEngine(needs, cpus)


class RayEngine:
    """An `Engine` of Ray tasks, each with `cpus` processors and as many processes."""

    def __init__(self, needs: NodeRequirements, cpus: int) -> None:
        self._needs, self._cpus = needs, cpus

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
        """As `Engine.map`, by tasks with several items each."""
        items = list(items)
        size = min(_MOST_TRACKS, max(1, len(items) // (_TASKS_PER_WORKER * self.size)))
        remaining = iter(items)
        batches = iter(lambda: list(islice(remaining, size)), [])
        for results in self._run(_map, ((function, batch, failed) for batch in batches)):
            yield from results

    def map_shards(
        self, function: ShardWork[Item, Result], jobs: Sequence[Item], advance: Advance
    ) -> Iterator[Result]:
        """As `Engine.map_shards`, by one task for each job."""
        for steps, results in self._run(_map_shard, ((function, job) for job in jobs)):
            advance(steps)
            yield from results

    @contextmanager
    def sharing(self, folder: Path) -> Iterator[None]:
        """As `Engine.sharing`: all nodes must see a folder that this run has just made."""
        with shared_probe(self._needs, folder) as needs:
            check_nodes(needs, self._cpus)
            self._needs = needs
            yield

    def _run(self, task: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """Yield the result of `task` for each of `arguments`, in order."""
        remote = ray.remote(task).options(num_cpus=self._cpus, max_retries=RETRIES)
        pending = (remote.remote(self._needs, *given) for given in arguments)
        with ray_errors():
            yield from in_order(pending, _AHEAD * self.size, received)


@cache
def _workers(num_proc: int, timeout: float) -> Workers:
    """Processes of a Ray worker, kept for all its tasks: their start takes half a second."""
    return Workers(num_proc, timeout)


def _map(
    needs: NodeRequirements,
    function: Callable[[Item], Result],
    items: Sequence[Item],
    failed: Callable[[Item, str], Result],
) -> list[Result]:
    check_node(needs)
    return list(_workers(needs.num_proc, needs.timeout).map(function, items, failed))


def _map_shard(
    needs: NodeRequirements, function: ShardWork[Item, Result], job: Item
) -> tuple[int, list[Result]]:
    check_node(needs)
    steps: list[int] = []
    workers = _workers(needs.num_proc, needs.timeout)
    results = list(function(workers, [job], steps.append))
    return sum(steps), results
