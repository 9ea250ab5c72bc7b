"""The release that a build goes on from: its groups stay where they are, withdrawn tracks out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..records import Row, Track
from ..release.manifest import Manifest, kept_rows, split_of
from .plan import Shard, group_of

# Another --group-by may join nearly everything: `tracks` says where each lies.
_MOST_NAMED = 20


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


def moved(shards: Iterable[Shard], earlier: Mapping[str, str]) -> tuple[str, ...]:
    """A note on every track that lies in another split than `earlier` says, by its id.

    A group is in one split: where a new track joins two that lay in different ones, one of them
    moves; the note names a track of the other.
    """
    tracks = [(track, shard.split) for shard in shards for track in shard.tracks]
    stayed = {
        group_of(track): track.path
        for track, split in reversed(tracks)
        if earlier.get(track.track_id) == split
    }
    notes = [
        f"{track.path}: moved from {earlier[track.track_id]} to {split}"
        + (f", since it is in one group with {other}" if other else "")
        for track, split in sorted(tracks, key=lambda pair: pair[0].path)
        if earlier.get(track.track_id, split) != split
        for other in [stayed.get(group_of(track))]
    ]
    more = len(notes) - _MOST_NAMED
    return (*notes[:_MOST_NAMED], *([f"and {more} more tracks moved"] if more > 0 else []))
