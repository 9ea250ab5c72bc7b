"""The commands that read music: build, scan, doctor, demo."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..engines.forking import warm_up
from . import console, options, summaries
from .app import app

if TYPE_CHECKING:
    from ..build.since import Origin


@app.command()
def build(
    source: options.Source,
    out: options.Folder,
    chunk_seconds: options.ChunkSeconds = 25.0,
    overlap_seconds: options.OverlapSeconds = 10.0,
    splits: options.Splits = "train=0.9,test=0.1",
    seed: options.Seed = 0,
    style: options.Styles = None,
    license: options.License = "",
    keep_silence: options.KeepSilence = False,
    truncated: options.Truncated = "keep",
    max_track_seconds: options.MaxTrackSeconds = 86_400.0,
    max_expansion: options.MaxExpansion = 1_000.0,
    analysis: options.Analysis = True,
    only_fitting: options.OnlyFitting = False,
    descriptions: options.Descriptions = "measured",
    descriptions_per_chunk: options.DescriptionsPerChunk = 1,
    sessions: options.Sessions = None,
    duplicates: options.Duplicates = "keep",
    group_by: options.GroupBy = "recording",
    audio_column: options.AudioColumn = "",
    style_column: options.StyleColumn = "",
    session_column: options.SessionColumn = "",
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
    """Cut the music in SRC into described chunks and write the release folder OUT.

    Run it again to go on after an interruption, or to add music: finished shards stay.

    Examples: sportgen build music dataset --splits train=0.8,validation=0.1,test=0.1;
    sportgen build music dataset --since org/sport-music@v1.0.0;
    sportgen build hf://datasets/org/name dataset --style-column genre;
    sportgen build /shared/music /shared/dataset --engine ray --ray-address head:6379
    """
    if engine == "local":
        warm_up()
    from ..build.build import build as run
    from ..build.build import planned
    from ..recipe import Recipe, parse_splits
    from ..source.files import Source

    recipe = Recipe(
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
        only_fitting=only_fitting,
        descriptions=descriptions,
        descriptions_per_chunk=descriptions_per_chunk,
        sessions=_own_sessions(sessions),
        duplicates=duplicates,
        group_by=group_by,
    )
    settings: dict[str, Any] = {
        "num_proc": num_proc or console.cores(),
        "timeout": timeout,
        "force": force,
        "license": license,
        "ray": options.ray_settings(engine, ray_address, cpus_per_worker),
        "since": _origin(since) if since else None,
        "progress": console.progress,
    }
    music = Source(source, audio_column, style_column, session_column, subset, keep_splits)
    if dry_run:
        summaries.show_plan(*planned(music, out, recipe, **settings))
        return 0
    report = run(music, out, recipe, **settings)
    summaries.show_build(report)
    console.hint(f"next: sportgen encode {console.quote(out)}")
    return 1 if strict and report.left_out else 0


def _own_sessions(file: Path | None) -> str:
    from ..describe.sessions import known_sessions
    from ..errors import SettingError

    if file is None:
        return ""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "is not UTF-8"
        raise SettingError(f"--sessions {file}: {reason}") from None
    known_sessions(text)
    return text


def _origin(release: str) -> "Origin":
    from ..build.since import Origin
    from ..storage.place import opened

    with opened(release) as place:
        manifest = place.manifest()
        return Origin.of(manifest, place.tracks(manifest))


@app.command()
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
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what is in SRC and what a build would leave out, without building.

    Examples: sportgen scan music --json; sportgen scan music --measure
    """
    warm_up()
    from tempfile import TemporaryDirectory

    from ..build.build import duplicates_with, measure_with, scan_with
    from ..engines.local import Workers
    from ..recipe import Recipe
    from ..source.files import Source

    recipe = Recipe(
        chunk_seconds=chunk_seconds,
        overlap_seconds=0,
        styles=tuple(style or ()),
        sessions=_own_sessions(sessions),
    )
    with (
        Workers(num_proc or console.cores(), timeout) as workers,
        TemporaryDirectory() as folder,
    ):
        music = Source(source, audio_column, style_column, session_column, subset)
        library = scan_with(workers, music, None, recipe, "", console.progress)
        library = duplicates_with(workers, library, recipe, Path(folder), progress=console.progress)
        measured = measure_with(workers, library, recipe, console.progress) if measure else None
    summaries.show_inventory(summaries.inventory(library, chunk_seconds, measured), as_json)


@app.command()
def doctor(
    out: Annotated[
        Path, typer.Argument(metavar="[OUT]", help="Where a release would go.")
    ] = Path(),
) -> int:
    """Check what sportgen needs of this machine, and say how to get what is missing.

    Example: sportgen doctor
    """
    from .doctor import examine

    checks = examine(out)
    summaries.show_checks(checks)
    return 1 if any(check.state == "missing" for check in checks) else 0


@app.command()
def demo(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="An empty folder.")],
    num_proc: options.NumProc = None,
    device: options.Device = "auto",
) -> None:
    """Make a little music, build and encode it: music in OUT/music, the release in OUT/dataset.

    Example: sportgen demo demo
    """
    warm_up()
    from ..demo.demo import demo as run

    report = run(
        out, num_proc=num_proc or console.cores(), device=device, progress=console.progress
    )
    summaries.show_build(report.build)
    summaries.show_encode(report.encode, 20)
    dataset = console.quote(report.dataset)
    console.hint(f"listen: {console.quote(report.music)}")
    console.hint(f"load:   load_dataset({str(report.dataset)!r}, 'encoded')")
    console.hint(f"next:   sportgen push {dataset} ORG/NAME --allow-nano")
