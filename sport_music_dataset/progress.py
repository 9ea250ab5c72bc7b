"""Progress of long work: stages count their steps, and the command line draws a bar."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Advance = Callable[[int], None]
"""Called with the number of steps done since the last call."""

Progress = Callable[[str, int], AbstractContextManager[Advance]]
"""Called with a label and the total number of steps; its `with` block gets an `Advance`."""


@contextmanager
def no_progress(label: str, total: int) -> Iterator[Advance]:
    """Give an `Advance` that reports nothing."""
    yield lambda steps: None
