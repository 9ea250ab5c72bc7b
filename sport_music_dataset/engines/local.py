"""Processes of this machine: results in order; a file that crashes its decoder fails alone.

What the machine fails at is tried again here, and nowhere else.
"""

import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext, suppress
from multiprocessing import active_children
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from pebble import ProcessExpired, ProcessFuture, ProcessPool
from pebble.pool.process import WORKERS_NAME
from threadpoolctl import threadpool_limits

from ..errors import MachineError
from ..progress import Advance
from ..reasons import MachineFault, Reason
from .base import Item, Result, ShardWork, in_order
from .forking import context, end_with_parent, warm_up

# Items per process that are started before the oldest result is needed: enough that no process is
# idle while a long item runs.
_AHEAD = 4
# Decoding music needs a tenth of this; a file that needs more than this is not music.
_MEMORY_BYTES = 4 << 30
# Signals from outside (shutdown, out-of-memory killer, a disk that does not give a page of code):
# they say nothing about the item. On SIGTERM, pebble's processes exit with the signal's number.
_SIGNALS_FROM_OUTSIDE = (signal.SIGTERM, -signal.SIGTERM, -signal.SIGKILL, -signal.SIGBUS)
# Waits before an item is tried again at which the machine failed: a drive on USB that starts anew,
# or a network that changes its way, takes a second or two.
_WAIT_SECONDS = (0.5, 2.0)
# How often a wait for a result looks whether the pool still works: a thread of it that has died of
# too little memory leaves its futures without a result for ever.
_LOOK_SECONDS = 1.0
# A cold disk or a busy machine takes half a minute to import what processes need.
_START_SECONDS = 120.0


def follow_parent() -> None:
    """Ignore Ctrl-C, which the parent of this process handles, and end when the parent ends."""
    # Ctrl-C signals the whole process group, but only the parent must handle it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # If the parent is killed, this process must not write any more.
    end_with_parent()


def _prepare_process() -> None:
    follow_parent()
    if sys.platform == "linux":
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = _MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(_MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    # Each core has its process already: more threads would only wait for a core.
    threadpool_limits(1)
    # A crash is recorded as the reason of its track; a core file would only fill the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Workers:
    """An `Engine` with a pool of `num_proc` processes. Use it as a context manager.

    An item that crashes or takes more than `timeout` seconds ends its process, but not the other
    items. An item at which the machine failed is not the cause, and is tried twice more: memory is
    full, a read failed, or the process was killed from outside. What took too long is not: it has
    had its time, and the next run may give it more.
    """

    def __init__(self, num_proc: int, timeout: float) -> None:
        warm_up()
        self.size = num_proc
        self._timeout = timeout
        self._pool = ProcessPool(
            max_workers=num_proc,
            initializer=_prepare_process,
            context=context(),
        )
        self._started = False

    def map(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        failed: Callable[[Item, str], Result],
    ) -> Iterator[Result]:
        """As `Engine.map`."""

        def result(started: tuple[Item, ProcessFuture[Result]]) -> Result:
            return self._result(function, *started, failed)

        pending = ((item, self._schedule(function, item)) for item in items)
        return in_order(pending, self.size * _AHEAD, result)

    def map_shards(
        self, function: ShardWork[Item, Result], jobs: Sequence[Item], advance: Advance
    ) -> Iterator[Result]:
        """As `Engine.map_shards`: one call with all jobs and these processes."""
        return function(self, jobs, advance)

    def sharing(self, folder: Path) -> AbstractContextManager[None]:
        """Nothing to do: all processes see the folders of this machine."""
        return nullcontext()

    def _schedule(self, function: Callable[[Item], Result], item: Item) -> ProcessFuture[Result]:
        if not self._started:
            self._start()
        try:
            return self._pool.schedule(function, args=(item,), timeout=self._timeout)
        except RuntimeError as error:
            raise _no_workers(error) from error

    def _result(
        self,
        function: Callable[[Item], Result],
        item: Item,
        future: ProcessFuture[Result],
        failed: Callable[[Item, str], Result],
    ) -> Result:
        for wait in (*_WAIT_SECONDS, None):
            try:
                return self._wait(future)
            except ProcessExpired as error:
                if error.exitcode not in _SIGNALS_FROM_OUTSIDE:
                    return failed(item, Reason.CRASHED.because(f"exit code {error.exitcode}"))
                killed = signal.Signals(abs(error.exitcode)).name
                reason = Reason.MACHINE.because(f"its process was ended by {killed}")
            except TimeoutError as error:
                # The pool puts words there; a number is what the disk says that is written to.
                if isinstance(error.errno, int):
                    raise
                return failed(item, Reason.TIMEOUT.because(f"took more than {self._timeout:g} s"))
            except MemoryError:
                reason = Reason.MACHINE.because("memory is full")
            except MachineFault as fault:
                reason = fault.reason
            if wait is not None:
                time.sleep(wait)
                future = self._schedule(function, item)
        return failed(item, reason)

    def _start(self) -> None:
        """Start the pool, which waits for the server that forks: without memory, it never answers.

        An error of the start comes again with the first item.
        """

        def start() -> None:
            with suppress(Exception):
                self._started = self._pool.active

        thread = Thread(target=start, daemon=True)
        thread.start()
        thread.join(_START_SECONDS)
        if thread.is_alive():
            raise _no_workers(TimeoutError(f"no answer within {_START_SECONDS:g} s"))
        self._started = True

    def _wait(self, future: ProcessFuture[Result]) -> Result:
        while True:
            try:
                return future.result(_LOOK_SECONDS)
            except BrokenProcessPool as error:
                raise _no_workers(error) from error
            except TimeoutError:
                # That of the item, or only of this wait.
                if future.done():
                    return future.result()
            if not self._pool.active:
                raise _no_workers(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._started:
            return
        if kind is None:
            self._pool.close()
        else:
            self._pool.stop()
            # The pool would ask one process after the other to end, and give each three seconds.
            for process in active_children():
                if process.name == WORKERS_NAME:
                    process.kill()
        self._pool.join()


def _no_workers(error: Exception | None) -> MachineError:
    reason = f" ({error})" if error and str(error) else ""
    return MachineError(
        f"worker processes cannot start, or end at once{reason}; run it again with --num-proc 1, "
        "or with more memory"
    )
