"""Publish a release folder: what may be published, by whom, and then its delivery."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import HfApi
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from ..errors import HubError, ReleaseError, SettingError
from ..progress import Progress, no_progress
from ..release.manifest import MANIFEST, Manifest, kept_rows, read_manifest, read_tracks
from ..storage.hub_client import hub_errors
from ..storage.retries import Patience, Tell, persist
from .contents import contents, select
from .delivery import MAIN, Delivery, Release
from .versions import TAG, Proposal, propose

# What is told of a release before it is sent: why it has the version that it has.
Show = Callable[[Proposal, str], None]


def publish(
    folder: Path,
    repo_id: str,
    version: str = "",
    *,
    bump: str = "",
    notes: str = "",
    day: date | None = None,
    public: bool = False,
    message: str = "",
    configs: tuple[str, ...] = (),
    allow_nano: bool = False,
    revision: str = MAIN,
    create_pr: bool = False,
    dry_run: bool = False,
    api: HfApi | None = None,
    patience: Patience | None = None,
    tell: Tell = lambda text: None,
    show: Show = lambda proposal, version: None,
    progress: Progress = no_progress,
) -> Release:
    """Publish `folder` as `repo_id` and tag it `v<version>`; what is there already stays.

    Without `version`, what changed since the last release decides, or `bump`; `show` gets the
    proposal, and the version that is taken, before anything is sent. `notes` go into the
    changelog, with `day`, or that on which the folder was finished. The commit goes onto the
    branch `revision`, made if absent, or into a pull request. A new repository is private. `tell`
    gets a line for each retry. The token is huggingface_hub's.

    Raises:
        SettingError: a setting is not of its form.
        ReleaseError: the folder is incomplete, or may not be published as asked.
        HubError: no token, no right, another release has the tag or came meanwhile, or no Hub.
    """
    api, patience = api or HfApi(), patience or Patience()
    if version:
        check_version(version)
    _check_target(repo_id, revision, create_pr)
    manifest = _publishable(folder, configs, allow_nano, public)
    with hub_errors(api, repo_id):
        # Who is not online finds out at once.
        me = persist(api.whoami, patience, tell, at_once=(httpx2.ConnectError,))
        _check_rights(me, api, repo_id, create_pr)
        find = partial(propose, folder, repo_id, api, bump, manifest, progress)
        proposal = persist(find, patience, tell)
        version = version or proposal.version
        show(proposal, version)
        proposal.record(manifest, version, day or _written(folder), notes)
        release = contents(folder, manifest, repo_id, version, proposal.published)
        tag = check_version(version)
        delivery = Delivery(api, repo_id, tag, release, revision, not public, progress, message)
        step = delivery.propose if create_pr else delivery.publish
        with hub_errors(api, repo_id, me["name"]):
            return persist(delivery.dry_run if dry_run else step, patience, tell)


def _written(folder: Path) -> date:
    """The day on which a release folder was finished: the same, whenever a push goes on."""
    return datetime.fromtimestamp((folder / MANIFEST).stat().st_mtime, UTC).date()


def check_version(version: str) -> str:
    """The tag of a version `X.Y.Z`; raises SettingError for anything else."""
    if not TAG.fullmatch(f"v{version}"):
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


def _check_rights(me: dict[str, Any], api: HfApi, repo_id: str, create_pr: bool) -> None:
    """Raise HubError, with the remedy, where whoami tells that the Hub will refuse."""
    namespace, name = repo_id.split("/")
    token = me.get("auth", {}).get("accessToken", {})
    if token.get("role") == "read":
        raise HubError(
            f"{repo_id}: the token of {me['name']} may only read; make one that may write at "
            f"{api.endpoint}/settings/tokens, then `hf auth login` or HF_TOKEN"
        )
    # Who may see a repository may propose something to it.
    if create_pr or namespace == me["name"]:
        return
    roles = {org["name"]: org.get("roleInOrg", "") for org in me.get("orgs", [])}
    if namespace not in roles:
        raise HubError(
            f"{repo_id}: you are logged in as {me['name']}, who is not {namespace} nor a member "
            f"of it; log in as somebody who is, or push to {me['name']}/{name}"
        )
    if roles[namespace] == "read":
        raise HubError(
            f"{repo_id}: you are logged in as {me['name']}, who may only read in {namespace}; "
            "ask its admin for the role to write, or propose it with --create-pr"
        )


def _check_target(repo_id: str, revision: str, create_pr: bool) -> None:
    check_repo_id(repo_id)
    if create_pr and revision != MAIN:
        raise SettingError(f"revision {revision!r}: a pull request goes to {MAIN}; leave one out")


def _publishable(
    folder: Path, configs: tuple[str, ...], allow_nano: bool, public: bool
) -> Manifest:
    """The manifest of what is published; raises ReleaseError for what must stay at home."""
    manifest = select(read_manifest(folder), configs)
    if public:
        _check_licenses(folder, manifest)
    if manifest.encoding and manifest.encoding["nano"] and not allow_nano:
        raise ReleaseError(
            f"{folder}: its codes are of nano, which is for trying out; run `sportgen encode "
            "--model facebook/musicgen-medium`, or push with --allow-nano"
        )
    return manifest


def _check_licenses(folder: Path, manifest: Manifest) -> None:
    kept = kept_rows(read_tracks(folder, manifest, ("path", "license", "status")))
    lacking = [row["path"] for row in kept if not row["license"]]
    if lacking:
        named = ", ".join(lacking[:3]) + (", ..." if len(lacking) > 3 else "")
        raise ReleaseError(
            f"{folder}: {len(lacking)} track(s) have no licence ({named}); a public release needs "
            "one each: a license column in metadata.csv, or `sportgen build --license`"
        )
