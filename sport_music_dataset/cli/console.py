"""Print hints, errors and progress on stderr; make text safe for a terminal."""

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import monotonic

_SECONDS_BETWEEN_LINES = 30.0


def plain(text: str) -> str:
    """Text on one line, with control characters, which a terminal would execute, as escapes."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text.encode("utf-8", "backslashreplace").decode()
    )


def quote(path: Path | str) -> str:
    """A path, or the name of a release, in quotes for a shell where it needs them."""
    return shlex.quote(plain(str(path)))


def hint(text: str) -> None:
    """Print a hint on stderr."""
    print(plain(text), file=sys.stderr)


def fail(text: str) -> None:
    """Print an error in one line on stderr."""
    print(f"error: {plain(' '.join(text.split()))}", file=sys.stderr)


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show progress on stderr; yield the function that advances it by some steps.

    A terminal shows a bar. A log gets a line after each tenth, but none within half a minute of the
    last, and one at the end.
    """
    if not total:
        yield lambda steps: None
    elif sys.stderr.isatty():
        with _bar(label, total) as advance:
            yield advance
    else:
        log = _Log(label, total)
        yield log.advance
        log.end()


class _Log:
    """Lines that say how far a stage is, for a log."""

    def __init__(self, label: str, total: int) -> None:
        self._label, self._total, self._done = label, total, 0
        self._started = self._said = monotonic()
        self._next = total / 10
        # Stages advance from the threads that do their work.
        self._lock = Lock()

    def advance(self, steps: int) -> None:
        """Count steps, and say so if it is time."""
        with self._lock:
            self._done += steps
            now = monotonic()
            if now - self._said < _SECONDS_BETWEEN_LINES or not self._next <= self._done:
                return
            self._said, self._next = now, self._done + self._total / 10
            rest = (now - self._started) * (self._total / self._done - 1)
            share = f"{self._done / self._total:.0%}"
        hint(f"{self._label}: {self._done} of {self._total} ({share}), {_time(rest)} left")

    def end(self) -> None:
        """Say how long it took."""
        hint(f"{self._label}: {self._done} of {self._total}, {_time(monotonic() - self._started)}")


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6_000 else f"{seconds / 3600:.1f} hours"


@contextmanager
def _bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total)
        yield lambda steps: bar.advance(task, steps)
