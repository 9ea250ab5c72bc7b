"""Publish a release folder: one commit, then one tag."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import disable_progress_bars, validate_repo_id

from . import card
from .errors import HubError, ReleaseError, SettingError
from .release import CARD, MANIFEST, Manifest, kept_rows, read_manifest, read_tracks

_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
# Files under these are ours to delete when a release no longer has them.
_OUR_FOLDERS = ("raw/", "encoded/", "tracks/", "assets/")


@dataclass(frozen=True, slots=True)
class Release:
    """A release on the Hub, or what a dry run would send."""

    repo_id: str
    tag: str
    private: bool
    files: dict[str, int]
    deleted: tuple[str, ...]
    commit: str = ""
    url: str = ""
    notes: tuple[str, ...] = ()


def publish(
    folder: Path,
    repo_id: str,
    version: str,
    *,
    public: bool = False,
    message: str = "",
    dry_run: bool = False,
    api: HfApi | None = None,
) -> Release:
    """Publish `folder` as `repo_id` and tag it `v<version>`. A new repository is private.

    The token comes from where huggingface_hub looks: HF_TOKEN or `hf auth login`.

    Raises:
        SettingError: `repo_id` or `version` is not of its form.
        ReleaseError: the folder is no complete release, or `public` and a track has no licence.
        HubError: no token, no right, the tag exists, or the Hub cannot be reached.
    """
    tag = check_version(version)
    check_repo_id(repo_id)
    manifest = read_manifest(folder)
    if public:
        _check_licenses(folder, manifest)
    api = api or HfApi()
    with hub_errors(api, repo_id):
        disable_progress_bars()
        target = _inspect(api, repo_id, tag, private=not public)
        additions = _additions(folder, manifest, card.compose(folder, manifest, repo_id, version))
        ours = {operation.path_in_repo for operation in additions}
        deleted = tuple(sorted(path for path in target.files - ours if _is_ours(path)))
        release = Release(
            repo_id=repo_id,
            tag=tag,
            private=target.private,
            files={operation.path_in_repo: operation.upload_info.size for operation in additions},
            deleted=deleted,
            notes=target.notes,
        )
        if dry_run:
            return release
        return _send(api, release, target, additions, message or f"Release {tag}")


def check_version(version: str) -> str:
    """The tag of a version `X.Y.Z`; raises SettingError for anything else."""
    if not _VERSION.fullmatch(version):
        raise SettingError(f"version {version!r}: write it as X.Y.Z, for instance 1.0.0")
    return f"v{version}"


def check_repo_id(repo_id: str) -> None:
    """Raise SettingError unless `repo_id` is `ORG/NAME`."""
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise SettingError(f"repository {repo_id!r}: {' '.join(str(error).split())}") from error
    if "/" not in repo_id:
        raise SettingError(f"repository {repo_id!r}: write it as ORG/NAME")


@dataclass(frozen=True, slots=True)
class _Target:
    exists: bool
    private: bool
    head: str = ""
    files: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def _inspect(api: HfApi, repo_id: str, tag: str, private: bool) -> _Target:
    """What is there already; refuses before anything is written."""
    me = api.whoami()
    namespace = repo_id.split("/")[0]
    mine = {me["name"], *(org["name"] for org in me.get("orgs", []))}
    if namespace not in mine:
        raise HubError(
            f"{repo_id}: you are logged in as {me['name']}, who is not {namespace} nor a member "
            f"of it; log in as somebody who is, or push to {me['name']}/{repo_id.split('/')[1]}"
        )
    try:
        info = api.dataset_info(repo_id)
    except RepositoryNotFoundError:
        return _Target(exists=False, private=private)
    if any(
        existing.name == tag for existing in api.list_repo_refs(repo_id, repo_type="dataset").tags
    ):
        raise HubError(f"{repo_id}: {tag} exists already and a tag never moves; take a new version")
    notes = []
    if bool(info.private) != private:
        state = "private" if info.private else "public"
        notes.append(f"{repo_id} exists and stays {state}; its settings on the Hub change that")
    files = frozenset(sibling.rfilename for sibling in info.siblings or [])
    return _Target(True, bool(info.private), info.sha or "", files, tuple(notes))


def _additions(folder: Path, manifest: Manifest, readme: bytes) -> list[CommitOperationAdd]:
    """Shards, manifest and card; raises ReleaseError where a shard is not the manifest's."""
    additions = []
    for path, entry in manifest.files.items():
        file = folder / path
        if not file.is_file():
            raise ReleaseError(f"{file}: is missing; run `sportgen build` or `encode` again")
        operation = CommitOperationAdd(path, file)
        if operation.upload_info.sha256.hex() != entry.sha256:
            raise ReleaseError(
                f"{file}: is not what the manifest says; run `sportgen build --force` and `encode`"
            )
        additions.append(operation)
    additions.append(CommitOperationAdd(MANIFEST, manifest.as_json()))
    additions.append(CommitOperationAdd(CARD, readme))
    return additions


