"""The command `withdraw`."""

from typing import Annotated

import typer

from .. import console, options


def withdraw(
    repo_id: options.RepoId,
    track_id: Annotated[
        list[str], typer.Argument(metavar="TRACK_ID...", help="As the tracks config has them.")
    ],
    version: Annotated[
        str, typer.Option(help="The release without them.", show_default="the next major one")
    ] = "",
    notes: Annotated[
        str, typer.Option("--release-notes", help="For the changelog: a text or a file.")
    ] = "",
    endpoint: options.Endpoint = None,
    dry_run: options.DryRun = False,
) -> None:
    """Publish the last release again without these tracks.

    No later build brings them back. A tag never moves: the command says which older ones still have
    them, and how to delete those.

    Examples:
      sportgen withdraw org/sport-music 0f3c2a9be1d47756
      sportgen withdraw org/sport-music 0f3c2a9be1d47756 --dry-run
    """
    from datetime import UTC, datetime

    from huggingface_hub import HfApi

    from ...publish.versions import read_notes
    from ...publish.withdraw import withdraw as run
    from ..show.withdraw import show_withdrawal

    withdrawal = run(
        repo_id,
        track_id,
        version,
        day=datetime.now(UTC).date(),
        notes=read_notes(notes),
        dry_run=dry_run,
        api=HfApi(endpoint=endpoint),
        notify=console.hint,
        progress=console.progress,
    )
    show_withdrawal(withdrawal)
