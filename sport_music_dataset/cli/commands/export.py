"""The command `export`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from .. import console, options


def export(
    release: options.Release,
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="The folder to write.")],
    to: Annotated[
        Literal[
            "audiocraft", "dreambooth", "stable-audio-tools", "ace-step", "webdataset", "lhotse"
        ],
        typer.Option("--to", help="What shall read it."),
    ],
    splits: Annotated[
        list[str] | None,
        typer.Option("--split", help="Export this split only; may be repeated."),
    ] = None,
    chunks_per_shard: Annotated[
        int,
        typer.Option(
            "--chunks-per-shard", min=1, help="Most chunks of a tar, a Parquet file or a folder."
        ),
    ] = 1_000,
    root: Annotated[
        str,
        typer.Option(
            "--root",
            metavar="PATH",
            help="Where the trainer will find DEST, for paths in manifests: DEST itself if not "
            "given; a dot makes them relative.",
        ),
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Replace the export that DEST holds.")
    ] = False,
    dry_run: options.DryRun = False,
    as_json: options.AsJson = False,
    endpoint: options.Endpoint = None,
) -> None:
    """Write a release as another trainer reads it.

    Audio as it is, descriptions, metadata. DEST/README.md says how to train from it,
    DEST/LICENSES.tsv whose music it is. Splits stay. Stopped anywhere, the same command goes on.

    Examples:
      sportgen export dataset audiocraft-music --to audiocraft
      sportgen export org/sport-music@v1.0.0 tars --to webdataset
      sportgen export dataset lhotse --to lhotse --split train --dry-run
    """
    from ...release.folder import check_named

    check_named(release)  # before Arrow, which takes half a second
    from huggingface_hub import HfApi

    from ...export import ExportSettings, export_release, plan_export
    from ...release.release import open_release
    from ..next_steps import hint_waiting
    from ..show.export import show_export

    settings = ExportSettings(to, tuple(splits or ()), chunks_per_shard, root, force)
    with open_release(release, HfApi(endpoint=endpoint)) as opened:
        hint_waiting(opened)
        if dry_run:
            report = plan_export(opened, dest, settings)
        else:
            report = export_release(opened, dest, settings, console.progress)
        show_export(report, opened, as_json, dry_run)
