"""Publish a release folder: check what may be published and by whom, then deliver it."""

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

from ..errors import HubError, ReleaseError, SettingError, counted
from ..pretrained import MUSICGEN
from ..progress import Notify, Progress, no_progress
from ..release.last_runs import encode_command, stale_note
from ..release.layout import MANIFEST
from ..release.release import Release
from ..release.review.file import unbuilt_note
from ..release.tracks import kept_rows
from ..storage.hub_client import NoAnswerError, checked, hub_errors
from ..storage.retries import Patience, retry
from ..storage.tags import TAG
from .contents import contents, fetch_snapshot, listed_files, select
from .delivery import MAIN, Delivery, Pushed
from .versions import FIRST_VERSION, Bump, Proposal, propose

Show = Callable[[Proposal, str], None]
"""Called with the proposed version, with its reason, and the version that is used."""


@dataclass(frozen=True, slots=True)
class PushSettings:
    """How a release is published.

    Args:
        version: X.Y.Z; if empty, `bump` decides, or else what changed since the last release.
        bump: the number of the version to increase: major, minor or patch.
        notes: text for the changelog, added to the counts of what changed.
        day: date in the changelog; None takes the day on which the folder was finished.
        public: make a new repository public; otherwise it is private.
        message: text of commit and tag; if empty, the name of the release.
        configs: the configs to publish; all if empty.
        allow_nano: publish codes of `nano`, a model for trying out.
        revision: the branch to commit to; it is made if it does not exist.
        create_pr: open a pull request instead of committing to a branch.
        dry_run: send nothing; without a token or a network, say what a first push would send.
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
    """Publish the release in `folder` as `repo_id`; files that the Hub has are not sent again.

    The files are committed to a branch, and a tag is set; or they are committed in a pull request,
    without a tag. The token is the one that huggingface_hub finds.

    Args:
        folder: a release folder.
        repo_id: ORG/NAME.
        settings: the version, and everything else that can be chosen.
        api: the client of the Hub.
        patience: how often and how long failed requests are repeated.
        notify: called with a line of text for each retry, and if a review is not built yet.
        show: called with the proposed version and the used one, before anything is sent.
        progress: reports the progress of the work.

    Example:
        >>> settings = PushSettings(version="1.0.0", allow_nano=True)
        >>> push_release(Path("dataset"), "org/sport-music", settings).tag
        'v1.0.0'

    Raises:
        SettingError: a setting is not well-formed.
        ReleaseError: the folder is incomplete, or may not be published with these settings.
        HubError: there is no token, or it may not write; another release has the tag, or was
            published meanwhile; or the Hub cannot be reached.
    """
    if settings.version:
        check_version(settings.version)
    _check_target(repo_id, settings)
    release = _publishable(folder, settings)
    for note in filter(
        None, (unbuilt_note(folder, release.manifest), _uncoded_note(release, settings))
    ):
        notify(f"note: {note}")
    api, patience = checked(api), patience or Patience()
    deliver = partial(_delivery, release, repo_id, settings, api, progress)
    try:
        with hub_errors(api, repo_id):
            # Without a connection, fail at once instead of retrying.
            me = retry(api.whoami, patience, notify, at_once=(httpx2.ConnectError,))
    except NoAnswerError as error:
        if not settings.dry_run:
            raise
        return deliver(Proposal(FIRST_VERSION, Bump.MAJOR)).unasked(str(error))
    with hub_errors(api, repo_id):
        retry(partial(_check_repository, api, repo_id, settings.revision), patience, notify)
        _check_rights(me, api, repo_id, settings.create_pr)
        find = partial(propose, release, repo_id, api, settings.bump, progress)
        proposal = retry(find, patience, notify)
        show(proposal, settings.version or proposal.version)
        delivery = deliver(proposal)
        with hub_errors(api, repo_id, me["name"]):
            return retry(_step(delivery, settings), patience, notify)


def _delivery(
    release: Release,
    repo_id: str,
    settings: PushSettings,
    api: HfApi,
    progress: Progress,
    proposal: Proposal,
) -> Delivery:
    """The delivery of a release in the proposed version, or in that of the settings."""
    version = settings.version or proposal.version
    day = settings.day or _finished_day(release.folder)
    proposal.record(release.manifest, version, day, settings.notes)
    return Delivery(
        api,
        repo_id,
        check_version(version),
        contents(release, repo_id, version, proposal.published),
        settings.revision,
        not settings.public,
        progress,
        settings.message,
    )


def _uncoded_note(release: Release, settings: PushSettings) -> str:
    """What to say of a release without codes; empty if it has some, or if none were asked for."""
    if release.shards("encoded") or settings.configs:
        return ""
    return f"there is no `encoded`, which trainings read; `{encode_command(release)}` makes it"


def _step(delivery: Delivery, settings: PushSettings) -> Callable[[], Pushed]:
    if settings.dry_run:
        return delivery.dry_run
    return delivery.propose if settings.create_pr else delivery.publish


def _finished_day(folder: Path) -> date:
    """The day (UTC) on which the release folder was finished; a repeated push gets the same day."""
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


def _check_repository(api: HfApi, repo_id: str, revision: str) -> None:
    """Raise HubError if the repository has another name, or data that is not of sportgen."""
    there = fetch_snapshot(api, repo_id, revision) or fetch_snapshot(api, repo_id, MAIN)
    foreign = there.foreign if there else ()
    if foreign:
        named = ", ".join(foreign[:3]) + (", ..." if len(foreign) > 3 else "")
        raise HubError(
            f"{repo_id}: holds {counted(len(foreign), 'file')} of another dataset ({named}) and no "
            f"{MANIFEST}; push under another name, or delete those on the Hub first"
        )


def _check_rights(me: dict[str, Any], api: HfApi, repo_id: str, create_pr: bool) -> None:
    """Raise HubError, with the remedy, if `me`, the answer of whoami, shows that a push fails."""
    namespace, name = repo_id.split("/")
    token = me.get("auth", {}).get("accessToken", {})
    if token.get("role") == "read":
        raise HubError(
            f"{repo_id}: the token of {me['name']} may only read; make one that may write at "
            f"{api.endpoint}/settings/tokens, then `hf auth login` or HF_TOKEN"
        )
    # Everybody who can see a repository may open a pull request in it.
    if create_pr or namespace == me["name"]:
        return
    roles = {org["name"]: org.get("roleInOrg", "") for org in me.get("orgs", [])}
    alike = [known for known in (me["name"], *roles) if known.lower() == namespace.lower()]
    if alike and namespace not in alike:
        raise HubError(f"{repo_id}: the Hub has {namespace} as {alike[0]}; write {alike[0]}/{name}")
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
    """The part of the release that is published.

    Raises:
        ReleaseError: a config is missing or out of date, a track of a public release has no
            licence, the codes are of nano, or a file is missing or has another size.
    """
    whole = Release.of(folder)
    stale = stale_note(whole)
    if stale and (not settings.configs or "encoded" in settings.configs):
        raise ReleaseError(f"{folder}: {stale}, or leave it out with --configs raw,tracks")
    release = Release.of(folder, select(whole.manifest, settings.configs))
    if settings.public:
        _check_licenses(release)
    encoding = release.manifest.encoding
    if encoding and encoding["nano"] and not settings.allow_nano:
        raise ReleaseError(
            f"{folder}: its codes are of nano, which is for trying out; run "
            f"`{encode_command(whole, MUSICGEN)}`, or push with --allow-nano"
        )
    listed_files(release)
    return release


def _check_licenses(release: Release) -> None:
    kept = kept_rows(release.tracks(("path", "license", "status")))
    lacking = [row["path"] for row in kept if not row["license"]]
    if lacking:
        named = ", ".join(lacking[:3]) + (", ..." if len(lacking) > 3 else "")
        raise ReleaseError(
            f"{release.name}: no licence for {counted(len(lacking), 'track')} ({named}); a public "
            "release needs one each: a license column in metadata.csv, or `sportgen build "
            "--license`"
        )
