"""Blobs and commits of the local Hub: a commit is immutable and holds the whole snapshot."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Blob:
    """Content of one file. `oid` is git's object id: of the pointer file when `lfs`."""

    data: bytes = field(repr=False)
    lfs: bool
    oid: str
    sha256: str
    pointer_size: int

    @classmethod
    def of(cls, data: bytes, lfs: bool) -> "Blob":
        sha256 = hashlib.sha256(data).hexdigest()
        pointer = (
            f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(data)}\n"
        )
        stored = pointer.encode() if lfs else data
        oid = hashlib.sha1(b"blob %d\0" % len(stored) + stored).hexdigest()
        return cls(data, lfs, oid, sha256, len(pointer))

    @property
    def etag(self) -> str:
        """What identifies the content to a client: sha256 under LFS, else git's object id."""
        return self.sha256 if self.lfs else self.oid


@dataclass(frozen=True, slots=True, eq=False)
class Commit:
    """An immutable snapshot; `sha` is 40 hex digits of parent, message and content."""

    parent: "Commit | None" = field(repr=False)
    title: str
    message: str
    author: str
    files: Mapping[str, Blob] = field(repr=False)
    sha: str = field(init=False)
    date: str = field(init=False)

    def __post_init__(self) -> None:
        content = sorted((path, blob.etag) for path, blob in self.files.items())
        parent = self.parent.sha if self.parent else None
        identity = json.dumps([parent, self.title, self.message, content])
        object.__setattr__(self, "sha", hashlib.sha1(identity.encode()).hexdigest())
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        object.__setattr__(self, "date", now.replace("+00:00", "Z"))

    def history(self) -> Iterator["Commit"]:
        """This commit and all before it, newest first."""
        commit: Commit | None = self
        while commit:
            yield commit
            commit = commit.parent

    def under(self, path: str) -> dict[str, Blob]:
        """The file `path`, or the files of the folder `path`, by their full paths."""
        prefix = f"{path}/" if path else ""
        return {p: b for p, b in self.files.items() if p == path or p.startswith(prefix)}

    def last_change(self, path: str) -> "Commit":
        """The newest commit that changed the file or folder `path`."""
        for commit in self.history():
            if commit.parent is None or commit.parent.under(path) != commit.under(path):
                return commit
        return self

    def tree(self, path: str, recursive: bool) -> list[tuple[str, Blob | str]]:
        """Entries below the folder `path`: (full path, blob of a file or object id of a folder)."""
        start = f"{path}/" if path else ""
        entries: dict[str, Blob | str] = {}
        for file, blob in sorted(self.under(path).items()):
            parts = file.removeprefix(start).split("/")
            for depth in range(1, len(parts) if recursive else min(2, len(parts))):
                folder = start + "/".join(parts[:depth])
                if folder not in entries:
                    entries[folder] = self._folder_oid(folder)
            if recursive or len(parts) == 1:
                entries[file] = blob
        return list(entries.items())

    def _folder_oid(self, folder: str) -> str:
        content = sorted((p, b.oid) for p, b in self.under(folder).items())
        return hashlib.sha1(json.dumps(content).encode()).hexdigest()
