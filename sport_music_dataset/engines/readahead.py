"""Read and write in threads while the main thread computes.

This is faster if the work releases Python's lock: decoding, Parquet, PyTorch.
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
    """No more items will come, because their producer failed."""


class Behind(Generic[Item, Result]):
    """The value of `behind`: `put` items in the block; `result` is set after it."""

    result: Result

    def __init__(
        self, pool: ThreadPoolExecutor, consume: Callable[[Iterator[Item]], Result]
    ) -> None:
        # One item waits while another is in use; more would only use memory.
        self._feed: Queue[list[Item] | _StoppedError] = Queue(1)
        self._future = pool.submit(consume, self._items())

    def put(self, item: Item) -> None:
        """Pass an item to the thread; blocks while another item waits."""
        if not self._hand([item]):
            self._future.result()

    def finish(self) -> None:
        """End the items, and wait for the result."""
        self._hand([])
        self.result = self._future.result()

    def stop(self) -> None:
        """Tell the thread that no more items will come because of an error."""
        self._hand(_StoppedError())

    def _items(self) -> Iterator[Item]:
        while item := self._feed.get():
            if isinstance(item, _StoppedError):
                raise item
            yield from item

    def _hand(self, item: "list[Item] | _StoppedError") -> bool:
        """Pass a message on; returns False if the thread has ended."""
        while not self._future.done():
            with suppress(Full):
                self._feed.put(item, timeout=_WAIT_SECONDS)
                return True
        return False


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the same items; a thread makes the next item while one is in use."""
    with ThreadPoolExecutor(1) as pool:
        remaining = iter(items)
        future: Future[Item | None] = pool.submit(next, remaining, None)
        while (item := future.result()) is not None:
            future = pool.submit(next, remaining, None)
            yield item


@contextmanager
def behind(consume: Callable[[Iterator[Item]], Result]) -> Iterator[Behind[Item, Result]]:
    """Run `consume(items)` in a thread on the items that the `with` block puts.

    The result is set after the block. An error in `consume` is raised at the next item or at the
    end of the block. If the block fails, the iterator in `consume` raises an error.
    """
    with ThreadPoolExecutor(1) as pool:
        thread = Behind(pool, consume)
        try:
            yield thread
        except BaseException:
            thread.stop()
            raise
        thread.finish()
