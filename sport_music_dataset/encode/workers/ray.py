"""Encoders on Ray: actors that load the codec once and take shards, as many as there is room for.

Ray could start lost actors again by itself, but one that finds no room waits for ever, and its
shard with it. So shards are dealt here, to actors that have answered, and a lost one's goes to
another.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ray
import torch
from ray.exceptions import RayError

from ...engines.base import RaySettings
from ...engines.ray_cluster import (
    RETRIES,
    Terms,
    alive_nodes,
    check_node,
    check_nodes,
    connected,
    lost_for_good,
    received,
    shared_probe,
    slots,
    terms_of,
    this_node,
)
from ...errors import MachineError, SettingError
from ..codec.encodec import NANO
from ..codec.memory import keep_freed_memory
from ..encoder import Encoder, EncodeSettings
from .local import Introduction, Job, Result, Work

# What our figures are measured with; a codec gains little from more.
_CPUS = 2


@contextmanager
def ray_encoders(
    settings: EncodeSettings, chunk: tuple[int, int], where: RaySettings, place: Path
) -> Iterator["RayEncoders"]:
    """Encoders on Ray, all nodes of which must see `place`. Raises as `open_encoders`, and:

    Raises:
        SettingError: the device is one that Ray deals out, or contradicts the GPUs asked for.
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
        terms = terms_of([place])
        check_nodes(terms, cpus, gpus)
        settings = replace(
            settings,
            model=_absolute(settings.model),
            codec=_absolute(settings.codec),
            device="cuda" if gpus else "cpu",
        )
        yield RayEncoders(_Needs(terms, settings, chunk, cpus, gpus))


def _absolute(model: str) -> str:
    """A model's folder as workers find it, which run elsewhere; other names stay."""
    folder = model not in ("", NANO) and Path(model).is_dir()
    return str(Path(model).resolve()) if folder else model


@dataclass(frozen=True, slots=True)
class _Needs:
    """What an actor is made with."""

    terms: Terms
    settings: EncodeSettings
    chunk: tuple[int, int]
    cpus: int
    gpus: int


class _Actor:
    """An encoder in a process of Ray's."""

    def introduce(self, needs: _Needs) -> tuple[str, Introduction]:
        """Load the encoder; returns the node's address and what the encoder says of itself."""
        check_node(needs.terms)
        keep_freed_memory()
        torch.set_num_threads(needs.cpus)
        self._encoder = Encoder(needs.settings)
        return this_node(), Introduction.of(self._encoder, *needs.chunk)

    def run(self, work: Work[Job, Result], job: Job) -> Iterator[int | Result]:
        """What `work` yields."""
        yield from work(self._encoder, job)


class RayEncoders:
    """Actors of so many processors and GPUs each; as `Encoders`."""

    def __init__(self, needs: _Needs) -> None:
        self._needs = needs
        # Actors that were lost before they had a codec, one after the other.
        self._losses = 0
        self._idle: list[Any] = []
        # By the reference of their introduction.
        self._starting: dict[Any, Any] = {}
        self._introduction: Introduction | None = None
        while not self._idle:
            self._hire(1)
            self._welcome(_first([*self._starting]))

    @property
    def size(self) -> int:
        """How many the nodes have room for."""
        return slots(self._needs.cpus, self._needs.gpus)

    @property
    def introduction(self) -> Introduction:
        """That of the first, which all others must agree with."""
        if self._introduction is None:
            raise MachineError("Ray: no encoder has started")
        return self._introduction

    def run(
        self, work: Work[Job, Result], jobs: Sequence[Job]
    ) -> Iterator[tuple[Job, int | Result]]:
        """As `Encoders.run`."""
        # With the times that each was lost.
        waiting = deque((job, 0) for job in jobs)
        # Stream of events -> who works at what, how often that was lost, and rows done.
        running: dict[Any, tuple[Any, Job, int, int]] = {}
        while waiting or running:
            self._hire(len(waiting) - len(self._idle) - len(self._starting), len(running))
            while waiting and self._idle:
                actor, (job, losses) = self._idle.pop(), waiting.popleft()
                stream = actor.run.options(num_returns="streaming").remote(work, job)
                running[stream] = actor, job, losses, 0
            ready = _first([*running, *self._starting])
            if ready in self._starting:
                self._welcome(ready)
                continue
            actor, job, losses, done = running.pop(ready)
            try:
                event = received(next(ready))
            except RayError as error:
                _check_losses(losses + 1, error)
                waiting.append((job, losses + 1))
                yield job, -done
                continue
            if isinstance(event, int):
                running[ready] = actor, job, losses, done + event
            else:
                self._idle.append(actor)
            yield job, event

    @contextmanager
    def sharing(self, folder: Path) -> Iterator[None]:
        """A file that only this run has made must be seen by all nodes, those to come too."""
        with shared_probe(self._needs.terms, folder) as terms:
            check_nodes(terms, self._needs.cpus, self._needs.gpus)
            self._needs = replace(self._needs, terms=terms)
            yield

    def _hire(self, wanted: int, running: int = 0) -> None:
        """Start actors, as many as are wanted and there is room for."""
        room = self.size - running - len(self._idle) - len(self._starting)
        for _ in range(min(wanted, room)):
            needs = self._needs
            make: Any = ray.remote(_Actor).options(num_cpus=needs.cpus, num_gpus=needs.gpus)
            actor = make.remote()
            self._starting[actor.introduce.remote(needs)] = actor

    def _welcome(self, ready: Any) -> None:
        """Take an actor that has loaded its encoder among the idle."""
        actor = self._starting.pop(ready)
        try:
            node, introduction = received(ready)
        except RayError as error:
            self._losses += 1
            _check_losses(self._losses, error)
            return
        self._losses = 0
        first = self._introduction = self._introduction or introduction
        for name, value in first.facts.items():
            if introduction.facts[name] != value:
                raise MachineError(
                    f"node {node}: would give other codes: {name} is {introduction.facts[name]}, "
                    f"elsewhere {value}; install the same there"
                )
        self._idle.append(actor)


def _check_losses(count: int, error: RayError) -> None:
    """Raise MachineError where machines alone can hardly be to blame any more."""
    if count > RETRIES:
        with lost_for_good():
            raise error


def _first(refs: list[Any]) -> Any:
    ready, _ = ray.wait(refs, num_returns=1)
    return ready[0]
