"""The dataset card: front matter for the Hub, and a body with measured counts.

Text that people write by hand is kept: their front matter, and the body outside our markers.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..digests import digest
from ..errors import ReleaseError
from ..outside import documents
from ..outside.files import CARD_BYTES, read_text
from ..progress import Progress, no_progress
from ..release.layout import ASSETS, CARD, CONFIGS
from ..release.manifest import Manifest
from ..release.release import Release
from ..release.tracks import kept_rows, license_counts
from ..storage.atomic import write_atomically
from .assets import write_pictures
from .body import CARD_TRACK_COLUMNS, render_body
from .dataset_info import dataset_info

_BEGIN = "<!-- sportgen: from here to the end marker this card is written anew by each build -->"
_END = "<!-- sportgen: end -->"

# Licence ids for music from the Hub's list; the Hub refuses ids that are not in its list.
_HUB_LICENSES = frozenset(
    "cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 "
    "cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 "
    "cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc gpl gpl-2.0 gpl-3.0 apache-2.0 mit unlicense pddl "
    "odc-by odbl unknown other".split()
)
_ALWAYS_GENERATED = ("configs", "dataset_info")
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def write_card(release: Release, progress: Progress = no_progress) -> None:
    """Write README.md and the pictures of a release folder, and record both in `release.manifest`.

    The manifest changes in memory only; its file is the caller's to write.

    Raises:
        ReleaseError: a card has front matter that is not YAML, or a shard cannot be read.
    """
    manifest = release.manifest
    drawn = write_pictures(release, progress)
    others = {p: entry for p, entry in manifest.files.items() if not p.startswith(f"{ASSETS}/")}
    manifest.files, manifest.pictures = others | drawn.files, drawn.words
    manifest.samples = drawn.samples
    card = compose(release)
    manifest.card = card.front_matter
    write_atomically(release.folder / CARD, card.data)


@dataclass(frozen=True, slots=True)
class Card:
    """README.md as UTF-8 bytes, and the front matter that was generated for it."""

    data: bytes
    front_matter: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Published:
    """The card on the Hub, where people may edit it.

    `text` is README.md now, `released` is README.md of the last release, and `card` is the front
    matter that was generated for the last release.
    """

    text: str = ""
    released: str = ""
    card: dict[str, Any] = field(default_factory=dict)


def compose(
    release: Release, repo_id: str = "", version: str = "", published: Published = Published()
) -> Card:
    """Return the card of a release folder; no file and no manifest changes.

    Edits made on the Hub since the last release are kept, unless the folder's card has edits of
    its own in the same front matter field, or in the body.

    Raises:
        ReleaseError: a card has front matter that is not YAML.
    """
    manifest = release.manifest
    with release.place.fetched(CARD) as [file]:
        text = read_card(file) if file.exists() else ""
    tracks = release.tracks(CARD_TRACK_COLUMNS)
    folder_fields, body = split_front_matter(text, str(file))
    hub_fields, hub_body = split_front_matter(published.text, f"{CARD} on the Hub")
    generated = front_matter(manifest, tracks)
    merged = merge_front_matter(generated, hub_fields, published.card)
    merged = merge_front_matter(merged, folder_fields, manifest.card)
    merged["dataset_info"] = dataset_info(release)
    released = _handwritten(
        split_front_matter(published.released, f"{CARD} of the last release")[1]
    )
    if _handwritten(hub_body) and _handwritten(body) in ("", released):
        body = hub_body
    section = f"{_BEGIN}\n{render_body(manifest, tracks, repo_id, version)}{_END}"
    before, found, after = _generated(body)
    if found:
        body = before + section + after
    else:
        body = "\n".join(part for part in (body.strip(), section) if part) + "\n"
    head = yaml.safe_dump(merged, sort_keys=False, allow_unicode=True, width=100)
    return Card(f"---\n{head}---\n\n{body.lstrip()}".encode(), generated)


def _handwritten(body: str) -> str:
    """The body without the generated section between our markers."""
    before, _, after = _generated(body)
    return (before + after).strip()


def _generated(body: str) -> tuple[str, str, str]:
    """The body in three parts: before the generated section, the section, and after it."""
    start = body.find(_BEGIN)
    end = body.find(_END, start)
    if start < 0 or end < 0:
        return body, "", ""
    end += len(_END)
    return body[:start], body[start:end], body[end:]


def generated_section(body: str) -> str | None:
    """The text of a card's body between our markers; None if they are not there."""
    section = _generated(body)[1]
    return section.removeprefix(_BEGIN + "\n").removesuffix(_END) if section else None


