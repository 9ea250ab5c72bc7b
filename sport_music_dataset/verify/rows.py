"""Checks of the rows of `raw`, or of `encoded` without `raw`, track by track."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pyarrow as pa

from ..columns import MEASURE_COLUMNS
from ..describe.annotate import made_phrasings
from ..describe.arc import arcs
from ..describe.filters import left_out
from ..describe.fit import fit
from ..describe.sessions import find
from ..recipe import FITS, SAMPLING_RATE, Recipe
from ..records import CHUNK_ID, Heard, Measures, Row, chunk_id
from ..release.layout import ShardName, shard_of
from .findings import Check, Findings
from .review import Reviewed
from .tracks import filtered_chunks, heard_faults, measure_faults

# Columns that the rows of a track have from its row of `tracks`.
_TRACK_COLUMNS = ("session", "session_as_named", "style", "title", "artist", "license")
_PHASES = ("", "warm-up", "build", "peak", "cool-down")
# A position is rounded to four digits.
_POSITION_ERROR = 0.000_050_1
# The measures of a track are means of those of its chunks, both rounded: (column, its rounding).
_MEANS = (("silence_ratio", 1e-4), ("clipping_ratio", 1e-6))


@dataclass(slots=True)
class RowChecks:
    """Checks rows in the order of their shards.

    Memory holds the rows of one track, without audio. `rows` counts the rows of each track;
    `splits` has the splits in which they are. Without a `recipe`, which is that of another version,
    nothing is made again from its settings.
    """

    tracks: Mapping[str, Row]
    chunk_samples: int
    hop_samples: int
    recipe: Recipe | None
    findings: Findings
    reviewed: Reviewed
    rows: Counter[str] = field(default_factory=Counter)
    splits: dict[str, set[str]] = field(default_factory=dict)
    _place: ShardName | None = None
    _track: list[Row] = field(default_factory=list)
    _ended: dict[str, str] = field(default_factory=dict)

    def add(self, place: ShardName, row: Row) -> None:
        """Add a row without audio; its track is checked when another track or shard begins."""
        if self._track and (place != self._place or row["track_id"] != self._track[0]["track_id"]):
            self.finish(next_id=row["track_id"] if place == self._place else "")
        self._place = place
        self._track.append(row)

    def finish(self, next_id: str = "") -> None:
        """Check the last track; `next_id` is the track behind it in its shard, if there is one."""
        place, rows, self._track = self._place, self._track, []
        if not rows or place is None:
            return
        track_id = rows[0]["track_id"]
        self.rows[track_id] += len(rows)
        self.splits.setdefault(track_id, set()).add(place.split)
        self.findings.fail_all(Check.CHUNK_IDS, self._id_faults(rows))
        self.findings.fail_all(Check.ORDER, self._order_faults(place, track_id, next_id))
        self._ended.setdefault(track_id, place.path)
        track = self.tracks.get(track_id)
        for row in rows:
            faults = self._text_faults(row["description"], row["descriptions"])
            self.findings.fail_all(Check.DESCRIPTIONS, faults, row["chunk_id"])
        self._check_track(rows, track)

    def check_groups(self, batch: pa.RecordBatch) -> None:
        """Check that rows of `encoded` have the groups of their tracks."""
        columns = (batch[name].to_pylist() for name in ("chunk_id", "track_id", "group"))
        for identity, track_id, group in zip(*columns, strict=True):
            track = self.tracks.get(track_id)
            if track and group != track["group"]:
                self.findings.fail(
                    Check.TRACK_FACTS, f"{identity}: group is {group!r}, not {track['group']!r}"
                )

    def _id_faults(self, rows: list[Row]) -> Iterator[str]:
        for row in rows:
            identity, track_id = row["chunk_id"], row["track_id"]
            index: int = row["chunk_index"]
            wanted = chunk_id(track_id, index) if index >= 0 else ""
            if identity != wanted or not re.fullmatch(CHUNK_ID, identity):
                yield f"{identity!r} is no id of chunk {index} of track {track_id}"
                continue
            start = index * self.hop_samples / SAMPLING_RATE
            if row["start_seconds"] != start:
                yield f"{identity}: starts at {row['start_seconds']} s, not at {start} s"
        for before, row in pairwise(rows):
            if _index_of(before["chunk_id"]) >= _index_of(row["chunk_id"]):
                yield f"{row['chunk_id']}: stands twice, or behind a later chunk of its track"

    def _order_faults(self, place: ShardName, track_id: str, next_id: str) -> Iterator[str]:
        if track_id in self._ended:
            yield f"{track_id}: its rows lie apart in {self._ended[track_id]} and {place.path}"
        if next_id and next_id < track_id:
            yield f"{place.path}: track {next_id} lies behind {track_id}"
        split = self.tracks[track_id]["split"] if track_id in self.tracks else place.split
        if split != place.split:
            yield f"{track_id}: is in {place.path}, but its split is {split}"
        # An id of another form is a fault of the check of ids.
        number = int(track_id, 16) if re.fullmatch("[0-9a-f]{16}", track_id) else None
        if number is not None and shard_of(track_id, place.count) != place.index:
            yield f"{track_id}: is in {place.path}, but its id belongs in another shard"

    def _text_faults(self, first: str, texts: list[str]) -> Iterator[str]:
        if texts[:1] != [first]:
            yield "its first description is another one"
        if not all(texts):
            yield "has an empty description"
        if len(set(texts)) != len(texts):
            yield "has a description twice"

    def _check_track(self, rows: list[Row], track: Row | None) -> None:
        recipe, impossible = self.recipe, False
        for row in rows:
            self.findings.fail_all(Check.REVIEW, self.reviewed.row_faults(row), row["chunk_id"])
            faults = [
                *measure_faults(self.reviewed.unmeasured(row), recipe.analysis if recipe else None),
                *heard_faults(row, recipe.tagger if recipe else None),
                *_words(row),
            ]
            self.findings.fail_all(Check.MEASURES, faults, row["chunk_id"])
            impossible = impossible or bool(faults)
        if track is None:
            return
        self.findings.fail_all(Check.TRACK_FACTS, self._fact_faults(rows, track))
        # Nothing follows from a measure that is not a number.
        if recipe and not impossible:
            self.findings.fail_all(Check.FIT, self._fit_faults(rows, track, recipe))
            made = [row for row in rows if not self.reviewed.describes(row)]
            self.findings.fail_all(Check.DESCRIPTIONS, _made_faults(made, track, recipe))
            self.findings.fail_all(Check.COUNTS, _misfit_faults(rows, track, recipe))
            if not filtered_chunks(track, recipe):
                self.findings.fail_all(Check.MEASURES, _mean_faults(rows, track))

    def _fact_faults(self, rows: list[Row], track: Row) -> Iterator[str]:
        for row in rows:
            own = self.reviewed.names(row)
            for name in _TRACK_COLUMNS:
                if row[name] != track[name] and name not in own:
                    yield f"{row['chunk_id']}: {name} is {row[name]!r}, not {track[name]!r}"
            position = self._position(row, track)
            if not abs(row["position"] - position) <= _POSITION_ERROR:
                yield f"{row['chunk_id']}: position is {row['position']}, not {position:.4f}"

    def _position(self, row: Row, track: Row) -> float:
        middle = row["chunk_index"] * self.hop_samples + self.chunk_samples / 2
        return float(middle / SAMPLING_RATE / (track["duration_seconds"] or 1.0))

    def _fit_faults(self, rows: list[Row], track: Row, recipe: Recipe) -> Iterator[str]:
        for row in rows:
            wanted = fit(_measures(row), find(row["session"], recipe.sessions))
            if (row["fit"], row["fit_reason"]) != wanted:
                yield (
                    f"{row['chunk_id']}: fit is {row['fit']!r} ({row['fit_reason']}), "
                    f"not {wanted[0]!r} ({wanted[1]})"
                )
            elif reason := left_out(
                _measures(row), Heard.of(row), row["fit"], recipe, self.reviewed.edits(row)
            ):
                yield f"{row['chunk_id']}: {reason}, which the recipe leaves out"
        # An arc is that of all chunks that are not silent: those that filters left out count too.
        if filtered_chunks(track, recipe):
            return
        positions = [self._position(row, track) for row in rows]
        found = arcs(positions, [row["energy"] or 0.0 for row in rows])
        for row, arc in zip(rows, found if recipe.analysis else [""] * len(rows), strict=True):
            if row["arc"] != arc:
                yield f"{row['chunk_id']}: arc is {row['arc']!r}, not {arc!r}"


def _words(row: Row) -> Iterator[str]:
    """Faults of the words that say what the measures mean."""
    if row["arc"] not in _PHASES:
        yield f"arc is {row['arc']!r}"
    if row["fit"] not in FITS:
        yield f"fit is {row['fit']!r}"


def _made_faults(rows: list[Row], track: Row, recipe: Recipe) -> Iterator[str]:
    """Faults of descriptions that are neither given for the track nor made for the chunk."""
    if all(row["descriptions"] == rows[0]["descriptions"] for row in rows):
        # What metadata gives is the same for all chunks.
        return
    for row in rows:
        texts = [made.text for made in made_phrasings(row, track, recipe)]
        if row["descriptions"] != texts:
            yield f"{row['chunk_id']}: is described as {row['descriptions']}, not {texts}"


def _misfit_faults(rows: list[Row], track: Row, recipe: Recipe) -> Iterator[str]:
    misfits = sum(row["fit"] == "no" for row in rows)
    wanted = track["misfit_chunks"] if recipe.min_fit == "no" else 0
    if misfits != wanted:
        yield f"{track['path']}: {wanted} chunks that do not fit, but {misfits} such rows"


def _mean_faults(rows: list[Row], track: Row) -> Iterator[str]:
    for name, error in _MEANS:
        values = [row[name] for row in rows if row[name] is not None]
        if len(values) == len(rows) and track[name] is not None:
            mean = sum(values) / len(values)
            if not abs(track[name] - mean) <= error * 1.01:
                yield f"{track['path']}: {name} is {track[name]}, its chunks have {mean:.6f}"


def _measures(row: Row) -> Measures:
    values: dict[str, Any] = {name: row[name] for name in MEASURE_COLUMNS}
    return Measures(**values)


def _index_of(identity: str) -> int:
    """The index in a chunk's id; -1 if it has none."""
    index = identity.rpartition("-")[2]
    return int(index) if index.isdecimal() else -1
