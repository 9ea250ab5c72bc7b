"""The command `sportgen`: options in, stages called, results and errors out.

Results go to stdout, progress and hints to stderr. Exit codes: 0 done, 1 a known error, 2 usage,
130 interrupted. Stages are imported by the command that needs them, so that --help is quick.
"""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.exceptions import TyperException

from . import __version__, console, options, summaries
from .errors import SportgenError

app = typer.Typer(
    name="sportgen",
    help="Turn folders of sport music into a versioned MusicGen training dataset.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_INTERRUPTED = 130


@app.callback(invoke_without_command=True)
def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"sportgen {__version__}")
        raise typer.Exit


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
    timeout: options.Timeout = 900.0,
    num_proc: options.NumProc = None,
    force: options.Force = False,
    strict: options.Strict = False,
    dry_run: options.DryRun = False,
) -> int:
    """Cut the music in SRC into described chunks and write the release folder OUT.

    Run it again to go on after an interruption, or to add music: finished shards stay.

    Example: sportgen build music dataset --splits train=0.8,validation=0.1,test=0.1
    """
    from .build import build as run
    from .build import preview
    from .recipe import Recipe, parse_splits

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
    )
    settings: dict[str, Any] = {
        "num_proc": num_proc or console.cores(),
        "timeout": timeout,
        "force": force,
        "progress": console.progress,
    }
    if dry_run:
        summaries.show_plan(*preview(source, out, recipe, **settings))
        return 0
    report = run(source, out, recipe, license=license, **settings)
    summaries.show_build(report)
    console.hint(f"next: sportgen encode {console.quote(out)}")
    return 1 if strict and report.left_out else 0


@app.command()
def scan(
    source: options.Source,
    chunk_seconds: options.ChunkSeconds = 25.0,
    style: options.Styles = None,
    timeout: options.Timeout = 900.0,
    num_proc: options.NumProc = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what is in SRC and what a build would leave out, without building.

    Example: sportgen scan music --json
    """
    from .build import scan_with
    from .recipe import Recipe
    from .workers import Workers

    recipe = Recipe(chunk_seconds=chunk_seconds, overlap_seconds=0, styles=tuple(style or ()))
    with Workers(num_proc or console.cores(), timeout) as workers:
        library = scan_with(workers, source, None, recipe, "", console.progress)
    summaries.show_inventory(summaries.inventory(library, chunk_seconds), as_json)


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
def encode(
    out: options.Folder,
    model: Annotated[
        str, typer.Option(help="MusicGen whose tokenizer and pad id to use: Hub id, folder, nano.")
    ] = "facebook/musicgen-medium",
    codec: Annotated[
        str | None,
        typer.Option(help="EnCodec: Hub id or folder.  [default: facebook/encodec_32khz]"),
    ] = None,
    max_length: Annotated[int, typer.Option(help="Tokens of a description.")] = 20,
    labels: Annotated[
        Literal["lossless", "notebook"],
        typer.Option(help="Delay pattern in full, or as the notebook cuts it (6 codes are lost)."),
    ] = "lossless",
    special_tokens: Annotated[bool, typer.Option(help="Close descriptions with EOS.")] = True,
    check: Annotated[
        int, typer.Option(help="Encode so many chunks again, the plain way, and compare.")
    ] = 0,
    device: options.Device = "auto",
) -> int:
    """Add tokens, EnCodec codes and delay-patterned labels to the release folder OUT.

    Example: sportgen encode dataset --model facebook/musicgen-medium
    """
    from .memory import keep_freed_memory

    keep_freed_memory()
    from .agreement import LEAST_AGREEMENT
    from .encode import EncodeSettings
    from .encode import encode as run

    settings = EncodeSettings(
        model=model,
        codec=codec or "",
        max_length=max_length,
        labels=labels,
        special_tokens=special_tokens,
        device=device,
    )
    report = run(out, settings, check=check, progress=console.progress)
    summaries.show_encode(report, max_length)
    if report.agreement and min(report.agreement) < LEAST_AGREEMENT:
        console.fail(f"codes agree by less than {LEAST_AGREEMENT}; do not train on them")
        return 1
    console.hint(f"next: sportgen push {console.quote(out)} ORG/NAME --version 1.0.0")
    return 0


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
    from .publish import publish

    summaries.show_release(
        publish(out, repo_id, version, public=public, message=message, dry_run=dry_run), dry_run
    )


@app.command()
def demo(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="An empty folder.")],
    num_proc: options.NumProc = None,
    device: options.Device = "auto",
) -> None:
    """Make a little music, build and encode it: music in OUT/music, the release in OUT/dataset.

    Example: sportgen demo demo
    """
    from .demo import demo as run

    report = run(
        out, num_proc=num_proc or console.cores(), device=device, progress=console.progress
    )
    summaries.show_build(report.build)
    summaries.show_encode(report.encode, 20)
    dataset = console.quote(report.dataset)
    console.hint(f"listen: {console.quote(report.music)}")
    console.hint(f"load:   load_dataset({str(report.dataset)!r}, 'encoded')")
    console.hint(f"next:   sportgen push {dataset} ORG/NAME --version 1.0.0")


def main(argv: list[str] | None = None) -> int:
    """Run `sportgen` and return its exit code."""
    try:
        code = app(args=argv, prog_name="sportgen", standalone_mode=False)
    except SportgenError as error:
        console.fail(str(error))
        return error.exit_code
    except TyperException as error:
        console.fail(error.format_message())
        console.hint("sportgen --help, or sportgen COMMAND --help, lists what there is")
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has closed it: not our error, and no place to report one.
        sys.stderr.close()
        return 1
    # Typer turns Ctrl-C into this code by itself, and says nothing.
    if code == _INTERRUPTED:
        console.fail("interrupted; the same command goes on from here")
    return code if isinstance(code, int) else 0
