"""Groups tracks that must be in one split: copies of a recording, and groups from metadata."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..audio.matching import FingerprintFile, Match, find_matches
from ..describe.sessions import folded
from ..errors import counted
from ..progress import Progress, no_progress
from ..reasons import Reason, kind_of
from ..recipe import Recipe
from ..records import Track
from ..source.library import Library
from ..source.names import original_first
from .fingerprints import FingerprintStore
from .plan import asked_splits

# A copy may lack seconds at its ends; a track with half of its audio in no other is not a copy.
_COPY_SHARE = 0.5
_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Grouping:
    """A library whose tracks have their groups, and the pairs of tracks that share audio.

    `fingerprints` is the number of fingerprints that were compared.
    """

    library: Library
    matches: tuple[Match, ...] = ()
    fingerprints: int = 0

    def duplicates(self) -> list[dict[str, Any]]:
        """The groups of tracks that share audio, as JSON values.

        Each has its name, and its pairs of tracks with the seconds of audio that they share.
        """
        return _duplicate_groups(self.library.tracks, self.matches)


def group_tracks(
    library: Library,
    store: FingerprintStore,
    recipe: Recipe,
    first: Collection[str] = (),
    progress: Progress = no_progress,
) -> Grouping:
    """Group the tracks of a library, and leave out copies if the recipe asks for it.

    Args:
        library: the scanned tracks.
        store: the fingerprints of the tracks that decode.
        recipe: what makes a group, and whether copies are left out.
        first: ids of tracks that are kept before others where copies are left out.
        progress: shows how far the comparison of fingerprints is.

    Raises:
        SourceError: metadata asks for two splits inside a group.
    """
    # Sorted by id: the result does not depend on the order of fingerprints in the store.
    tracks = sorted(library.usable, key=lambda track: track.track_id)
    with FingerprintFile(store.folder) as file:
        for track, items in zip(tracks, store.read(t.sha256 for t in tracks), strict=True):
            if items is not None:
                file.add(track.track_id, items)
        fingerprints = file.fingerprints()
        matches = tuple(find_matches(fingerprints, store.folder, progress))
    library = _grouped(library, matches, recipe)
    if recipe.duplicates == "first":
        library = _without_copies(library, matches, first)
    library = replace(library, notes=(*library.notes, *_filed_twice(library.tracks, matches)))
    return Grouping(library, matches, len(fingerprints.names))


def group_by_metadata(library: Library, recipe: Recipe) -> Library:
    """The library with the groups that its metadata makes; copies are found later, by their sound.

    Raises:
        SourceError: metadata asks for two splits inside a group.
    """
    return _grouped(library, (), recipe)


def _grouped(library: Library, matches: Iterable[Match], recipe: Recipe) -> Library:
    return _with_asked_splits(with_groups(library, matches, recipe.group_by))


def with_groups(library: Library, matches: Iterable[Match], group_by: str = "recording") -> Library:
    """Set the `group` of every track that has a group in metadata or belongs with other tracks.

    Tracks belong together if they share audio (`matches`), a group in metadata, or what `group_by`
    names (album or artist). The name of a group is the one that metadata gives to its tracks, the
    first by alphabet if there are several, else the smallest track id in the group.
    """
    groups = _Groups()
    first_with_key: dict[str, str] = {}
    for track in library.tracks:
        # An exact copy is left out, but its metadata applies to the recording.
        if track.reason and kind_of(track.reason) != Reason.DUPLICATE:
            continue
        groups.join(track.track_id, track.track_id)
        for key in _group_keys(track, group_by):
            groups.join(track.track_id, first_with_key.setdefault(key, track.track_id))
    for match in matches:
        groups.join(match.a, match.b)
    names = _names(library.tracks, groups)
    tracks = (
        track if track.reason else replace(track, group=names.get(groups.root(track.track_id), ""))
        for track in library.tracks
    )
    return replace(library, tracks=tuple(tracks))


def _duplicate_groups(files: Sequence[Track], matches: Sequence[Match]) -> list[dict[str, Any]]:
    """See `Grouping.duplicates`."""
    # An exact copy has the id of its original, which is the last in this order and is used.
    matched = {identity for match in matches for identity in (match.a, match.b)}
    copies = [track for track in files if track.track_id in matched]
    copies.sort(key=lambda track: original_first(track.path), reverse=True)
    tracks = {track.track_id: track for track in copies}
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
    """Seconds of audio that are in two splits; `split_of` maps ids of kept tracks to splits."""
    return sum(
        match.seconds
        for match in matches
        if match.a in split_of and match.b in split_of and split_of[match.a] != split_of[match.b]
    )


class _Groups:
    """Connected components (union-find); the smallest member of a component is its root."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def members(self) -> list[str]:
        """All that was joined, sorted."""
        return sorted(self._parent)

    def root(self, member: str) -> str:
        """The smallest member of the component of `member`."""
        path = []
        while (parent := self._parent.setdefault(member, member)) != member:
            path.append(member)
            member = parent
        self._parent |= dict.fromkeys(path, member)
        return member

    def join(self, one: str, other: str) -> None:
        """Unite the components of two members."""
        low, high = sorted((self.root(one), self.root(other)))
        self._parent[high] = low


