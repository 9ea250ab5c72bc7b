"""Object stores (s3://, gs://) through the clients that Arrow brings: list, read, write, remove.

Credentials, region and endpoint come from the environment and from the files of the store's own
tools (AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_REGION, AWS_ENDPOINT_URL, ~/.aws); a URL holds none.
https://arrow.apache.org/docs/python/filesystems.html
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..digests import digest
from ..errors import SettingError, StoreError
from ..outside.redact import redact
from .atomic import replaced

if TYPE_CHECKING:
    from pyarrow import fs

THREADS = 8
"""Files sent or fetched at the same time."""

# `Path` leaves only one of the two slashes.
_STORE = re.compile(r"(s3|gs):/+", re.IGNORECASE)
_LOCATION = re.compile(r"([^/@:?#]+)(?:/+([^?#]*))?")
# What Arrow says before the reason, and the number of the request behind it.
_AROUND = re.compile(r".*?AWS Error (?=[A-Z_]+ during)| \(Request ID: .*", re.DOTALL)
_BLOCK_BYTES = 4 << 20


def is_store(place: Path | str) -> bool:
    """Whether a place is the URL of an object store, of which a `Path` may have been made."""
    return bool(_STORE.match(str(place))) and not Path(place).exists()


class DeniedError(StoreError):
    """The store was reached, and these credentials may not do that."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a store's list says of a file: its size in bytes, and its time of writing in ns."""

    size: int
    mtime_ns: int


class Store:
    """The files under a prefix of a bucket, by their paths relative to the prefix.

    `url` is the place without a slash at its end. Methods raise StoreError if the store refuses, or
    cannot be reached; the client has tried again by then. They raise FileNotFoundError if a file
    that is read is not there.

    Raises:
        SettingError: the URL names no bucket, or holds a password or a query.
    """

    def __init__(self, url: Path | str) -> None:
        scheme = _STORE.match(str(url))
        place = _LOCATION.fullmatch(str(url)[scheme.end() :]) if scheme else None
        if scheme is None or place is None:
            kind = scheme[1].lower() if scheme else "s3"
            raise SettingError(
                f"{redact(str(url).partition('?')[0])}: write it as {kind}://BUCKET/PREFIX; "
                "credentials, region and endpoint come from the environment (AWS_PROFILE, "
                "AWS_REGION, AWS_ENDPOINT_URL)"
            )
        self._scheme, self._bucket = scheme[1].lower(), place[1]
        self._root = "/".join((place[1], *filter(None, (place[2] or "").split("/"))))
        self.url = f"{self._scheme}://{self._root}"

    @property
    def name(self) -> str:
        """The last part of the prefix, as the name of a folder; the bucket's if there is none."""
        return self._root.rpartition("/")[2]

    @property
    def key(self) -> str:
        """What tells this place from those of other stores: a digest of URL and endpoint."""
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
        return digest(f"{self.url} {endpoint}")[:16]

    def files(self) -> dict[str, Stored]:
        """The files under the prefix; none if nothing is there."""
        from pyarrow import fs

        with self._errors(), suppress(FileNotFoundError):
            found = self._system.get_file_info(fs.FileSelector(self._root, recursive=True))
            return {
                info.path[len(self._root) + 1 :]: Stored(info.size, info.mtime_ns)
                for info in found
                if info.type == fs.FileType.File
            }
        return {}

    def stored(self, path: str) -> Stored | None:
        """What the store says of one file; None if it is not there."""
        from pyarrow import fs

        with self._errors(path):
            info = self._system.get_file_info(self._path(path))
        return Stored(info.size, info.mtime_ns) if info.type == fs.FileType.File else None

    def open(self, path: str) -> IO[bytes]:
        """A file for reading in parts; only those are asked for."""
        with self._errors(path):
            stream: Any = self._system.open_input_file(self._path(path))
        opened: IO[bytes] = stream
        return opened

    def read(self, path: str) -> bytes:
        """The bytes of a small file."""
        with self._errors(path), self._system.open_input_stream(self._path(path)) as stream:
            data: bytes = stream.read()
        return data

    def fetch(self, path: str, file: Path, stored: Stored | None = None) -> None:
        """Write a file of the store to `file`, whole or not at all, with the store's time.

        Raises:
            StoreError: it is no longer what `stored` says; or as all methods.
            OSError: with a number, this machine's disk failed.
        """
        with replaced(file) as (stream, partial):
            with self._errors(path), self._system.open_input_stream(self._path(path)) as data:
                shutil.copyfileobj(data, stream, _BLOCK_BYTES)
            # The client asks for one part after the other: of an object that is replaced meanwhile,
            # they would not belong together.
            if stored and self.stored(path) != stored:
                raise FileNotFoundError(f"{self.url}/{path}: was replaced while it was read")
            if stored:
                stream.flush()
                os.utime(partial, ns=(stored.mtime_ns, stored.mtime_ns))

    def write(self, path: str, source: Path | bytes) -> Stored:
        """Write a file, which the store shows once it is whole; what the store then says of it."""
        with self._errors(path), self._system.open_output_stream(self._path(path)) as stream:
            if isinstance(source, bytes):
                stream.write(source)
            else:
                with source.open("rb") as data:
                    shutil.copyfileobj(data, stream, _BLOCK_BYTES)
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        written = self.stored(path)
        if written is None or written.size != size:
            raise StoreError(f"{self.url}/{path}: did not arrive whole; run the same command again")
        return written

    def remove(self, path: str) -> None:
        """Remove a file; nothing happens if it is not there."""
        with self._errors(path), suppress(FileNotFoundError):
            self._system.delete_file(self._path(path))

    def _path(self, path: str) -> str:
        return f"{self._root}/{path}"

    @cached_property
    def _system(self) -> "fs.FileSystem":
        # Imported here: it starts the store's client, which takes a quarter of a second.
        from pyarrow import fs

        return fs.FileSystem.from_uri(f"{self._scheme}://{self._bucket}")[0]

    @contextmanager
    def _errors(self, path: str = "") -> Iterator[None]:
        """Raise what the store refuses as StoreError; an error of this machine has a number."""
        try:
            yield
        except OSError as error:
            if error.errno:
                raise
            place = f"{self.url}/{path}" if path else self.url
            detail = redact(" ".join(_AROUND.sub("", str(error)).split()))
            raise (DeniedError if "ACCESS_DENIED" in detail else StoreError)(
                f"{place}: {detail}; look at the name, the credentials (AWS_PROFILE, "
                "AWS_ACCESS_KEY_ID), AWS_REGION and AWS_ENDPOINT_URL, then run this again"
            ) from error
