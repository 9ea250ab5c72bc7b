"""A source file as decoders read it: whether the machine failed at it is known, whatever they say.

FFmpeg's demuxers take a read error for the end of the file, or for damage in it; and they report
damage as a read error. What `read(2)` itself says is the truth.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..outside.files import open_regular
from ..reasons import is_machine_fault, read_fault


class SourceReader:
    """A regular file that is open for reading; a read that fails ends it, and sets `fault`."""

    def __init__(self, name: str, descriptor: int) -> None:
        # FFmpeg looks at the name's extension too.
        self.name = name
        self.fault: OSError | None = None
        self._descriptor = descriptor

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end, and from a read that fails."""
        try:
            return os.read(self._descriptor, size)
        except OSError as error:
            self.fault = error
            return b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a byte; returns its place from the start of the file, or an error as FFmpeg's."""
        try:
            return os.lseek(self._descriptor, offset, whence)
        except OSError as error:
            # A place before the start is what a damaged file asks for.
            self.fault = error if is_machine_fault(error) else self.fault
            return -(error.errno or errno.EIO)

    def tell(self) -> int:
        """The place from the start of the file."""
        return self.seek(0, os.SEEK_CUR)

    def check(self) -> None:
        """Raise the error of a read that failed."""
        if self.fault:
            raise self.fault


@contextmanager
def reading(file: str) -> Iterator[SourceReader]:
    """A source file for the time of a block.

    Raises:
        MachineFault: the machine failed at reading it, whatever the block made of that.
        TrackError: the file is gone, or may not be read any more.
    """
    try:
        with open_regular(Path(file), links=True) as stream:
            reader = SourceReader(file, stream.fileno())
            try:
                yield reader
            except Exception:
                reader.check()
                raise
            reader.check()
    except OSError as error:
        raise read_fault(file, error) from error
