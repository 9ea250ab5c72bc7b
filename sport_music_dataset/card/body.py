"""The card's text: from the template, with the counts of a release and the names of its files."""

import html
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from ..reasons import kind_of
from ..records import Row
from ..release.manifest import Manifest
from ..release.tracks import (
    SOURCE_COLUMNS,
    kept_rows,
    license_counts,
    session_counts,
    source_counts,
    worst_misfits,
)
from .text import one_line

# A card is for reading: what is longer is in the tracks config and the manifest.
_MOST_ROWS = 40
_MOST_RELEASES = 20
_MOST_MISFITS = 5
_MOST_LETTERS = 120
CARD_TRACK_COLUMNS = (
    *("path", "status", "reason", "split", "session", "style", *SOURCE_COLUMNS),
    *("chunks", "misfit_chunks", "duration_seconds"),
)
"""The columns of `tracks` that a card is made from."""
# Every letter that Markdown takes for more than itself inside a line.
_MARKUP = re.compile(r"([\\`*_{}\[\]|~#!$^:@])")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.~/?&=%#:+,_-]+")


def render_body(manifest: Manifest, tracks: list[Row], repo_id: str, version: str) -> str:
    """The card's text for a release of `manifest` and all rows of its `tracks`."""
    kept = kept_rows(tracks)
    sources, sessions = source_counts(kept), session_counts(kept)
    encoded = bool(manifest.shards("encoded")) and manifest.encoding
    return _template().render(
        title="Sport music",
        repo=repo_id or "ORG/NAME",
        citation_key=re.sub(r"[^a-z0-9]+", "-", repo_id.lower()).strip("-") or "sport-music",
        version=version,
        recipe=manifest.recipe,
        fingerprint=manifest.fingerprint,
        shared=manifest.shared,
        source=manifest.source,
        software=manifest.software,
        raw=bool(manifest.shards("raw")),
        encoding=encoded or None,
        tracks_kept=len(kept),
        chunks=sum(track["chunks"] for track in kept),
        hours=_hours(kept),
        splits=[
            {"name": name, "chunks": chunks, **_split_counts(name, kept)}
            for name, chunks in manifest.splits(manifest.rows_config).items()
        ],
        sessions=sessions[:_MOST_ROWS],
        more_sessions=len(sessions[_MOST_ROWS:]),
        misfits=sum(track.get("misfit_chunks") or 0 for track in kept),
        unfit=worst_misfits(kept)[:_MOST_MISFITS],
        pictures=manifest.pictures,
        codebooks=manifest.codebooks if encoded else [],
        left_out=Counter(kind_of(t["reason"]) for t in tracks if t["reason"]),
        licenses=license_counts(kept),
        sources=sources[:_MOST_ROWS],
        more_sources=len(sources[_MOST_ROWS:]),
        changelog=manifest.changelog[:_MOST_RELEASES],
        more_releases=len(manifest.changelog[_MOST_RELEASES:]),
        year=manifest.changelog[0]["date"][:4] if manifest.changelog else "",
    )


def cell(text: str) -> str:
    """Text from a file name, for a Markdown table: nothing in it is markup or a new cell."""
    line = html.escape(one_line(text, _MOST_LETTERS), quote=True)
    return _MARKUP.sub(r"\\\1", line)


def attribute(text: str) -> str:
    """Text inside the quotes of an HTML attribute: neither HTML nor Markdown is anything in it."""
    line = " ".join(text.split())
    return "".join(f"&#{ord(c)};" if c in "<>&'\"" or _MARKUP.match(c) else c for c in line)


def link(text: str) -> str:
    """An address from metadata as a link, where it is nothing else; else as `cell`."""
    return f"<{text}>" if _ADDRESS.fullmatch(text) else cell(text)


def code(text: str) -> str:
    """Text inside backticks: it cannot leave them."""
    return " ".join(str(text).split()).replace("`", "'")


def prose(text: str) -> str:
    """Markdown that a publisher wrote: headings below ours, no HTML, and no marker of ours."""
    lines = html.escape(text, quote=False).replace("&gt;", ">").splitlines()
    return "\n".join(re.sub(r"^\s{0,3}#{1,6}\s+", "#### ", line) for line in lines)


def _hours(tracks: list[Row]) -> float:
    return sum(float(track["duration_seconds"]) for track in tracks) / 3600


def _split_counts(split: str, kept: list[Row]) -> dict[str, Any]:
    tracks = [track for track in kept if track["split"] == split]
    return {"tracks": len(tracks), "hours": _hours(tracks)}


def _template_folder() -> Path:
    """`dataset_card/`: in the package where a wheel is installed, else at the top of a checkout."""
    package = Path(__file__).parents[1]
    packaged = package / "dataset_card"
    return packaged if packaged.is_dir() else package.with_name("dataset_card")


@cache
def _template() -> jinja2.Template:
    # autoescape would escape code blocks too; what comes from file names goes through `cell`.
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_template_folder()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "attribute": attribute,
        "cell": cell,
        "code": code,
        "link": link,
        "prose": prose,
        "seconds": lambda seconds: f"{seconds:g}",
    }
    return environment.get_template("body.md.jinja")
