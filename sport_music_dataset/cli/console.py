"""Print hints, errors and progress on stderr; make text safe for a terminal."""

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def plain(text: str) -> str:
    """Text on one line, with control characters, which a terminal would execute, as escapes."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text.encode("utf-8", "backslashreplace").decode()
    )


def quote(path: Path) -> str:
    """A path in quotes for a shell."""
    return shlex.quote(plain(str(path)))


def hint(text: str) -> None:
    """Print a hint on stderr."""
    print(plain(text), file=sys.stderr)


def fail(text: str) -> None:
    """Print an error in one line on stderr."""
    print(f"error: {plain(' '.join(text.split()))}", file=sys.stderr)


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on stderr; yield the function that advances it by some steps."""
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=Console(stderr=True), disable=total == 0) as bar:
        task = bar.add_task(label, total=total)
        yield lambda steps: bar.advance(task, steps)
