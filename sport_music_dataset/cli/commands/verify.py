"""The command `verify`."""

from typing import Annotated

import typer

from .. import console, options


def verify(
    release: options.Release = "",
    codes: Annotated[
        int, typer.Option(min=0, help="Encode so many chunks again, the plain way, and compare.")
    ] = 0,
    model: Annotated[
        str | None, typer.Option(help="MusicGen of which to take the codec, for --codes.")
    ] = None,
    codec: Annotated[
        str | None,
        typer.Option(help="EnCodec for --codes.", show_default="what the manifest names"),
    ] = None,
    device: options.Device = "auto",
    list_checks: Annotated[
        bool, typer.Option("--list", help="Print what each check proves; needs no RELEASE.")
    ] = False,
    endpoint: options.Endpoint = None,
    as_json: options.AsJson = False,
) -> int:
    """Check a release: checksums, rows, all facts that it has twice.

    One on the Hub is loaded by its tag, with empty caches; files pass one shard at a time through a
    temporary folder.

    Examples:
      sportgen verify dataset
      sportgen verify org/sport-music@v1.0.0 --codes 20
      sportgen verify --list
    """
    from ...release.folder import check_named
    from ..next_steps import hint_next, hint_waiting
    from ..show.verify import show_checks, show_report

    if list_checks:
        show_checks(as_json)
        return 0
    if not release:
        raise typer.BadParameter("give a release, or --list", param_hint="RELEASE")
    check_named(release)  # before torch, which takes seconds
    from huggingface_hub import HfApi

    from ...release.release import open_release
    from ...verify.verify import CodesSample, verify_release

    if model and not codec:
        from ...encode.settings import EncodeSettings

        codec = EncodeSettings(model=model).codec_name
    sample = CodesSample(codes, codec or "", device)
    with open_release(release, HfApi(endpoint=endpoint), keep=bool(codes)) as opened:
        report = verify_release(opened, sample=sample, progress=console.progress)
        show_report(report, as_json)
        if not report.ok:
            hint_waiting(opened)
        elif not as_json:
            hint_next(opened)
    return 0 if report.ok else 1
