"""Encoders on Ray: actors that load the codec once and encode shards, as many as nodes can hold.

Ray can restart lost actors by itself, but an actor without room on any node waits without end, and
so does its shard. Therefore this module gives shards only to actors that have answered, and gives
the shard of a lost actor to another one.
"""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic

import ray
import torch
from ray.exceptions import RayError

from ...engines.base import RaySettings
from ...engines.memory import keep_freed_memory
from ...engines.ray_cluster import (
    RETRIES,
    NodeRequirements,
    alive_nodes,
    check_node,
    check_nodes,
    connected,
    ray_errors,
    received,
    requirements,
    shared_probe,
    slots,
    this_node,
)
from ...errors import MachineError, SettingError
from ...release.manifest import software
from ..encoder import Encoder
from ..models import absolute
from ..settings import EncodeSettings
from .base import EncoderInfo, Finished, Job, Result, RowsDone, Work, portion, reader_threads

# Processors of an actor, as in docs/figures.md; a codec is not much faster with more.
_CPUS = 2


@contextmanager
def ray_workers(
    settings: EncodeSettings, chunk: tuple[int, int], where: RaySettings, place: Path
) -> Iterator["RayWorkers"]:
    """Start encoders on Ray; all its nodes must see `place`. Raises as `open_workers`, and:

    Raises:
        SettingError: `device` names single GPUs, which Ray assigns, or contradicts the GPUs per
            worker.
    """
    if settings.device not in ("auto", "cpu", "cuda"):
        raise SettingError(
            f"--device {settings.device}: Ray deals devices out; give cpu or cuda, and "
            "--gpus-per-worker"
        )
    gpus = where.gpus or int(settings.device == "cuda")
    if gpus and settings.device == "cpu":
        raise SettingError(f"--device cpu: with --gpus-per-worker {gpus}; leave one of them out")
    with connected(where):
        most = max(int(node["Resources"].get("CPU", 0)) for node in alive_nodes())
        cpus = where.cpus or max(1, min(_CPUS, most))
        needs = requirements([place], software)
        check_nodes(needs, cpus, gpus)
        settings = replace(
            settings,
            model=absolute(settings.model),
            codec=absolute(settings.codec),
            device="cuda" if gpus else "cpu",
        )
        yield RayWorkers(_ActorSettings(needs, settings, chunk, cpus, gpus))


@dataclass(frozen=True, slots=True)
class _ActorSettings:
    """The arguments for an actor."""

    node: NodeRequirements
    encode: EncodeSettings
    chunk: tuple[int, int]
    cpus: int
    gpus: int


class _Actor:
    """An encoder in a process of Ray."""

    def load(self, settings: _ActorSettings) -> tuple[str, EncoderInfo]:
        """Load the encoder; returns the node's address and the encoder's facts."""
        check_node(settings.node)
        keep_freed_memory()
        torch.set_num_threads(settings.cpus)
        readers = reader_threads(settings.encode.device, settings.cpus)
        self._encoder = Encoder(settings.encode, readers)
        return this_node(), EncoderInfo.of(self._encoder, *settings.chunk)

    def run(
        self, work: Work[Job, Result], jobs: Sequence[Job]
    ) -> Iterator[tuple[int, RowsDone | Finished[Result]]]:
        """Yield the events of `work`."""
        yield from work(self._encoder, jobs)


@dataclass(slots=True)
class _Given(Generic[Job]):
    """Jobs that an actor has, each with the number of times that it was lost.

    The first `finished` of them are finished; `done` counts the rows of each, by its number.
    """

    actor: Any
    jobs: list[tuple[Job, int]]
    finished: int = 0
    done: Counter[int] = field(default_factory=Counter)

    def take(self, number: int, event: RowsDone | Finished[Any]) -> None:
        """Count what an event says of the job with that number."""
        if isinstance(event, RowsDone):
            self.done[number] += event.count
        else:
            self.finished = number + 1

    def unfinished(self) -> Iterator[tuple[Job, int, int]]:
        """Yield each job that is not finished, how often it was lost, and its finished rows."""
        for number in range(self.finished, len(self.jobs)):
            yield *self.jobs[number], self.done[number]


