"""The text of the card: the template, filled in with counts and names of a release."""

import html
import re
from collections import Counter
from dataclasses import asdict
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import jinja2
import pyarrow as pa

from ..errors import counted
from ..reasons import CHUNK_COUNTS, kind_of
from ..records import TEMPO_CONFIDENCE, Row
from ..release.chunks import LIGHT
from ..release.manifest import Encoding, Manifest
from ..release.review.parts import parts_of
from ..release.spreads import COUNTED_COLUMNS, heard_counts
from ..release.tracks import (
    SOURCE_COLUMNS,
    kept_rows,
    leaves_misfits_out,
    left_out_chunks,
    license_counts,
    session_counts,
    source_counts,
    worst_misfits,
)
from ..storage.arrays import table_of
from .reproduce import commands
from .text import one_line

# Limits that keep the card short; the tracks config and the manifest have the full lists.
# As in pyproject.toml.
_PROJECT = "https://github.com/sportgen/sportgen"
_MOST_ROWS = 40
_MOST_RELEASES = 20
_MOST_MISFITS = 5
_MOST_WORDS = 12
_MOST_LETTERS = 120
CARD_TRACK_COLUMNS = (
    *("path", "track_id", "status", "reason", "split", "session", "style", *SOURCE_COLUMNS),
    *("tempo_bpm", "tempo_confidence"),
    *("chunks", *CHUNK_COUNTS.values(), "duration_seconds", *COUNTED_COLUMNS),
)
"""The columns of `tracks` that the card needs."""
# Characters that are markup inside a line of Markdown.
_MARKUP = re.compile(r"([\\`*_{}\[\]|~#!$^:@])")
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.~/?&=%#:+,_-]+")


def render_body(manifest: Manifest, tracks: list[Row], repo_id: str, version: str) -> str:
    """Text of the card for the release of `manifest`; `tracks` are all rows of `tracks`."""
    kept = kept_rows(tracks)
    sources, parts = source_counts(kept), parts_of(kept, manifest)
    sessions = session_counts(parts)
    encoded = bool(manifest.shards("encoded")) and manifest.encoding
    published = [entry["version"] for entry in manifest.changelog]
    earlier = published[1:] if version else published
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
        project=_PROJECT,
        trained=_trained(encoded or None),
        samples=manifest.samples,
        commands=commands(manifest, repo_id or "ORG/NAME", earlier[0] if earlier else ""),
        sessions=[{**row, "tempo": _tempo(row, parts)} for row in sessions[:_MOST_ROWS]],
        more_sessions=len(sessions[_MOST_ROWS:]),
        heard=_heard(kept),
        drops_misfits=leaves_misfits_out(manifest.recipe),
        chunks_left_out=left_out_chunks(tracks, manifest.recipe),
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
    """Text for a cell of a Markdown table, escaped: no markup, no HTML, no start of a new cell."""
    line = html.escape(one_line(text, _MOST_LETTERS), quote=True)
    return _MARKUP.sub(r"\\\1", line)


def attribute(text: str) -> str:
    """Text for an HTML attribute in quotes, escaped so that it is neither HTML nor Markdown."""
    line = " ".join(text.split())
    return "".join(f"&#{ord(c)};" if c in "<>&'\"" or _MARKUP.match(c) else c for c in line)


def link(text: str) -> str:
    """A Markdown link if the text is a web address and nothing else; otherwise text as `cell`."""
    return f"<{text}>" if _ADDRESS.fullmatch(text) else cell(text)


def code(text: str) -> str:
    """Text for use between backticks: on one line, its own backticks replaced by apostrophes."""
    return " ".join(str(text).split()).replace("`", "'")


def prose(text: str) -> str:
    """Markdown of a publisher: headings get level 4, HTML is escaped, our markers too."""
    lines = re.sub("(?<!--)&gt;", ">", html.escape(text, quote=False)).splitlines()
    return "\n".join(re.sub(r"^\s{0,3}#{1,6}\s+", "#### ", line) for line in lines)


def _trained(encoding: Encoding | None) -> str:
    """The model that the training snippet names: that of the tokens, if it is one of the Hub."""
    model = encoding["model"] if encoding else ""
    return model if _HUB_ID.fullmatch(model) else "facebook/musicgen-medium"


def _tempo(session: dict[str, Any], kept: list[Row]) -> str:
    """The tempi of the tracks of a session and style, in BPM, or that none is sure."""
    rows = [row for row in kept if all(row[name] == session[name] for name in ("session", "style"))]
    if all(row.get("tempo_confidence") is None for row in rows):
        return "not measured"
    sure = [
        row["tempo_bpm"]
        for row in rows
        if row["tempo_bpm"] and (row["tempo_confidence"] or 0) >= TEMPO_CONFIDENCE
    ]
    if not sure:
        return "not sure"
    low, high = f"{min(sure):.0f}", f"{max(sure):.0f}"
    return low if low == high else f"{low} to {high}"


def _heard(kept: list[Row]) -> dict[str, dict[str, int]]:
    """Tracks by what was heard in them, the most frequent words; empty if nobody listened."""
    schema = pa.schema([LIGHT.field(name) for name in COUNTED_COLUMNS])
    rows = [{name: row.get(name) for name in COUNTED_COLUMNS} for row in kept]
    counts = heard_counts(table_of(rows, schema))
    found = asdict(counts) if counts else {}
    return {name: dict(islice(words.items(), _MOST_WORDS)) for name, words in found.items()}


def _hours(tracks: list[Row]) -> float:
    return sum(float(track["duration_seconds"]) for track in tracks) / 3600


def _split_counts(split: str, kept: list[Row]) -> dict[str, Any]:
    tracks = [track for track in kept if track["split"] == split]
    return {"tracks": len(tracks), "hours": _hours(tracks)}


def _template_folder() -> Path:
    """The folder `dataset_card/`: in a wheel inside the package, in a checkout beside it."""
    package = Path(__file__).parents[1]
    packaged = package / "dataset_card"
    return packaged if packaged.is_dir() else package.with_name("dataset_card")


@cache
def _template() -> jinja2.Template:
    # No autoescape: it would escape code blocks too. The template passes text from file names
    # through the filter `cell`.
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
        "counted": counted,
        "link": link,
        "prose": prose,
        "seconds": lambda seconds: f"{seconds:g}",
    }
    return environment.get_template("body.md.jinja")
