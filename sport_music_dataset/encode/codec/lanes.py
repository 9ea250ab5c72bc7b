"""Threads that compute side by side on a CPU, each with processors of its own.

PyTorch spreads one product over all processors, whose threads wait for one another after each. An
LSTM step takes a millisecond: where another program has a processor for a moment, all stand still,
and spin. Threads that each have their own tiles and chunks wait at the end alone.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")

# More lanes would share out too few chunks: each reads all weights of the LSTM.
_MOST_LANES = 4


class Lanes:
    """As many lanes as fit PyTorch's number of threads; one, the caller itself, on a GPU."""

    def __init__(self, device: torch.device) -> None:
        threads = torch.get_num_threads()
        self.count = min(_MOST_LANES, threads) if device.type == "cpu" else 1
        self._pool = self._started(threads) if self.count > 1 else None

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """`function` of all items, each in one lane."""
        if self._pool is None:
            return [function(item) for item in items]
        inferring = torch.is_inference_mode_enabled()

        def call(item: Item) -> Result:
            with torch.inference_mode(inferring):
                return function(item)

        return list(self._pool.map(call, items))

    def _started(self, threads: int) -> ThreadPoolExecutor:
        started = Barrier(self.count + 1)
        pool = ThreadPoolExecutor(
            self.count, "lane", torch.set_num_threads, (threads // self.count,)
        )
        for _ in range(self.count):
            pool.submit(started.wait)
        started.wait()
        # A thread's setting is its own, but also what later threads of the user begin with.
        torch.set_num_threads(threads)
        return pool
