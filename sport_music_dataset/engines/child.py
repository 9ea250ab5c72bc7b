"""A child of a worker, which makes arrays ahead of it: two cores work on one item.

A thread would have to wait for Python's lock, which FFmpeg releases and takes for each packet of
26 ms.
"""

import mmap
import os
import signal
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Generic, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..reasons import MachineFault
from .forking import end_with_parent

Item = TypeVar("Item")
Result = TypeVar("Result")
Arrays = Generator[NDArray[np.int16], None, Result]
"""Yields arrays [N] int16, and returns a result."""

CAN_FORK = sys.platform == "linux"
"""Whether a process that has loaded libraries may be forked; on macOS some of them then abort."""

# How far a child is ahead: one to four minutes of mono at 32 kHz, in 16 MB. A pipe holds 15 s, for
# which it would wait where one track ends and the next begins.
_SLOTS, _SLOT_SAMPLES = 64, 1 << 17


class Child(Generic[Item, Result]):
    """A child process that calls `function(item)` for each item that is asked for, in order.

    It is up to 64 arrays ahead of who takes them, and ends when this process ends, or with `stop`.
    """

    def __init__(self, function: Callable[[Item], Arrays[Result]]) -> None:
        self._ring = _Ring()
        items, self._items = Pipe(duplex=False)
        self._asked: list[Item] = []
        self._process = os.fork()
        if not self._process:
            self._items.close()
            _run(function, items, self._ring)
        items.close()
        self._ring.close_makers()

    def ask(self, item: Item) -> None:
        """Let the child make the arrays of an item, once it has made those before it."""
        self._items.send(item)
        self._asked.append(item)

    @property
    def asked(self) -> Sequence[Item]:
        """The items whose arrays are not taken yet."""
        return self._asked

    def can_give(self, item: Item) -> bool:
        """Whether `arrays` are those of an item, if it is asked for."""
        return bool(self._process) and self._asked[:1] in ([], [item])

    def arrays(self) -> Arrays[Result]:
        """Yield the arrays of the first item that is asked for; returns its result, or raises.

        A signal that ends the child ends this process too: the engine knows what that says of an
        item. A child whose arrays are not taken to their end is stopped.

        Raises:
            MachineFault: the child has ended without a result.
        """
        is_whole = False
        try:
            result, error = yield from self._ring.take()
            is_whole = True
        except (EOFError, OSError):
            self._follow()
        finally:
            if not is_whole:
                self.stop()
        del self._asked[0]
        if error:
            raise error
        found: Result = result
        return found

    def stop(self) -> None:
        """End the child, whatever it does."""
        self._asked.clear()
        self._ring.close_takers()
        self._items.close()
        if self._process:
            os.kill(self._process, signal.SIGKILL)
            self._wait()

    def _follow(self) -> NoReturn:
        self._ring.close_takers()  # a child that still lives does not wait
        code = self._wait()
        if code < 0:
            os.kill(os.getpid(), -code)
        raise MachineFault("a child process", f"it was ended, exit code {code}")

    def _wait(self) -> int:
        _, status = os.waitpid(self._process, 0)
        self._process = 0
        return os.waitstatus_to_exitcode(status)


class _Ring:
    """Slots of memory for arrays [N] int16, from one process to another that is forked from it.

    Two pipes tell which slots are full, and which are free again.
    """

    def __init__(self) -> None:
        memory = mmap.mmap(-1, _SLOTS * _SLOT_SAMPLES * np.dtype(np.int16).itemsize)
        self._slots = np.frombuffer(memory, np.int16).reshape(_SLOTS, _SLOT_SAMPLES)
        self._full, self._put = Pipe(duplex=False)
        self._free, self._taken = Pipe(duplex=False)
        # Slots that were filled, or taken, since the beginning.
        self._count = 0

    def close_makers(self) -> None:
        """Close the ends of who puts: the other process then sees that this one has none."""
        self._put.close()
        self._free.close()

    def close_takers(self) -> None:
        """As `close_makers`, the ends of who takes."""
        self._full.close()
        self._taken.close()

    def put(self, array: NDArray[np.int16]) -> None:
        """Put an array into slots, as soon as they are free."""
        for start in range(0, len(array), _SLOT_SAMPLES):
            part = array[start : start + _SLOT_SAMPLES]
            if self._count >= _SLOTS:
                self._free.recv_bytes()
            self._slots[self._count % _SLOTS, : len(part)] = part
            self._put.send_bytes(len(part).to_bytes(4))
            self._count += 1

    def end(self, message: Any) -> None:
        """Put a message behind all arrays."""
        self._put.send_bytes(b"")
        self._put.send(message)

    def take(self) -> Arrays[Any]:
        """Yield what is put, and return the message behind it."""
        while length := int.from_bytes(self._full.recv_bytes()):
            array = self._slots[self._count % _SLOTS, :length].copy()
            self._count += 1
            with suppress(OSError):  # of a process that has put all, and has ended
                self._taken.send_bytes(b"\0")
            yield array
        return self._full.recv()


def _run(function: Callable[[Any], Arrays[Any]], items: Connection, ring: _Ring) -> NoReturn:
    """Put into a ring what `function` gives of each item; ends this process after the last."""
    code = 1
    try:
        end_with_parent()
        ring.close_takers()
        with suppress(EOFError):
            while True:
                ring.end(_put_all(function(items.recv()), ring))
        code = 0
    finally:
        # The parent's buffers and locks are not this process's to flush or to release.
        os._exit(code)


def _put_all(arrays: Arrays[Any], ring: _Ring) -> tuple[Any, Exception | None]:
    """Put all arrays into a ring; returns (result, error)."""
    try:
        while True:
            ring.put(next(arrays))
    except StopIteration as end:
        return end.value, None
    except Exception as error:  # whatever it is, the parent raises it
        return None, error
