"""Tracks cut on processes, shards of `raw` written from them, and what that will cost."""

import shutil
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from ..audio.fingerprint import Items, TrackPrinter
from ..digests import digest
from ..engines.base import Engine
from ..engines.estimate import Estimate
from ..engines.local import Workers
from ..recipe import Recipe
from ..records import Outcome, Track
from ..release.shards import WORK_FOLDER, ShardNote, write_note, write_shard
from .cut import spool_track
from .plan import Shard, content
from .spools import Spooled, SpoolWriter, read_rows, read_spool

# Of each worker: enough that a slow one does not count for all.
_SAMPLED_TRACKS = 4
# A row group that is being written is held twice: 100 MB at the most for each.
_MOST_WRITERS = 4


@dataclass(frozen=True, slots=True)
class CutJob:
    """A shard to be made, and the digest of what determines it."""

    shard: Shard
    inputs: str


class Spools:
    """The tracks of a build into `out` that are cut and not in a finished shard yet.

    What a killed run has left is good for the next one, if that cuts the same way.
    """

    def __init__(self, out: Path, recipe: Recipe, software: Mapping[str, str]) -> None:
        self._folder = out.resolve() / WORK_FOLDER / "cut"
        self._recipe = recipe
        self._inputs = digest([recipe.fingerprint, dict(software)])

    def open(self, tracks: Iterable[Track]) -> None:
        """Make the folder, and remove from it what is of none of these tracks."""
        self._folder.mkdir(parents=True, exist_ok=True)
        current = {self.file(track) for track in tracks}
        for file in self._folder.iterdir():
            if file not in current:
                file.unlink()

    def drop(self, tracks: Iterable[Track]) -> None:
        """Remove what is of these tracks."""
        for track in tracks:
            self.file(track).unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove all, also what is of tracks that turned out to be copies."""
        shutil.rmtree(self._folder)

    def file(self, track: Track) -> Path:
        """Where the track's spool is, or would be."""
        return self._folder / digest([self._inputs, content(track)])

    def hear(self, track: Track) -> Items | None:
        """Cut a track, and return the items of its fingerprint, None where it does not decode."""
        file = self.file(track)
        spooled = read_spool(file)
        if not spooled or (spooled.items is None and not spooled.outcome.reason):
            spooled = spool_track(track, self._recipe, file, TrackPrinter())
        return None if spooled.items is None else np.array(spooled.items, np.uint32)

    def cut(self, track: Track) -> Outcome:
        """Cut a track, if that is not done."""
        file = self.file(track)
        return (read_spool(file) or spool_track(track, self._recipe, file)).outcome

    def lose(self, track: Track, reason: str) -> Outcome:
        """Note that cutting a track cost its process: it is not tried again."""
        outcome = Outcome(duration_seconds=track.duration_seconds, reason=reason)
        with SpoolWriter(self.file(track)) as spool:
            spool.finish(Spooled(outcome), [])
        return outcome


def cut_shards(
    workers: Workers,
    jobs: Sequence[CutJob],
    advance: Callable[[int], None],
    *,
    out: Path,
    spools: Spools,
) -> Iterator[tuple[Shard, ShardNote]]:
    """Cut the tracks of shards, write each shard and its note; yields the shard and the note.

    Whoever does it, and with however many processes: the bytes are the same. `advance` counts
    tracks. The tracks' spools stay: another attempt may be at the same shard.
    """
    tracks = [track for job in jobs for track in job.shard.tracks]
    results = workers.map(spools.cut, tracks, spools.lose)
    # Threads: what takes long in writing is done without Python's lock.
    threads = min(workers.size, _MOST_WRITERS)
    waiting: deque[Future[tuple[Shard, ShardNote]]] = deque()
    with ThreadPoolExecutor(threads) as writers:
        for job in jobs:
            outcomes = {}
            for track in job.shard.tracks:
                outcomes[track.track_id] = asdict(next(results))
                advance(1)
            waiting.append(writers.submit(_write, job, outcomes, out, spools))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _write(
    job: CutJob, outcomes: dict[str, Any], out: Path, spools: Spools
) -> tuple[Shard, ShardNote]:
    # datasets takes a second to import: only where there is something to write.
    from ..release.features import RAW_FEATURES

    shard = job.shard
    rows = chain.from_iterable(read_rows(spools.file(track)) for track in shard.tracks)
    note = ShardNote(job.inputs, *write_shard(out, shard.name, RAW_FEATURES, rows), outcomes)
    write_note(out, shard.name, note)
    return shard, note


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
        file = Path(folder) / "spool"
        outcome = spool_track(track, recipe, file, TrackPrinter()).outcome
        size = file.stat().st_size if not outcome.reason else 0
    taken = time.perf_counter() - started
    return outcome.chunks, taken, size, track.duration_seconds


def _no_cost(track: Track, reason: str) -> tuple[int, float, int, float]:
    """A track that costs its process tells nothing of the others."""
    return 0, 0.0, 0, 0.0
