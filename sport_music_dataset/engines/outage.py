"""Stops a run whose source is gone or whose disk fails, instead of leaving out all its tracks."""

import os
from pathlib import Path

from ..errors import MachineError, SourceError
from ..reasons import is_of_one_run

MOST_IN_A_ROW = 20
"""Files that may fail one after the other by no fault of their own.

A bad sector or a bad cable costs single files. With three tries each, 20 files take a minute.
"""


class Outage:
    """Sees the reasons of a source's files, in order, and raises when it is not the files.

    Args:
        folder: the folder of the source; None where it is not on a disk that may go away.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder.resolve() if folder else None
        # Not the device: other machines know the same folder by another one.
        self._inode = self._folder.stat().st_ino if self._folder and self._folder.exists() else 0
        self._in_a_row = 0

    def see(self, path: str, reason: str) -> None:
        """Take note of the reason of a file, empty if it was read.

        Raises:
            SourceError: the folder is gone, or another one, or empty.
            MachineError: too many files in a row have failed by no fault of their own.
        """
        if not is_of_one_run(reason):
            self._in_a_row = 0
            return
        self._check_folder()
        self._in_a_row += 1
        if self._in_a_row >= MOST_IN_A_ROW:
            raise MachineError(
                f"{path}: {reason}, as {MOST_IN_A_ROW} files in a row; see to the disk, the "
                "network and the memory, or give more --timeout, then run the same command again"
            )

    def _check_folder(self) -> None:
        if self._folder is None:
            return
        try:
            with os.scandir(self._folder) as entries:
                state = "is empty" if next(entries, None) is None else ""
            if self._folder.stat().st_ino != self._inode:
                state = "is another folder"
        except OSError as error:
            state = (error.strerror or "cannot be listed").lower()
        if state:
            raise SourceError(
                f"{self._folder}: went away while it was read ({state}); connect or mount it "
                "again, then run the same command again, which goes on"
            )
