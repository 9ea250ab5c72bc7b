"""Group tracks that must be in one split: a recording, a given group, an album or an artist."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..audio.matching import FingerprintFile, Match, find_matches
from ..describe.sessions import folded
from ..progress import Progress, no_progress
from ..reasons import Reason, kind_of
from ..recipe import Recipe
from ..records import Track
from ..source.library import Library
from .fingerprints import FingerprintStore
from .plan import asked_splits

# A copy lacks some seconds at its ends. A track with half of new audio is not a copy.
_COPY_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Grouping:
    """A library whose tracks have their groups, and the pairs of its tracks that share audio.

    `fingerprints` is the number of fingerprints that were compared.
    """

    library: Library
    matches: tuple[Match, ...] = ()
    fingerprints: int = 0

    def duplicates(self) -> list[dict[str, Any]]:
        """For JSON: each group of tracks that share audio, by name, with its pairs and the seconds
        that each pair shares."""
        return _duplicate_groups(self.library.tracks, self.matches)


def group_tracks(
    library: Library,
    store: FingerprintStore,
    recipe: Recipe,
    first: Collection[str] = (),
    progress: Progress = no_progress,
) -> Grouping:
    """The library with its groups, and with copies left out if the recipe says so.

    Args:
        library: the scanned tracks.
        store: the fingerprints of the tracks that decode.
        recipe: says what makes a group, and whether copies stay.
        first: ids of tracks to prefer when one of several copies stays.
        progress: told how far the work is.

    Raises:
        SourceError: metadata asks for two splits inside a group.
    """
    # Sorted by id, so that the order of the store does not change the result.
    tracks = sorted(library.usable, key=lambda track: track.track_id)
    with FingerprintFile(store.folder) as file:
        for track, items in zip(tracks, store.read(t.sha256 for t in tracks), strict=True):
            if items is not None:
                file.add(track.track_id, items)
        prints = file.fingerprints()
        matches = tuple(find_matches(prints, store.folder, progress))
    library = _with_asked_splits(with_groups(library, matches, recipe.group_by))
    if recipe.duplicates == "first":
        library = _without_copies(library, matches, first)
    return Grouping(library, matches, len(prints.names))


def with_groups(library: Library, matches: Iterable[Match], group_by: str = "recording") -> Library:
    """The library with `group` set for every track that shares its group with another track.

    The name of a group is the one that metadata gives to its tracks (the first by name, if there
    are several), else the smallest id in it.
    """
    groups = _Groups()
    given: dict[str, str] = {}
    for track in library.tracks:
        # An exact copy is left out, but its metadata is about the same recording, so it counts.
        if track.reason and kind_of(track.reason) != Reason.DUPLICATE:
            continue
        groups.join(track.track_id, track.track_id)
        for mark in _marks(track, group_by):
            groups.join(track.track_id, given.setdefault(mark, track.track_id))
    for match in matches:
        groups.join(match.a, match.b)
    names = _names(library.tracks, groups)
    tracks = (
        track if track.reason else replace(track, group=names.get(groups.root(track.track_id), ""))
        for track in library.tracks
    )
    return replace(library, tracks=tuple(tracks))


def _duplicate_groups(files: Sequence[Track], matches: Sequence[Match]) -> list[dict[str, Any]]:
    """As `Grouping.duplicates`."""
    # An exact copy has the id of its original, and comes after it.
    tracks = {track.track_id: track for track in reversed(files) if track.sha256}
    groups = _Groups()
    for match in matches:
        groups.join(match.a, match.b)
    found: dict[str, dict[str, Any]] = {}
    for match in matches:
        a, b = tracks[match.a], tracks[match.b]
        group = found.setdefault(groups.root(match.a), {"group": a.group or b.group, "pairs": []})
        offset = match.offset_seconds
        if a.path > b.path:
            a, b, offset = b, a, -offset
        pair = {"a": a.path, "b": b.path, "seconds": round(match.seconds, 1)}
        group["pairs"].append({**pair, "offset_seconds": round(offset, 1)})
    for group in found.values():
        group["pairs"].sort(key=lambda pair: (pair["a"], pair["b"]))
    return sorted(found.values(), key=lambda group: str(group["pairs"][0]["a"]))


def shared_seconds(matches: Iterable[Match], split_of: Mapping[str, str]) -> float:
    """Seconds of audio that tracks of two splits share; `split_of` maps track ids to splits."""
    return sum(
        match.seconds
        for match in matches
        if match.a in split_of and match.b in split_of and split_of[match.a] != split_of[match.b]
    )


class _Groups:
    """Connected components (union-find); the smallest member of a component is its root."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, member: str) -> str:
        """The smallest member of its component."""
        path = []
        while (parent := self._parent.setdefault(member, member)) != member:
            path.append(member)
            member = parent
        self._parent |= dict.fromkeys(path, member)
        return member

    def join(self, one: str, other: str) -> None:
        """Make one component of two."""
        low, high = sorted((self.root(one), self.root(other)))
        self._parent[high] = low


def _marks(track: Track, group_by: str) -> Iterator[str]:
    """The marks of a track: tracks with a common mark are in one group."""
    if track.group:
        yield f"group\0{track.group}"
    artist, album = folded(track.artist), folded(track.album)
    if group_by == "album" and album:
        yield f"album\0{artist}\0{album}"
    elif group_by == "artist" and artist:
        yield f"artist\0{artist}"


def _names(tracks: Iterable[Track], groups: _Groups) -> dict[str, str]:
    """Root -> name, for every component with a given name or with more than one track."""
    given: dict[str, str] = {}
    members: dict[str, set[str]] = {}
    for track in tracks:
        if not track.reason or kind_of(track.reason) == Reason.DUPLICATE:
            root = groups.root(track.track_id)
            members.setdefault(root, set()).add(track.track_id)
            if track.group:
                given[root] = min(given.get(root, track.group), track.group)
    return {r: given.get(r, r) for r in members if r in given or len(members[r]) > 1}


def _with_asked_splits(library: Library) -> Library:
    """Every track with the split that metadata asks for any track of its group.

    Copies that are left out count too. Raises SourceError if metadata asks for two splits.
    """
    # An exact copy has the id of its original.
    groups = {track.track_id: track.group_id for track in library.usable}
    asked = asked_splits(
        replace(track, group=groups[track.track_id])
        for track in library.tracks
        if track.track_id in groups
    )
    tracks = (
        track if track.reason else replace(track, split=asked.get(track.group_id, ""))
        for track in library.tracks
    )
    return replace(library, tracks=tuple(tracks))


def _without_copies(library: Library, matches: Iterable[Match], first: Collection[str]) -> Library:
    """Leave out each track that is mostly in a track that stays; `first` are kept before others."""
    contained_in: dict[str, list[str]] = {}
    for match in matches:
        if match.seconds > _COPY_SHARE * match.a_seconds:
            contained_in.setdefault(match.a, []).append(match.b)
        if match.seconds > _COPY_SHARE * match.b_seconds:
            contained_in.setdefault(match.b, []).append(match.a)
    kept: dict[str, str] = {}
    copies: dict[str, str] = {}
    for track in sorted(library.usable, key=lambda track: track.track_id not in first):
        copied = [kept[other] for other in contained_in.get(track.track_id, []) if other in kept]
        if copied:
            copies[track.track_id] = Reason.DUPLICATE.because(min(copied))
        else:
            kept[track.track_id] = track.path
    tracks = (
        track if track.reason else replace(track, reason=copies.get(track.track_id, ""))
        for track in library.tracks
    )
    return replace(library, tracks=tuple(tracks))