def split_front_matter(text: str, place: str) -> tuple[dict[str, Any], str]:
    """Split the text of a card into (front matter, body).

    Raises:
        ReleaseError: the front matter is not a YAML mapping; the message names `place`.
    """
    return documents.split_front_matter(text, place, ReleaseError)


def check_card(folder: Path) -> None:
    """Raise ReleaseError if a folder has a card that `compose` could not read: before the work."""
    if (folder / CARD).exists():
        split_front_matter(read_card(folder / CARD), str(folder / CARD))


def read_card(file: Path) -> str:
    """The text of a card; raises ReleaseError if it is no UTF-8, or too large."""
    return read_text(file, CARD_BYTES, ReleaseError, links=True)


def merge_front_matter(
    generated: dict[str, Any], existing: dict[str, Any], last: dict[str, Any]
) -> dict[str, Any]:
    """Front matter `generated`, with the fields of `existing` that people added or changed.

    `last` is the front matter that was generated for the existing card. `configs` and
    `dataset_info` are always the generated ones: they must match the files of the release.
    """
    merged = dict(generated)
    for key, value in existing.items():
        by_people = key not in last or last[key] != value
        if key not in _ALWAYS_GENERATED and (by_people or key not in generated):
            merged[key] = value
    return merged


def by_hand(text: str, place: str, manifest: Manifest) -> tuple[dict[str, Any], str]:
    """(front matter, body) that people wrote into a card, without the generated parts.

    Raises:
        ReleaseError: the front matter is not a YAML mapping; the message names `place`.
    """
    data, body = split_front_matter(text, place)
    theirs = {
        key: value
        for key, value in data.items()
        if key not in _ALWAYS_GENERATED and manifest.card.get(key) != value
    }
    return theirs, _handwritten(body)


def front_matter(manifest: Manifest, tracks: list[dict[str, Any]]) -> dict[str, Any]:
    """The generated front matter of the card: metadata in the form that the Hub reads."""
    default, kept = manifest.rows_config, kept_rows(tracks)
    rows, from_ = sum(manifest.splits(default).values()), manifest.source.get("dataset")
    return {
        "pretty_name": "Sport music",
        "license": hub_license(license_counts(kept), all(track["license"] for track in kept)),
        "language": ["en"],
        "task_categories": ["text-to-audio"],
        "annotations_creators": ["machine-generated"],
        "source_datasets": [f"extended|{from_}" if from_ else "original"],
        "tags": ["music", "sport", "audio", "musicgen", "encodec"],
        "size_categories": [next((name for top, name in _SIZES if rows < top), "1M<n<10M")],
        "configs": [
            {
                "config_name": config,
                **({"default": True} if config == default else {}),
                # datasets caches a local folder by its name and these fields, not by its files:
                # without the checksums it returns rows of another folder, or old rows.
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
    """The Hub's licence id for all tracks together.

    `unknown` where `complete` is False (a track has no licence); `other` where tracks have several
    licences, or one that is not in the Hub's list.
    """
    if not complete or not license_counts:
        return "unknown"
    ids = {license.strip().lower().replace(" ", "-") for license in license_counts}
    return ids.pop() if len(ids) == 1 and ids <= _HUB_LICENSES else "other"


def _checksums(manifest: Manifest, config: str) -> dict[str, str]:
    return {path: entry.sha256 for path, entry in manifest.shards(config).items()}