def _send(
    api: HfApi,
    release: Release,
    target: _Target,
    additions: list[CommitOperationAdd],
    message: str,
) -> Release:
    repo_id = release.repo_id
    head: str | None = target.head
    if not target.exists:
        api.create_repo(repo_id, repo_type="dataset", private=release.private)
        head = api.dataset_info(repo_id).sha
    api.preupload_lfs_files(repo_id, additions, repo_type="dataset", free_memory=False)
    commit = api.create_commit(
        repo_id,
        [*additions, *(CommitOperationDelete(path) for path in release.deleted)],
        commit_message=message,
        repo_type="dataset",
        parent_commit=head,
    )
    api.create_tag(
        repo_id, tag=release.tag, tag_message=message, revision=commit.oid, repo_type="dataset"
    )
    url = f"{api.endpoint}/datasets/{repo_id}/tree/{release.tag}"
    return replace(release, commit=str(commit.oid), url=url)


def _is_ours(path: str) -> bool:
    return path.startswith(_OUR_FOLDERS)


def _check_licenses(folder: Path, manifest: Manifest) -> None:
    kept = kept_rows(read_tracks(folder, manifest))
    lacking = [row["path"] for row in kept if not row["license"]]
    if lacking:
        named = ", ".join(lacking[:3]) + (", ..." if len(lacking) > 3 else "")
        raise ReleaseError(
            f"{folder}: {len(lacking)} track(s) have no licence ({named}); a public release needs "
            "one each: a license column in metadata.csv, or `sportgen build --license`"
        )


@contextmanager
def hub_errors(api: HfApi, repo_id: str) -> Iterator[None]:
    """Turn what the Hub's client raises into HubError, in one line with the remedy."""
    try:
        yield
    except LocalTokenNotFoundError as error:
        raise HubError(
            f"{repo_id}: no token; run `hf auth login` or set HF_TOKEN to one that may write"
        ) from error
    except OfflineModeIsEnabled as error:
        raise HubError(f"{repo_id}: HF_HUB_OFFLINE is set; unset it to publish") from error
    except HfHubHTTPError as error:
        raise HubError(f"{repo_id}: {_remedy(error)}") from error
    except (httpx2.HTTPError, ConnectionError) as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        raise HubError(f"{api.endpoint}: cannot be reached ({detail}); run this again") from error


_REMEDIES: dict[int, str] = {
    401: "the Hub does not know this token; run `hf auth login` or set HF_TOKEN to a valid one",
    403: "the token may not do this; take one with write access to the namespace",
    404: "not found, or the token may not see it",
    409: "somebody else is writing to it; run this again",
    412: "it changed while this ran; run this again",
    429: "the Hub asks to slow down; run this again in a few minutes",
}


def _remedy(error: HfHubHTTPError) -> str:
    status = error.response.status_code
    remedy = _REMEDIES.get(status, "run this again later; the Hub's status page may say more")
    said = (error.server_message or "").strip().split("\n")[0]
    return f"{remedy} (HTTP {status}{': ' + said if said else ''})"
