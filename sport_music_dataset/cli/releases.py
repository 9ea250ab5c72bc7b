"""The commands on releases, in a folder or on a Hub: verify, diff, withdraw."""

from typing import Annotated

import typer

from . import console, options, reports
from .app import app

Release = Annotated[
    str, typer.Argument(metavar="RELEASE", help="A release folder, or ORG/NAME@v1.0.0.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def verify(
    release: Release,
    codes: Annotated[
        int, typer.Option(min=0, help="Encode so many chunks again, the plain way, and compare.")
    ] = 0,
    model: Annotated[
        str | None, typer.Option(help="MusicGen of which to take the codec, for --codes.")
    ] = None,
    codec: Annotated[
        str | None, typer.Option(help="EnCodec for --codes.  [default: what the manifest names]")
    ] = None,
    device: options.Device = "auto",
    as_json: AsJson = False,
) -> int:
    """Check a release: checksums, rows, columns, and what must hold for audio, codes and splits.

    One on the Hub is loaded by its tag, with empty caches; files pass one shard at a time through
    a temporary folder.

    Examples: sportgen verify dataset; sportgen verify org/sport-music@v1.0.0 --codes 20
    """
    from ..remote import opened
    from ..verify import Sample, verify_place

    if model and not codec:
        from ..encode import EncodeSettings

        codec = EncodeSettings(model=model).codec_name
    sample = Sample(codes, codec or "", device)
    with opened(release, keep=bool(codes)) as place:
        report = verify_place(place, sample=sample, progress=console.progress)
    reports.show_report(report, as_json)
    return 0 if report.ok else 1


@app.command()
def diff(before: Release, after: Release, as_json: AsJson = False) -> None:
    """Say what changed from one release to another: tracks, chunks, words, recipe, and bytes that
    an upload of the second would send. No audio and no codes are read.

    Examples: sportgen diff org/sport-music@v1.0.0 dataset; sportgen diff dataset other --json
    """
    from ..diff import compare
    from ..remote import opened

    with opened(before) as one, opened(after) as other:
        difference = compare(one, other, console.progress)
    reports.show_difference(difference, as_json)
