"""Encode shards of `raw` to shards of `encoded`, on this machine or on a node of Ray.

The model's thread does nothing but codes: one thread reads ahead of it, into the next shard too,
and one makes rows and writes them behind it.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np

from ..engines.readahead import ahead, behind
from ..records import Row
from ..release.labels import Codes
from ..release.schemas import SCHEMAS
from ..release.shards import ShardNote, write_noted_shard, write_shard
from .batches import Batch, shard_batches
from .encoder import Encoder
from .jobs import EncodeJob, EncodeResults
from .workers.base import Finished, RowsDone

MOST_LOST = 20
"""Most different lost words that are counted, for a shard and for the release."""

# Rows of a shard that an estimate encodes: a quarter of a batch; a full batch is faster per row.
_SAMPLED_ROWS = 16


@dataclass(frozen=True, slots=True)
class SampleCost:
    """The seconds that encoding some rows took, and the bytes that the rows have in a file."""

    rows: int
    seconds: float
    bytes: int


@dataclass(frozen=True, slots=True)
class _Coded:
    """A batch with all its codes [B, K, T], and without its waveforms, which need memory."""

    job: int
    rows: list[Row]
    codes: Codes
    is_last: bool


def encode_shards(
    encoder: Encoder, jobs: Sequence[EncodeJob], *, folder: Path
) -> Iterator[tuple[int, RowsDone | Finished[ShardNote]]]:
    """Write shards of `encoded` and their notes.

    Yields the number of a job with its finished rows, and with its note once that is written, when
    the rows of the next one may be finished already.
    """
    notes = SimpleQueue[tuple[int, Finished[ShardNote]]]()

    def write(batches: Iterator[_Coded]) -> None:
        for first in batches:
            shard = _Shard(encoder, chain([first], batches))
            note = shard.write(folder, jobs[first.job])
            notes.put((first.job, Finished(note)))

    with behind(write) as writer:
        for batch in ahead(shard_batches(folder, jobs, encoder)):
            begun = time.perf_counter()
            codes = _codes(encoder, batch)
            seconds = time.perf_counter() - begun
            writer.put(_Coded(batch.job, batch.rows, codes, batch.is_last))
            yield batch.job, RowsDone(len(batch.rows), seconds)
            while not notes.empty():
                yield notes.get()
    while not notes.empty():
        yield notes.get()


def encode_sample(
    encoder: Encoder, jobs: Sequence[EncodeJob], *, folder: Path
) -> Iterator[tuple[int, Finished[SampleCost]]]:
    """Encode some rows of each shard and yield their cost; nothing is written."""
    for number, job in enumerate(jobs):
        # As if no codes were known.
        batch = next(shard_batches(folder, [replace(job, known=[])], encoder, _SAMPLED_ROWS))
        # Not timed: the first call compiles and fills caches, later shards do not.
        encoder.codes(batch.rows[:1], batch.waveforms[:1])
        started = time.perf_counter()
        encoded, _ = encoder.rows(batch.rows, encoder.codes(batch.rows, batch.waveforms))
        with tempfile.TemporaryDirectory() as place:
            entry = write_shard(Path(place), job.encoded, SCHEMAS["encoded"], encoded)
        seconds = time.perf_counter() - started
        yield number, Finished(SampleCost(entry.rows, seconds, entry.bytes))


def _codes(encoder: Encoder, batch: Batch) -> Codes:
    """Codes [B, K, T] of all rows of a batch, known or new."""
    rows = batch.new
    new = iter(encoder.codes(rows, batch.waveforms) if rows else ())
    codes = [next(new) if known is None else known for known in batch.known]
    return np.stack(codes) if codes else np.empty((0, 0, 0), np.int16)


class _Shard:
    """The rows of one shard, and what its note says of them; the last of `batches` ends it."""

    def __init__(self, encoder: Encoder, batches: Iterator[_Coded]) -> None:
        self._encoder = encoder
        self._batches = batches
        self._lengths: list[int] = []
        self._lost: Counter[str] = Counter()
        self._shape = (0, 0)

    def write(self, folder: Path, job: EncodeJob) -> ShardNote:
        """Write the shard and its note."""

        def outcomes() -> dict[str, Any]:
            return asdict(self._results(job.code_facts))

        rows = self._rows()
        return write_noted_shard(
            folder, job.encoded, SCHEMAS["encoded"], rows, job.inputs, outcomes
        )

    def _rows(self) -> Iterator[Row]:
        for batch in self._batches:
            if batch.rows:
                encoded, lengths = self._encoder.rows(batch.rows, batch.codes)
                self._lengths += lengths
                self._lost.update(self._encoder.lost_words(batch.rows, lengths))
                self._shape = len(encoded[0]["codes"][0]), len(encoded[0]["labels"][0])
                yield from encoded
            if batch.is_last:
                return

    def _results(self, code_facts: str) -> EncodeResults:
        most = self._encoder.settings.max_length
        return EncodeResults(
            code_facts,
            truncated=sum(length > most for length in self._lengths),
            # A shard without tracks is empty.
            longest=max(self._lengths, default=0),
            lost=dict(self._lost.most_common(MOST_LOST)),
            frames=self._shape[0],
            label_frames=self._shape[1],
        )