def _group_keys(track: Track, group_by: str) -> Iterator[str]:
    """Keys from the metadata of a track; tracks with an equal key are in one group."""
    if track.group:
        yield f"group\0{track.group}"
    artist, album = folded(track.artist), folded(track.album)
    if group_by == "album" and album:
        # The songs of a compilation have artists of their own, and one album artist.
        yield f"album\0{folded(track.album_artist) or artist}\0{album}"
    elif group_by == "artist" and artist:
        yield f"artist\0{artist}"


def _names(tracks: Iterable[Track], groups: _Groups) -> dict[str, str]:
    """Root -> name, of components with a group in metadata or with more than one track."""
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
    """Set the split of every track to the one that metadata asks for in the track's group.

    The metadata of exact copies counts too. Raises SourceError where a group is asked for in two
    splits.
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


def _filed_twice(files: Sequence[Track], matches: Iterable[Match]) -> list[str]:
    """Messages on recordings that are filed under several sessions: only the user knows which."""
    by_path = {" ".join(track.path.split()): track for track in files}
    told: list[str] = []
    for copy in files:
        original = by_path.get(copy.reason.partition(": ")[2])
        if kind_of(copy.reason) == Reason.DUPLICATE and original:
            told += _sessions_of([original, copy], f"kept under {original.session} alone")
    kept = {track.track_id: track for track in files if not track.reason}
    copies = _Groups()
    for match in matches:
        # A mix has a recording in it, and is another one.
        is_copy = match.seconds > _COPY_SHARE * max(match.a_seconds, match.b_seconds)
        if is_copy and match.a in kept and match.b in kept:
            copies.join(match.a, match.b)
    members: dict[str, list[Track]] = {}
    for track_id in copies.members():
        members.setdefault(copies.root(track_id), []).append(kept[track_id])
    for group in members.values():
        told += _sessions_of(group, "kept under each; `--duplicates first` keeps one")
    rest = len(told) - _MOST_TOLD
    more = [f"and {counted(rest, 'more recording')} filed twice"] if rest > 0 else []
    return sorted(told)[:_MOST_TOLD] + more


def _sessions_of(tracks: Iterable[Track], what: str) -> list[str]:
    """A message with a track of each session, the first by path; none if there is one session."""
    first: dict[str, str] = {}
    for track in sorted(tracks, key=lambda track: track.path):
        first.setdefault(track.session, track.path)
    if len(first) == 1:
        return []
    *others, last = (f"{path} ({session})" for session, path in first.items())
    sessions = "two sessions" if len(first) == 2 else f"{len(first)} sessions"
    return [f"{', '.join(others)} and {last} are one recording in {sessions}: {what}"]


def _without_copies(library: Library, matches: Iterable[Match], first: Collection[str]) -> Library:
    """Leave out tracks of which over half is in a kept track.

    Those of `first` are kept first, then originals, by their names, before copies.
    """
    contained_in: dict[str, list[str]] = {}
    for match in matches:
        if match.seconds > _COPY_SHARE * match.a_seconds:
            contained_in.setdefault(match.a, []).append(match.b)
        if match.seconds > _COPY_SHARE * match.b_seconds:
            contained_in.setdefault(match.b, []).append(match.a)
    kept: dict[str, str] = {}
    copies: dict[str, str] = {}
    order = sorted(library.usable, key=lambda track: original_first(track.path))
    for track in sorted(order, key=lambda track: track.track_id not in first):
        originals = [kept[other] for other in contained_in.get(track.track_id, []) if other in kept]
        if originals:
            copies[track.track_id] = Reason.DUPLICATE.because(min(originals))
        else:
            kept[track.track_id] = track.path
    tracks = (
        track if track.reason else replace(track, reason=copies.get(track.track_id, ""))
        for track in library.tracks
    )
    return replace(library, tracks=tuple(tracks))
