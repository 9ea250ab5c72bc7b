"""The dataset card: front matter for the Hub, and a body with measured counts.

What people write into it by hand survives: their front matter, and the text outside the markers.
"""

import html
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import yaml

from .digests import digest
from .errors import ReleaseError
from .reasons import kind_of
from .release import CARD, Manifest, kept_rows, read_tracks
from .shards import write_atomically

_BEGIN = "<!-- sportgen: from here to the end marker this card is written anew by each build -->"
_END = "<!-- sportgen: end -->"
_FRONT_MATTER = re.compile(r"\A---\s*\n(.*?\n|)---\s*(?:\n|\Z)", re.DOTALL)
_GENERATED = re.compile(re.escape(_BEGIN) + ".*?" + re.escape(_END), re.DOTALL)

# Licence ids of the Hub's list that music comes under; it refuses ids it does not know.
_HUB_LICENSES = frozenset(
    "cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 "
    "cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 "
    "cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc gpl gpl-2.0 gpl-3.0 apache-2.0 mit unlicense pddl "
    "odc-by odbl unknown other".split()
)
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def write(folder: Path, manifest: Manifest) -> None:
    """Write README.md of a release folder; raises as `compose` does."""
    write_atomically(folder / CARD, compose(folder, manifest))


def compose(folder: Path, manifest: Manifest, repo_id: str = "", version: str = "") -> bytes:
    """The card of a release folder, UTF-8; `manifest.card` records the front matter we gave.

    Raises:
        ReleaseError: the card there has front matter that is not YAML.
    """
    file = folder / CARD
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    tracks = read_tracks(folder, manifest)
    existing, body = split_front_matter(text, str(file))
    generated = front_matter(manifest, tracks)
    merged = merge_front_matter(generated, existing, manifest.card)
    manifest.card = generated
    section = f"{_BEGIN}\n{render_body(manifest, tracks, repo_id, version)}{_END}"
    if _GENERATED.search(body):
        # A function, so that no backslash in a name is taken for a group.
        body = _GENERATED.sub(lambda _: section, body, count=1)
    else:
        body = "\n".join(part for part in (body.strip(), section) if part) + "\n"
    head = yaml.safe_dump(merged, sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{head}---\n\n{body.lstrip()}".encode()


def split_front_matter(text: str, place: str) -> tuple[dict[str, Any], str]:
    """(front matter, body) of a card's text; raises ReleaseError naming `place`."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return {}, text
    try:
        data = yaml.safe_load(match[1]) or {}
    except yaml.YAMLError as error:
        detail = " ".join(str(error).split())
        raise ReleaseError(f"{place}: the front matter is not YAML ({detail}); mend it") from error
    if not isinstance(data, dict):
        raise ReleaseError(f"{place}: the front matter is no mapping; mend it")
    return data, text[match.end() :]


def merge_front_matter(
    generated: dict[str, Any], existing: dict[str, Any], last: dict[str, Any]
) -> dict[str, Any]:
    """Ours, with what people added or changed since we wrote `last`.

    `configs` is always ours: it must name the files that are there.
    """
    merged = dict(generated)
    for key, value in existing.items():
        theirs = key not in last or last[key] != value
        if key != "configs" and (theirs or key not in generated):
            merged[key] = value
    return merged


def front_matter(manifest: Manifest, tracks: list[dict[str, Any]]) -> dict[str, Any]:
    """The card's metadata, as the Hub reads it."""
    rows, kept = sum(_chunk_splits(manifest).values()), kept_rows(tracks)
    return {
        "pretty_name": "Sport music",
        "license": hub_license(_licenses(kept), all(track["license"] for track in kept)),
        "language": ["en"],
        "task_categories": ["text-to-audio"],
        "annotations_creators": ["machine-generated"],
        "tags": ["music", "sport", "audio", "musicgen", "encodec"],
        "size_categories": [next((name for top, name in _SIZES if rows < top), "1M<n<10M")],
        "configs": [
            {
                "config_name": config,
                **({"default": True} if config == _default(manifest) else {}),
                # datasets caches a local folder by its name and by what stands here, not by its
                # files: without this it answers with another folder's rows, or with old ones.
                "description": f"files {digest(_checksums(manifest, config))[:16]}",
                "data_files": [
                    {"split": split, "path": f"{config}/{split}-*.parquet"}
                    for split in manifest.splits(config)
                ],
            }
            for config in ("raw", "encoded", "tracks")
            if manifest.shards(config)
        ],
    }


def hub_license(licenses: Counter[str], complete: bool) -> str:
    """The one licence id that stands for all tracks, in the Hub's terms."""
    if not complete or not licenses:
        return "unknown"
    ids = {license.strip().lower().replace(" ", "-") for license in licenses}
    return ids.pop() if len(ids) == 1 and ids <= _HUB_LICENSES else "other"


def render_body(
    manifest: Manifest, tracks: list[dict[str, Any]], repo_id: str, version: str
) -> str:
    """The card's text from the template, with the counts of this release."""
    kept = kept_rows(tracks)
    recipe = manifest.recipe
    return _template().render(
        title="Sport music",
        repo=repo_id or "ORG/NAME",
        version=version,
        recipe=recipe,
        fingerprint=manifest.fingerprint,
        software=manifest.software,
        encoding=manifest.encoding,
        audio=bool(manifest.shards("raw")),
        tracks_kept=len(kept),
        chunks=sum(track["chunks"] for track in kept),
        hours=_hours(kept),
        splits=[
            {"name": name, "chunks": chunks, **_split_counts(name, kept)}
            for name, chunks in _chunk_splits(manifest).items()
        ],
        sessions=session_counts(kept),
        left_out=Counter(kind_of(t["reason"]) for t in tracks if t["reason"]),
        licenses=_licenses(kept),
    )


def session_counts(kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each distinct (session, style) of kept tracks, with its tracks and chunks."""
    chunks: Counter[tuple[str, str]] = Counter()
    tracks: Counter[tuple[str, str]] = Counter()
    for track in kept:
        key = (track["session"], track["style"])
        chunks[key] += track["chunks"]
        tracks[key] += 1
    return [
        {"session": key[0], "style": key[1], "tracks": tracks[key], "chunks": chunks[key]}
        for key in sorted(chunks)
    ]


def cell(text: str) -> str:
    """Text from a file name, for a Markdown table: nothing in it is markup or a new cell."""
    plain = html.escape(" ".join(text.split()), quote=True)
    return re.sub(r"([\\`*_{}\[\]|~#!])", r"\\\1", plain)


def _default(manifest: Manifest) -> str:
    return "raw" if manifest.shards("raw") else "encoded"


def _chunk_splits(manifest: Manifest) -> dict[str, int]:
    return manifest.splits(_default(manifest))


def _licenses(kept: list[dict[str, Any]]) -> Counter[str]:
    return Counter(track["license"] for track in kept if track["license"])


def _checksums(manifest: Manifest, config: str) -> dict[str, str]:
    return {path: entry.sha256 for path, entry in manifest.shards(config).items()}


def _hours(tracks: list[dict[str, Any]]) -> float:
    return sum(float(track["duration_seconds"]) for track in tracks) / 3600


def _split_counts(split: str, kept: list[dict[str, Any]]) -> dict[str, Any]:
    tracks = [track for track in kept if track["split"] == split]
    return {"tracks": len(tracks), "hours": _hours(tracks)}


@cache
def _template() -> jinja2.Template:
    # autoescape would escape code blocks too; what comes from file names goes through `cell`.
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("dataset_card")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = cell
    environment.filters["code"] = lambda text: text.replace("`", "'")
    environment.filters["seconds"] = lambda seconds: f"{seconds:g}"
    return environment.get_template("body.md.jinja")
