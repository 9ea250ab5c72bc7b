"""Write a file whole or not at all: write under a temporary name, then rename."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PARTIAL = ".partial"
"""Suffix of the name of a file that is still being written."""

_PARTIAL_NAME = re.compile(rf"(.+)\.[0-9a-f]{{8}}\{PARTIAL}", re.DOTALL)


def partial_name(file: Path) -> Path:
    """A temporary name for `file` that no other attempt uses.

    An engine may start a second attempt while the first, on a worker that does not answer, still
    writes.
    """
    return file.with_name(f"{file.name}.{secrets.token_hex(4)}{PARTIAL}")


def file_of_partial(name: str) -> str:
    """The name of the file that a temporary name stands for; empty for any other name."""
    match = _PARTIAL_NAME.fullmatch(name)
    return match[1] if match else ""


def write_atomically(file: Path, data: bytes) -> None:
    """Write `data` to `file`: readers see the old or the new file, never a part of it."""
    with replaced(file) as (stream, _):
        stream.write(data)


def link_or_copy(source: Path, file: Path) -> None:
    """Give a file a second name, which stays where the first gets another file; a copy if need be.

    A file that has the name `file` already stays.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, file)
    except FileExistsError:
        return
    except OSError:  # another disk, or one without links
        with replaced(file) as (stream, _), source.open("rb") as data:
            shutil.copyfileobj(data, stream)


@contextmanager
def replaced(file: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """Yield a stream and its temporary path; a block without an error renames it to `file`.

    Data and rename are on the disk after the block.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_name(file)
    try:
        with partial.open("xb") as stream:
            yield stream, partial
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(file.parent)


def _sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk: without that, a power cut may undo a rename.

    Windows opens no folder, and keeps a journal of renames.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
