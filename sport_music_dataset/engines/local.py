"""Work on processes: results in order, a bounded number ahead, and a bad item costs itself only."""

import ctypes
import resource
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool
from threadpoolctl import threadpool_limits

from ..reasons import Reason
from .forking import context, warm_up

Item = TypeVar("Item")
Result = TypeVar("Result")

# Results that wait for their turn, per process: enough that none idles behind a long item.
_AHEAD = 4
# Decoding needs a tenth of it; a file that wants more is not music.
_MEMORY_BYTES = 4 << 30
_PR_SET_PDEATHSIG = 1
# A decoder does not send them: a machine going down does, or one that is out of memory.
# On SIGTERM, pebble's processes exit with its number.
_SENT_FROM_OUTSIDE = (signal.SIGTERM, -signal.SIGTERM, -signal.SIGKILL)


def follow_parent() -> None:
    """Leave Ctrl-C to the parent of this process, and end when that ends."""
    # Ctrl-C reaches the whole process group; the parent alone answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        # When the parent is killed, nothing that it started goes on writing.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prepare_process() -> None:
    follow_parent()
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES, _MEMORY_BYTES))
    # There is a process for each core: threads of one only wait for those of the others.
    threadpool_limits(1)
    # A crash is recorded as its track's reason; a core file would only fill the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Workers:
    """A pool of `num_proc` processes. Use it as a context manager.

    An item that takes more than `timeout` seconds loses its process, and so does one that crashes
    it; the others do not notice. A process killed from outside says nothing about its item, which
    is tried once more.
    """

    def __init__(self, num_proc: int, timeout: float) -> None:
        warm_up()
        self.size = num_proc
        self._ahead = num_proc * _AHEAD
        self._timeout = timeout
        self._pool = ProcessPool(
            max_workers=num_proc, initializer=_prepare_process, context=context()
        )

    def map(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        failed: Callable[[Item, str], Result],
    ) -> Iterator[Result]:
        """`function(item)` for every item, in order; `failed(item, reason)` where it cost its
        process."""
        waiting: deque[tuple[Item, ProcessFuture[Result]]] = deque()
        for item in items:
            waiting.append((item, self._schedule(function, item)))
            if len(waiting) > self._ahead:
                yield self._result(function, *waiting.popleft(), failed)
        while waiting:
            yield self._result(function, *waiting.popleft(), failed)

    def deal(
        self,
        function: Callable[[Self, Sequence[Item], Callable[[int], None]], Iterator[Result]],
        jobs: Sequence[Item],
        advance: Callable[[int], None],
    ) -> Iterator[Result]:
        """What `function(self, jobs, advance)` yields."""
        return function(self, jobs, advance)

    def sharing(self, folder: Path) -> AbstractContextManager[None]:
        """Nothing to do: all processes see the folders of this machine."""
        return nullcontext()

    def _schedule(self, function: Callable[[Item], Result], item: Item) -> ProcessFuture[Result]:
        return self._pool.schedule(function, args=(item,), timeout=self._timeout)

    def _result(
        self,
        function: Callable[[Item], Result],
        item: Item,
        future: ProcessFuture[Result],
        failed: Callable[[Item, str], Result],
        again: bool = True,
    ) -> Result:
        try:
            return future.result()
        except ProcessExpired as error:
            if again and error.exitcode in _SENT_FROM_OUTSIDE:
                future = self._schedule(function, item)
                return self._result(function, item, future, failed, again=False)
            return failed(item, Reason.CRASHED.because(f"exit code {error.exitcode}"))
        except TimeoutError:
            return failed(item, Reason.LIMIT.because(f"took more than {self._timeout:g} s"))
        except MemoryError:
            return failed(item, Reason.LIMIT.because("needs too much memory"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._pool.close()
        else:
            self._pool.stop()
        self._pool.join()
