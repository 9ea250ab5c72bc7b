"""Tracks to the files of a release folder: shards first, then `tracks`, card and manifest."""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from .. import measures
from ..card import card
from ..digests import file_digest
from ..engines.base import Engine
from ..errors import SourceError
from ..progress import Progress
from ..reasons import Status, kind_of
from ..recipe import Recipe
from ..records import TRACK_COLUMNS, Outcome, Row
from ..release.manifest import FileEntry, Manifest, kept_rows, read_tracks, split_of
from ..release.shards import (
    WORK_FOLDER,
    finished_note,
    read_note,
    read_notes,
    remove_stale,
    shard_name,
    write_shard,
)
from ..source.library import Library
from .cutting import CutJob, Spools, cut_shards
from .groups import shared_seconds
from .plan import Shard, group_of, plan
from .since import Origin, moved

TRACKS_FILE = shard_name("tracks", "train", 0, 1)

Outcomes = dict[str, Outcome]


@dataclass(slots=True)
class Assembly:
    """One build into `out`; `before` is the manifest of an earlier one, `since` the release that
    it goes on from, if any."""

    out: Path
    recipe: Recipe
    engine: Engine
    before: Manifest | None
    progress: Progress
    since: Origin | None = None
    manifest: Manifest = field(init=False)
    spools: Spools = field(init=False)
    shards_written: int = 0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.manifest = Manifest.of(self.recipe)
        self.spools = Spools(self.out, self.recipe, self.manifest.software)
        withdrawn = {*(self.before.withdrawn if self.before else ())}
        self.manifest.withdrawn = sorted(
            withdrawn.union(self.since.withdrawn if self.since else ())
        )

    def run(self, library: Library) -> list[dict[str, Any]]:
        """Write the release; returns the rows of `tracks`."""
        failed: Outcomes = {}
        while True:
            shards = self.plan(library, failed)
            outcomes = {**failed, **self._write_shards(shards)}
            filled = {s.split for s in shards for t in s.tracks if outcomes[t.track_id].chunks}
            if filled == {shard.split for shard in shards}:
                break
            # Tracks that failed while decoding have emptied a split: plan again without them.
            failed = {key: outcome for key, outcome in outcomes.items() if outcome.reason}
        self.notes = self.moved(shards)
        rows = list(_track_rows(library, shards, outcomes))
        self.manifest.source = dict(library.source)
        self.manifest.shared = {
            "fingerprints": library.fingerprints,
            "matches": len(library.matches),
            "seconds": shared_seconds(
                library.matches, {row["track_id"]: row["split"] for row in kept_rows(rows)}
            ),
        }
        self._finish(rows)
        return rows

    def undo(self) -> None:
        """Leave nothing of a first build that came to nothing."""
        for name in ("raw", "tracks", WORK_FOLDER):
            shutil.rmtree(self.out / name, ignore_errors=True)
        if self.out.is_dir() and not any(self.out.iterdir()):
            self.out.rmdir()

    def held(self) -> set[str]:
        """The ids of tracks that an earlier release has."""
        return {*self._splits_before(), *(self.since.tracks if self.since else ())}

    def moved(self, shards: Iterable[Shard]) -> tuple[str, ...]:
        """Notes on the tracks that leave the split of an earlier release."""
        earlier = self._splits_before() if self._keeps_splits else {}
        return moved(shards, earlier | dict(self.since.tracks if self.since else {}))

    def plan(self, library: Library, failed: Outcomes) -> tuple[Shard, ...]:
        """Shards for the tracks that have not failed."""
        tracks = [track for track in library.usable if track.track_id not in failed]
        if not tracks:
            reasons = Counter(
                kind_of(track.reason or failed[track.track_id].reason) for track in library.tracks
            )
            found = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
            raise SourceError(f"no track can be kept ({found}); `--chunk-seconds` sets the length")
        fixed: dict[str, str] = {}
        counts: dict[str, int] = {}
        for origin in filter(None, (self._earlier(), self.since)):
            fixed |= origin.splits(tracks)
            counts |= origin.shards
        return plan(tracks, self.recipe, fixed, counts)

    def _splits_before(self) -> dict[str, str]:
        """Id -> split of the tracks of an earlier build into `out`."""
        earlier = read_tracks(self.out, self.before) if self.before else []
        return {row["track_id"]: row["split"] for row in kept_rows(earlier)}

    @property
    def _keeps_splits(self) -> bool:
        """Whether an earlier build into `out` asked for the same splits."""
        asked = self.before.recipe["splits"] if self.before else None
        return bool(asked == dict(self.recipe.splits))

    def _earlier(self) -> Origin | None:
        """What an earlier build into `out` decides."""
        if not self.before or not self._keeps_splits:
            return None
        # Tracks that gave no chunk stay in the plan of their shard, so that it is not stale.
        planned = {
            track_id: split_of(name)
            for name, note in read_notes(self.out, "raw").items()
            for track_id in note.outcomes
        }
        earlier = kept_rows(read_tracks(self.out, self.before))
        groups = {row["group"]: row["split"] for row in earlier}
        shards = Counter(split_of(path) for path in self.before.shards("raw"))
        return Origin(groups, planned, shards, frozenset())

    def todo(self, shards: Iterable[Shard]) -> list[CutJob]:
        """The shards that are not there yet, or were made from something else."""
        jobs = [CutJob(s, s.inputs(self.recipe, self.manifest.software)) for s in shards]
        return [job for job in jobs if not read_note(self.out, job.shard.name, job.inputs)]

    def _write_shards(self, shards: Sequence[Shard]) -> Outcomes:
        todo = self.todo(shards)
        notes = {shard.name: finished_note(self.out, shard.name) for shard in shards}
        tracks = sum(len(job.shard.tracks) for job in todo)
        cut = partial(cut_shards, out=self.out.resolve(), spools=self.spools)
        with self.progress("Writing", tracks) as advance:
            for shard, note in self.engine.deal(cut, todo, advance):
                notes[shard.name] = note
                self.shards_written += 1
                self.spools.drop(shard.tracks)
        done = {name: note for name, note in notes.items() if note is not None}
        self.manifest.files = {name: FileEntry.of(note) for name, note in done.items()}
        return {
            key: Outcome(**value) for note in done.values() for key, value in note.outcomes.items()
        }

    def _finish(self, rows: list[dict[str, Any]]) -> None:
        self.manifest.files[TRACKS_FILE] = self._tracks_before(rows) or self._write_tracks(rows)
        if self.before:
            self._carry_over(self.before)
        card.write(self.out, self.manifest, self.progress)
        self.manifest.write(self.out)
        remove_stale(self.out, "raw", self.manifest.files)

    def _tracks_before(self, rows: list[Row]) -> FileEntry | None:
        """The file of `tracks` that an earlier build made, if that has these rows."""
        if not self.before or self.before.software != self.manifest.software:
            return None
        entry = self.before.files.get(TRACKS_FILE)
        whole = entry and file_digest(self.out / TRACKS_FILE) == entry.sha256
        return entry if whole and read_tracks(self.out, self.before) == rows else None

    def _write_tracks(self, rows: list[Row]) -> FileEntry:
        # datasets takes a second to import: only where there is something to write.
        from ..release.features import TRACK_FEATURES

        return FileEntry(*write_shard(self.out, TRACKS_FILE, TRACK_FEATURES, rows))

    def _carry_over(self, before: Manifest) -> None:
        """Keep `encoded` where the raw shards are what they were; else it is stale."""
        self.manifest.card, self.manifest.changelog = before.card, before.changelog
        if before.shards("raw") == self.manifest.shards("raw"):
            self.manifest.files |= before.shards("encoded")
            self.manifest.encoding, self.manifest.codebooks = before.encoding, before.codebooks


def _track_rows(
    library: Library, shards: Iterable[Shard], outcomes: Outcomes
) -> Iterator[dict[str, Any]]:
    """A row of `tracks` for every source file, by path."""
    split_by_id = {track.track_id: shard.split for shard in shards for track in shard.tracks}
    for track in library.tracks:
        outcome = Outcome(duration_seconds=track.duration_seconds, reason=track.reason)
        if not track.reason:
            outcome = outcomes[track.track_id]
        kept = Status.TRUNCATED if outcome.truncated else Status.KEPT
        row = {
            **asdict(track),
            **asdict(outcome),
            **(outcome.measures or dict.fromkeys(measures.COLUMNS)),
            "track_id": track.track_id,
            "split": "" if outcome.reason else split_by_id[track.track_id],
            "group": "" if outcome.reason else group_of(track),
            "status": str(Status.LEFT_OUT if outcome.reason else kept),
        }
        yield {column: row[column] for column in TRACK_COLUMNS}
