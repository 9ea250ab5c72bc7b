"""Threads beside the one that computes: one reads ahead of it, one writes behind it.

They pay where the work of both releases the interpreter: decoding, Parquet, PyTorch.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import Full, Queue
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_WAIT_SECONDS = 0.5


class _StoppedError(Exception):
    """The items will not be completed: whoever makes them has failed."""


class Behind(Generic[Item, Result]):
    """What `behind` gives: `put` items, and find the result after the block."""

    result: Result

    def __init__(
        self, pool: ThreadPoolExecutor, consume: Callable[[Iterator[Item]], Result]
    ) -> None:
        # One waits while another is in use: more would only hold memory.
        self._feed: Queue[list[Item] | _StoppedError] = Queue(1)
        self._future = pool.submit(consume, self._items())

    def put(self, item: Item) -> None:
        """Hand an item over; waits while another waits."""
        if not self._hand([item]):
            self._future.result()

    def finish(self) -> None:
        """There are no more items; wait for the result."""
        self._hand([])
        self.result = self._future.result()

    def stop(self) -> None:
        """The items will not be completed."""
        self._hand(_StoppedError())

    def _items(self) -> Iterator[Item]:
        while item := self._feed.get():
            if isinstance(item, _StoppedError):
                raise item
            yield from item

    def _hand(self, item: "list[Item] | _StoppedError") -> bool:
        """Whether the consumer was still there to take it."""
        while not self._future.done():
            with suppress(Full):
                self._feed.put(item, timeout=_WAIT_SECONDS)
                return True
        return False


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same items, each made in a thread while the one before it is in use."""
    with ThreadPoolExecutor(1) as pool:
        remaining = iter(items)
        future: Future[Item | None] = pool.submit(next, remaining, None)
        while (item := future.result()) is not None:
            future = pool.submit(next, remaining, None)
            yield item


@contextmanager
def behind(consume: Callable[[Iterator[Item]], Result]) -> Iterator[Behind[Item, Result]]:
    """A thread that runs `consume(items)` on what the block puts; its result is there at the end.

    An error of `consume` is raised at the next item or at the end of the block; where the block
    fails, `consume` sees its items end with an error.
    """
    with ThreadPoolExecutor(1) as pool:
        thread = Behind(pool, consume)
        try:
            yield thread
        except BaseException:
            thread.stop()
            raise
        thread.finish()
