"""The release that a build goes on from: its groups stay where they are, withdrawn tracks out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .plan import group_of
from .records import Row, Track
from .release import Manifest, kept_rows, split_of


@dataclass(frozen=True, slots=True)
class Origin:
    """What a published release decides for the next one.

    `groups` and `tracks` say in which split a group, or a track by its id, lies; `shards` how many
    shards a split has, so that those without a new track stay the same file.
    """

    groups: Mapping[str, str]
    tracks: Mapping[str, str]
    shards: Mapping[str, int]
    withdrawn: frozenset[str]

    @classmethod
    def of(cls, manifest: Manifest, tracks: Iterable[Row]) -> "Origin":
        """From a release's manifest and all rows of its `tracks`."""
        kept = kept_rows(list(tracks))
        shards = manifest.shards("raw") or manifest.shards("encoded")
        return cls(
            groups={row["group"]: row["split"] for row in kept},
            tracks={row["track_id"]: row["split"] for row in kept},
            shards=Counter(split_of(path) for path in shards),
            withdrawn=frozenset(manifest.withdrawn),
        )

    def splits(self, tracks: Iterable[Track]) -> dict[str, str]:
        """Group -> split of what the release holds of `tracks`.

        A group that it knows stays there; one that is new goes where the first of its tracks, by
        id, lies already.
        """
        found: dict[str, str] = {}
        for track in sorted(tracks, key=lambda track: track.track_id):
            group = group_of(track)
            split = self.groups.get(group) or self.tracks.get(track.track_id)
            if split:
                found.setdefault(group, split)
        return found
