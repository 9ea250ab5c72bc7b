"""Publish the last release without some tracks, and list the tags that still have them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
from huggingface_hub import HfApi

from ..card.card import write_card
from ..errors import ReleaseError, SettingError, counted
from ..progress import Notify, Progress, no_progress
from ..reasons import Reason, Status
from ..records import Row
from ..release.codebooks import codebook_use
from ..release.layout import CARD, split_of
from ..release.manifest import Manifest
from ..release.release import Release
from ..release.schemas import SCHEMAS
from ..release.shards import write_shard
from ..release.tracks import kept_rows
from ..storage.hub_client import checked, dataset_info, hub_errors
from ..storage.hub_place import HubPlace, on_hub
from ..storage.parquet import read_batches
from ..storage.tags import release_order, release_tags
from .delivery import Pushed
from .publish import PushSettings, check_repo_id, check_version, push_release
from .versions import Bump, next_version, published_card

_ID_LETTERS = 16


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Tracks that were withdrawn, or would be: their rows of `tracks` as they were before.

    `pushed` is None for a dry run; `held_by` are the tags that still have at least one of them.
    """

    repo_id: str
    version: str
    tracks: tuple[Row, ...]
    held_by: tuple[str, ...]
    pushed: Pushed | None = None


def withdraw(
    repo_id: str,
    track_ids: Iterable[str],
    version: str = "",
    *,
    day: date,
    notes: str = "",
    dry_run: bool = False,
    api: HfApi | None = None,
    notify: Notify = lambda text: None,
    progress: Progress = no_progress,
) -> Withdrawal:
    """Publish the last release of `repo_id` again, without these tracks.

    Their rows of raw and encoded are removed; in `tracks` they become left out, with the reason
    `withdrawn`. The manifest lists their ids, so that no build on this release adds them again. The
    whole release is downloaded into a temporary folder. An empty `version` is the next major one,
    because rows are removed. `day` is the date in the changelog; `notify` is called with a line of
    text for each retry.

    Raises:
        SettingError: the version is not above the last one.
        ReleaseError: there is no release, it does not keep one of the tracks, or no track would be
            left.
        HubError: the Hub refuses a request, or cannot be reached.
    """
    check_repo_id(repo_id)
    api = checked(api)
    with hub_errors(api, repo_id):
        dataset_info(api, repo_id)
    tags = release_tags(repo_id, api)
    if not tags:
        raise ReleaseError(f"{repo_id}: has no release to withdraw from")
    version = _checked_version(version, tags[-1], repo_id)
    ids = {track_id.strip().lower()[:_ID_LETTERS] for track_id in track_ids}
    with on_hub(repo_id, tags[-1], api, keep=True) as place:
        release = Release(place)
        rows = release.tracks()
        withdrawn = _chosen(rows, ids, release)
        held_by = tuple(tag for tag in tags if _has_any(repo_id, tag, api, ids))
        if dry_run:
            return Withdrawal(repo_id, version, withdrawn, held_by)
        chunks = sum(row["chunks"] for row in withdrawn)
        changes = f"{counted(len(withdrawn), 'track')} withdrawn, -{counted(chunks, 'chunk')}"
        _prepare(release, place, rows, ids, progress)
        settings = PushSettings(
            version,
            message=f"Release v{version}: {changes}",
            notes="\n\n".join(filter(None, [f"{changes}.", notes])),
            day=day,
            # The last release was allowed to have these codes; this one has fewer of them.
            allow_nano=True,
        )
        pushed = push_release(
            place.folder, repo_id, settings, api=api, notify=notify, progress=progress
        )
    return Withdrawal(repo_id, version, withdrawn, held_by, pushed)


def _checked_version(version: str, last: str, repo_id: str) -> str:
    """The version to publish; raises SettingError unless it is above the tag `last`."""
    version = version or next_version(last, Bump.MAJOR)
    if release_order(check_version(version)) <= release_order(last):
        raise SettingError(f"version {version}: {repo_id} has {last} already; take a higher one")
    return version


