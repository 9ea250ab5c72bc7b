"""The dataset card: front matter for the Hub, and a body with measured counts.

Text that people write by hand is kept: their front matter, and the body outside our markers.
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
    others = {p: entry for p, entry in manifest.files.items() if not p.startswith(f"{FOLDER}/")}
    manifest.files, manifest.pictures = others | drawn.files, drawn.words
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
    file, manifest = release.folder / CARD, release.manifest
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    tracks = release.tracks(CARD_TRACK_COLUMNS)
    folder_fields, body = split_front_matter(text, str(file))
    hub_fields, hub_body = split_front_matter(published.text, f"{CARD} on the Hub")
    generated = front_matter(manifest, tracks)
    merged = merge_front_matter(generated, hub_fields, published.card)
    merged = merge_front_matter(merged, folder_fields, manifest.card)
    released = _handwritten(
        split_front_matter(published.released, f"{CARD} of the last release")[1]
    )
    if _handwritten(hub_body) and _handwritten(body) in ("", released):
        body = hub_body
    section = f"{_BEGIN}\n{render_body(manifest, tracks, repo_id, version)}{_END}"
    if _GENERATED.search(body):
        # A function as replacement: in a string, re.sub reads a backslash as a group reference.
        body = _GENERATED.sub(lambda _: section, body, count=1)
    else:
        body = "\n".join(part for part in (body.strip(), section) if part) + "\n"
    head = yaml.safe_dump(merged, sort_keys=False, allow_unicode=True, width=100)
    return Card(f"---\n{head}---\n\n{body.lstrip()}".encode(), generated)


def _handwritten(body: str) -> str:
    """The body without the generated section between our markers."""
    return _GENERATED.sub("", body, count=1).strip()


def generated_section(body: str) -> str | None:
    """The text between our markers in a body; None if the markers are missing."""
    match = _GENERATED.search(body)
    return match and match[0][len(_BEGIN) + 1 : -len(_END)]


def split_front_matter(text: str, place: str) -> tuple[dict[str, Any], str]:
    """Split the text of a card into (front matter, body).

    Raises:
        ReleaseError: the front matter is not a YAML mapping; the message names `place`.
    """
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
