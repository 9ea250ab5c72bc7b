"""Why a release has no chunk of an id, and which ids are near it."""

from collections.abc import Iterable
from difflib import get_close_matches

from ..reasons import Reason, Status, keeping
from ..records import chunk_id as as_chunk_id
from ..release.folder import build_command
from ..release.layout import REVIEW
from ..release.release import Release
from ..release.review.decisions import DROP, VERDICT, in_place
from ..release.review.file import review_of
from ..release.tracks import by_id, why_absent

# An index has at most nine digits.
_MOST_DIGITS = 9
_MOST_NAMED = 3


def absence(release: Release, chunk_id: str, known: Iterable[str]) -> str:
    """Why a release has no chunk of an id, with the remedy, or which of its ids are near.

    Args:
        release: the release.
        chunk_id: what somebody took for the id of a chunk, or the id of a track.
        known: the ids of all its chunks.
    """
    track_id, _, digits = chunk_id.partition("-")
    index = _index(chunk_id)
    identity = as_chunk_id(track_id, index) if digits else track_id
    track, known = by_id(release.tracks()).get(track_id), {*known}
    is_kept = track is not None and track["status"] != Status.LEFT_OUT
    if track is None or identity in known or (is_kept and not digits):
        return _near(track_id, index, known, release)
    values, _ = in_place(
        release.manifest.review, release.manifest.hop_samples, release.manifest.chunk_samples
    )
    if digits and values.get((identity, VERDICT)) == DROP:
        return f"{_why_dropped(release, identity)}; {_taking_back(release, identity)}"
    why, reasons = why_absent(track, index, release.manifest)
    if Reason.DROPPED_TRACK in (reasons or ()):
        return f"{why}; {_taking_back(release, track_id)}"
    if reasons:
        return "; ".join(filter(None, [why, keeping(reasons)]))
    return f"{why}; {_near(track_id, index, known, release)}"


def _index(chunk_id: str) -> int:
    digits = chunk_id.partition("-")[2]
    return int(digits) if digits.isdecimal() and len(digits) <= _MOST_DIGITS else 0


def _why_dropped(release: Release, chunk_id: str) -> str:
    """That a review dropped a chunk, and why, as the manifest records it."""
    verdicts = (e for e in release.manifest.review if e["field"] == VERDICT)
    why = next(entry["reason"] for entry in verdicts if entry["id"] == chunk_id)
    return Reason.DROPPED.because(why) if why else str(Reason.DROPPED)


def _taking_back(release: Release, identity: str) -> str:
    """How to take back that a chunk or a track is dropped."""
    if release.place.is_remote:
        return f"{REVIEW} in the folder of the release takes it back"
    build = f"`{build_command(release.folder)}`"
    if review_of(release.folder, release.manifest).value(identity, VERDICT) != DROP:
        return f"that is taken back by now, and {build} follows"
    return f"`sportgen review {release.folder} {identity} --as-built`, then {build} brings it back"


def _near(track_id: str, index: int, known: Iterable[str], release: Release) -> str:
    """At most three ids near one that is not known, the nearest first.

    They are of its track, else of tracks like it, and there those of the nearest index.
    """
    by_track: dict[str, list[str]] = {}
    for name in sorted(known):
        by_track.setdefault(name.partition("-")[0], []).append(name)
    tracks = [track_id] if track_id in by_track else get_close_matches(track_id, by_track)
    tracks = tracks or [name for name in by_track if track_id and name.startswith(track_id)]
    names = (
        name
        for track in tracks
        for name in sorted(by_track[track], key=lambda name: abs(_index(name) - index))
    )
    if found := ", ".join([name for name, _ in zip(names, range(_MOST_NAMED), strict=False)]):
        return f"near it are {found}"
    return f"the column chunk_id of `{release.manifest.rows_config}` lists its chunks"
