"""The command `scan`."""

from pathlib import Path
from typing import Annotated

import typer

from ...engines.forking import warm_up
from .. import console, options
from ..options import read_sessions


def scan(
    source: options.Source,
    chunk_seconds: options.ChunkSeconds = 25.0,
    style: options.Styles = None,
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure chunks, side by side, and show misfits.")
    ] = False,
    sessions: options.Sessions = None,
    audio_column: options.AudioColumn = "",
    style_column: options.StyleColumn = "",
    session_column: options.SessionColumn = "",
    subset: options.Subset = "",
    timeout: options.Timeout = 900.0,
    num_proc: options.NumProc = None,
    as_json: options.AsJson = False,
) -> None:
    """Say what is in SRC and what a build would leave out, without building.

    Examples: sportgen scan music --json; sportgen scan music --measure
    """
    warm_up()
    from tempfile import TemporaryDirectory

    from ...build.build import fingerprint_and_group, scan_source
    from ...build.cut import measure_tracks
    from ...engines.local import Workers
    from ...recipe import Recipe
    from ...source.source import Source
    from ..show.scan import inventory, show_inventory

    recipe = Recipe(
        chunk_seconds=chunk_seconds,
        overlap_seconds=0,
        styles=tuple(style or ()),
        sessions=read_sessions(sessions),
    )
    music = Source(source, audio_column, style_column, session_column, subset)
    with (
        Workers(num_proc or console.cores(), timeout) as workers,
        TemporaryDirectory() as folder,
    ):
        library = scan_source(workers, music, recipe, progress=console.progress)
        grouping = fingerprint_and_group(
            workers, library, recipe, Path(folder), progress=console.progress
        )
        usable = grouping.library.usable
        measured = measure_tracks(workers, usable, recipe, console.progress) if measure else None
    show_inventory(inventory(grouping, chunk_seconds, measured), as_json)
