"""The streams and the terminal of a command: what they cannot take ends in no traceback."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

STDOUT = "standard output"
"""The name of the file in an error of stdout, where a path stands in other errors."""

# What Rich and Typer read as the size of the terminal. A line of more columns is drawn for minutes.
_SIZES = ("COLUMNS", "LINES", "TERMINAL_WIDTH")
_LEAST, _MOST = 20, 1_000


@contextmanager
def safe_streams() -> Iterator[None]:
    """Within the block, stdout and stderr take every character, and errors of stdout say its name.

    What stderr cannot take is lost, as is all that a closed stream is given. Sizes of the terminal
    that nobody can draw are bounded.
    """
    _bound_sizes()
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _occupy()
    before = sys.stdout, sys.stderr
    opened = _safe(sys.stdout, _Results), _safe(sys.stderr, _Messages)
    sys.stdout, sys.stderr = opened
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for stream in opened:
            if isinstance(stream, _Escaping):
                # Collected as garbage, it would close the stream that it writes to.
                stream.detach()


class _Escaping(io.TextIOWrapper):
    """A stream that writes to the buffer of `stream`, and escapes what its encoding does not have.

    After an error it writes to nowhere, so that the interpreter, at its end, has no more to say.
    """

    def __init__(self, stream: io.TextIOWrapper) -> None:
        super().__init__(
            stream.buffer,
            stream.encoding,
            "backslashreplace",
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )

    def write(self, text: str) -> int:
        """As the stream's own."""
        with self._errors():
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        """As the stream's own."""
        with self._errors():
            super().flush()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            with suppress(OSError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self.fileno())
                os.close(nowhere)
            self._failed(error)

    def _failed(self, error: OSError) -> None:
        raise NotImplementedError


class _Results(_Escaping):
    """Stdout: whoever does not get the results must know."""

    def _failed(self, error: OSError) -> None:
        error.filename = STDOUT
        raise error


class _Messages(_Escaping):
    """Stderr: there is nowhere to report its errors."""

    def _failed(self, error: OSError) -> None:
        pass


def _safe(stream: TextIO | None, kind: type[_Escaping]) -> TextIO:
    if isinstance(stream, io.TextIOWrapper):
        return kind(stream)
    # Python has None for a stream that was closed before it started. Others come from whoever
    # calls `main`, such as a notebook.
    return stream or io.StringIO()


def _occupy() -> None:
    """Open the closed ones of descriptors 0 to 2: else the next file that is opened takes one, and
    a library that writes to stderr writes into that file."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)


def _bound_sizes() -> None:
    for name in _SIZES:
        size = os.environ.get(name, "")
        if not (size.isascii() and size.isdigit() and int(size[:9]) > 0):
            os.environ.pop(name, None)
        else:
            os.environ[name] = str(min(max(int(size[:9]), _LEAST), _MOST))
