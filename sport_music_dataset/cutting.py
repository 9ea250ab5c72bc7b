"""Shards of `raw`: their tracks cut on processes, their files written, and what that will cost."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from .engines import Engine
from .estimate import Estimate
from .plan import Shard
from .recipe import Recipe
from .records import Outcome, Row, Track
from .rows import read_spool, spool_track
from .shards import SPOOL, WORK_FOLDER, ShardNote, write_note, write_shard
from .workers import Workers

# Of each worker: enough that a slow one does not count for all.
_SAMPLED_TRACKS = 4


@dataclass(frozen=True, slots=True)
class CutJob:
    """A shard to be made, and the digest of what determines it."""

    shard: Shard
    inputs: str


def cut_shards(
    workers: Workers,
    jobs: Sequence[CutJob],
    advance: Callable[[int], None],
    *,
    out: Path,
    recipe: Recipe,
) -> Iterator[tuple[str, ShardNote]]:
    """Cut the tracks of shards, write each shard and its note; yields its name and the note.

    Whoever does it, and with however many processes: the bytes are the same. `advance` counts
    tracks.
    """
    tracks = [track for job in jobs for track in job.shard.tracks]
    # A folder of this attempt's own: what another one leaves behind is never read.
    with tempfile.TemporaryDirectory(
        prefix=SPOOL, dir=out / WORK_FOLDER, ignore_cleanup_errors=True
    ) as folder:
        spool = Path(folder)
        results = workers.map(partial(_spool, recipe=recipe, folder=spool), tracks, _failed)
        for job in jobs:
            made: dict[str, Outcome] = {}
            rows = _shard_rows(job.shard, results, spool, made, advance)
            # datasets takes a second to import: only where there is something to write.
            from .schema import RAW_FEATURES

            written = write_shard(out, job.shard.name, RAW_FEATURES, rows)
            plain = {key: asdict(outcome) for key, outcome in made.items()}
            note = ShardNote(job.inputs, *written, plain)
            write_note(out, job.shard.name, note)
            yield job.shard.name, note


def _shard_rows(
    shard: Shard,
    results: Iterator[Outcome],
    spool: Path,
    made: dict[str, Outcome],
    advance: Callable[[int], None],
) -> Iterator[Row]:
    """The rows of a shard, as its tracks are cut; fills `made`."""
    for track, outcome in zip(shard.tracks, islice(results, len(shard.tracks)), strict=True):
        made[track.track_id] = outcome
        file = _spool_file(spool, track)
        if not outcome.reason:
            yield from read_spool(file)
        file.unlink(missing_ok=True)
        advance(1)


def _failed(track: Track, reason: str) -> Outcome:
    return Outcome(duration_seconds=track.duration_seconds, reason=reason)


def _spool(track: Track, recipe: Recipe, folder: Path) -> Outcome:
    return spool_track(track, recipe, _spool_file(folder, track))


def _spool_file(folder: Path, track: Track) -> Path:
    return folder / f"{track.track_id}.rows"


def estimate_cutting(engine: Engine, todo: Sequence[CutJob], kept: int, recipe: Recipe) -> Estimate:
    """What cutting shards will cost, from some of their tracks that are cut here for it."""
    tracks = [track for job in todo for track in job.shard.tracks]
    total = sum(track.duration_seconds for track in tracks)
    # Ids are digests: the first of them are a random sample. Long ones would keep us waiting.
    by_length = sorted(tracks, key=lambda track: track.duration_seconds)
    short = by_length[: (len(tracks) + 1) // 2]
    sample = sorted(short, key=lambda track: track.track_id)[: _SAMPLED_TRACKS * engine.size]
    costs = list(engine.map(partial(_cost, recipe=recipe), sample, _no_cost))
    # The first for no tracks, of which there are no columns.
    chunks, seconds, size, heard = map(sum, zip((0, 0.0, 0, 0.0), *costs, strict=True))
    share = total / heard if heard else 0.0
    basis = f"{chunks} chunks of {len(sample)} tracks cut for it"
    return Estimate(len(todo), kept, seconds * share, round(size * share), engine.size, basis)


def _cost(track: Track, recipe: Recipe) -> tuple[int, float, int, float]:
    """Chunks, seconds it took, bytes and seconds of audio of a track."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        outcome = _spool(track, recipe, Path(folder))
        size = _spool_file(Path(folder), track).stat().st_size if not outcome.reason else 0
    taken = time.perf_counter() - started
    return outcome.chunks, taken, size, track.duration_seconds


def _no_cost(track: Track, reason: str) -> tuple[int, float, int, float]:
    """A track that costs its process tells nothing of the others."""
    return 0, 0.0, 0, 0.0
