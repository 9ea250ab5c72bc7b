"""What earlier releases decide for a build: splits of groups and tracks, and withdrawn tracks."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..errors import ReleaseError
from ..recipe import Recipe
from ..records import Row, Track
from ..release.folder import check_ours
from ..release.layout import MANIFEST, split_of
from ..release.release import Release
from ..release.shards import read_notes
from ..release.tracks import kept_rows
from ..storage.place import check_on_disk

_COLUMNS = ("track_id", "group", "split", "status")


@dataclass(frozen=True, slots=True)
class Since:
    """What one release decides for the next one.

    `groups` maps a group to its split, and `tracks` the id of a track to its split. `shards` maps a
    split to its number of shards, which stays the same so that a shard without a new track stays
    the same file. `withdrawn` has the ids of tracks that no later build may use.
    """

    groups: Mapping[str, str]
    tracks: Mapping[str, str]
    shards: Mapping[str, int]
    withdrawn: frozenset[str] = frozenset()

    @classmethod
    def of(cls, release: Release) -> "Since":
        """What a release in a folder or on the Hub decides; raises as `Release.tracks`."""
        kept = kept_rows(release.tracks(_COLUMNS))
        return cls(
            groups={row["group"]: row["split"] for row in kept},
            tracks={row["track_id"]: row["split"] for row in kept},
            shards=Counter(map(split_of, release.shards(release.manifest.rows_config))),
            withdrawn=frozenset(release.manifest.withdrawn),
        )

    def splits(self, tracks: Iterable[Track]) -> dict[str, str]:
        """Group -> split, for the groups of `tracks` that the release decides.

        A group of the release keeps its split. A new group gets the split of the first of its
        tracks, by id, that is in the release.
        """
        found: dict[str, str] = {}
        for track in sorted(tracks, key=lambda track: track.track_id):
            split = self.groups.get(track.group_id) or self.tracks.get(track.track_id)
            if split:
                found.setdefault(track.group_id, split)
        return found


@dataclass
class Earlier:
    """The earlier releases of a build: `before`, which is in `out`, and `since`, from `--since`."""

    out: Path
    recipe: Recipe
    before: Release | None = None
    since: Since | None = None

    @classmethod
    def read(cls, out: Path, recipe: Recipe, since: Since | None, force: bool) -> "Earlier":
        """Read the release that is in `out`, if any, and check that a build may change `out`.

        Raises:
            SettingError: `out` is a URL.
            ReleaseError: `out` holds something else, or a release of another recipe without
                `force`.
        """
        check_on_disk(out)
        check_ours(out)
        if not (out / MANIFEST).is_file():
            return cls(out, recipe, None, since)
        before = Release.of(out)
        if before.manifest.fingerprint != recipe.fingerprint and not force:
            record: Mapping[str, object] = {**before.manifest.recipe}
            changed = [key for key, value in recipe.as_dict().items() if record.get(key) != value]
            raise ReleaseError(
                f"{out}: was built with another recipe ({', '.join(changed)} differ); "
                "--force builds it anew, or give another folder"
            )
        return cls(out, recipe, before, since)

    @property
    def withdrawn(self) -> list[str]:
        """The ids of tracks that no later build may use."""
        before = self.before.manifest.withdrawn if self.before else ()
        return sorted({*before, *(self.since.withdrawn if self.since else ())})

    @property
    def track_ids(self) -> set[str]:
        """The ids of the tracks that an earlier release kept."""
        return {*self._splits_before, *(self.since.tracks if self.since else ())}

    @property
    def splits_by_track(self) -> dict[str, str]:
        """Track id -> the split in which the track should stay."""
        before = self._splits_before if self._keeps_splits else {}
        return before | dict(self.since.tracks if self.since else {})

    def decisions(self) -> Iterator[Since]:
        """Yield what each earlier release decides; the second overrides the first."""
        if self.before and self._keeps_splits:
            # From the notes, which have tracks without chunks too: a shard whose plan lacks one of
            # these tracks would be made again.
            planned = {
                track_id: split_of(name)
                for name, note in read_notes(self.out, "raw").items()
                for track_id in note.outcomes
            }
            groups = {row["group"]: row["split"] for row in self._rows_before}
            yield Since(groups, planned, Counter(map(split_of, self.before.shards("raw"))))
        if self.since:
            yield self.since

    @cached_property
    def _rows_before(self) -> list[Row]:
        if self.before is None:
            return []
        try:
            return kept_rows(self.before.intact_tracks(_COLUMNS))
        except ReleaseError:
            # The notes have the split of each track, and the build writes `tracks` again.
            notes = read_notes(self.out, "raw")
            if not self.before.shards("raw").keys() <= notes.keys():
                raise
            return [
                {"track_id": track_id, "group": track_id, "split": split_of(name)}
                for name, note in notes.items()
                for track_id in note.outcomes
            ]

    @cached_property
    def _splits_before(self) -> dict[str, str]:
        return {row["track_id"]: row["split"] for row in self._rows_before}

    @property
    def _keeps_splits(self) -> bool:
        """Whether the release in `out` has the same splits and proportions as the recipe."""
        asked = self.before.manifest.recipe["splits"] if self.before else None
        return bool(asked == dict(self.recipe.splits))
