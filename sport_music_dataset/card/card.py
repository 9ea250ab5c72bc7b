"""The dataset card: front matter for the Hub, and a body with measured counts.

What people write into it by hand survives: their front matter, and the text outside the markers.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import yaml

from ..digests import digest
from ..errors import ReleaseError
from ..progress import Progress, no_progress
from ..release.layout import CARD, CONFIGS
from ..release.manifest import Manifest
from ..release.release import Release
from ..release.tracks import kept_rows, license_counts
from ..storage.atomic import write_atomically
from .assets import FOLDER, write_pictures
from .body import CARD_TRACK_COLUMNS, render_body

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
_ALWAYS_OURS = ("configs", "dataset_info")
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def write_card(release: Release, progress: Progress = no_progress) -> None:
    """Write README.md of a release folder and its pictures, and record in its manifest what they
    are; raises as `compose`."""
    manifest = release.manifest
    drawn = write_pictures(release, progress)
    others = {p: entry for p, entry in manifest.files.items() if not p.startswith(f"{FOLDER}/")}
    manifest.files, manifest.pictures = others | drawn.files, drawn.words
    card = compose(release)
    manifest.card = card.front_matter
    write_atomically(release.folder / CARD, card.data)


@dataclass(frozen=True, slots=True)
class Card:
    """README.md: its bytes, UTF-8, and the part of its front matter that is ours."""

    data: bytes
    front_matter: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Published:
    """The card on the Hub, where people edit it too: its text now, the text that the last release
    has, and the front matter that we gave that one."""

    text: str = ""
    released: str = ""
    card: dict[str, Any] = field(default_factory=dict)


def compose(
    release: Release, repo_id: str = "", version: str = "", published: Published = Published()
) -> Card:
    """The card of a release folder; nothing is changed.

    What people wrote on the Hub since the last release survives, where the folder's card says
    nothing else.

    Raises:
        ReleaseError: a card has front matter that is not YAML.
    """
    file, manifest = release.folder / CARD, release.manifest
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    tracks = release.tracks(CARD_TRACK_COLUMNS)
    ours, body = split_front_matter(text, str(file))
    theirs, their_body = split_front_matter(published.text, f"{CARD} on the Hub")
    generated = front_matter(manifest, tracks)
    merged = merge_front_matter(generated, theirs, published.card)
    merged = merge_front_matter(merged, ours, manifest.card)
    released = _around(split_front_matter(published.released, f"{CARD} of the last release")[1])
    if _around(their_body) and _around(body) in ("", released):
        body = their_body
    section = f"{_BEGIN}\n{render_body(manifest, tracks, repo_id, version)}{_END}"
    if _GENERATED.search(body):
        # A function, so that no backslash in a name is taken for a group.
        body = _GENERATED.sub(lambda _: section, body, count=1)
    else:
        body = "\n".join(part for part in (body.strip(), section) if part) + "\n"
    head = yaml.safe_dump(merged, sort_keys=False, allow_unicode=True, width=100)
    return Card(f"---\n{head}---\n\n{body.lstrip()}".encode(), generated)


def _around(body: str) -> str:
    """The body around our markers."""
    return _GENERATED.sub("", body, count=1).strip()


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

    `configs` and `dataset_info` are always ours: they must tell of the files that are there.
    """
    merged = dict(generated)
    for key, value in existing.items():
        theirs = key not in last or last[key] != value
        if key not in _ALWAYS_OURS and (theirs or key not in generated):
            merged[key] = value
    return merged


def by_hand(text: str, place: str, manifest: Manifest) -> tuple[dict[str, Any], str]:
    """What people wrote into a card's text: front matter that is not ours, and the body around
    our markers; raises ReleaseError naming `place`."""
    data, body = split_front_matter(text, place)
    theirs = {
        key: value
        for key, value in data.items()
        if key not in _ALWAYS_OURS and manifest.card.get(key) != value
    }
    return theirs, _around(body)


def front_matter(manifest: Manifest, tracks: list[dict[str, Any]]) -> dict[str, Any]:
    """The card's metadata, as the Hub reads it."""
    default, kept = manifest.rows_config, kept_rows(tracks)
    rows = sum(manifest.splits(default).values())
    return {
        "pretty_name": "Sport music",
        "license": hub_license(license_counts(kept), all(track["license"] for track in kept)),
        "language": ["en"],
        "task_categories": ["text-to-audio"],
        "annotations_creators": ["machine-generated"],
        "tags": ["music", "sport", "audio", "musicgen", "encodec"],
        "size_categories": [next((name for top, name in _SIZES if rows < top), "1M<n<10M")],
        "configs": [
            {
                "config_name": config,
                **({"default": True} if config == default else {}),
                # datasets caches a local folder by its name and by what stands here, not by its
                # files: without this it answers with another folder's rows, or with old ones.
                "description": f"files {digest(_checksums(manifest, config))[:16]}",
                "data_files": [
                    {"split": split, "path": f"{config}/{split}-*.parquet"}
                    for split in manifest.splits(config)
                ],
            }
            for config in CONFIGS
            if manifest.shards(config)
        ],
    }


def hub_license(license_counts: Counter[str], complete: bool) -> str:
    """The one licence id that stands for all tracks, in the Hub's terms."""
    if not complete or not license_counts:
        return "unknown"
    ids = {license.strip().lower().replace(" ", "-") for license in license_counts}
    return ids.pop() if len(ids) == 1 and ids <= _HUB_LICENSES else "other"


def _checksums(manifest: Manifest, config: str) -> dict[str, str]:
    return {path: entry.sha256 for path, entry in manifest.shards(config).items()}
