"""The command `preview`."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...engines.base import cores
from ...errors import SettingError, counted
from ...release.layout import PAGE, REVIEW
from .. import console, options

if TYPE_CHECKING:
    from ...preview.view import PreviewSettings
    from ...release.release import Release

_DRAWN = frozenset({"--chunks", "--seed"})
# A server writes no page, and shows every chunk.
_OF_PAGE = _DRAWN | {"--output", "--all"}


def preview(
    ctx: typer.Context,
    release: options.Release,
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")] = Path(PAGE),
    chunks: Annotated[
        int, typer.Option("--chunks", min=1, help="Show so many, of all styles.")
    ] = 60,
    seed: Annotated[int, typer.Option("--seed", help="Draws them.")] = 0,
    everything: Annotated[
        bool, typer.Option("--all", help="Show every chunk, its audio in files beside the page.")
    ] = False,
    serve: Annotated[
        bool, typer.Option("--serve", help="Show every chunk from a server on this machine alone.")
    ] = False,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="Of --serve; 0 takes a free one.")
    ] = 0,
    open_it: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open", help="Open the page in the browser.", show_default="with --serve"
        ),
    ] = None,
    decode: Annotated[
        bool, typer.Option(help="Decode codes back into audio, where there are any.")
    ] = True,
    codec: Annotated[
        str, typer.Option(help="EnCodec: Hub id, folder or nano; if not given, the release's own.")
    ] = "",
    model: Annotated[
        str, typer.Option(help="MusicGen whose tokenizer to use; if not given, the release's own.")
    ] = "",
    device: options.Device = "auto",
    endpoint: options.Endpoint = None,
) -> None:
    """Make a page to look at a release and to listen to it; with --serve, drop bad chunks by ear.

    It says what does not fit, and why. The page is one file that needs no network. With `encoded`
    it plays what the codes give too, and shows first the chunks that they tell worst. With --serve,
    you keep and drop chunks and edit what is said of them: each decision is written to review.csv
    of the release folder at once, and the next build follows it. Ctrl-C or SIGTERM ends the server.
    Without a browser, `sportgen review` does the same.

    Examples:
      sportgen preview dataset --output preview.html
      sportgen preview dataset --chunks 200 --seed 7 --open
      sportgen preview dataset --serve
      sportgen preview org/sport-music@v1.0.0 --chunks 20
    """
    from ...release.folder import check_named

    _check(ctx, serve, everything)
    check_named(release)  # before torch, which takes seconds
    from huggingface_hub import HfApi

    from ...preview.view import PreviewSettings
    from ...preview.write import write_preview
    from ...release.release import open_release
    from ..next_steps import hint_next

    settings = PreviewSettings(
        chunks=chunks,
        seed=seed,
        everything=everything,
        decode=decode,
        codec=codec,
        model=model,
        device=device,
        threads=cores(),
    )
    with open_release(release, HfApi(endpoint=endpoint), keep=serve) as opened:
        if serve:
            _serve(opened, settings, port, open_it is not False)
            return
        report = write_preview(opened, output, settings, console.progress)
        for note in report.notes:
            console.hint(f"note: {note}")
        console.hint(
            f"{report.chunks} of {counted(report.total, 'chunk')}, {report.size / 1e6:.1f} MB"
        )
        print(console.plain(str(report.page)))
        hint_next(opened, report.page)
    if open_it:
        _open(report.page.resolve().as_uri())


def _check(ctx: typer.Context, serve: bool, everything: bool) -> None:
    """Raise SettingError for options that would do nothing."""
    given = set()
    for param in ctx.command.params:
        source = ctx.get_parameter_source(param.name or "")
        if source and source.name == "COMMANDLINE":
            given.add(param.opts[0])
    if "--port" in given and not serve:
        raise SettingError("--port: is that of a server; add --serve", options="--serve")
    for mode, is_given, useless in (("--serve", serve, _OF_PAGE), ("--all", everything, _DRAWN)):
        if is_given and (found := sorted(given & useless)):
            raise SettingError(f"{', '.join(found)}: do nothing with {mode}; leave them out")


def _open(url: str) -> None:
    import webbrowser

    if not webbrowser.open(url):
        console.hint("note: no browser could be opened here; open it yourself")


def _serve(release: "Release", settings: "PreviewSettings", port: int, open_it: bool) -> None:
    from ...preview.server import serve
    from ...preview.view import View
    from ...release.folder import build_command
    from ...release.review.file import unbuilt_note

    view = View(release, settings)
    view.open_review()
    for note in view.notes:
        console.hint(f"note: {note}")

    def ready(url: str) -> None:
        if view.reviewing:
            folder = release.folder
            console.hint(
                f"decisions go to {folder / REVIEW}; `{build_command(folder)}` follows them"
            )
        # A shell without job control has what it starts in the background ignore Ctrl-C.
        ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
        console.hint(f"`kill {os.getpid()}` ends it" if ignored else "Ctrl-C ends it")
        print(url, flush=True)
        if open_it:
            _open(url)

    try:
        with _ended_by_signal():
            serve(view, port, ready)
    except KeyboardInterrupt:
        unbuilt = unbuilt_note(release.folder, release.manifest) if view.reviewing else ""
        console.hint(f"ended; {unbuilt}" if unbuilt else "ended")


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """Within the block, SIGTERM does what Ctrl-C does: files for a short time are removed."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
