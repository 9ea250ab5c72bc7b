"""A source folder to a release folder: `raw`, `tracks`, card and manifest."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from . import card
from .errors import ReleaseError, SourceError
from .library import Library, scan
from .plan import Shard, group_of, plan
from .progress import Progress, no_progress
from .recipe import Recipe
from .release import MANIFEST, FileEntry, Manifest, is_ours, read_manifest, read_tracks, split_of
from .rows import read_spool, spool_track
from .schema import RAW_FEATURES, TRACK_FEATURES, Outcome, Reason, Status, Track
from .shards import (
    WORK_FOLDER,
    ShardNote,
    read_note,
    read_notes,
    remove_stale,
    shard_name,
    write_note,
    write_shard,
)
from .workers import Workers

TRACKS_FILE = shard_name("tracks", "train", 0, 1)
_SPOOL = f"{WORK_FOLDER}/spool"

Outcomes = dict[str, Outcome]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did: the `tracks` rows, chunks per split, and what else to tell."""

    tracks: list[dict[str, Any]]
    chunks: dict[str, int]
    ignored: dict[str, int]
    notes: tuple[str, ...]
    shards_written: int = 0

    @property
    def kept(self) -> list[dict[str, Any]]:
        """The rows of tracks that gave chunks."""
        return [row for row in self.tracks if row["status"] != Status.LEFT_OUT]

    @property
    def left_out(self) -> dict[str, int]:
        """Reason, without its detail -> files."""
        reasons = (row["reason"].partition(":")[0] for row in self.tracks if row["reason"])
        return dict(Counter(reasons))


def build(
    source: Path,
    out: Path,
    recipe: Recipe,
    *,
    num_proc: int = 1,
    force: bool = False,
    license: str = "",
    progress: Progress = no_progress,
) -> BuildReport:
    """Build, or bring up to date, the release folder `out` from the music in `source`.

    Shards that are already made from the same inputs stay as they are; a group keeps the split
    that it had in `out`.

    Raises:
        SourceError: `source` cannot be used, or gives no chunk.
        ReleaseError: `out` holds something else, or another recipe and not `force`.
    """
    before = _check_target(out, recipe, force)
    with Workers(num_proc) as workers:
        library = _scan(source, out, recipe, workers, license, progress)
        job = _Build(out, recipe, workers, before, progress)
        try:
            return job.run(library)
        except SourceError:
            if before is None:
                job.undo()
            raise


def preview(
    source: Path,
    out: Path,
    recipe: Recipe,
    *,
    num_proc: int = 1,
    force: bool = False,
    progress: Progress = no_progress,
) -> tuple[Library, tuple[Shard, ...]]:
    """What `build` would decode and into which shards; writes nothing. Raises as `build` does."""
    before = _check_target(out, recipe, force)
    with Workers(num_proc) as workers:
        library = _scan(source, out, recipe, workers, "", progress)
        return library, _Build(out, recipe, workers, before, progress).plan(library, {})


def _check_target(out: Path, recipe: Recipe, force: bool) -> Manifest | None:
    """The manifest of an earlier build in `out`, if any."""
    if not is_ours(out):
        raise ReleaseError(f"{out}: holds something else than a release; give an empty folder")
    if not (out / MANIFEST).is_file():
        return None
    manifest = read_manifest(out)
    if manifest.fingerprint != recipe.fingerprint and not force:
        settings = recipe.as_dict().items()
        changed = [key for key, value in settings if manifest.recipe.get(key) != value]
        raise ReleaseError(
            f"{out}: was built with another recipe ({', '.join(changed)} differ); "
            "--force builds it anew, or give another folder"
        )
    return manifest


def _scan(
    source: Path, out: Path, recipe: Recipe, workers: Workers, license: str, progress: Progress
) -> Library:
    def run(function: Callable[[Track], Track], tracks: Iterable[Track]) -> Iterator[Track]:
        tracks = list(tracks)
        results = workers.map(function, tracks, _crashed_probe)
        with progress("Scanning", len(tracks)) as advance:
            for track in results:
                yield replace(track, license=track.license or license)
                advance(1)

    return scan(source, recipe.styles, exclude=out, run=run)


def _crashed_probe(track: Track, why: str) -> Track:
    return replace(track, reason=Reason.CRASHED.because(why))


def _crashed_cut(track: Track, why: str) -> Outcome:
    return Outcome(reason=Reason.CRASHED.because(why))


