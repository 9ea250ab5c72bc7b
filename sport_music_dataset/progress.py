"""How long work reports that it goes on; the command line draws it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

# Called with a label and the number of steps; gives a function that counts steps done.
Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@contextmanager
def no_progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Report nothing."""
    yield lambda steps: None
