"""What a review decides for a build: which tracks and chunks are dropped, and what is edited.

Tracks are found by the bytes of their file, chunks by their place in the track: decisions hold for
a build that starts anew, wherever the files lie now.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ...describe.sessions import find, folded
from ...reasons import Reason, Status
from ...recipe import Recipe
from ...records import Edits, Row, Track
from ..layout import REVIEW, shard_name, shard_of, split_of
from ..manifest import ReviewEntry
from ..release import Release
from ..tracks import by_id, why_absent
from .decisions import (
    DESCRIPTION,
    DROP,
    KEEP,
    SESSION,
    STYLE,
    TEMPO,
    VERDICT,
    Key,
    Review,
    in_place,
)

_MOST_NAMED = 20


def follow(
    tracks: Sequence[Track], entries: Sequence[ReviewEntry], recipe: Recipe
) -> tuple[Track, ...]:
    """Tracks as a review decided: edited, and with a reason where it dropped them.

    Tracks get the edits of their chunks too. A session or style is spelled as other tracks spell
    it.
    """
    values, _ = in_place(entries, recipe.hop_samples, recipe.chunk_samples)
    of_track: dict[str, dict[Key, str]] = defaultdict(dict)
    for key, value in values.items():
        of_track[key[0].partition("-")[0]][key] = value
    why = {entry["id"]: entry["reason"] for entry in entries if entry["field"] == VERDICT}
    names = Names(
        (track.style for track in tracks), (track.session for track in tracks), recipe.sessions
    )
    return tuple(
        _edited(track, of_track[track.track_id], names, why.get(track.track_id, ""))
        if track.track_id in of_track and not track.reason
        else track
        for track in tracks
    )


class Names:
    """Spells sessions and styles as the tracks of a library do; `own` are the user's sessions."""

    def __init__(self, styles: Iterable[str], sessions: Iterable[str], own: str) -> None:
        self._own = own
        self._styles = {folded(style): style for style in styles if style}
        self._sessions = {folded(session): session for session in sessions if session}

    def style(self, name: str) -> str:
        return self._styles.get(folded(name), name)

    def session(self, name: str) -> str:
        known = find(name, self._own) if name else None
        return known.name if known else self._sessions.get(folded(name), name)


def _edited(track: Track, decided: Mapping[Key, str], names: Names, why: str) -> Track:
    """A track with what was decided of it and of its chunks; `why` it was dropped, if it was."""
    if decided.get((track.track_id, VERDICT)) == DROP:
        reason = Reason.DROPPED_TRACK
        return replace(track, reason=reason.because(why) if why else str(reason))
    ids = sorted({identity for identity, _ in decided})
    found = [_edits(identity, decided, names) for identity in ids]
    whole = next((one for one in found if one.id == track.track_id), Edits(id=track.track_id))
    chunks = [one for one in found if one.id != track.track_id]
    rest = Edits(id=whole.id, is_kept=whole.is_kept, tempo_bpm=whole.tempo_bpm)
    edits = [rest, *chunks] if rest != Edits(id=whole.id) else chunks
    return replace(
        track,
        style=whole.style or track.style,
        session=whole.session or track.session,
        session_as_named=whole.session_as_named or track.session_as_named,
        description=whole.description or track.description,
        descriptions=() if whole.description else track.descriptions,
        edits=tuple(edits),
    )


def _edits(identity: str, decided: Mapping[Key, str], names: Names) -> Edits:
    values = {name: value for (one, name), value in decided.items() if one == identity}
    session, tempo = values.get(SESSION, ""), values.get(TEMPO, "")
    return Edits(
        id=identity,
        is_kept=values.get(VERDICT) == KEEP,
        # Of a track, its reason says so.
        is_dropped=values.get(VERDICT) == DROP and "-" in identity,
        description=values.get(DESCRIPTION, ""),
        session=names.session(session),
        session_as_named=session,
        style=names.style(values.get(STYLE, "")),
        tempo_bpm=float(tempo) if tempo else None,
    )


def notes_on_review(review: Review, rows: Sequence[Row], release: Release) -> tuple[str, ...]:
    """Notes on decisions that this build could not follow, one for each track or chunk.

    `rows` are those of `tracks`, and `release` has its manifest and its shards of `raw`.
    """
    manifest = release.manifest
    values, elsewhere = in_place(review.entries(), manifest.hop_samples, manifest.chunk_samples)
    lost = {
        one.id: f"is about {one.seconds} s of the track, which is no chunk of this length"
        for one in elsewhere
    }
    lost |= dict(_lost(values, rows, release))
    files = {decision.id: decision.file for decision in review.decisions if decision.file}
    notes = [
        f"{REVIEW}: {identity}{f' ({files[identity]})' if identity in files else ''}: {why}; what "
        "was decided of it waits"
        for identity, why in sorted(lost.items())
    ]
    more = len(notes) - _MOST_NAMED
    return (*notes[:_MOST_NAMED], *([f"{REVIEW}: and {more} more that wait"] if more > 0 else []))


def _lost(
    values: Mapping[Key, str], rows: Sequence[Row], release: Release
) -> Iterator[tuple[str, str]]:
    """Yield (id, why) of the tracks and chunks for which a decision does nothing."""
    tracks = by_id(rows)
    chunks = _chunk_ids(values, tracks, release)
    for identity in sorted({identity for identity, _ in values}):
        track_id, _, index = identity.partition("-")
        track = tracks.get(track_id)
        dropped = DROP in (values.get((one, VERDICT)) for one in (identity, track_id))
        if track is None:
            yield identity, "no file of the source is this track"
        elif track["status"] == Status.LEFT_OUT or (index and identity not in chunks):
            why, reasons = why_absent(track, int(index or 0), release.manifest)
            if not dropped or reasons is None:
                yield identity, why


def _chunk_ids(values: Mapping[Key, str], tracks: Mapping[str, Row], release: Release) -> set[str]:
    """The ids in the shards of those tracks that have decisions about chunks."""
    ids = {identity.partition("-")[0] for identity, _ in values if "-" in identity}
    counts = Counter(map(split_of, release.shards("raw")))
    splits = {track_id: tracks[track_id]["split"] for track_id in ids & tracks.keys()}
    paths = {
        shard_name("raw", split, shard_of(track_id, counts[split]), counts[split])
        for track_id, split in splits.items()
        if split
    }
    found: set[str] = set()
    for path in sorted(paths & release.shards("raw").keys()):
        found.update(release.place.only(path, ["chunk_id"])["chunk_id"].to_pylist())
    return found