@dataclass(slots=True)
class _Build:
    out: Path
    recipe: Recipe
    workers: Workers
    before: Manifest | None
    progress: Progress
    manifest: Manifest = field(init=False)
    written: int = 0

    def __post_init__(self) -> None:
        self.manifest = Manifest.of(self.recipe)

    def run(self, library: Library) -> BuildReport:
        failed: Outcomes = {}
        while True:
            shards = self.plan(library, failed)
            outcomes = {**failed, **self._write_shards(shards)}
            empty = sorted(
                {shard.split for shard in shards}
                - {s.split for s in shards for t in s.tracks if outcomes[t.track_id].chunks}
            )
            if not empty:
                break
            # Tracks that failed while decoding have emptied a split: plan again without them.
            failed = {key: outcome for key, outcome in outcomes.items() if outcome.reason}
        rows = list(_track_rows(library, shards, outcomes))
        self._finish(rows)
        chunks = self.manifest.splits("raw")
        return BuildReport(rows, chunks, dict(library.ignored), library.notes, self.written)

    def undo(self) -> None:
        """Leave nothing of a first build that came to nothing."""
        for name in ("raw", "tracks", WORK_FOLDER):
            shutil.rmtree(self.out / name, ignore_errors=True)
        if self.out.is_dir() and not any(self.out.iterdir()):
            self.out.rmdir()

    def plan(self, library: Library, failed: Outcomes) -> tuple[Shard, ...]:
        """Shards for the tracks that have not failed."""
        tracks = [track for track in library.usable if track.track_id not in failed]
        if not tracks:
            reasons = Counter(
                (track.reason or failed[track.track_id].reason).partition(":")[0]
                for track in library.tracks
            )
            found = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
            raise SourceError(f"no track can be kept ({found}); `--chunk-seconds` sets the length")
        if not self.before or self.before.recipe["splits"] != dict(self.recipe.splits):
            return plan(tracks, self.recipe)
        # Tracks that gave no chunk stay in the plan of their shard, so that it is not stale.
        planned = {
            track_id: split_of(name)
            for name, note in read_notes(self.out, "raw").items()
            for track_id in note.outcomes
        }
        fixed = {group_of(t): planned[t.track_id] for t in tracks if t.track_id in planned}
        earlier = read_tracks(self.out, self.before)
        fixed |= {row["group"]: row["split"] for row in earlier if row["split"]}
        counts = Counter(split_of(path) for path in self.before.shards("raw"))
        return plan(tracks, self.recipe, fixed, counts)

    def _write_shards(self, shards: Sequence[Shard]) -> Outcomes:
        outcomes: Outcomes = {}
        software = self.manifest.software
        inputs = {shard.name: shard.inputs(self.recipe, software) for shard in shards}
        notes = {name: read_note(self.out, name, digest) for name, digest in inputs.items()}
        todo = [shard for shard in shards if notes[shard.name] is None]
        spool = self.out / _SPOOL
        spool.mkdir(parents=True, exist_ok=True)
        tracks = [track for shard in todo for track in shard.tracks]
        cut = partial(_spool, recipe=self.recipe, folder=spool)
        results = self.workers.map(cut, tracks, _crashed_cut)
        with self.progress("Cutting", len(tracks)) as advance:
            for shard in todo:
                made: Outcomes = {}
                tables = self._tables(shard, results, made, advance)
                digest, rows, size = write_shard(self.out, shard.name, RAW_FEATURES, tables)
                plain = {key: asdict(outcome) for key, outcome in made.items()}
                note = ShardNote(inputs[shard.name], digest, rows, size, plain)
                write_note(self.out, shard.name, note)
                notes[shard.name] = note
                self.written += 1
        shutil.rmtree(spool)
        self.manifest.files = {}
        for name, done in notes.items():
            if done is not None:
                self.manifest.files[name] = FileEntry(done.sha256, done.rows, done.bytes)
                outcomes |= {key: Outcome(**value) for key, value in done.outcomes.items()}
        return outcomes

    def _tables(
        self,
        shard: Shard,
        results: Iterator[Outcome],
        made: Outcomes,
        advance: Callable[[int], None],
    ) -> Iterator[pa.Table]:
        for track, outcome in zip(shard.tracks, islice(results, len(shard.tracks)), strict=True):
            made[track.track_id] = outcome
            file = _spool_file(self.out / _SPOOL, track)
            if not outcome.reason:
                yield from read_spool(file)
            file.unlink(missing_ok=True)
            advance(1)

    def _finish(self, rows: list[dict[str, Any]]) -> None:
        table = pa.Table.from_pylist(rows, schema=TRACK_FEATURES.arrow_schema)
        entry = FileEntry(*write_shard(self.out, TRACKS_FILE, TRACK_FEATURES, [table]))
        self.manifest.files[TRACKS_FILE] = entry
        if self.before:
            self._carry_over(self.before)
        card.write(self.out, self.manifest)
        self.manifest.write(self.out)
        remove_stale(self.out, "raw", self.manifest.files)

    def _carry_over(self, before: Manifest) -> None:
        """Keep `encoded` where the raw shards are what they were; else it is stale."""
        self.manifest.card = before.card
        if before.shards("raw") == self.manifest.shards("raw"):
            self.manifest.files |= before.shards("encoded")
            self.manifest.encoding = before.encoding


def _spool(track: Track, recipe: Recipe, folder: Path) -> Outcome:
    return spool_track(track, recipe, _spool_file(folder, track))


def _spool_file(folder: Path, track: Track) -> Path:
    return folder / f"{track.track_id}.arrow"


def _track_rows(
    library: Library, shards: Iterable[Shard], outcomes: Outcomes
) -> Iterator[dict[str, Any]]:
    """A row of `tracks` for every source file, by path."""
    split_by_id = {track.track_id: shard.split for shard in shards for track in shard.tracks}
    columns = TRACK_FEATURES.keys()
    for track in library.tracks:
        outcome = Outcome(duration_seconds=track.duration_seconds, reason=track.reason)
        if not track.reason:
            outcome = outcomes[track.track_id]
        left_out = bool(outcome.reason)
        row = {
            **asdict(track),
            **asdict(outcome),
            "track_id": track.track_id,
            "split": "" if left_out else split_by_id[track.track_id],
            "group": "" if left_out else group_of(track),
            "status": str(Status.LEFT_OUT if left_out else Status.KEPT),
        }
        yield {column: row[column] for column in columns}
