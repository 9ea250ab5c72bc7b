"""The cutting stage: every new track is decoded once, for its rows and for its fingerprint.

The rows of a track wait in a spool, a file, until all fingerprints are compared and the shard of
the track is known.
"""

import re
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..audio.fingerprint import Items
from ..digests import digest
from ..engines.base import Processes
from ..engines.child import CAN_FORK, Arrays, Child
from ..engines.outage import Outage
from ..progress import Progress, going_on, no_progress
from ..reasons import is_of_one_run
from ..recipe import Recipe
from ..records import Outcome, Track
from ..storage.atomic import file_of_partial
from .fingerprints import FingerprintStore, track_fingerprint
from .spools import Spooled, SpoolWriter, read_spool
from .track_rows import Decoded, cut_track, decoded_blocks, measure_track

# A sha256: the spool is named after the digest of all that determines its bytes.
_SPOOL_NAME = re.compile(r"[0-9a-f]{64}")

# What decodes for this process, by the digest of recipe and software.
_children: dict[str, Child[Track, Decoded]] = {}


class Turn(NamedTuple):
    """A track to be cut, and the one that the same process cuts after it, if that is known."""

    track: Track
    following: Track | None


class SpoolFolder:
    """The spools in `folder`, one for each track that is cut and not in a finished shard yet.

    The next run uses the spools of a killed run if its recipe and software are the same.
    With `in_children`, a track is decoded by a child of the process that cuts it: worth it where a
    core is idle.
    """

    def __init__(
        self, folder: Path, recipe: Recipe, software: Mapping[str, str], in_children: bool
    ) -> None:
        self._folder = folder
        self._recipe = recipe
        self._in_children = in_children and CAN_FORK
        self._inputs = digest([recipe.fingerprint, dict(software)])

    def open(self, tracks: Iterable[Track]) -> None:
        """Make the folder, and remove the spools of all tracks but these."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._remove_but({self.file(track) for track in tracks})

    def drop(self, tracks: Iterable[Track]) -> None:
        """Remove the spools of these tracks."""
        for track in tracks:
            self.file(track).unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove all spools, also of tracks that are left out as copies, and the empty folder."""
        self._remove_but(set())
        if not any(self._folder.iterdir()):
            self._folder.rmdir()

    def _remove_but(self, current: set[Path]) -> None:
        for file in self._folder.iterdir():
            name = file_of_partial(file.name) or file.name
            if file not in current and _SPOOL_NAME.fullmatch(name):
                file.unlink()

    def file(self, track: Track) -> Path:
        """The path of the track's spool, whether or not it exists."""
        return self._folder / digest([self._inputs, track.content])

    def cut_and_fingerprint(self, turn: Turn) -> tuple[Items | None, str]:
        """Cut a track unless it has a spool with a fingerprint or a failure.

        Returns the items of its fingerprint, uint32 [items], None if the track does not decode; and
        the reason of a track that cannot be kept.
        """
        file = self.file(turn.track)
        spooled = read_spool(file)
        if not spooled or (spooled.items is None and not spooled.outcome.reason):
            blocks = self._decode_ahead(turn) if self._in_children else None
            spooled = cut_track(turn.track, self._recipe, file, fingerprinted=True, blocks=blocks)
        items = None if spooled.items is None else np.array(spooled.items, np.uint32)
        return items, spooled.outcome.reason

    def _decode_ahead(self, turn: Turn) -> Arrays[Decoded]:
        """The blocks of a track from a child, which then goes on with the next track."""
        child = _children.get(self._inputs)
        if child is None or not child.can_give(turn.track):
            if child:
                child.stop()
            decode = partial(decoded_blocks, recipe=self._recipe, fingerprinted=True)
            child = _children[self._inputs] = Child(decode)
        for track in turn:
            if track and track not in child.asked:
                child.ask(track)
        return child.arrays()

    def cut(self, track: Track) -> Outcome:
        """Cut a track unless it has a spool; returns its outcome."""
        file = self.file(track)
        return (read_spool(file) or cut_track(track, self._recipe, file)).outcome

    def record_failure(self, track: Track, reason: str) -> Outcome:
        """Record in a spool why a track crashed its process: it is not cut again.

        A fault that is not its own is not recorded: the next run cuts it.
        """
        outcome = Outcome(duration_seconds=track.duration_seconds, reason=reason)
        if not is_of_one_run(reason):
            with SpoolWriter(self.file(track)) as spool:
                spool.finish(Spooled(outcome), [])
        return outcome


