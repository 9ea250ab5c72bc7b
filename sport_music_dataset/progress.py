"""Progress of long work: stages count their steps, and the command line draws a bar; notices."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Advance = Callable[[int], None]
"""Called with the number of steps done since the last call."""

Progress = Callable[[str, int], AbstractContextManager[Advance]]
"""Called with a label and the total number of steps; its `with` block gets an `Advance`."""


Notify = Callable[[str], None]
"""Called with a line of text that somebody should read."""


def going_on(label: str, rest: int, whole: int) -> str:
    """The label of what is left of some work: `Cutting (1 of 8 done before)`."""
    return f"{label} ({whole - rest} of {whole} done before)" if 0 < rest < whole else label


@contextmanager
def no_progress(label: str, total: int) -> Iterator[Advance]:
    """Give an `Advance` that reports nothing."""
    yield lambda steps: None
