"""Tracks that belong together: the same recording, a given group, and album or artist if asked."""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ..audio.fingerprint import Items, Store, track_fingerprint
from ..audio.matching import Gathering, Match, find_matches
from ..progress import Progress, no_progress
from ..reasons import Reason, kind_of
from ..recipe import Recipe
from ..records import Track
from ..source.library import Library
from .plan import asked_splits, group_of

Listen = Callable[[Track], Items | None]
PrintMap = Callable[[Listen, Iterable[Track]], Iterable[Items | None]]

# A copy lacks some seconds at its ends; a track that is half its own is another one.
_COPY_SHARE = 0.5


def find_duplicates(
    library: Library,
    recipe: Recipe,
    folder: Path,
    *,
    held: Collection[str] = (),
    run: PrintMap = map,
    listen: Listen | None = None,
    progress: Progress = no_progress,
) -> Library:
    """The library with its groups, and with copies left out if the recipe says so.

    Args:
        library: what was scanned.
        recipe: what makes a group, what becomes of copies, and the limits of decoding.
        folder: where fingerprints are kept for the next time, and other files for now.
        held: ids of tracks that an earlier release has; of copies, they are the ones to stay.
        run: how tracks are mapped to fingerprints, in order; a pool's map makes it parallel.
        listen: what gives a track's fingerprint and cuts it as well; without it, nothing is cut.
        progress: told how far the work is.

    Raises:
        MachineError: Chromaprint's library is missing.
        SourceError: metadata asks for two splits inside a group.
    """
    store = Store(folder)
    new = [track for track in library.usable if track.sha256 not in store]
    with progress("Cutting" if listen else "Fingerprinting", len(new)) as advance:
        results = run(listen or partial(track_fingerprint, recipe=recipe), new)
        for track, items in zip(new, results, strict=True):
            if items is not None:
                store.add(track.sha256, items)
            advance(1)
    # By id: what was in the store before leaves no trace.
    tracks = sorted(library.usable, key=lambda track: track.track_id)
    with Gathering(folder) as gathering:
        for track, items in zip(tracks, store.read(t.sha256 for t in tracks), strict=True):
            if items is not None:
                gathering.add(track.track_id, items)
        prints = gathering.fingerprints()
        matches = tuple(find_matches(prints, folder, progress))
    library = replace(library, matches=matches, fingerprints=len(prints.names))
    library = _with_asked_splits(grouped(library, recipe.group_by))
    return _without_copies(library, held) if recipe.duplicates == "first" else library


def grouped(library: Library, group_by: str = "recording") -> Library:
    """The library with the `group` of every track that is not alone in its own.

    A group has the name that metadata gives to one of its tracks, the first by name, else the
    smallest id in it.
    """
    groups = _Groups()
    given: dict[str, str] = {}
    for track in library.tracks:
        # An exact copy is left out, but what metadata says of it holds for the recording.
        if track.reason and kind_of(track.reason) != Reason.DUPLICATE:
            continue
        groups.join(track.track_id, track.track_id)
        for mark in _marks(track, group_by):
            groups.join(track.track_id, given.setdefault(mark, track.track_id))
    for match in library.matches:
        groups.join(match.a, match.b)
    names = _names(library.tracks, groups)
    tracks = (
        track if track.reason else replace(track, group=names.get(groups.root(track.track_id), ""))
        for track in library.tracks
    )
    return replace(library, tracks=tuple(tracks))


def duplicate_groups(library: Library) -> list[dict[str, Any]]:
    """Each group of tracks that share audio: its name, and the pairs with the seconds they share,
    as JSON takes it."""
    # An exact copy has its original's id, and comes behind it.
    tracks = {track.track_id: track for track in reversed(library.tracks) if track.sha256}
    groups = _Groups()
    for match in library.matches:
        groups.join(match.a, match.b)
    found: dict[str, dict[str, Any]] = {}
    for match in library.matches:
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
    """Seconds of audio that two splits share; `split_of` has the split of every track, by id."""
    return sum(
        match.seconds
        for match in matches
        if match.a in split_of and match.b in split_of and split_of[match.a] != split_of[match.b]
    )


class _Groups:
    """Connected components; each is known by its smallest member."""

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
    """What a track has in common with all others of its group."""
    if track.group:
        yield f"group\0{track.group}"
    artist, album = _plain(track.artist), _plain(track.album)
    if group_by == "album" and album:
        yield f"album\0{artist}\0{album}"
    elif group_by == "artist" and artist:
        yield f"artist\0{artist}"


def _plain(name: str) -> str:
    """A name without case, accents and spaces around it: people type them as they like."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(c for c in letters if not unicodedata.combining(c)).split())


def _names(tracks: Iterable[Track], groups: _Groups) -> dict[str, str]:
    """Root -> name of every component that has a given name, or more than one track."""
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
    """Every track with the split that metadata asks for any of its group, copies that are left
    out among them; raises SourceError where it asks for two."""
    # An exact copy has its original's id.
    groups = {track.track_id: group_of(track) for track in library.usable}
    asked = asked_splits(
        replace(track, group=groups[track.track_id])
        for track in library.tracks
        if track.track_id in groups
    )
    tracks = (
        track if track.reason else replace(track, split=asked.get(group_of(track), ""))
        for track in library.tracks
    )
    return replace(library, tracks=tuple(tracks))


def _without_copies(library: Library, held: Collection[str]) -> Library:
    """Leave every track out of which most is in one that stays; those `held` stay first."""
    held_in: dict[str, list[str]] = {}
    for match in library.matches:
        if match.seconds > _COPY_SHARE * match.a_seconds:
            held_in.setdefault(match.a, []).append(match.b)
        if match.seconds > _COPY_SHARE * match.b_seconds:
            held_in.setdefault(match.b, []).append(match.a)
    kept: dict[str, str] = {}
    copies: dict[str, str] = {}
    for track in sorted(library.usable, key=lambda track: track.track_id not in held):
        copied = [kept[other] for other in held_in.get(track.track_id, []) if other in kept]
        if copied:
            copies[track.track_id] = Reason.DUPLICATE.because(min(copied))
        else:
            kept[track.track_id] = track.path
    tracks = (
        track if track.reason else replace(track, reason=copies.get(track.track_id, ""))
        for track in library.tracks
    )
    return replace(library, tracks=tuple(tracks))
