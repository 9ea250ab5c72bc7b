"""The command `push`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ...storage.store import is_store
from .. import console, logs, options

if TYPE_CHECKING:
    from huggingface_hub import HfApi

    from ...publish.delivery import Pushed


def push(
    out: options.Folder,
    repo_id: options.Target,
    version: Annotated[
        str, typer.Option(help="X.Y.Z, the tag is vX.Y.Z.", show_default="by what changed")
    ] = "",
    bump: Annotated[
        Literal["major", "minor", "patch"] | None,
        typer.Option(help="How far the version moves, instead of by what changed."),
    ] = None,
    notes: Annotated[
        str, typer.Option("--release-notes", help="For the changelog: a text or a file.")
    ] = "",
    public: Annotated[bool, typer.Option("--public", help="Make a new repository public.")] = False,
    configs: Annotated[
        str, typer.Option(help="Publish these only: encoded,tracks leaves the audio out.")
    ] = "",
    message: Annotated[str, typer.Option(help="What the commit and the tag say.")] = "",
    revision: Annotated[
        str, typer.Option(help="The branch to commit to; made if absent.")
    ] = "main",
    create_pr: Annotated[
        bool, typer.Option("--create-pr", help="Open a pull request instead; it sets no tag.")
    ] = False,
    allow_nano: Annotated[
        bool, typer.Option("--allow-nano", help="Publish codes that are for trying out.")
    ] = False,
    verify: Annotated[
        bool, typer.Option(help="Load the release by its tag afterwards, and compare checksums.")
    ] = True,
    endpoint: options.Endpoint = None,
    debug: options.Debug = False,
    dry_run: options.DryRun = False,
) -> int:
    """Publish the release folder OUT: one commit, then one tag.

    A new repository is private unless --public. Broken off anywhere, the same command goes on; what
    the Hub has is not sent again.

    Without --version, what changed since the last release decides: major where rows or columns went
    or changed, minor where some came, patch for words alone. That is shown before it is sent.
    Without a token or a network, --dry-run lists the files of a first push.

    The token is that of `hf auth login`, or HF_TOKEN. To an object store, OUT is copied as it is,
    without versions; credentials are those of the environment.

    Examples:
      sportgen push dataset org/sport-music
      sportgen push dataset org/sport-music --dry-run
      sportgen push dataset org/sport-music --bump minor --release-notes notes.md
      sportgen push dataset org/codes --public --configs encoded,tracks
      sportgen push dataset org/sport-music --endpoint https://hub.example.org
      sportgen push dataset s3://bucket/sport-music
    """
    if is_store(repo_id):
        hub_only = (version, bump, notes, public, configs, message, create_pr, endpoint)
        _check_for_store(repo_id, *hub_only, revision != "main")
        return _mirror(out, repo_id, dry_run)
    from huggingface_hub import HfApi

    from ...publish.publish import PushSettings, push_release
    from ...publish.versions import read_notes
    from ..show.push import show_proposal, show_pushed

    logs.client_logs(debug)
    api = HfApi(endpoint=endpoint)
    settings = PushSettings(
        version,
        bump or "",
        read_notes(notes),
        public=public,
        message=message,
        configs=tuple(filter(None, configs.split(","))),
        allow_nano=allow_nano,
        revision=revision,
        create_pr=create_pr,
        dry_run=dry_run,
    )
    pushed = push_release(
        out,
        repo_id,
        settings,
        api=api,
        notify=console.hint,
        show=show_proposal,
        progress=console.progress,
    )
    show_pushed(pushed, dry_run)
    return 0 if dry_run or create_pr or not verify else _verify(pushed, api)


def _check_for_store(url: str, *hub_only: object) -> None:
    """Raise SettingError if options are given that only a push to a Hub has."""
    from ...errors import SettingError

    if any(hub_only):
        raise SettingError(
            f"{url}: an object store gets OUT as it is; of the options, it takes --dry-run alone"
        )


def _mirror(out: Path, url: str, dry_run: bool) -> int:
    from ...publish.mirror import mirror_release
    from ..show.push import show_mirrored

    show_mirrored(mirror_release(out, url, dry_run=dry_run, progress=console.progress), dry_run)
    return 0


def _verify(pushed: "Pushed", api: "HfApi") -> int:
    """Load the release by its tag, compare it with what was sent, and return the exit code."""
    from ...release.release import open_release
    from ...verify.verify import verify_release

    with open_release(f"{pushed.repo_id}@{pushed.tag}", api) as release:
        report = verify_release(
            release, data=False, sent=pushed.manifest, progress=console.progress
        )
    for failure in report.failures:
        console.fail(failure)
    if not report.ok:
        return 1
    console.hint(f"verified: {pushed.tag} loads, and its files are those of the manifest")
    return 0
