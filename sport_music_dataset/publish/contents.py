"""The files of a release with their sha256, and the files that a repository has."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.hf_api import RepoSibling

from ..card.card import Published, compose
from ..digests import file_digest
from ..errors import ReleaseError, SettingError
from ..release.folder import build_command
from ..release.last_runs import encode_command
from ..release.layout import CARD, CONFIGS, MANIFEST
from ..release.manifest import Manifest
from ..release.release import Release
from ..storage.hub_client import dataset_info

# A push deletes files in these folders if the release no longer has them, and no other files.
_OUR_FOLDERS = ("raw/", "encoded/", "tracks/", "assets/")
_WITHOUT_DATA = re.compile(r"\.|(README|LICEN[CS]E|COPYING|NOTICE|CITATION)[^/]*$", re.IGNORECASE)
_GROUP_BYTES, _GROUP_FILES = 1_000_000_000, 50


@dataclass(frozen=True, slots=True)
class Content:
    """One file of a release: `size` in bytes; `source` is its path on this disk, or its bytes."""

    path: str
    source: Path | bytes
    sha256: str
    size: int

    @classmethod
    def of(cls, path: str, data: bytes) -> "Content":
        """Content made of bytes in memory, not of a file."""
        return cls(path, data, hashlib.sha256(data).hexdigest(), len(data))

    def is_at(self, remote: RepoSibling | None) -> bool:
        """Whether the repository has this content at this path."""
        if remote is None:
            return False
        if remote.lfs:
            return remote.lfs.sha256 == self.sha256
        return remote.size == self.size and remote.blob_id == self._git_oid()

    def check(self) -> None:
        """Raise ReleaseError unless the file on disk has the sha256 of the manifest."""
        if isinstance(self.source, Path) and file_digest(self.source) != self.sha256:
            raise ReleaseError(
                f"{self.source}: is not what the manifest says; "
                "run `sportgen build` and `encode` again"
            )

    def addition(self) -> CommitOperationAdd:
        """The operation that adds this file to a commit, for huggingface_hub."""
        operation = CommitOperationAdd(self.path, self.source)
        operation.upload_info.sha256 = bytes.fromhex(self.sha256)
        return operation

    def data(self) -> bytes:
        """The bytes of the file."""
        return self.source.read_bytes() if isinstance(self.source, Path) else self.source

    def _git_oid(self) -> str:
        data = self.data()
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def select(manifest: Manifest, configs: tuple[str, ...]) -> Manifest:
    """The manifest with these configs only; unchanged if `configs` is empty.

    Raises:
        SettingError: `configs` is not a set of configs that can be published.
        ReleaseError: the release does not have one of them.
    """
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


def listed_files(release: Release) -> list[Content]:
    """The files of a release folder that its manifest lists; their bytes are not read.

    Raises:
        ReleaseError: a file is missing, or has another size.
    """
    files = []
    for path, entry in release.manifest.files.items():
        with release.place.fetched(path) as [file]:
            size = file.stat().st_size if file.is_file() else None
        if size != entry.bytes:
            is_encoded = path.startswith("encoded/")
            again = encode_command(release) if is_encoded else build_command(release.folder)
            fault = "is missing" if size is None else "is not what the manifest says"
            raise ReleaseError(f"{file}: {fault}; `{again}` makes it again")
        files.append(Content(path, file, entry.sha256, entry.bytes))
    return files


def contents(release: Release, repo_id: str, version: str, published: Published) -> list[Content]:
    """Files of a release folder, with manifest and card as they are to be published.

    The card keeps the edits that people made to the `published` card. Raises as `listed_files`.
    """
    files = listed_files(release)
    card = compose(release, repo_id, version, published)
    # The manifest records the generated front matter: the next push finds edits of it.
    manifest = replace(release.manifest, card=card.front_matter)
    return [*files, Content.of(MANIFEST, manifest.as_json()), Content.of(CARD, card.data)]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A repository at one commit: `files` by path; `commit` is empty before the first commit."""

    commit: str = ""
    private: bool = True
    files: Mapping[str, RepoSibling] = field(default_factory=dict)

    def lacks(self, release: list[Content]) -> list[Content]:
        """The files of a release that the repository does not have, or has with other content."""
        return [content for content in release if not content.is_at(self.files.get(content.path))]

    @property
    def foreign(self) -> tuple[str, ...]:
        """Paths of the data of somebody else; empty if there is a release of sportgen, or no data.

        What a repository is made with is no data: card, licence, and settings of git.
        """
        if MANIFEST in self.files:
            return ()
        return tuple(sorted(path for path in self.files if not _WITHOUT_DATA.match(path)))

    def stale(self, release: list[Content]) -> tuple[str, ...]:
        """Paths of files in our folders of the repository that the release does not have."""
        others = set(self.files) - {content.path for content in release}
        return tuple(sorted(path for path in others if path.startswith(_OUR_FOLDERS)))

    def holds(self, release: list[Content]) -> bool:
        """Whether the repository has all files of the release, and none of another release."""
        return not self.lacks(release) and not self.stale(release)


def fetch_snapshot(api: HfApi, repo_id: str, revision: str) -> Snapshot | None:
    """The repository at a branch, tag, pull request or commit; None if it does not exist.

    Raises:
        HubError: the repository has another name.
    """
    try:
        info = dataset_info(api, repo_id, revision)
    except (RepositoryNotFoundError, RevisionNotFoundError):
        return None
    files = {sibling.rfilename: sibling for sibling in info.siblings or []}
    return Snapshot(info.sha or "", bool(info.private), files)


def groups(additions: list[CommitOperationAdd]) -> Iterator[list[CommitOperationAdd]]:
    """Split additions into groups that are uploaded one after the other.

    After each group the progress bar advances, and Xet registers what was uploaded.
    """
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
