"""Publish a release folder: what may be published, by whom, and then its delivery."""

from collections.abc import Callable
from dataclasses import dataclass
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
from ..release.layout import MANIFEST
from ..release.manifest import read_manifest
from ..release.release import Release
from ..release.tracks import kept_rows
from ..storage.hub_client import hub_errors
from ..storage.retries import Notify, Patience, retry
from .contents import contents, select
from .delivery import MAIN, Delivery, Pushed
from .versions import TAG, Proposal, propose

Show = Callable[[Proposal, str], None]
"""Gets why a release should have which version, and the version that is taken."""


@dataclass(frozen=True, slots=True)
class PushSettings:
    """How a release is published.

    Args:
        version: X.Y.Z; if empty, what changed since the last release decides, or `bump`.
        bump: how far the version moves: major, minor or patch.
        notes: what the changelog says besides.
        day: what the changelog gives as date; the day on which the folder was finished if None.
        public: make a new repository public; it is private otherwise.
        message: what commit and tag say; if empty, the name of the release.
        configs: the configs to publish; all if empty.
        allow_nano: publish codes of `nano`, which are for trying out.
        revision: the branch to commit to, made if absent.
        create_pr: open a pull request instead of committing to a branch.
        dry_run: send nothing.
    """

    version: str = ""
    bump: str = ""
    notes: str = ""
    day: date | None = None
    public: bool = False
    message: str = ""
    configs: tuple[str, ...] = ()
    allow_nano: bool = False
    revision: str = MAIN
    create_pr: bool = False
    dry_run: bool = False


def push_release(
    folder: Path,
    repo_id: str,
    settings: PushSettings = PushSettings(),
    *,
    api: HfApi | None = None,
    patience: Patience | None = None,
    notify: Notify = lambda text: None,
    show: Show = lambda proposal, version: None,
    progress: Progress = no_progress,
) -> Pushed:
    """Publish the release in `folder` as `repo_id` and tag it; what is there already stays.

    The commit goes onto a branch, or into a pull request; then a tag is set. The token is
    huggingface_hub's.

    Args:
        folder: a release folder.
        repo_id: ORG/NAME.
        settings: the version, and what else may be asked for.
        api: the Hub's client.
        patience: how often and how long to try again.
        notify: gets a line for each retry.
        show: gets the proposed version and the one that is taken, before anything is sent.
        progress: told how far the work is.

    Example:
        >>> settings = PushSettings(version="1.0.0", allow_nano=True)
        >>> push_release(Path("dataset"), "org/sport-music", settings).tag
        'v1.0.0'

    Raises:
        SettingError: a setting is not of its form.
        ReleaseError: the folder is incomplete, or may not be published as asked.
        HubError: no token, no right, another release has the tag or came meanwhile, or no Hub.
    """
    api, patience = api or HfApi(), patience or Patience()
    if settings.version:
        check_version(settings.version)
    _check_target(repo_id, settings)
    release = _publishable(folder, settings)
    with hub_errors(api, repo_id):
        # Who is not online finds out at once.
        me = retry(api.whoami, patience, notify, at_once=(httpx2.ConnectError,))
        _check_rights(me, api, repo_id, settings.create_pr)
        find = partial(propose, release, repo_id, api, settings.bump, progress)
        proposal = retry(find, patience, notify)
        version = settings.version or proposal.version
        show(proposal, version)
        proposal.record(release.manifest, version, settings.day or _written(folder), settings.notes)
        files = contents(release, repo_id, version, proposal.published)
        delivery = Delivery(
            api,
            repo_id,
            check_version(version),
            files,
            settings.revision,
            not settings.public,
            progress,
            settings.message,
        )
        with hub_errors(api, repo_id, me["name"]):
            return retry(_step(delivery, settings), patience, notify)


def _step(delivery: Delivery, settings: PushSettings) -> Callable[[], Pushed]:
    if settings.dry_run:
        return delivery.dry_run
    return delivery.propose if settings.create_pr else delivery.publish


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


def _check_target(repo_id: str, settings: PushSettings) -> None:
    check_repo_id(repo_id)
    if settings.create_pr and settings.revision != MAIN:
        raise SettingError(
            f"revision {settings.revision!r}: a pull request goes to {MAIN}; leave one out"
        )


def _publishable(folder: Path, settings: PushSettings) -> Release:
    """The part of a release that is published; raises ReleaseError for what must stay at home."""
    release = Release.of(folder, select(read_manifest(folder), settings.configs))
    if settings.public:
        _check_licenses(release)
    encoding = release.manifest.encoding
    if encoding and encoding["nano"] and not settings.allow_nano:
        raise ReleaseError(
            f"{folder}: its codes are of nano, which is for trying out; run `sportgen encode "
            "--model facebook/musicgen-medium`, or push with --allow-nano"
        )
    return release


def _check_licenses(release: Release) -> None:
    kept = kept_rows(release.tracks(("path", "license", "status")))
    lacking = [row["path"] for row in kept if not row["license"]]
    if lacking:
        named = ", ".join(lacking[:3]) + (", ..." if len(lacking) > 3 else "")
        raise ReleaseError(
            f"{release.name}: {len(lacking)} track(s) have no licence ({named}); a public release "
            "needs one each: a license column in metadata.csv, or `sportgen build --license`"
        )
