"""Checks that rows are as the review says that the manifest records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..describe.sessions import folded
from ..reasons import Reason, Status, kind_of
from ..records import Edits, Row
from ..release.manifest import Manifest
from ..release.review.decisions import (
    DESCRIPTION,
    DROP,
    KEEP,
    SESSION,
    STYLE,
    TEMPO,
    VERDICT,
    Key,
    decided,
    in_place,
)

_TEMPO_COLUMNS = ("tempo_bpm", "tempo_alternative_bpm", "tempo_confidence")


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What was decided of the tracks and chunks of a release, by id and field."""

    values: Mapping[Key, str]

    @classmethod
    def of(cls, manifest: Manifest) -> "Reviewed":
        """What a manifest records; raises ReleaseError if that is nothing that can be decided."""
        return cls(in_place(manifest.review, manifest.hop_samples, manifest.chunk_samples)[0])

    def names(self, row: Row) -> set[str]:
        """The columns of a row of chunks that have a value of their own, not that of its track."""
        own = {name for identity, name in self.values if identity == row["chunk_id"]}
        return own | ({"session_as_named"} if SESSION in own else set())

    def describes(self, row: Row) -> bool:
        """Whether the description of a row was given for this chunk alone."""
        return (row["chunk_id"], DESCRIPTION) in self.values

    def edits(self, row: Row) -> Edits:
        """Whether a chunk is kept or dropped."""
        verdict = decided(self.values, row["chunk_id"], VERDICT)
        return Edits(id=row["chunk_id"], is_kept=verdict == KEEP)

    def unmeasured(self, row: Row) -> Row:
        """A row of chunks or tracks without the tempo that a review gave where nobody measured."""
        identity: str = row.get("chunk_id") or row["track_id"]
        if row["energy"] is None and decided(self.values, identity, TEMPO):
            return {**row, **dict.fromkeys(_TEMPO_COLUMNS)}
        return row

    def row_faults(self, row: Row) -> Iterator[str]:
        """What a row of chunks says against the review."""
        wanted = {
            name: value
            for name in (DESCRIPTION, SESSION, STYLE, TEMPO, VERDICT)
            if (value := decided(self.values, row["chunk_id"], name))
        }
        if wanted.pop(VERDICT, "") == DROP:
            yield "is dropped in review, but there"
        found = {
            DESCRIPTION: "".join(row["descriptions"]),
            SESSION: row["session_as_named"],
            STYLE: row["style"],
            TEMPO: f"{row['tempo_bpm'] or 0:g}",
        }
        for name, value in wanted.items():
            if folded(found[name]) != folded(value):
                yield f"{name} is {found[name]!r}, in review {value!r}"

    def track_faults(self, row: Row) -> Iterator[str]:
        """What a row of `tracks` says against the review."""
        dropped = self.values.get((row["track_id"], VERDICT)) == DROP
        if dropped and row["status"] != Status.LEFT_OUT:
            yield "is dropped in review, but kept"
        if not dropped and kind_of(row["reason"]) == Reason.DROPPED_TRACK:
            yield f"is left out ({row['reason']}), but the review says nothing of that"
