"""The command `build`."""

from typing import TYPE_CHECKING

from ...engines.base import cores
from ...engines.forking import warm_up
from .. import console, options
from ..options import read_sessions

if TYPE_CHECKING:
    from ...build.since import Since


def build(
    source: options.Source,
    out: options.Folder,
    chunk_seconds: options.ChunkSeconds = 25.0,
    overlap_seconds: options.OverlapSeconds = 10.0,
    splits: options.Splits = "train=0.9,test=0.1",
    seed: options.Seed = 0,
    style: options.Styles = None,
    layout: options.Layout = "",
    names: options.Names = "",
    session: options.Session = "",
    default_style: options.DefaultStyle = "",
    tags: options.Tags = True,
    license: options.License = "",
    keep_silence: options.KeepSilence = False,
    truncated: options.Truncated = "keep",
    max_track_seconds: options.MaxTrackSeconds = 86_400.0,
    max_expansion: options.MaxExpansion = 1_000.0,
    analysis: options.Analysis = True,
    listen: options.Listen = False,
    tagger: options.Tagger = None,
    without_vocals: options.WithoutVocals = False,
    min_fit: options.MinFit = "no",
    only_fitting: options.OnlyFitting = False,
    require_tempo: options.RequireTempo = False,
    descriptions: options.Descriptions = "measured",
    descriptions_per_chunk: options.DescriptionsPerChunk = 1,
    sessions: options.Sessions = None,
    duplicates: options.Duplicates = "keep",
    group_by: options.GroupBy = "recording",
    audio_column: options.AudioColumn = "",
    style_column: options.StyleColumn = "",
    session_column: options.SessionColumn = "",
    description_column: options.DescriptionColumn = "",
    subset: options.Subset = "",
    keep_splits: options.KeepSplits = False,
    timeout: options.Timeout = 900.0,
    num_proc: options.NumProc = None,
    engine: options.Engine = "local",
    ray_address: options.RayAddress = "",
    cpus_per_worker: options.CpusPerWorker = 0,
    since: options.Since = None,
    force: options.Force = False,
    strict: options.Strict = False,
    dry_run: options.DryRun = False,
) -> int:
    """Cut the music in SRC into described chunks: the release folder OUT.

    Run it again to go on after an interruption, or to add music: finished shards stay.

    Examples:
      sportgen build music dataset
      sportgen build music dataset --listen
      sportgen build music dataset --splits train=0.8,validation=0.1,test=0.1
      sportgen build music dataset --since org/sport-music@v1.0.0
      sportgen build hf://datasets/org/name dataset --style-column genre
      sportgen build /shared/music /shared/dataset --engine ray
    """
    if engine == "local":
        warm_up()
    from ...build.build import BuildRequest, build_release, plan_build
    from ...recipe import Recipe, parse_splits
    from ...release.release import Release
    from ...source.source import Source
    from ..next_steps import hint_next
    from ..show.build import show_build
    from ..show.scan import show_plan

    request = BuildRequest(
        Source(
            source,
            audio_column,
            style_column,
            session_column,
            subset,
            keep_splits,
            layout,
            names,
            session,
            default_style,
            tags,
            description_column,
        ),
        out,
        Recipe(
            chunk_seconds=chunk_seconds,
            overlap_seconds=overlap_seconds,
            splits=tuple(parse_splits(splits).items()),
            seed=seed,
            styles=tuple(style or ()),
            keep_silence=keep_silence,
            keep_truncated=truncated == "keep",
            max_track_seconds=max_track_seconds,
            max_expansion=max_expansion,
            analysis=analysis,
            **options.tagger_settings(listen, tagger),
            without_vocals=without_vocals,
            min_fit="unknown" if only_fitting and min_fit == "no" else min_fit,
            require_tempo=require_tempo,
            descriptions=descriptions,
            descriptions_per_chunk=descriptions_per_chunk,
            sessions=read_sessions(sessions),
            duplicates=duplicates,
            group_by=group_by,
        ),
        num_proc=num_proc or cores(),
        timeout=timeout,
        force=force,
        license=license,
        since=_since(since) if since else None,
        ray=options.ray_settings(engine, ray_address, cpus_per_worker),
    )
    if dry_run:
        show_plan(plan_build(request, console.progress, console.hint), request.recipe)
        return 0
    report = build_release(request, console.progress, console.hint)
    show_build(report)
    hint_next(Release.of(out, report.manifest))
    return 1 if strict and report.left_out else 0


def _since(release: str) -> "Since":
    from ...build.since import Since
    from ...release.release import open_release

    with open_release(release) as opened:
        return Since.of(opened)
