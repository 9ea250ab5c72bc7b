"""The writing stage: shards of `raw`, `tracks`, the card with its pictures, the manifest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from ..card.card import write_card
from ..columns import HEARD_COLUMNS, MEASURE_COLUMNS, NULLABLE, TRACK_COLUMNS
from ..digests import digest
from ..engines.base import Engine, Processes, in_order
from ..engines.estimate import Estimate
from ..engines.outage import Outage
from ..errors import ReleaseError, counted
from ..outside.records import as_record
from ..progress import Advance, Progress, going_on, no_progress
from ..reasons import Status, is_machine_fault, is_of_one_run
from ..recipe import Recipe
from ..records import Heard, Measures, Outcome, Row, Track
from ..release.folder import remove_stale
from ..release.layout import shard_name, split_of
from ..release.manifest import FileEntry, Manifest
from ..release.release import Release
from ..release.schemas import SCHEMAS
from ..release.shards import (
    ShardNote,
    intact_note,
    is_intact,
    is_replaced,
    read_note,
    write_noted_shard,
)
from ..release.tracks import kept_rows
from .cut import SpoolFolder, cutting_cost
from .groups import Grouping, shared_seconds
from .plan import Shard
from .spools import read_spooled_rows

TRACKS_FILE = shard_name("tracks", "train", 0, 1)

# Tracks per worker: enough that one slow track does not decide the estimate.
_SAMPLED_TRACKS = 4
# A writer has its row group in memory twice: at most 100 MB for each writer. Two at least, since
# one waits for the disk while the other copies.
_LEAST_WRITERS, _MOST_WRITERS = 2, 4


@dataclass(frozen=True, slots=True)
class ShardJob:
    """A shard to be made, and the digest of everything that determines its bytes."""

    shard: Shard
    inputs: str


@dataclass(frozen=True, slots=True)
class Written:
    """The shards that exist after writing.

    `files` maps the path of each shard to its entry, `outcomes` the id of each track to its
    outcome. `count` is the number of shards made by this run.
    """

    files: dict[str, FileEntry] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    count: int = 0

    def then(self, later: "Written") -> "Written":
        """This result, followed by a later one from a plan without the tracks that failed here."""
        outcomes = {**self.failed, **later.outcomes}
        return Written(later.files, outcomes, self.count + later.count)

    @property
    def is_final(self) -> bool:
        """Whether no track failed by no fault of its own: the next run has nothing to try again."""
        return not any(is_of_one_run(outcome.reason) for outcome in self.outcomes.values())

    @property
    def failed(self) -> dict[str, Outcome]:
        """Id -> outcome of the tracks that cannot be kept."""
        return {key: outcome for key, outcome in self.outcomes.items() if outcome.reason}

    def fills(self, shards: Iterable[Shard]) -> bool:
        """Whether every split of `shards` has at least one chunk."""
        kept = {track_id for track_id, outcome in self.outcomes.items() if outcome.chunks}
        by_split = _tracks_by_split(shards).values()
        return all(any(track.track_id in kept for track in tracks) for tracks in by_split)


def shard_jobs(
    shards: Sequence[Shard],
    release: Release,
    progress: Progress = no_progress,
    believe: bool = True,
) -> tuple[list[ShardJob], dict[str, ShardNote]]:
    """(shards to be made, path -> note of the others).

    A shard is made unless it exists, was made from the same inputs, and is intact byte for byte; or
    unless its note is not to be believed.
    """
    manifest = release.manifest
    jobs = [
        ShardJob(shard, shard.inputs(manifest.fingerprint, manifest.software)) for shard in shards
    ]
    found = ((job, read_note(release.folder, job.shard.name)) for job in jobs if believe)
    noted = {job.shard.name: note for job, note in found if note and _describes(note, job)}
    notes: dict[str, ShardNote] = {}
    with ThreadPoolExecutor(_MOST_WRITERS) as readers, progress("Checking", len(noted)) as advance:
        intact = readers.map(partial(is_intact, release.folder), noted, noted.values())
        for (name, note), yes in zip(noted.items(), intact, strict=True):
            notes |= {name: note} if yes else {}
            advance(1)
    return [job for job in jobs if job.shard.name not in notes], notes


def _describes(note: ShardNote, job: ShardJob) -> bool:
    """Whether a note says that its shard was made from the inputs of a job, with all its tracks.

    A track that failed by no fault of its own is not in its shard yet.
    """
    return (
        note.inputs == job.inputs
        and note.outcomes.keys() == {track.track_id for track in job.shard.tracks}
        and all(map(_is_final, note.outcomes.values()))
    )


def _is_final(value: Any) -> bool:
    outcome = as_record(Outcome, value)
    if outcome is None or is_of_one_run(outcome.reason):
        return False
    found = outcome.measures
    return not found or (
        found.keys() == NULLABLE.keys()
        and as_record(Measures, {name: found[name] for name in MEASURE_COLUMNS}) is not None
        and as_record(Heard, {name: found[name] for name in HEARD_COLUMNS}) is not None
    )


def write_shards(
    engine: Engine,
    shards: Sequence[Shard],
    release: Release,
    spools: SpoolFolder,
    outage: Outage,
    progress: Progress,
) -> Written:
    """Make the shards that do not exist yet; returns all shards and the outcomes of all tracks.

    If a split would have no chunk, nothing is written: the shards of before are still there if no
    other plan can be made either. What is returned then has outcomes alone.

    Raises as `Outage.see`.
    """
    out = release.folder
    jobs, notes = shard_jobs(shards, release, progress)
    if not _are_filled(engine, jobs, notes, spools):
        tracks = [track for job in jobs for track in job.shard.tracks]
        outcomes = {track.track_id: outcome for track, outcome in _cut(engine, tracks, spools)}
        for track in tracks:
            outage.see(track.path, outcomes[track.track_id].reason)
        return Written(outcomes=outcomes)
    work = partial(make_shards, out=out.resolve(), spools=spools, outage=outage)
    count, whole = _track_count(job.shard for job in jobs), _track_count(shards)
    with progress(going_on("Writing", count, whole), count) as advance:
        for shard, note in engine.map_shards(work, jobs, advance):
            notes[shard.name] = note
            spools.drop(shard.tracks)
    outcomes = {
        key: Outcome(**value) for note in notes.values() for key, value in note.outcomes.items()
    }
    files = {shard.name: notes[shard.name].file for shard in shards}
    return Written(files, outcomes, len(jobs))


def _are_filled(
    processes: Processes,
    jobs: Sequence[ShardJob],
    notes: Mapping[str, ShardNote],
    spools: SpoolFolder,
) -> bool:
    """Whether each split will have a chunk: its first tracks mostly tell, and keep their spools."""
    filled = {split_of(name) for name, note in notes.items() if note.rows}

    def gives_chunks(tracks: Sequence[Track]) -> bool:
        some = (tracks[at : at + processes.size] for at in range(0, len(tracks), processes.size))
        return any(outcome.chunks for part in some for _, outcome in _cut(processes, part, spools))

    by_split = _tracks_by_split(job.shard for job in jobs)
    return all(split in filled or gives_chunks(tracks) for split, tracks in by_split.items())


def _cut(
    processes: Processes, tracks: Sequence[Track], spools: SpoolFolder
) -> Iterator[tuple[Track, Outcome]]:
    return zip(tracks, processes.map(spools.cut, tracks, spools.record_failure), strict=True)


def _track_count(shards: Iterable[Shard]) -> int:
    return sum(len(shard.tracks) for shard in shards)


def _tracks_by_split(shards: Iterable[Shard]) -> dict[str, list[Track]]:
    found: dict[str, list[Track]] = {}
    for shard in shards:
        found.setdefault(shard.split, []).extend(shard.tracks)
    return found


def make_shards(
    processes: Processes,
    jobs: Sequence[ShardJob],
    advance: Advance,
    *,
    out: Path,
    spools: SpoolFolder,
    outage: Outage,
) -> Iterator[tuple[Shard, ShardNote]]:
    """Cut the tracks of shards, and write each shard and its note; yields shard and note.

    The bytes are the same on every machine and for every number of processes. `advance` counts
    tracks. The spools of the tracks stay: another attempt may be working on the same shard.
    """
    tracks = [track for job in jobs for track in job.shard.tracks]
    results = processes.map(spools.cut, tracks, spools.record_failure)
    # Threads are enough: the slow parts of writing release Python's lock.
    threads = min(max(processes.size, _LEAST_WRITERS), _MOST_WRITERS)
    with ThreadPoolExecutor(threads) as writers:

        def begun_writes() -> Iterator[Future[tuple[Shard, ShardNote]]]:
            for job in jobs:
                outcomes = {}
                for track in job.shard.tracks:
                    outcome = next(results)
                    outage.see(track.path, outcome.reason)
                    outcomes[track.track_id] = asdict(outcome)
                    advance(1)
                yield writers.submit(_write, job, outcomes, out, spools)

        yield from in_order(begun_writes(), threads, Future.result)


def _write(
    job: ShardJob, outcomes: dict[str, Any], out: Path, spools: SpoolFolder
) -> tuple[Shard, ShardNote]:
    shard, inputs = job.shard, job.inputs
    kept = [track for track in shard.tracks if not outcomes[track.track_id]["reason"]]
    rows = chain.from_iterable(read_spooled_rows(spools.file(track)) for track in kept)
    return shard, write_noted_shard(out, shard.name, SCHEMAS["raw"], rows, inputs, lambda: outcomes)


def write_release(
    release: Release,
    earlier: Release | None,
    grouping: Grouping,
    shards: Iterable[Shard],
    written: Written,
    progress: Progress,
) -> list[Row]:
    """Write everything but the shards of `raw`, the manifest last; returns the rows of `tracks`.

    Args:
        release: the release, whose manifest has no files yet; this function fills the manifest.
        earlier: the release that is in the folder already, if any.
        grouping: every source file, and the pairs that share audio.
        shards: all planned shards.
        written: the files of the shards, and the outcomes of their tracks.
        progress: shows how far the drawing of pictures is.
    """
    rows = list(_track_rows(grouping.library.tracks, shards, written.outcomes))
    manifest = release.manifest
    splits = {row["track_id"]: row["split"] for row in rows if row["split"]}
    manifest.source = dict(grouping.library.source)
    manifest.shared = {
        "fingerprints": grouping.fingerprints,
        "matches": len(grouping.matches),
        "seconds": shared_seconds(grouping.matches, splits),
    }
    manifest.files = {**written.files}
    if earlier:
        _carry_over(manifest, earlier, rows)
    manifest.files[TRACKS_FILE] = tracks_file(release, rows)
    write_card(release, progress)
    manifest.write(release.folder)
    before = earlier.manifest.files if earlier else ()
    for config in ("raw", "tracks"):
        remove_stale(release.folder, config, manifest.files, before)
    return rows


def _track_rows(
    tracks: Iterable[Track], shards: Iterable[Shard], outcomes: dict[str, Outcome]
) -> Iterator[Row]:
    """Yield one row of `tracks` for every source file, sorted by path."""
    split_by_id = {track.track_id: shard.split for shard in shards for track in shard.tracks}
    for track in tracks:
        outcome = Outcome(duration_seconds=track.duration_seconds, reason=track.reason)
        if not track.reason:
            outcome = outcomes[track.track_id]
        kept = Status.TRUNCATED if outcome.truncated else Status.KEPT
        row = {
            **asdict(track),
            **asdict(outcome),
            **(outcome.measures or dict.fromkeys(NULLABLE)),
            "track_id": track.track_id,
            "split": "" if outcome.reason else split_by_id[track.track_id],
            "group": "" if outcome.reason else track.group_id,
            "status": str(Status.LEFT_OUT if outcome.reason else kept),
        }
        yield {column: row[column] for column in TRACK_COLUMNS}


def tracks_file(release: Release, rows: list[Row]) -> FileEntry:
    """The entry of the `tracks` file: the existing file if it has these rows, else a new file."""
    inputs = digest([release.manifest.software, rows])
    note = intact_note(release.folder, TRACKS_FILE, inputs)
    if note:
        return note.file
    return write_noted_shard(release.folder, TRACKS_FILE, SCHEMAS["tracks"], rows, inputs).file


def _carry_over(manifest: Manifest, earlier: Release, rows: list[Row]) -> None:
    """Copy card and changelog of the earlier release, and `encoded` if nothing in it would change.

    `rows` are those of `tracks`: `encoded` has the groups of its tracks.
    """
    before = earlier.manifest
    manifest.card, manifest.changelog = before.card, before.changelog
    encoded = before.shards("encoded")
    if not encoded or before.shards("raw") != manifest.shards("raw"):
        return
    if is_replaced(earlier.folder, encoded):
        return  # by an encode that was interrupted: the next one goes on
    try:
        groups = earlier.groups()
    except ReleaseError as error:
        if is_machine_fault(error.__cause__):
            raise
        # `tracks` is damaged, or that of a run which was killed: `encode` compares again.
        return
    if groups == {row["track_id"]: row["group"] for row in kept_rows(rows)}:
        manifest.files |= encoded
        manifest.encoding, manifest.codebooks = before.encoding, before.codebooks


def estimate_writing(
    engine: Engine, jobs: Sequence[ShardJob], kept: int, recipe: Recipe
) -> Estimate:
    """Estimate what making shards will cost, by cutting a sample of their tracks.

    `kept` is the number of shards that are not made again.
    """
    tracks = [track for job in jobs for track in job.shard.tracks]
    total = sum(track.duration_seconds for track in tracks)
    # Of the shorter half only, since long tracks take long. Ids are digests, so the first tracks
    # by id are a random sample.
    by_length = sorted(tracks, key=lambda track: track.duration_seconds)
    short = by_length[: (len(tracks) + 1) // 2]
    sample = sorted(short, key=lambda track: track.track_id)[: _SAMPLED_TRACKS * engine.size]
    costs = list(engine.map(partial(cutting_cost, recipe=recipe), sample, _no_cost))
    # The leading zeros give four sums even if no track was cut.
    chunks, seconds, size, measured = map(sum, zip((0, 0.0, 0, 0.0), *costs, strict=True))
    share = total / measured if measured else 0.0
    basis = f"{counted(chunks, 'chunk')} of {counted(len(sample), 'track')} cut for it"
    return Estimate(len(jobs), kept, seconds * share, round(size * share), engine.size, basis)


def _no_cost(track: Track, reason: str) -> tuple[int, float, int, float]:
    """No cost: a track that crashes its process is not counted in the estimate."""
    return 0, 0.0, 0, 0.0
