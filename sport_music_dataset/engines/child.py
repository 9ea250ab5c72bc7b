"""A child of a worker, which makes arrays ahead of it: two cores work on one item.

A thread would have to wait for Python's lock, which FFmpeg releases and takes for each packet of
26 ms.
"""

import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Generic, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..reasons import MachineFault
from .forking import end_with_parent

Result = TypeVar("Result")
Arrays = Generator[NDArray[np.int16], None, Result]
"""Yields arrays [N] int16, and returns a result."""

CAN_FORK = sys.platform == "linux"
"""Whether a process that has loaded libraries may be forked; on macOS some of them then abort."""

# How far a child is ahead, 15 s of mono at 32 kHz: the most that Linux gives to any user.
_PIPE_BYTES = 1 << 20


class Child(Generic[Result]):
    """A child process that runs `make()`, up to a megabyte ahead of who reads `arrays`.

    It ends when this process ends, or with `stop`.
    """

    def __init__(self, make: Callable[[], Arrays[Result]]) -> None:
        self._source, sink = Pipe(duplex=False)
        self._process = os.fork()
        if not self._process:
            _run(make, sink)
        sink.close()

    def arrays(self) -> Arrays[Result]:
        """Yield the arrays that the child makes; returns its result, or raises its error.

        A signal that ends the child ends this process too: the engine knows what that says of an
        item.

        Raises:
            MachineFault: the child has ended without a result.
        """
        try:
            while data := self._source.recv_bytes():
                yield np.frombuffer(data, np.int16)
            result, error = self._source.recv()
        except (EOFError, OSError):
            self._follow()
        finally:
            self.stop()
        if error:
            raise error
        found: Result = result
        return found

    def stop(self) -> None:
        """End the child, whatever it does."""
        self._source.close()
        if self._process:
            os.kill(self._process, signal.SIGKILL)
            self._wait()

    def _follow(self) -> NoReturn:
        self._source.close()  # a child that still lives does not wait for a reader
        code = self._wait()
        if code < 0:
            os.kill(os.getpid(), -code)
        raise MachineFault("a child process", f"it was ended, exit code {code}")

    def _wait(self) -> int:
        _, status = os.waitpid(self._process, 0)
        self._process = 0
        return os.waitstatus_to_exitcode(status)


def _run(make: Callable[[], Arrays[Any]], sink: Connection) -> NoReturn:
    """Send what `make()` yields, an empty array, and (result, error); ends this process."""
    code = 1
    try:
        end_with_parent()
        _widen(sink)
        message: tuple[Any, Exception | None]
        try:
            message = _send(make(), sink), None
        except Exception as error:
            message = None, error
        sink.send_bytes(b"")
        sink.send(message)
        code = 0
    finally:
        # The parent's buffers and locks are not this process's to flush or to release.
        os._exit(code)


def _send(arrays: Arrays[Result], sink: Connection) -> Result:
    while True:
        try:
            array = next(arrays)
        except StopIteration as end:
            result: Result = end.value
            return result
        if array.size:
            sink.send_bytes(array.data)


def _widen(sink: Connection) -> None:
    import fcntl  # Windows has none

    with suppress(OSError):
        fcntl.fcntl(sink.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
