"""The files that a push sends, each known by its sha256, and those that a repository has."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.hf_api import RepoSibling

from ..card.card import Published, compose
from ..digests import file_digest
from ..errors import ReleaseError, SettingError
from ..release.layout import CARD, CONFIGS, MANIFEST
from ..release.manifest import Manifest
from ..release.release import Release

# Files under these are ours to delete when a release no longer has them.
_OUR_FOLDERS = ("raw/", "encoded/", "tracks/", "assets/")
_GROUP_BYTES, _GROUP_FILES = 1_000_000_000, 50


@dataclass(frozen=True, slots=True)
class Content:
    """One file of a release: `size` in bytes, `source` its path on this disk or its bytes."""

    path: str
    source: Path | bytes
    sha256: str
    size: int

    @classmethod
    def of(cls, path: str, data: bytes) -> "Content":
        """A file that is written for the release."""
        return cls(path, data, hashlib.sha256(data).hexdigest(), len(data))

    def is_at(self, remote: RepoSibling | None) -> bool:
        """Whether the repository has this content at this path."""
        if remote is None:
            return False
        if remote.lfs:
            return remote.lfs.sha256 == self.sha256
        return remote.size == self.size and remote.blob_id == self._git_oid()

    def check(self) -> None:
        """Raise ReleaseError unless the file is what the manifest says."""
        if isinstance(self.source, Path) and file_digest(self.source) != self.sha256:
            raise ReleaseError(
                f"{self.source}: is not what the manifest says; "
                "run `sportgen build --force` and `encode`"
            )

    def addition(self) -> CommitOperationAdd:
        """What tells the client to add it."""
        operation = CommitOperationAdd(self.path, self.source)
        operation.upload_info.sha256 = bytes.fromhex(self.sha256)
        return operation

    def data(self) -> bytes:
        """What the file holds."""
        return self.source.read_bytes() if isinstance(self.source, Path) else self.source

    def _git_oid(self) -> str:
        data = self.data()
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def select(manifest: Manifest, configs: tuple[str, ...]) -> Manifest:
    """The manifest of a release that has these configs only; all it has if none is named."""
    if not configs:
        return manifest
    if not {"tracks"} < set(configs) <= set(CONFIGS):
        raise SettingError(
            f"configs {','.join(configs)}: write raw,tracks or encoded,tracks or all three; "
            "tracks says where the rows come from"
        )
    lacking = [config for config in configs if not manifest.shards(config)]
    if lacking:
        raise ReleaseError(
            f"configs {','.join(configs)}: there is no {lacking[0]}; run `sportgen build` and "
            "`encode`, or leave it out"
        )
    kept = {config: manifest.shards(config) for config in (*configs, "assets")}
    pictures, codebooks = dict(manifest.pictures), manifest.codebooks
    if "encoded" not in configs:
        pictures.pop("codebooks", None)
        codebooks = []
        kept["assets"] = {
            path: file for path, file in kept["assets"].items() if "/codebooks-" not in path
        }
    files = {path: file for found in kept.values() for path, file in found.items()}
    return replace(
        manifest,
        files=dict(sorted(files.items())),
        encoding=manifest.encoding if "encoded" in configs else None,
        codebooks=codebooks,
        pictures=pictures,
    )


def contents(release: Release, repo_id: str, version: str, published: Published) -> list[Content]:
    """Shards, manifest and card of a release folder, with what people wrote into the `published`
    card; raises ReleaseError where a shard is missing."""
    found = []
    for path, entry in release.manifest.files.items():
        file = release.folder / path
        if not file.is_file():
            raise ReleaseError(f"{file}: is missing; run `sportgen build` or `encode` again")
        found.append(Content(path, file, entry.sha256, entry.bytes))
    card = compose(release, repo_id, version, published)
    # The manifest records the front matter that we gave to the card.
    manifest = replace(release.manifest, card=card.front_matter)
    return [*found, Content.of(MANIFEST, manifest.as_json()), Content.of(CARD, card.data)]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A repository at one commit: `files` by path, `commit` empty where there is none yet."""

    commit: str = ""
    private: bool = True
    files: Mapping[str, RepoSibling] = field(default_factory=dict)

    def lacks(self, release: list[Content]) -> list[Content]:
        """The files of a release that are not there, or are other than that."""
        return [content for content in release if not content.is_at(self.files.get(content.path))]

    def stale(self, release: list[Content]) -> tuple[str, ...]:
        """The paths of files of ours that the release does not have."""
        theirs = set(self.files) - {content.path for content in release}
        return tuple(sorted(path for path in theirs if path.startswith(_OUR_FOLDERS)))

    def holds(self, release: list[Content]) -> bool:
        """Whether this is the release: all of it, and nothing of another."""
        return not self.lacks(release) and not self.stale(release)


def fetch_snapshot(api: HfApi, repo_id: str, revision: str) -> Snapshot | None:
    """The repository at a branch, tag, pull request or commit; None where it has no such."""
    try:
        info = api.dataset_info(repo_id, revision=revision, files_metadata=True)
    except (RepositoryNotFoundError, RevisionNotFoundError):
        return None
    files = {sibling.rfilename: sibling for sibling in info.siblings or []}
    return Snapshot(info.sha or "", bool(info.private), files)


def groups(additions: list[CommitOperationAdd]) -> Iterator[list[CommitOperationAdd]]:
    """What to upload together, so that the bar moves and Xet registers what it has."""
    group: list[CommitOperationAdd] = []
    size = 0
    for addition in additions:
        if group and (
            len(group) == _GROUP_FILES or size + addition.upload_info.size > _GROUP_BYTES
        ):
            yield group
            group, size = [], 0
        group.append(addition)
        size += addition.upload_info.size
    if group:
        yield group
