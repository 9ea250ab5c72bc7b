"""Ray as the engine of a build: tasks for tracks and for shards of `raw`.

Ray decides where work runs. A task has processes of its own, as a build on one machine has, so a
file that crashes its decoder costs itself there too; what takes the whole worker along, or its
machine, says nothing about a file, and the task runs again elsewhere. Whoever is thought lost may
still be writing: attempts never share a file under a temporary name, and all give the same bytes.
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

# Tracks of a task: few, so that all workers have some; enough that a task is worth its start.
_MOST_TRACKS = 16
_TASKS_PER_WORKER = 4
# Results that wait for their turn, for each worker.
_AHEAD = 16


@contextmanager
def ray_engine(
    settings: RaySettings,
    num_proc: int,
    timeout: float,
    places: Sequence[Path],
    versions: Callable[[], dict[str, str]],
) -> Iterator["RayEngine"]:
    """Ray for a build; arguments and errors as of `open_engine`."""
    with connected(settings, num_proc):
        cpus = settings.cpus or 1
        needs = requirements(places, versions, num_proc=cpus, timeout=timeout)
        check_nodes(needs, cpus)
        yield RayEngine(needs, cpus)


class RayEngine:
    """Tasks of `cpus` processors, each with as many processes; an `Engine`."""

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
        """As `Engine.map`, by tasks that take some items each."""
        items = list(items)
        size = min(_MOST_TRACKS, max(1, len(items) // (_TASKS_PER_WORKER * self.size)))
        remaining = iter(items)
        batches = iter(lambda: list(islice(remaining, size)), [])
        for results in self._run(_map, ((function, batch, failed) for batch in batches)):
            yield from results

    def map_shards(
        self, function: ShardWork[Item, Result], jobs: Sequence[Item], advance: Advance
    ) -> Iterator[Result]:
        """As `Engine.map_shards`: a task for each job."""
        for steps, results in self._run(_map_shard, ((function, job) for job in jobs)):
            advance(steps)
            yield from results

    @contextmanager
    def sharing(self, folder: Path) -> Iterator[None]:
        """A folder that only this run has made must be seen by all nodes."""
        with shared_probe(self._needs, folder) as needs:
            check_nodes(needs, self._cpus)
            self._needs = needs
            yield

    def _run(self, task: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """Results of tasks in the order of their arguments."""
        remote = ray.remote(task).options(num_cpus=self._cpus, max_retries=RETRIES)
        begun = (remote.remote(self._needs, *given) for given in arguments)
        with ray_errors():
            yield from in_order(begun, _AHEAD * self.size, received)


@cache
def _workers(num_proc: int, timeout: float) -> Workers:
    """Processes of a Ray worker, for all of its tasks: their start costs half a second."""
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
