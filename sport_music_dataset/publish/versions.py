"""The version of a release, by what changed since the last release, and its changelog."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from huggingface_hub import HfApi

from ..card.card import Published, by_hand, compose
from ..errors import HubError, ReleaseError, SettingError
from ..look.diff import Difference, diff_releases
from ..outside.files import CARD_BYTES, SETTINGS_BYTES, read_bytes, read_text
from ..progress import Progress, no_progress
from ..release.layout import CARD, MANIFEST
from ..release.manifest import ChangelogEntry, Manifest
from ..release.release import Release
from ..storage.hub_client import checked, hub_errors
from ..storage.hub_place import on_hub
from ..storage.tags import last_tag, release_order

FIRST_VERSION = "1.0.0"


class Bump(StrEnum):
    """The number of a version that increases.

    Major: rows or columns were removed or changed, so earlier training data is not the same;
    minor: rows or columns were added; patch: only descriptions or metadata changed.
    """

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Proposal:
    """The version that a folder should have as the next release of a repository.

    `last` is the tag of the last release; if empty, there is none, and the version is the first.
    `difference` is None if there is no last release of sportgen to compare with. If nothing
    changed, `bump` is none and the version is the last one.
    """

    version: str
    bump: Bump
    difference: Difference | None = None
    last: str = ""
    changelog: tuple[ChangelogEntry, ...] = field(default=(), repr=False)
    withdrawn: tuple[str, ...] = field(default=(), repr=False)
    published: Published = field(default_factory=Published, repr=False)

    def record(self, manifest: Manifest, version: str, day: date, notes: str = "") -> None:
        """Set the changelog, newest entry first, and the withdrawn tracks of a manifest.

        The entry of `version` has the counts of what changed, and the notes. A release that is
        published already keeps its changelog.
        """
        manifest.withdrawn = sorted({*manifest.withdrawn, *self.withdrawn})
        changes = self.difference.summary if self.difference else "first release"
        published_already = self.bump == Bump.NONE and self.last == f"v{version}"
        entry = [] if published_already else [changelog_entry(version, day, changes, notes)]
        manifest.changelog = [*entry, *self.changelog]


def propose(
    after: Release,
    repo_id: str,
    api: HfApi | None = None,
    bump: str = "",
    progress: Progress = no_progress,
) -> Proposal:
    """Propose the version of `after` as the next release of `repo_id`.

    Args:
        after: the release in a folder, or the part of it that is to be published.
        repo_id: the dataset repository, ORG/NAME.
        api: the client of the Hub.
        bump: the number of the version to increase; if empty, what changed decides.
        progress: reports the progress of the work.

    Raises:
        ReleaseError: the manifest of the folder or of the last release cannot be read, or the
            folder keeps a track that was withdrawn.
        HubError: the Hub refuses a request, or cannot be reached.
        SettingError: `bump` is not major, minor or patch.
    """
    api = checked(api)
    if bump and bump not in (Bump.MAJOR, Bump.MINOR, Bump.PATCH):
        raise SettingError(f"bump={bump!r}: must be major, minor or patch")
    last = last_tag(repo_id, api)
    if not last:
        published = published_card(repo_id, "", api)
        return Proposal(FIRST_VERSION, Bump(bump or Bump.MAJOR), published=published)
    published = published_card(repo_id, last, api)
    with on_hub(repo_id, last, api) as place:
        if MANIFEST not in place.paths():
            # A tag that sportgen did not make: its content is replaced, without a comparison.
            chosen = Bump(bump or Bump.MAJOR)
            return Proposal(next_version(last, chosen), chosen, last=last, published=published)
        before = Release(place)
        _check_withdrawn(after, before)
        difference = diff_releases(before, after, progress)
        required = bump_of(difference)
        if required == Bump.NONE and _handwriting_changed(after, before.manifest, published):
            required = Bump.PATCH
    chosen, old = Bump(bump or required), before.manifest
    version, withdrawn = next_version(last, chosen), tuple(old.withdrawn)
    log = tuple(old.changelog)
    return Proposal(version, chosen, difference, last, log, withdrawn, published)


def changelog_entry(version: str, day: date, changes: str, notes: str = "") -> ChangelogEntry:
    """The entry of one release in the changelog."""
    day_text = day.isoformat()
    return {"version": version, "date": day_text, "changes": changes, "notes": notes.strip()}


def bump_of(difference: Difference) -> Bump:
    """The number of the version that a difference increases."""
    chunks, columns, tracks = difference.chunks, difference.columns, difference.tracks
    if chunks.removed or chunks.moved or chunks.changed or columns.removed or columns.changed:
        return Bump.MAJOR
    if chunks.added or columns.added:
        return Bump.MINOR
    words = chunks.descriptions or chunks.metadata or tracks.changed or difference.upload_files
    return Bump.PATCH if words or difference.recipe or difference.encoding else Bump.NONE


def next_version(last: str, bump: Bump) -> str:
    """The version after the tag `last`, as X.Y.Z without the v."""
    major, minor, patch = release_order(last)
    after = {
        Bump.MAJOR: (major + 1, 0, 0),
        Bump.MINOR: (major, minor + 1, 0),
        Bump.PATCH: (major, minor, patch + 1),
        Bump.NONE: (major, minor, patch),
    }
    return ".".join(map(str, after[bump]))


def read_notes(text: str) -> str:
    """Release notes: the content of the file `text`, or `text` itself if no file has this name.

    Raises:
        SettingError: the file cannot be read as UTF-8.
    """
    if "\n" in text or len(text) > 255 or not Path(text).is_file():
        return text
    return read_text(Path(text), SETTINGS_BYTES, SettingError, links=True)


def published_card(repo_id: str, last: str, api: HfApi) -> Published:
    """The card on the Hub now, and in the release `last`; `last` is empty if there is none."""
    with hub_errors(api, repo_id):
        if not api.repo_exists(repo_id, repo_type="dataset"):
            return Published()
    now, released = _card_at(repo_id, "main", api), ""
    generated: dict[str, Any] = {}
    if last:
        released = _card_at(repo_id, last, api)
        with on_hub(repo_id, last, api) as place:
            generated = Release(place).manifest.card if MANIFEST in place.paths() else {}
    return Published(now, released, generated)


def _card_at(repo_id: str, revision: str, api: HfApi) -> str:
    """README.md at a branch or tag; empty if there is none."""
    with on_hub(repo_id, revision, api) as place:
        if CARD not in place.paths():
            return ""
        with place.fetched(CARD) as [file]:
            data = read_bytes(file, CARD_BYTES, HubError)
            return data.decode("utf-8", "replace")


def _handwriting_changed(release: Release, last: Manifest, published: Published) -> bool:
    """Whether text that people wrote into the card differs from that of the last release."""
    text = compose(release, published=published).data.decode()
    return by_hand(text, CARD, last) != by_hand(published.released, CARD, last)


def _check_withdrawn(after: Release, last: Release) -> None:
    """Raise ReleaseError if `after` keeps a track that was withdrawn from `last` or before."""
    withdrawn = last.manifest.withdrawn
    if not withdrawn:
        return
    kept = after.kept_tracks(("track_id", "path"))
    back = kept.filter(pc.is_in(kept["track_id"], pa.array(withdrawn)))["path"].to_pylist()
    if back:
        raise ReleaseError(
            f"{after.name}: brings back {', '.join(back[:3])}, withdrawn from {last.name}; "
            f"`sportgen build --since {last.name}` leaves out what was withdrawn"
        )
