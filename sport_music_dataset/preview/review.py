"""A review of the release that a server shows: what is decided, and deciding more."""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..errors import SettingError
from ..outside.documents import load_json
from ..outside.names import shown
from ..outside.records import as_record
from ..records import Row, chunk_id
from ..release.layout import MANIFEST, REVIEW
from ..release.manifest import Manifest
from ..release.review.decisions import (
    DESCRIPTION,
    DROP,
    FIELDS,
    KEEP,
    SESSION,
    STYLE,
    TEMPO,
    VERDICT,
    Decision,
    Review,
    place_of,
)
from ..release.review.file import bring_in, decide, read_sheet, take_back
from .catalogue import Catalogue

EDITED, UNDECIDED = "edited", "undecided"
MARKS = (UNDECIDED, KEEP, DROP, EDITED)
"""How far a chunk is reviewed; what is kept or dropped is not called edited."""

_MOST_LISTED = 200
_COLUMNS = {DESCRIPTION: "description", SESSION: "session", STYLE: "style", TEMPO: "tempo_bpm"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A decision as a page sends it; `seen` is the decided value that it showed, empty for none."""

    id: str
    field: str
    after: str
    seen: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Undo:
    """The wish to take the last decision back, of the `seen` lines that a page knows."""

    seen: int


class Reviewing:
    """Reads and writes the review in a release folder, for a page that shows its chunks.

    `token` is what a page must send with a decision: only pages that this server made know it.

    Raises:
        ReleaseError: the review cannot be read.
    """

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self._folder, self._catalogue = folder, catalogue
        self._manifest: Manifest = catalogue.manifest
        self._known = {*catalogue.tracks, *catalogue.table["chunk_id"].to_pylist()}
        self.token = secrets.token_urlsafe(32)
        self._built = _stamp(folder / MANIFEST)
        self._read: tuple[object, Review] = ("never", Review())
        if read_sheet(folder).data is None and self._manifest.review:
            bring_in(folder, [Decision.of(entry) for entry in self._manifest.review])
        _ = self.review

    @property
    def review(self) -> Review:
        """The review as its file says now, which a spreadsheet may have changed."""
        stamp = _stamp(self._folder / REVIEW)
        if self._read[0] != stamp:
            self._read = stamp, read_sheet(self._folder).review
        return self._read[1]

    def is_known(self, token: str) -> bool:
        """Whether a page has the token."""
        return hmac.compare_digest(token.encode(), self.token.encode())

    def state(self, review: Review | None = None) -> Row:
        """The review as a whole, for the page."""
        review = review or self.review
        back = review.taken_back
        return {
            "file": REVIEW,
            "lines": len(review.decisions),
            "unbuilt": review.unbuilt(self._manifest.review),
            "rebuilt": _stamp(self._folder / MANIFEST) != self._built,
            "undo": back and {"id": back.id, "field": back.field, "value": back.before},
            "gone": self._gone(review),
        }

    def marked(self, rows: Sequence[Row]) -> None:
        """Add what is decided to rows for the page: of each chunk, and of its track."""
        review = self.review
        for row in rows:
            row["decided"] = _decided(review, row["chunk_id"])
            row["decided_track"] = _decided(review, row["track_id"])

    def marks(self) -> pa.Array:
        """How far each chunk of the catalogue is reviewed, one of MARKS."""
        standing: dict[str, dict[str, str]] = {}
        for (identity, name), decision in self.review.standing.items():
            standing.setdefault(identity, {})[name] = decision.after
        ids = self._catalogue.table["chunk_id"].to_pylist()
        return pa.array([_mark(standing, identity) for identity in ids], pa.string())

    def sharing(self, identity: str) -> list[str]:
        """The chunks that share seconds with a chunk, and are not dropped; none of a track."""
        track_id, _, index = identity.partition("-")
        reach = -(-self._manifest.chunk_samples // self._manifest.hop_samples) - 1
        steps = range(-reach, reach + 1) if index else ()
        near = [chunk_id(track_id, int(index) + step) for step in steps if step]
        review = self.review
        return [one for one in near if one in self._known and review.value(one, VERDICT) != DROP]

    def decide(self, body: bytes) -> Row:
        """Write the decision that a page sends; returns the new state.

        Raises:
            SettingError: the request is none, or its value cannot be used.
            ConflictError: something else was decided meanwhile.
            ReleaseError: the review cannot be read or written.
        """
        asked = _record(Asked, body)
        return self.state(decide(self._folder, self.decision(asked), asked.seen))

    def take_back(self, body: bytes) -> Row:
        """Take the last decision back; returns and raises as `decide`."""
        return self.state(take_back(self._folder, _record(Undo, body).seen))

    def decision(self, asked: Asked) -> Decision:
        """The decision that is asked for; raises SettingError if it cannot be made."""
        track_id, _, index = asked.id.partition("-")
        row = self._shown(asked.id, track_id)
        if row is None:
            standing = {identity for identity, _ in self.review.standing}
            # A chunk that is dropped may be kept after all.
            is_open = not asked.after or (asked.field, asked.after) == (VERDICT, KEEP)
            if not is_open or asked.id not in standing:
                raise SettingError(
                    f"{shown(asked.id)}: is no chunk or track of this release; `sportgen explain` "
                    "says why, and which ids are near"
                )
            row = {}
        before = self.review.value(asked.id, asked.field)
        manifest = self._manifest
        decision = Decision(
            id=asked.id,
            field=asked.field,
            before=before or _text(row.get(_COLUMNS.get(asked.field, ""))),
            after=asked.after,
            reason=asked.reason,
            file=self._catalogue.tracks.get(track_id, {}).get("path", ""),
            seconds=place_of(int(index), manifest.hop_samples, manifest.chunk_samples)
            if index
            else "",
        )
        try:
            decision = decision.checked()
        except ValueError as error:
            raise SettingError(str(error)) from error
        if decision.field == VERDICT and decision.after == DROP and not decision.reason:
            raise SettingError("a drop needs a reason: it goes into `tracks`, or into the manifest")
        return decision

    def _shown(self, identity: str, track_id: str) -> Row | None:
        """The row of a chunk or track of this release."""
        if identity == track_id:
            return self._catalogue.tracks.get(track_id)
        at = self._catalogue.index_of(identity)
        return self._catalogue.rows([at])[0] if at >= 0 else None

    def _gone(self, review: Review) -> list[Row]:
        """What is dropped and not in this release any more, so that it can be taken back."""
        dropped = (one for one in review.standing.values() if one.after == DROP)
        gone = [
            {"id": one.id, "reason": one.reason, "file": one.file, "seconds": one.seconds}
            for one in dropped
            if one.field == VERDICT and one.id not in self._known
        ]
        return gone[:_MOST_LISTED]


def _decided(review: Review, identity: str) -> dict[str, str]:
    """Field -> what is decided, and the `reason` of a verdict."""
    found = {name: review.standing.get((identity, name)) for name in FIELDS}
    values = {name: decision.after for name, decision in found.items() if decision}
    verdict = found[VERDICT]
    return values | ({"reason": verdict.reason} if verdict and verdict.reason else {})


def _mark(standing: Mapping[str, Mapping[str, str]], chunk_id: str) -> str:
    own = standing.get(chunk_id, {})
    track = standing.get(chunk_id.partition("-")[0], {})
    verdict = DROP if track.get(VERDICT) == DROP else own.get(VERDICT) or track.get(VERDICT)
    return verdict or (EDITED if own or track else UNDECIDED)


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else " ".join(str(value or "").split())


def _record(kind: Any, body: bytes) -> Any:
    found = as_record(kind, load_json(body, "the request", SettingError))
    if found is None:
        raise SettingError("a request that this page does not make; load the page again")
    return found


def _stamp(file: Path) -> tuple[int, ...]:
    """Changes when a file does; empty where there is none."""
    try:
        found = file.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns
