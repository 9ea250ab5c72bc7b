"""README.md and LICENSES.tsv of an export: what it is, how to train from it, and whose music."""

import csv
import io
import shlex
from pathlib import Path

import jinja2
import pyarrow as pa
import pyarrow.compute as pc

from ..release.release import Release
from .formats import Format

README = "README.md"
LICENSES = "LICENSES.tsv"
_GUIDES = Path(__file__).with_name("guides")
_COLUMNS = ("track_id", "title", "artist", "album", "license", "copyright", "source_url")


def licenses(release: Release, splits: list[str]) -> tuple[bytes, int]:
    """A table of the tracks of `splits`, with tabs, and the number of those without a licence."""
    columns = (*_COLUMNS, "split", "chunks")
    tracks = release.kept_tracks(columns)
    tracks = tracks.filter(pc.is_in(tracks["split"], pa.array(splits)))
    text, unlicensed = io.StringIO(), 0
    table = csv.DictWriter(text, columns, restval="", dialect="excel-tab", lineterminator="\n")
    table.writeheader()
    # In batches: all rows at once take ten times the memory of the table.
    for batch in tracks.sort_by([("split", "ascending"), ("track_id", "ascending")]).to_batches(
        1_000
    ):
        rows = batch.to_pylist()
        table.writerows(rows)
        unlicensed += sum(not row.get("license") for row in rows)
    return text.getvalue().encode(), unlicensed


def readme(format_: Format, release: str, unlicensed: int) -> bytes:
    """README.md of an export of `release`, of which `unlicensed` tracks have no licence."""
    about = format_.about
    what = ["audio"] * about.has_audio + ["codes"] * format_.with_codes
    text = _template().render(
        about=about,
        seconds=f"{about.seconds:g}",
        title=format_.title,
        guide=f"{format_.guide}.md.jinja",
        front_matter=format_.front_matter(),
        what=" and ".join([", ".join(["Descriptions", *what[:-1]]), what[-1]]),
        release=release,
        licenses=LICENSES,
        unlicensed=unlicensed,
        **format_.guide_values(),
    )
    return f"{text.rstrip()}\n".encode()


def _template() -> jinja2.Template:
    # Markdown, not HTML: nothing is escaped. Names are of letters and digits (`Outline.name`).
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_GUIDES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["quote"] = shlex.quote
    return environment.get_template("README.md.jinja")
