"""Files that are there whole or not at all: written under another name, then renamed."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PARTIAL = ".partial"
"""How the name of a file ends that is still being written."""


def partial_name(file: Path) -> Path:
    """A temporary name that no other attempt uses: a worker that was thought lost may go on."""
    return file.with_name(f"{file.name}.{secrets.token_hex(4)}{PARTIAL}")


def write_atomically(file: Path, data: bytes) -> None:
    """Write `data` under a temporary name, then rename: readers see the old or the new."""
    with replaced(file) as (stream, _):
        stream.write(data)


@contextmanager
def replaced(file: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """A stream, and its temporary path, that become `file` when the block ends without error.

    Stream and rename are on the disk by then: without the folder's fsync a power cut may undo a
    rename.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_name(file)
    try:
        with partial.open("wb") as stream:
            yield stream, partial
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
