"""Processes of this machine: results in order; a file that crashes its decoder fails alone.

What the machine fails at is tried again here, and nowhere else.
"""

import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext, suppress
from multiprocessing import active_children
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Generic, NamedTuple, Self

from pebble import ProcessExpired, ProcessFuture, ProcessPool
from pebble.pool.process import WORKERS_NAME
from threadpoolctl import threadpool_limits

from ..errors import MachineError
from ..progress import Advance
from ..reasons import MachineFault, Reason
from .base import Item, Result, ShardWork, in_order
from .forking import context, end_with_parent, warm_up
from .memory import keep_freed_memory, limit_process

# Items per process that are started before the oldest result is needed: enough that no process is
# idle while a long item runs.
_AHEAD = 4
# Decoding music needs a tenth of this; a file that needs more than this is not music.
_MEMORY_BYTES = 4 << 30
# Signals from outside (shutdown, out-of-memory killer, a disk that does not give a page of code):
# they say nothing about the item. Nor does an exit code over 0: with these, pebble's processes end
# on SIGTERM, and where they cannot reach their parent; a decoder that crashes ends by a signal.
# Windows has not all of these, and ends a process with an exit code over 0.
_SIGNALS_FROM_OUTSIDE = tuple(
    -getattr(signal, name) for name in ("SIGTERM", "SIGKILL", "SIGBUS") if hasattr(signal, name)
)
# Waits before an item is tried again at which the machine failed: a drive on USB that starts anew,
# or a network that changes its way, takes a second or two.
_WAIT_SECONDS = (0.5, 2.0)
# How often a wait for a result looks whether the pool still works: a thread of it that has died of
# too little memory leaves its futures without a result for ever.
_LOOK_SECONDS = 1.0
# How many new pools there may be without a result: where the memory is full, each breaks at once.
_MOST_NEW_POOLS = 2
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
    keep_freed_memory(spare_bytes=0)
    limit_process(_MEMORY_BYTES)
    # Each core has its process already: more threads would only wait for a core.
    threadpool_limits(1)


class _Begun(NamedTuple, Generic[Result]):
    """The future of an item, and the pool that has it."""

    future: ProcessFuture[Result]
    pool: ProcessPool


class Workers:
    """An `Engine` with a pool of `num_proc` processes. Use it as a context manager.

    An item that crashes or takes more than `timeout` seconds ends its process, but not the other
    items. An item at which the machine failed is not the cause, and is tried twice more: memory is
    full, a read failed, or the process was killed from outside. What took too long is not: it has
    had its time, and the next run may give it more.

    A process that is killed while it takes an item breaks the pool, in which nobody knows then who
    has what. There is a new pool then, for all items without a result.
    """

    def __init__(self, num_proc: int, timeout: float) -> None:
        warm_up()
        self.size = num_proc
        self._timeout = timeout
        self._pool = self._new_pool()
        self._started = False
        # New pools since the last result.
        self._new_pools = 0

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self.size,
            initializer=_prepare_process,
            context=context(),
        )

    def map(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        failed: Callable[[Item, str], Result],
    ) -> Iterator[Result]:
        """As `Engine.map`."""

        def result(started: tuple[Item, _Begun[Result]]) -> Result:
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

    def _schedule(self, function: Callable[[Item], Result], item: Item) -> _Begun[Result]:
        while True:
            if not self._started:
                self._start()
            try:
                future = self._pool.schedule(function, args=(item,), timeout=self._timeout)
                return _Begun(future, self._pool)
            except RuntimeError as error:
                self._renew(error)

    def _result(
        self,
        function: Callable[[Item], Result],
        item: Item,
        begun: _Begun[Result],
        failed: Callable[[Item, str], Result],
    ) -> Result:
        for pause in (*_WAIT_SECONDS, None):
            try:
                return self._wait(function, item, begun)
            except ProcessExpired as error:
                code = f"exit code {error.exitcode}"
                if error.exitcode < 0 and error.exitcode not in _SIGNALS_FROM_OUTSIDE:
                    return failed(item, Reason.CRASHED.because(code))
                reason = Reason.MACHINE.because(f"its process was ended, {code}")
            except TimeoutError as error:
                # The pool puts words there; a number is what the disk says that is written to.
                if isinstance(error.errno, int):
                    raise
                return failed(item, Reason.TIMEOUT.because(f"took more than {self._timeout:g} s"))
            except MemoryError:
                reason = Reason.MACHINE.because("memory is full")
            except MachineFault as fault:
                reason = fault.reason
            if pause is not None:
                time.sleep(pause)
                begun = self._schedule(function, item)
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

    def _wait(
        self, function: Callable[[Item], Result], item: Item, begun: _Begun[Result]
    ) -> Result:
        while True:
            while not begun.future.done() and begun.pool is self._pool and self._pool.active:
                wait([begun.future], _LOOK_SECONDS)
            error = None
            if begun.future.done():
                try:
                    result = begun.future.result()
                except BrokenProcessPool as broken:
                    error = broken
                else:
                    self._new_pools = 0
                    return result
            if begun.pool is self._pool:
                self._renew(error)
            begun = self._schedule(function, item)

    def _renew(self, error: Exception | None) -> None:
        """Put a new pool in the place of a broken one; raises MachineError if others broke too."""
        if self._new_pools == _MOST_NEW_POOLS:
            raise _no_workers(error) from error
        self._new_pools += 1
        self._stop()
        self._pool, self._started = self._new_pool(), False

    def _stop(self) -> None:
        """End the processes of the pool, whatever they do."""
        self._pool.stop()
        # The pool would ask one process after the other to end, and give each three seconds.
        for process in active_children():
            if process.name == WORKERS_NAME:
                process.kill()
        self._pool.join()

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
            self._pool.join()
        else:
            self._stop()


def _no_workers(error: Exception | None) -> MachineError:
    reason = f" ({error})" if error and str(error) else ""
    return MachineError(
        f"worker processes cannot start, or end at once{reason}; run it again with --num-proc 1, "
        "or with more memory"
    )
