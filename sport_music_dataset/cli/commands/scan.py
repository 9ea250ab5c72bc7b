"""The command `scan`."""

from pathlib import Path
from typing import Annotated

import typer

from ...engines.base import cores
from ...engines.forking import warm_up
from .. import console, options
from ..options import read_sessions


def scan(
    source: options.Source,
    chunk_seconds: options.ChunkSeconds = 25.0,
    overlap_seconds: Annotated[
        float | None,
        typer.Option(
            "--overlap-seconds",
            help="What neighbouring chunks share.",
            show_default="10, of short chunks 0",
        ),
    ] = None,
    splits: options.Splits = "train=0.9,test=0.1",
    style: options.Styles = None,
    layout: options.Layout = "",
    names: options.Names = "",
    session: options.Session = "",
    default_style: options.DefaultStyle = "",
    tags: options.Tags = True,
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure the chunks of a build, and show misfits.")
    ] = False,
    min_fit: options.MinFit = "no",
    require_tempo: options.RequireTempo = False,
    sessions: options.Sessions = None,
    audio_column: options.AudioColumn = "",
    style_column: options.StyleColumn = "",
    session_column: options.SessionColumn = "",
    description_column: options.DescriptionColumn = "",
    subset: options.Subset = "",
    timeout: options.Timeout = 900.0,
    num_proc: options.NumProc = None,
    as_json: options.AsJson = False,
) -> None:
    """Say what is in SRC, and what a build would give and leave out.

    It says too how the names of files are read. Nothing is written.

    Examples:
      sportgen scan music
      sportgen scan music --measure
      sportgen scan music --json
    """
    warm_up()
    from tempfile import TemporaryDirectory

    from ...build.build import BuildRequest, fingerprint_and_group, outage_of, scan_source
    from ...build.cut import measure_tracks
    from ...build.expect import expect
    from ...card.options import typed
    from ...describe.unsaid import unsaid
    from ...engines.local import Workers
    from ...errors import SettingError
    from ...recipe import Recipe, parse_splits
    from ...source.source import Source
    from ..show.scan import hint_build, inventory, show_inventory

    if overlap_seconds is None:
        overlap_seconds = 10.0 if chunk_seconds > 10 else 0.0
    recipe = Recipe(
        chunk_seconds=chunk_seconds,
        overlap_seconds=overlap_seconds,
        splits=tuple(parse_splits(splits).items()),
        styles=tuple(style or ()),
        min_fit=min_fit,
        require_tempo=require_tempo,
        sessions=read_sessions(sessions),
    )
    if not measure and (min_fit != "no" or require_tempo):
        raise SettingError(
            "--min-fit and --require-tempo: only measures tell; add --measure", options="--measure"
        )
    music = Source(
        source,
        audio_column,
        style_column,
        session_column,
        subset,
        layout=layout,
        names=names,
        session=session,
        default_style=default_style,
        tags=tags,
        description_column=description_column,
    )
    with (
        Workers(num_proc or cores(), timeout) as workers,
        TemporaryDirectory() as folder,
    ):
        library = scan_source(workers, music, recipe, progress=console.progress)
        grouping = fingerprint_and_group(
            workers,
            library,
            recipe,
            Path(folder),
            outage=outage_of(music),
            progress=console.progress,
        )
        expected = expect(workers, grouping.library, recipe, source)
        usable = grouping.library.usable if measure else ()
        measured = measure_tracks(workers, usable, recipe, console.progress)
    notes = (*grouping.library.notes, *unsaid(grouping.library.tracks, recipe))
    found = inventory(grouping, recipe, expected, notes, measured if measure else None)
    show_inventory(found, as_json)
    if not as_json:
        manifest = BuildRequest(music, Path("dataset"), recipe).manifest()
        hint_build(found, source, typed(manifest, str(sessions)))
