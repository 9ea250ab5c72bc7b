"""Encoders on this machine: one in this process, or one in a process for each device."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch

from ...engines.base import RaySettings, cores
from ...engines.local import follow_parent
from ...engines.memory import keep_freed_memory
from ...errors import MachineError, SportgenError
from ...extras import require
from ..codec.devices import pick_devices
from ..encoder import Encoder
from ..settings import EncodeSettings
from .base import (
    EncoderInfo,
    EncodeWorkers,
    Finished,
    Job,
    Result,
    RowsDone,
    Work,
    portion,
    reader_threads,
)


def open_workers(
    settings: EncodeSettings, chunk: tuple[int, int], ray: RaySettings | None, place: Path
) -> AbstractContextManager[EncodeWorkers]:
    """Start encoders on the devices of `settings`, or on Ray; all its nodes must see `place`.

    `chunk` is the length and the hop of the chunks, in samples.

    Raises:
        ModelError: codec or tokenizer cannot be loaded, or there is no such device.
        MachineError: Ray is not installed, cannot be reached, or a node sees other files.
    """
    if ray is not None:
        require("ray")
        from .ray import ray_workers

        return ray_workers(settings, chunk, ray, place)
    devices = pick_devices(settings.device)
    if len(devices) == 1:
        return nullcontext(OneWorker(replace(settings, device=devices[0]), chunk))
    return closing(DeviceWorkers(settings, devices, chunk))


class OneWorker:
    """`EncodeWorkers` with one encoder, in this process."""

    size = 1

    def __init__(self, settings: EncodeSettings, chunk: tuple[int, int]) -> None:
        self._encoder = Encoder(settings, reader_threads(settings.device, cores()))
        self.info = EncoderInfo.of(self._encoder, *chunk)

    def run(
        self, work: Work[Job, Result], jobs: Sequence[Job]
    ) -> Iterator[tuple[Job, RowsDone | Finished[Result]]]:
        """As `EncodeWorkers.run`."""
        for number, event in work(self._encoder, jobs):
            yield jobs[number], event

    def sharing(self, folder: Path) -> AbstractContextManager[None]:
        """Nothing to do: this process sees its own folders."""
        return nullcontext()


class DeviceWorkers:
    """`EncodeWorkers` with one process for each device; the processes share the processors.

    Call `close` after use.

    Raises:
        ModelError: as `Encoder`.
        MachineError: a process ended unexpectedly.
    """

    def __init__(
        self, settings: EncodeSettings, devices: Sequence[str], chunk: tuple[int, int]
    ) -> None:
        self.size = len(devices)
        self._processes: dict[Connection, tuple[str, BaseProcess]] = {}
        threads = max(1, torch.get_num_threads() // len(devices))
        processors = cores() // len(devices)
        # New processes, because CUDA does not work after a fork.
        context = get_context("spawn")
        for device in devices:
            ours, theirs = context.Pipe()
            own = replace(settings, device=device)
            process = context.Process(target=_serve, args=(theirs, own, chunk, threads, processors))
            process.start()
            theirs.close()
            self._processes[ours] = device, process
        try:
            self.info, *_ = [self._receive(line) for line in self._processes]
        except BaseException:
            self.close()
            raise

    def run(
        self, work: Work[Job, Result], jobs: Sequence[Job]
    ) -> Iterator[tuple[Job, RowsDone | Finished[Result]]]:
        """As `EncodeWorkers.run`; the next jobs go to the next free device."""
        waiting = deque(jobs)
        busy: dict[Connection, list[Job]] = {}
        free = deque(self._processes)
        while busy or waiting:
            while free and waiting:
                line = free.popleft()
                given = [waiting.popleft() for _ in range(portion(len(waiting), self.size))]
                self._send(line, (work, given))
                busy[line] = given
            ready = wait(list(busy))
            for line in [line for line in busy if line in ready]:
                number, event = self._receive(line)
                yield busy[line][number], event
                if isinstance(event, Finished) and number + 1 == len(busy[line]):
                    del busy[line]
                    free.append(line)

    def sharing(self, folder: Path) -> AbstractContextManager[None]:
        """Nothing to do: all processes see the folders of this machine."""
        return nullcontext()

    def close(self) -> None:
        """End the processes, even if they work."""
        for _, process in self._processes.values():
            process.terminate()
        for _, process in self._processes.values():
            process.join()

    def _send(self, line: Connection, message: Any) -> None:
        try:
            line.send(message)
        except ConnectionError:
            raise self._ended(line) from None

    def _receive(self, line: Connection) -> Any:
        try:
            event = line.recv()
        except (EOFError, ConnectionError):
            raise self._ended(line) from None
        if isinstance(event, Exception):
            raise event
        return event

    def _ended(self, line: Connection) -> MachineError:
        device, process = self._processes[line]
        process.join()
        return MachineError(
            f"device {device}: its process has ended (exit code {process.exitcode}); the same "
            "command goes on from here"
        )


def _serve(
    line: Connection,
    settings: EncodeSettings,
    chunk: tuple[int, int],
    threads: int,
    processors: int,
) -> None:
    """Load an encoder and send its facts; then do the jobs of the parent until it ends."""
    follow_parent()
    keep_freed_memory()
    torch.set_num_threads(threads)
    try:
        encoder = Encoder(settings, reader_threads(settings.device, processors))
        line.send(EncoderInfo.of(encoder, *chunk))
        while True:
            work, jobs = line.recv()
            for event in work(encoder, jobs):
                line.send(event)
    except EOFError:
        return
    except (SportgenError, OSError) as error:
        line.send(error)