def _prepare(
    release: Release, place: HubPlace, rows: list[Row], ids: set[str], progress: Progress
) -> None:
    """Turn the folder of `place` into the release without these tracks."""
    folder, manifest = place.folder, release.manifest
    manifest.withdrawn = sorted({*manifest.withdrawn, *ids})
    _download(place, manifest, progress)
    _rewrite_shards(folder, manifest, ids, progress)
    _rewrite_tracks(folder, manifest, rows, ids)
    # From here on, read the files in the folder, not those on the Hub.
    rewritten = Release.of(folder, manifest)
    manifest.codebooks = codebook_use(rewritten)
    write_card(rewritten, progress)
    manifest.write(folder)


def _download(place: HubPlace, manifest: Manifest, progress: Progress) -> None:
    """Download all files of a release into the folder of `place`, where they stay.

    The card is the one on the main branch, with the edits since the release.
    """
    paths = [*manifest.files, CARD]
    with progress("Downloading", len(paths)) as advance:
        for path in paths:
            with place.fetched(path):
                advance(1)
    now = published_card(place.repo_id, "", place.api).text
    if now:
        (place.folder / CARD).write_text(now, encoding="utf-8")


def _chosen(rows: list[Row], ids: set[str], release: Release) -> tuple[Row, ...]:
    """The rows of these tracks.

    Raises:
        ReleaseError: the release does not keep one of the tracks, or has no other track.
    """
    kept = kept_rows(rows)
    chosen = tuple(row for row in kept if row["track_id"] in ids)
    unknown = sorted(ids - {row["track_id"] for row in chosen})
    if not ids or unknown:
        withdrawn = release.manifest.withdrawn
        before = ", withdrawn before" if unknown and set(unknown) <= {*withdrawn} else ""
        raise ReleaseError(
            f"{release.name}: keeps no track {', '.join(unknown)}{before}; the column track_id of "
            "its tracks config has the ids"
        )
    if len(chosen) == len(kept):
        raise ReleaseError(
            f"{release.name}: nothing would be left; `hf repos delete` deletes all of it"
        )
    return chosen


def _has_any(repo_id: str, tag: str, api: HfApi, ids: set[str]) -> bool:
    """Whether the release of a tag keeps at least one of these tracks."""
    with on_hub(repo_id, tag, api) as place:
        kept = Release(place).kept_tracks(("track_id",))
        return not ids.isdisjoint(kept["track_id"].to_pylist())


def _rewrite_shards(folder: Path, manifest: Manifest, ids: set[str], progress: Progress) -> None:
    """Rewrite the shards that have rows of these tracks, without these rows.

    A split without rows is removed, because datasets would load it as an empty split.
    """
    shards = [path for config in ("raw", "encoded") for path in manifest.shards(config)]
    with progress("Rewriting", len(shards)) as advance:
        for path in shards:
            track_ids = pq.read_table(folder / path, columns=["track_id"])["track_id"]
            if not ids.isdisjoint(track_ids.to_pylist()):
                schema = pq.read_schema(folder / path)
                written = write_shard(folder, path, schema, _remaining_rows(folder / path, ids))
                manifest.files[path] = written
            advance(1)
    for config in ("raw", "encoded"):
        empty = {split for split, rows in manifest.splits(config).items() if not rows}
        for path in [path for path in manifest.shards(config) if split_of(path) in empty]:
            del manifest.files[path]


def _remaining_rows(shard: Path, ids: set[str]) -> Iterator[Row]:
    for batch in read_batches(shard):
        yield from (row for row in batch.to_pylist() if row["track_id"] not in ids)


def _rewrite_tracks(folder: Path, manifest: Manifest, rows: list[Row], ids: set[str]) -> None:
    """Mark these tracks in `tracks` as left out, with the reason; no source file loses its row."""
    left_out = {
        "status": str(Status.LEFT_OUT),
        "reason": str(Reason.WITHDRAWN),
        "split": "",
        "group": "",
        "chunks": 0,
    }
    after = [row | (left_out if _is_withdrawn(row, ids) else {}) for row in rows]
    path, *others = sorted(manifest.shards("tracks"))
    for other in others:
        del manifest.files[other]
    manifest.files[path] = write_shard(folder, path, SCHEMAS["tracks"], after)


def _is_withdrawn(row: Row, ids: set[str]) -> bool:
    return row["track_id"] in ids and row["status"] != Status.LEFT_OUT
