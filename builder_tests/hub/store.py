"""Repositories of the local Hub, in memory: accounts, branches, tags and pull requests.

Nothing here knows of HTTP except through the status that a `HubError` carries.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

from builder_tests.hub.history import Blob, Commit

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
    """Whom a token stands for. `organisations` maps a name to a role, `role` is the token's.

    `blind_to` are private repositories that a fine-grained token does not name, or that lie in a
    resource group of others: for this token they are not there.
    """

    name: str
    organisations: Mapping[str, str] = field(default_factory=dict)
    role: str = "write"
    blind_to: frozenset[str] = frozenset()

    def belongs_to(self, namespace: str) -> bool:
        return namespace == self.name or namespace in self.organisations

    def may_write(self, namespace: str) -> bool:
        return namespace == self.name or self.organisations.get(namespace) in ("admin", "write")


@dataclass(slots=True)
class Proposal:
    """A pull request, from the commit `base` on; `head` is its newest."""

    number: int
    title: str
    author: str
    base: str
    head: str
    status: str = "open"

    @property
    def ref(self) -> str:
        return f"refs/pr/{self.number}"


class Repo:
    """One dataset repository. Callers hold the Hub's lock.

    `objects` are the files uploaded to it, by sha256, whether or not a commit names them.
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
        self.proposals: dict[str, Proposal] = {}

    def put(self, sha256: str, data: bytes) -> None:
        """Store a file that a commit may name; 400 if it is not what it was said to be."""
        if hashlib.sha256(data).hexdigest() != sha256:
            raise HubError(400, "Content does not match the sha256 that was announced")
        self.objects[sha256] = data

    def resolve(self, revision: str) -> Commit:
        """The commit that a branch, a tag, a pull request or a full sha names, else 404."""
        sha = self.branches.get(revision) or self.tags.get(revision) or revision
        if revision in self.proposals:
            sha = self.proposals[revision].head
        if sha not in self.commits:
            raise HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return self.commits[sha]

    def commit(
        self, branch: str, header: Mapping[str, str], operations: Sequence[Any], author: str
    ) -> Commit:
        """Apply all operations to the head of a branch or pull request, or none of them."""
        if branch not in self.branches and branch not in self.proposals:
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
        if branch in self.proposals:
            self.proposals[branch].head = made.sha
        else:
            self.branches[branch] = made.sha
        return made

    def propose(
        self, branch: str, header: Mapping[str, str], operations: Sequence[Any], author: str
    ) -> Proposal:
        """Open a pull request with a commit upon the head of `branch`."""
        number, base = len(self.proposals) + 1, self.resolve(branch).sha
        made = Proposal(number, header["summary"], author, base, base)
        self.proposals[made.ref] = made
        try:
            self.commit(made.ref, header, operations, author)
        except HubError:
            del self.proposals[made.ref]
            raise
        return made

    def merge(self, number: int) -> None:
        """Bring what a pull request changed to main, in a commit of its own."""
        proposal = self.proposals[f"refs/pr/{number}"]
        before, after = self.commits[proposal.base].files, self.commits[proposal.head].files
        head = self.resolve("main")
        gone = before.keys() - after.keys()
        changed = {path: blob for path, blob in after.items() if before.get(path) != blob}
        files = {path: blob for path, blob in head.files.items() if path not in gone} | changed
        made = Commit(head, f"{proposal.title} (#{number})", "", proposal.author, files)
        self.commits[made.sha] = made
        self.branches["main"] = made.sha
        proposal.status = "merged"

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


# Clients ask for a repository many times: to read a card's YAML takes longer than all else of it.
@lru_cache(maxsize=64)
def card_metadata(card: str) -> Mapping[str, Any]:
    """Front matter of a dataset card, empty where there is none; 400 if it is no mapping."""
    found = FRONT_MATTER.match(card)
    try:
        metadata = yaml.safe_load(found[2]) if found else None
    except yaml.YAMLError as error:
        raise HubError(400, "YAML: " + " ".join(str(error).split())) from error
    if metadata is not None and not isinstance(metadata, dict):
        raise HubError(400, f"front matter must be a mapping, not {type(metadata).__name__}")
    return metadata or {}