def cut_tracks(
    processes: Processes,
    tracks: Sequence[Track],
    spools: SpoolFolder,
    store: FingerprintStore,
    outage: Outage,
    progress: Progress = no_progress,
) -> dict[str, str]:
    """Cut the tracks without a fingerprint in `store` into `spools`, and add their fingerprints.

    A track with a fingerprint in `store` is mostly in a finished shard; if its shard is made again,
    `write.write_shards` cuts the track. Returns and raises as `fingerprint_tracks`.
    """

    def failed(turn: Turn, reason: str) -> tuple[None, str]:
        spools.record_failure(turn.track, reason)
        return None, reason

    results = _Results(store, outage, progress)
    new = results.missing(tracks)
    # Of several processes, nobody knows which is the first to be free.
    following = new[1:] if processes.size == 1 else []
    turns = map(Turn, new, [*following, *[None] * (len(new) - len(following))])
    found = processes.map(spools.cut_and_fingerprint, turns, failed)
    return results.add(going_on("Cutting", len(new), len(tracks)), new, found)


def fingerprint_tracks(
    processes: Processes,
    tracks: Sequence[Track],
    recipe: Recipe,
    store: FingerprintStore,
    outage: Outage,
    progress: Progress = no_progress,
) -> dict[str, str]:
    """Add the fingerprints of tracks that `store` lacks, without cutting the tracks.

    Returns path -> reason of the tracks that failed by no fault of their own: without a fingerprint
    nobody knows what they are copies of. Raises as `Outage.see`.
    """

    def failed(track: Track, reason: str) -> tuple[None, str]:
        """Record nothing: cutting the track will find the reason again."""
        return None, reason

    results = _Results(store, outage, progress)
    new = results.missing(tracks)
    found = processes.map(partial(track_fingerprint, recipe=recipe), new, failed)
    return results.add(going_on("Fingerprinting", len(new), len(tracks)), new, found)


@dataclass(frozen=True, slots=True)
class _Results:
    """Where the fingerprints and the reasons of tracks go."""

    store: FingerprintStore
    outage: Outage
    progress: Progress

    def missing(self, tracks: Iterable[Track]) -> list[Track]:
        """The tracks whose fingerprint is not stored yet."""
        return [track for track in tracks if track.sha256 not in self.store]

    def add(
        self, label: str, tracks: Sequence[Track], found: Iterable[tuple[Items | None, str]]
    ) -> dict[str, str]:
        """Store the fingerprints of tracks; returns as `fingerprint_tracks`."""
        reasons = {}
        with self.progress(label, len(tracks)) as advance:
            for track, (items, reason) in zip(tracks, found, strict=True):
                self.outage.see(track.path, reason)
                if is_of_one_run(reason):
                    reasons[track.path] = reason
                elif items is not None:
                    self.store.add(track.sha256, items)
                advance(1)
        return reasons


def measure_tracks(
    processes: Processes,
    tracks: Sequence[Track],
    recipe: Recipe,
    progress: Progress = no_progress,
) -> dict[str, Outcome]:
    """Cut and measure tracks without keeping rows: path -> outcome of the track."""

    def failed(track: Track, reason: str) -> Outcome:
        return Outcome(reason=reason)

    outcomes = processes.map(partial(measure_track, recipe=recipe), tracks, failed)
    found: dict[str, Outcome] = {}
    with progress("Measuring", len(tracks)) as advance:
        for track, outcome in zip(tracks, outcomes, strict=True):
            found[track.path] = outcome
            advance(1)
    return found


def cutting_cost(track: Track, recipe: Recipe) -> tuple[int, float, int, float]:
    """(chunks, seconds that cutting took, bytes of the spool, seconds of audio) of a track."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "spool"
        outcome = cut_track(track, recipe, file, fingerprinted=True).outcome
        size = file.stat().st_size if not outcome.reason else 0
    taken = time.perf_counter() - started
    return outcome.chunks, taken, size, track.duration_seconds
