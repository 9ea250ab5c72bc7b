"""Repositories of the local Hub, in memory: accounts, blobs, commits, branches and tags.

A commit is immutable and holds the whole snapshot, path -> blob. Nothing here knows of HTTP except
through the status that a `HubError` carries.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import yaml

# What .gitattributes sends to LFS in a new dataset repository on the Hub, shortened.
_LFS_KINDS = (
    "arrow bin gz npy npz parquet pt safetensors tar zip zst aac flac m4a mp3 ogg opus wav "
    "bmp gif jpeg jpg png tiff webp mp4 webm"
)
LFS_SUFFIXES = tuple(f".{kind}" for kind in _LFS_KINDS.split())
LFS_BYTES = 5_000_000
FRONT_MATTER = re.compile(r"^(\s*---[\r\n]+)([\S\s]*?)([\r\n]+---(\r\n|\n|$))")


class HubError(Exception):
    """A refusal: HTTP status, message, the Hub's error code, and what else the answer holds."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str = "",
        body: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.body = {"error": message, **(body or {})}
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class User:
    """Whom a token stands for. `organisations` maps a name to a role, `role` is the token's."""

    name: str
    organisations: Mapping[str, str] = field(default_factory=dict)
    role: str = "write"

    def belongs_to(self, namespace: str) -> bool:
        return namespace == self.name or namespace in self.organisations

    def may_write(self, namespace: str) -> bool:
        return namespace == self.name or self.organisations.get(namespace) in ("admin", "write")


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


class Repo:
    """One dataset repository. Callers hold the Hub's lock.

    `objects` are the LFS objects uploaded to it, by sha256, whether or not a commit names them.
    """

    def __init__(self, name: str, private: bool, author: str) -> None:
        self.name = name
        self.private = private
        self.namespace = name.split("/")[0]
        self.objects: dict[str, bytes] = {}
        attributes = "".join(f"*{s} filter=lfs diff=lfs merge=lfs -text\n" for s in LFS_SUFFIXES)
        files = {".gitattributes": Blob.of(attributes.encode(), lfs=False)}
        first = Commit(None, "initial commit", "", author, files)
        self.commits = {first.sha: first}
        self.branches = {"main": first.sha}
        self.tags: dict[str, str] = {}

    def resolve(self, revision: str) -> Commit:
        """The commit that a branch, a tag or a full sha names, else 404."""
        sha = self.branches.get(revision) or self.tags.get(revision) or revision
        if sha not in self.commits:
            raise HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return self.commits[sha]

    def commit(
        self, branch: str, header: Mapping[str, str], operations: Sequence[Any], author: str
    ) -> Commit:
        """Apply all operations to the head of `branch`, or none of them."""
        if branch not in self.branches:
            raise HubError(404, f"Invalid rev id: {branch}", "RevisionNotFound")
        head = self.resolve(branch)
        if not head.sha.startswith(header.get("parentCommit") or ""):
            raise HubError(412, "A commit has happened since. Please refresh and try again.")
        files = dict(head.files)
        for operation in operations:
            self._apply(files, operation["key"], operation["value"])
        if "README.md" in files:
            card_metadata(files["README.md"].data.decode(errors="replace"))
        made = Commit(head, header["summary"], header.get("description", ""), author, files)
        self.commits[made.sha] = made
        self.branches[branch] = made.sha
        return made

    def _apply(self, files: dict[str, Blob], key: str, value: Mapping[str, Any]) -> None:
        path = value["path"]
        if key == "file":
            files[path] = Blob.of(base64.b64decode(value["content"], validate=True), lfs=False)
        elif key == "lfsFile":
            if value["oid"] not in self.objects:
                raise HubError(400, f"LFS object of {path} was never uploaded: {value['oid']}")
            files[path] = Blob.of(self.objects[value["oid"]], lfs=True)
        elif key in ("deletedFile", "deletedFolder"):
            folder = path.rstrip("/") + "/"
            gone = [path] if key == "deletedFile" else [p for p in files if p.startswith(folder)]
            if not gone or not files.keys() >= set(gone):
                raise HubError(404, f"Nothing to delete at {path}", "EntryNotFound")
            for name in gone:
                del files[name]
        else:
            raise HubError(400, f"Unknown operation: {key}")


def upload_mode(path: str, size: int, sample: bytes) -> str:
    """`lfs` or `regular`, as the Hub decides from name, size in bytes and the first 512 bytes."""
    if size == 0:
        return "regular"
    large = size > LFS_BYTES or b"\0" in sample or path.lower().endswith(LFS_SUFFIXES)
    return "lfs" if large else "regular"


def card_metadata(card: str) -> dict[str, Any]:
    """Front matter of a dataset card, empty where there is none; 400 if it is no mapping."""
    found = FRONT_MATTER.match(card)
    try:
        metadata = yaml.safe_load(found[2]) if found else None
    except yaml.YAMLError as error:
        raise HubError(400, "YAML: " + " ".join(str(error).split())) from error
    if metadata is not None and not isinstance(metadata, dict):
        raise HubError(400, f"front matter must be a mapping, not {type(metadata).__name__}")
    return metadata or {}
