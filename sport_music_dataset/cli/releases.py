"""The commands on releases, in a folder or on a Hub: verify, stats, diff, withdraw."""

from typing import Annotated

import typer

from ..errors import SettingError
from . import console, figures, options, reports
from .app import app

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def verify(
    release: options.Release,
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
    endpoint: options.Endpoint = None,
    as_json: AsJson = False,
) -> int:
    """Check a release: checksums, rows, columns, and what must hold for audio, codes and splits.

    One on the Hub is loaded by its tag, with empty caches; files pass one shard at a time through
    a temporary folder.

    Examples: sportgen verify dataset; sportgen verify org/sport-music@v1.0.0 --codes 20
    """
    from huggingface_hub import HfApi

    from ..storage.place import opened
    from ..verify.verify import Sample, verify_place

    if model and not codec:
        from ..encode.encode import EncodeSettings

        codec = EncodeSettings(model=model).codec_name
    sample = Sample(codes, codec or "", device)
    with opened(release, HfApi(endpoint=endpoint), keep=bool(codes)) as place:
        report = verify_place(place, sample=sample, progress=console.progress)
    reports.show_report(report, as_json)
    return 0 if report.ok else 1


@app.command()
def stats(
    release: options.Release,
    sql: Annotated[
        str | None,
        typer.Option(metavar="SELECT", help="Ask raw, encoded and tracks one SELECT instead."),
    ] = None,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print the result of --sql as CSV.")
    ] = False,
    as_json: AsJson = False,
    endpoint: options.Endpoint = None,
) -> None:
    """Count what a release holds: hours, chunks, lengths, labels, codebooks, tempo, key, loudness,
    misfits, duplicates, bytes.

    Of a release on the Hub, light columns are read, and neither audio nor codes. --sql takes one
    SELECT, opens no other file and writes none; of a release on the Hub, it downloads the shards
    of the configs that the query names.

    Examples: sportgen stats dataset; sportgen stats org/sport-music@v1.0.0 --json;
    sportgen stats dataset --sql "SELECT style, count(*) FROM raw GROUP BY 1"
    """
    from huggingface_hub import HfApi

    from ..storage.place import opened

    if as_csv and (sql is None or as_json):
        raise SettingError("--csv: is for --sql, and without --json")
    with opened(release, HfApi(endpoint=endpoint)) as place:
        if sql is None:
            from ..look.stats import release_stats

            figures.show_stats(release_stats(place), as_json)
            return
        from ..look.sql import queried

        with queried(place, sql) as result:
            figures.show_result(result, as_csv, as_json)


@app.command()
def diff(
    before: options.Release,
    after: options.Release,
    endpoint: options.Endpoint = None,
    as_json: AsJson = False,
) -> None:
    """Say what changed from one release to another: tracks, chunks, words, recipe, and bytes that
    an upload of the second would send. No audio and no codes are read.

    Examples: sportgen diff org/sport-music@v1.0.0 dataset; sportgen diff dataset other --json
    """
    from huggingface_hub import HfApi

    from ..look.diff import compare
    from ..storage.place import opened

    api = HfApi(endpoint=endpoint)
    with opened(before, api) as one, opened(after, api) as other:
        difference = compare(one, other, console.progress)
    reports.show_difference(difference, as_json)


@app.command()
def withdraw(
    repo_id: options.RepoId,
    track_id: Annotated[
        list[str], typer.Argument(metavar="TRACK_ID...", help="As the tracks config has them.")
    ],
    version: Annotated[
        str, typer.Option(help="The release without them.  [default: the next major one]")
    ] = "",
    notes: Annotated[
        str, typer.Option("--release-notes", help="For the changelog: a text or a file.")
    ] = "",
    endpoint: options.Endpoint = None,
    dry_run: options.DryRun = False,
) -> None:
    """Publish the last release again without these tracks; no later build brings them back.

    A tag never moves: it says which older ones still have them, and how to delete those.

    Example: sportgen withdraw org/sport-music 0f3c2a9be1d47756 --version 2.0.0
    """
    from datetime import UTC, datetime

    from huggingface_hub import HfApi

    from ..publish.versions import read_notes
    from ..publish.withdraw import withdraw as run

    withdrawal = run(
        repo_id,
        track_id,
        version,
        day=datetime.now(UTC).date(),
        notes=read_notes(notes),
        dry_run=dry_run,
        api=HfApi(endpoint=endpoint),
        tell=console.hint,
        progress=console.progress,
    )
    reports.show_withdrawal(withdrawal)
