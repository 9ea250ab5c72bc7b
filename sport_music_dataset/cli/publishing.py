"""The commands that talk to a Hub: push."""

from typing import Annotated

import typer

from . import options, summaries
from .app import app


@app.command()
def push(
    out: options.Folder,
    repo_id: Annotated[str, typer.Argument(metavar="ORG/NAME", help="The dataset on the Hub.")],
    version: Annotated[str, typer.Option(help="The release, X.Y.Z; its tag is vX.Y.Z.")],
    public: Annotated[bool, typer.Option("--public", help="Make a new repository public.")] = False,
    message: Annotated[str, typer.Option(help="What the commit and the tag say.")] = "",
    dry_run: options.DryRun = False,
) -> None:
    """Publish the release folder OUT: one commit, then one tag. Private unless --public.

    The token is that of `hf auth login`, or HF_TOKEN.

    Example: sportgen push dataset org/sport-music --version 1.0.0
    """
    from ..publish import publish

    summaries.show_release(
        publish(out, repo_id, version, public=public, message=message, dry_run=dry_run), dry_run
    )