class RayWorkers:
    """`EncodeWorkers` that are actors of Ray, each with its processors and GPUs."""

    def __init__(self, settings: _ActorSettings) -> None:
        self._settings = settings
        # Number of consecutive actors that were lost before they had loaded a codec.
        self._losses = 0
        self._idle: list[Any] = []
        # Starting actors, by the reference of the call that loads their encoder.
        self._starting: dict[Any, Any] = {}
        self._info: EncoderInfo | None = None
        while not self._idle:
            self._start_actors(1)
            self._take_started(_first([*self._starting]))

    @property
    def size(self) -> int:
        """Number of actors for which the nodes have room."""
        return slots(self._settings.cpus, self._settings.gpus)

    @property
    def info(self) -> EncoderInfo:
        """The facts of the first encoder; all others must have the same."""
        if self._info is None:
            raise MachineError("Ray: no encoder has started")
        return self._info

    def run(
        self, work: Work[Job, Result], jobs: Sequence[Job]
    ) -> Iterator[tuple[Job, RowsDone | Finished[Result]]]:
        """As `EncodeWorkers.run`."""
        # Waiting jobs, each with the number of times that it was lost.
        waiting = deque((job, 0) for job in jobs)
        # Stream of events -> what its actor has.
        running: dict[Any, _Given[Job]] = {}
        while waiting or running:
            self._start_actors(len(waiting) - len(self._idle) - len(self._starting), len(running))
            while waiting and self._idle:
                given = _Given(self._idle.pop(), self._portion(waiting))
                call = given.actor.run.options(num_returns="streaming")
                running[call.remote(work, [job for job, _ in given.jobs])] = given
            ready = _first([*running, *self._starting])
            if ready in self._starting:
                self._take_started(ready)
                continue
            given = running.pop(ready)
            try:
                number, event = received(next(ready))
            except RayError as error:
                for job, losses, done in given.unfinished():
                    _check_losses(losses + 1, error)
                    waiting.append((job, losses + 1))
                    yield job, RowsDone(-done)
                continue
            given.take(number, event)
            if given.finished < len(given.jobs):
                running[ready] = given
            else:
                self._idle.append(given.actor)
            yield given.jobs[number][0], event

    def _portion(self, waiting: deque[tuple[Job, int]]) -> list[tuple[Job, int]]:
        """The jobs that an actor gets; one that was lost comes alone: it may be the cause."""
        _, losses = waiting[0]
        count = 1 if losses else portion(len(waiting), self.size)
        return [waiting.popleft() for _ in range(count)]

    @contextmanager
    def sharing(self, folder: Path) -> Iterator[None]:
        """Check that all nodes, also later ones, see a file that this run writes to the folder."""
        with shared_probe(self._settings.node, folder) as node:
            check_nodes(node, self._settings.cpus, self._settings.gpus)
            self._settings = replace(self._settings, node=node)
            yield

    def _start_actors(self, wanted: int, running: int = 0) -> None:
        """Start as many actors as there are jobs and room."""
        room = self.size - running - len(self._idle) - len(self._starting)
        for _ in range(min(wanted, room)):
            settings = self._settings
            make: Any = ray.remote(_Actor).options(num_cpus=settings.cpus, num_gpus=settings.gpus)
            actor = make.remote()
            self._starting[actor.load.remote(settings)] = actor

    def _take_started(self, ready: Any) -> None:
        """Add an actor that has loaded its encoder to the idle ones."""
        actor = self._starting.pop(ready)
        try:
            node, info = received(ready)
        except RayError as error:
            self._losses += 1
            _check_losses(self._losses, error)
            return
        self._losses = 0
        first = self._info = self._info or info
        for name, value in first.facts.items():
            if info.facts[name] != value:
                raise MachineError(
                    f"node {node}: would give other codes: {name} is {info.facts[name]}, "
                    f"elsewhere {value}; install the same there"
                )
        self._idle.append(actor)


def _check_losses(count: int, error: RayError) -> None:
    """Raise MachineError if `count`, of losses in a row, is more than the retries of Ray."""
    if count > RETRIES:
        with ray_errors():
            raise error


def _first(refs: list[Any]) -> Any:
    ready, _ = ray.wait(refs, num_returns=1)
    return ready[0]
