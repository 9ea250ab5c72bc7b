"""Workers that have an encoder loaded: this process, one process for each device, or Ray."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch

from ...engines.base import RaySettings, require_ray
from ...engines.local import follow_parent
from ...errors import MachineError, SportgenError
from ..codec.devices import pick_devices
from ..codec.memory import keep_freed_memory
from ..encoder import Encoder, EncodeSettings

Job = TypeVar("Job")
Result = TypeVar("Result")
# Yields the number of rows done, any number of times, then its result.
Work = Callable[[Encoder, Job], Iterator[int | Result]]


@dataclass(frozen=True, slots=True)
class Introduction:
    """What an encoder says of itself: the facts of `Encoder`, and why it shares no work between
    chunks of the release's length and hop, if so."""

    facts: dict[str, Any]
    code_facts: dict[str, Any]
    unshared_reason: str

    @classmethod
    def of(cls, encoder: Encoder, samples: int, hop: int) -> "Introduction":
        """That of `encoder`, for chunks of so many samples, a hop apart."""
        reason = encoder.codec.unshared_reason(samples, hop)
        return cls(encoder.facts, encoder.code_facts, reason)


class Encoders(Protocol):
    """Workers that each hold an encoder; all give the same codes."""

    @property
    def introduction(self) -> Introduction:
        """What holds for each of them."""

    @property
    def size(self) -> int:
        """How many work at once."""

    def run(
        self, work: "Work[Job, Result]", jobs: Sequence[Job]
    ) -> Iterator[tuple[Job, int | Result]]:
        """What `work(encoder, job)` yields for each job, in the order in which it comes; rows
        that a lost worker has counted are taken back."""

    def sharing(self, folder: Path) -> AbstractContextManager[None]:
        """While all workers write to `folder`; raises MachineError where one does not see it."""


def open_encoders(
    settings: EncodeSettings, chunk: tuple[int, int], ray: RaySettings | None, place: Path
) -> AbstractContextManager[Encoders]:
    """Encoders on the devices of `settings`, or on Ray, all nodes of which must see `place`.

    `chunk` is the length of chunks and their hop, in samples.

    Raises:
        ModelError: codec or tokenizer cannot be loaded, or a device is not there.
        MachineError: Ray is not installed, cannot be reached, or a node sees other files.
    """
    if ray is not None:
        require_ray()
        from .ray import ray_encoders

        return ray_encoders(settings, chunk, ray, place)
    devices = pick_devices(settings.device)
    if len(devices) == 1:
        return nullcontext(OneEncoder(replace(settings, device=devices[0]), chunk))
    return closing(DeviceEncoders(settings, devices, chunk))


class OneEncoder:
    """An encoder in this process; as `Encoders`."""

    size = 1

    def __init__(self, settings: EncodeSettings, chunk: tuple[int, int]) -> None:
        self._encoder = Encoder(settings)
        self.introduction = Introduction.of(self._encoder, *chunk)

    def run(
        self, work: Work[Job, Result], jobs: Sequence[Job]
    ) -> Iterator[tuple[Job, int | Result]]:
        """As `Encoders.run`."""
        for job in jobs:
            for event in work(self._encoder, job):
                yield job, event

    def sharing(self, folder: Path) -> AbstractContextManager[None]:
        """Nothing to do."""
        return nullcontext()


class DeviceEncoders:
    """A process for each device, which share the processors; as `Encoders`. To be closed.

    Raises:
        ModelError: as `Encoder`.
        MachineError: a process has ended.
    """

    def __init__(
        self, settings: EncodeSettings, devices: Sequence[str], chunk: tuple[int, int]
    ) -> None:
        self.size = len(devices)
        self._processes: dict[Connection, tuple[str, BaseProcess]] = {}
        threads = max(1, torch.get_num_threads() // len(devices))
        # Started anew: CUDA does not survive a fork.
        context = get_context("spawn")
        for device in devices:
            ours, theirs = context.Pipe()
            own = replace(settings, device=device)
            process = context.Process(target=_serve, args=(theirs, own, chunk, threads))
            process.start()
            theirs.close()
            self._processes[ours] = device, process
        try:
            self.introduction, *_ = [self._receive(line) for line in self._processes]
        except BaseException:
            self.close()
            raise

    def run(
        self, work: Work[Job, Result], jobs: Sequence[Job]
    ) -> Iterator[tuple[Job, int | Result]]:
        """As `Encoders.run`; a job goes to the device that is free first."""
        waiting = iter(jobs)
        busy: dict[Connection, Job] = {}
        for line, job in zip(self._processes, waiting, strict=False):
            line.send((work, job))
            busy[line] = job
        while busy:
            ready = wait(list(busy))
            for line in [line for line in busy if line in ready]:
                event = self._receive(line)
                yield busy[line], event
                if isinstance(event, int):
                    continue
                del busy[line]
                for job in islice(waiting, 1):
                    line.send((work, job))
                    busy[line] = job

    def sharing(self, folder: Path) -> AbstractContextManager[None]:
        """Nothing to do: all processes see the folders of this machine."""
        return nullcontext()

    def close(self) -> None:
        """End the processes, whatever they do."""
        for _, process in self._processes.values():
            process.terminate()
        for _, process in self._processes.values():
            process.join()

    def _receive(self, line: Connection) -> Any:
        try:
            event = line.recv()
        except EOFError:
            device, process = self._processes[line]
            process.join()
            raise MachineError(
                f"device {device}: its process has ended (exit code {process.exitcode}); the same "
                "command goes on from here"
            ) from None
        if isinstance(event, Exception):
            raise event
        return event


def _serve(
    line: Connection, settings: EncodeSettings, chunk: tuple[int, int], threads: int
) -> None:
    """Introduce an encoder, then do the work that comes, until there is nobody to tell."""
    follow_parent()
    keep_freed_memory()
    torch.set_num_threads(threads)
    try:
        encoder = Encoder(settings)
        line.send(Introduction.of(encoder, *chunk))
        while True:
            work, job = line.recv()
            for event in work(encoder, job):
                line.send(event)
    except EOFError:
        return
    except (SportgenError, OSError) as error:
        line.send(error)
