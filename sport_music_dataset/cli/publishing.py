"""The commands that talk to a Hub: push."""

from typing import Annotated

import typer

from . import console, logs, options, summaries
from .app import app


@app.command()
def push(
    out: options.Folder,
    repo_id: options.RepoId,
    version: Annotated[str, typer.Option(help="The release, X.Y.Z; its tag is vX.Y.Z.")],
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
    endpoint: options.Endpoint = None,
    debug: options.Debug = False,
    dry_run: options.DryRun = False,
) -> None:
    """Publish the release folder OUT: one commit, then one tag. Private unless --public.

    Broken off anywhere, the same command goes on; what the Hub has is not sent again.

    The token is that of `hf auth login`, or HF_TOKEN.

    Examples:

    sportgen push dataset org/sport-music --version 1.0.0

    sportgen push dataset org/sport-music --version 1.1.0 --dry-run

    sportgen push dataset org/sport-codes --version 1.0.0 --public --configs encoded,tracks

    sportgen push dataset org/sport-music --version 1.0.0 --endpoint https://hub.example.org
    """
    from huggingface_hub import HfApi

    from ..publish import publish

    logs.client_logs(debug)
    release = publish(
        out,
        repo_id,
        version,
        public=public,
        message=message,
        configs=tuple(filter(None, configs.split(","))),
        allow_nano=allow_nano,
        revision=revision,
        create_pr=create_pr,
        dry_run=dry_run,
        api=HfApi(endpoint=endpoint),
        tell=console.hint,
        progress=console.progress,
    )
    summaries.show_release(release, dry_run)
