"""How long work reports that it goes on; the command line draws it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Advance = Callable[[int], None]
"""Counts steps that are done."""

Progress = Callable[[str, int], AbstractContextManager[Advance]]
"""Called with a label and the number of steps; gives the function that counts them."""


@contextmanager
def no_progress(label: str, total: int) -> Iterator[Advance]:
    """Report nothing."""
    yield lambda steps: None
