"""Files that strangers wrote: only regular files are opened, and no more is read than a limit."""

import errno
import io
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from typing_extensions import Buffer

from ..errors import SportgenError
from ..reasons import is_machine_fault

MANIFEST_BYTES = 64 << 20
"""Most bytes of a manifest or a note: those of a million tracks have fewer."""
CARD_BYTES = 8 << 20
"""Most bytes of a card, README.md."""
SETTINGS_BYTES = 1 << 20
"""Most bytes of a file with settings, as sessions.yaml."""
SIDECAR_BYTES = 16 << 20
"""Most bytes of a file beside one track: what yt-dlp writes of a video has a few million."""
METADATA_BYTES = 1 << 30
"""Most bytes of a file with metadata: one row takes about 1,000 bytes."""

_KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def kind_of_file(mode: int) -> str:
    """What a file is if it is not a regular one, as in "a pipe"; empty for a regular file."""
    return "" if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "no file")


class _Raw(io.FileIO):
    """A file of which a read that fails with EAGAIN is an error.

    To Python it is none: fewer bytes come then, as at the end of the file, or None.
    """

    def readinto(self, buffer: Buffer, /) -> int:
        size = super().readinto(buffer)
        if size is None:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return size

    def readall(self) -> bytes:
        blocks = iter(lambda: self.read(io.DEFAULT_BUFFER_SIZE), b"")
        return b"".join(blocks)

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            return self.readall()
        data = bytearray(size)
        return bytes(data[: self.readinto(data)])


def open_regular(file: Path, links: bool = False) -> BinaryIO:
    """Open a regular file for reading, at once: a pipe would wait for its writer.

    Raises:
        OSError: the file is missing, not readable, or something else than a regular file; `links`
            says whether it may be a link.
    """
    flags = os.O_RDONLY
    # What a system lacks it does without; Windows alone would read text without O_BINARY.
    for name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY", *(() if links else ("O_NOFOLLOW",))):
        flags |= getattr(os, name, 0)
    if not links:
        check_regular(file)
    descriptor = os.open(file, flags)
    try:
        kind = kind_of_file(os.fstat(descriptor).st_mode)
        if kind:
            raise _not_regular(file, kind)
        return io.BufferedReader(_Raw(descriptor))
    except BaseException:
        os.close(descriptor)
        raise


def check_regular(file: Path) -> None:
    """Raise OSError unless `file` is a regular file and not a link."""
    kind = kind_of_file(file.lstat().st_mode)
    if kind:
        raise _not_regular(file, kind)


def check_in_folder(folder: Path, path: str) -> None:
    """Raise OSError unless `path`, below `folder`, is a regular file to which no link leads.

    In a snapshot of the Hub's cache, every file is a link into the folder `blobs` of the same
    dataset: these links are followed.
    """
    file = folder
    for part in path.split("/"):
        file = file / part
        if file.is_symlink() and not _is_blob(folder, file):
            raise _not_regular(file, "a link")
    check_regular(file.resolve())


def _is_blob(folder: Path, link: Path) -> bool:
    cached = folder.resolve().parent
    blobs = cached.with_name("blobs")
    return cached.name == "snapshots" and link.resolve().parent == blobs


def walk(
    root: Path, failed: Callable[[OSError], None] = lambda error: None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield (folder, names of its folders, names of its files), as `os.walk`, of any depth.

    Links to folders are named, not followed; the caller may remove names of folders to skip them.
    `failed` is called with the error of a folder that cannot be listed. Up to Python 3.11, os.walk
    calls itself for each level.
    """
    waiting = [str(root)]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                is_folder = {entry.name: _is_folder(entry) for entry in entries}
        except OSError as error:
            failed(error)
            continue
        folders = [name for name, yes in is_folder.items() if yes]
        yield folder, folders, [name for name, yes in is_folder.items() if not yes]
        below = (os.path.join(folder, name) for name in folders)  # noqa: PTH118 - bytes of names stay
        waiting += [path for path in below if not os.path.islink(path)]  # noqa: PTH114


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        if is_machine_fault(error):
            raise
        return False  # a link that leads to itself


def read_bytes(file: Path, most: int, error: type[SportgenError], links: bool = False) -> bytes:
    """The bytes of a regular file, as many as it had when it was opened.

    Raises:
        error: the file cannot be opened or read, or has more bytes than `most`.
    """
    try:
        with open_regular(file, links) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > most:
                raise error(f"{file}: has {size:,} bytes, at most {most:,} are read")
            return stream.read(size)
    except OSError as fault:
        raise error(f"{file}: {fault.strerror or fault}") from fault


def read_text(file: Path, most: int, error: type[SportgenError], links: bool = False) -> str:
    """As `read_bytes`, as text: UTF-8, with or without a byte order mark."""
    data = read_bytes(file, most, error, links)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise error(f"{file}: is not UTF-8 (byte {fault.start})") from fault


def _not_regular(file: Path, kind: str) -> OSError:
    remedy = "put the file itself there" if kind == "a link" else "take it away"
    return OSError(errno.EINVAL, f"is {kind}, not a file; {remedy}", str(file))
