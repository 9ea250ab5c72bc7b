"""The command `stats`."""

from typing import Annotated

import typer

from ...errors import SettingError
from ...extras import require
from .. import options


def stats(
    release: options.Release,
    sql: Annotated[
        str | None,
        typer.Option(
            metavar="SELECT",
            help="Ask the tables raw (a row for each chunk), encoded (the same, with codes) and "
            "tracks (a row for each source file) one SELECT instead.",
        ),
    ] = None,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print the result of --sql as CSV.")
    ] = False,
    as_json: options.AsJson = False,
    endpoint: options.Endpoint = None,
) -> None:
    """Count what a release holds, or ask it one SELECT.

    Hours, chunks, lengths, labels, codebooks, tempo, key, loudness, misfits, duplicates and bytes
    are counted. Of a release on the Hub, light columns are read, and neither audio nor codes. --sql
    opens no other file and writes none; of a release on the Hub, it downloads the shards of the
    configs that the query names. Its columns are those of docs/columns.md; the example with
    DESCRIBE lists them.

    Examples:
      sportgen stats dataset
      sportgen stats org/sport-music --json
      sportgen stats dataset --sql "SELECT column_name FROM (DESCRIBE raw)"
      sportgen stats dataset --sql "SELECT style, count(*) FROM raw GROUP BY 1"
    """
    from huggingface_hub import HfApi

    from ...release.release import open_release
    from ..next_steps import hint_next
    from ..show.sql import show_result
    from ..show.stats import show_stats

    if as_csv and (sql is None or as_json):
        raise SettingError("--csv: is for --sql, and without --json")
    if sql is not None:
        require("sql")
    with open_release(release, HfApi(endpoint=endpoint)) as opened:
        if sql is None:
            from ...look.stats import release_stats

            show_stats(release_stats(opened), as_json)
            if not as_json:
                hint_next(opened)
            return
        from ...look.sql import queried

        with queried(opened, sql) as result:
            show_result(result, as_csv, as_json)
