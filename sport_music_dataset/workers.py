"""Work on processes: results in order, a bounded number ahead, a crash costs one item only."""

import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import get_all_start_methods, get_context
from types import TracebackType
from typing import Self, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

Item = TypeVar("Item")
Result = TypeVar("Result")

# Results that wait for their turn, per process: enough that none idles behind a long item.
_AHEAD = 4


def _ignore_interrupts() -> None:
    # Ctrl-C reaches the whole process group; the parent alone answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Workers:
    """A pool of `num_proc` processes. Use it as a context manager."""

    def __init__(self, num_proc: int) -> None:
        # A fork of a process with threads (OpenMP, Arrow) may hang; a fork server has none.
        method = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
        context = get_context(method)
        if method == "forkserver":
            context.set_forkserver_preload(["sport_music_dataset.rows"])
        self._ahead = num_proc * _AHEAD
        self._pool = ProcessPool(
            max_workers=num_proc, initializer=_ignore_interrupts, context=context
        )

    def map(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        crashed: Callable[[Item, str], Result],
    ) -> Iterator[Result]:
        """`function(item)` for every item, in order; `crashed(item, why)` where a process died."""
        waiting: deque[tuple[Item, ProcessFuture[Result]]] = deque()
        for item in items:
            waiting.append((item, self._pool.schedule(function, args=(item,))))
            if len(waiting) > self._ahead:
                yield self._result(*waiting.popleft(), crashed)
        while waiting:
            yield self._result(*waiting.popleft(), crashed)

    @staticmethod
    def _result(
        item: Item, future: ProcessFuture[Result], crashed: Callable[[Item, str], Result]
    ) -> Result:
        try:
            return future.result()
        except ProcessExpired as error:
            return crashed(item, f"exit code {error.exitcode}")

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
