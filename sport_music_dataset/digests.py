"""Digests that identify values and files: sha256, in hex."""

import hashlib
import json
import os
from pathlib import Path

from .outside.files import open_regular

_BLOCK_BYTES = 1 << 20


def digest(value: object) -> str:
    """sha256, in hex, of a value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def file_digest(file: Path) -> str:
    """sha256, in hex, of the bytes that a regular file had when it was opened.

    A file that grows faster than it is read comes to an end too; that it has changed shows in its
    size.

    Raises:
        OSError: the file is missing, not readable, or no regular file; it names the file.
    """
    found = hashlib.sha256()
    with open_regular(file, links=True) as stream:
        left = os.fstat(stream.fileno()).st_size
        try:
            while left > 0 and (block := stream.read(min(left, _BLOCK_BYTES))):
                found.update(block)
                left -= len(block)
        except OSError as error:  # that of a read has no name
            error.filename = str(file)
            raise
    return found.hexdigest()
