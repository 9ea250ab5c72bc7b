"""Encode one shard of `raw` to one of `encoded`, on this machine or on a node of Ray."""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from ..audio.samples import decode_flac
from ..columns import COPIED_COLUMNS
from ..engines.readahead import ahead, behind
from ..records import Row
from ..release.features import ENCODED_FEATURES
from ..release.labels import Codes
from ..release.shards import ShardNote, write_noted_shard, write_shard
from ..storage.parquet import read_batches, read_parquet
from .codec.encodec import Waveforms
from .codec.shared import BATCH_ROWS
from .encoder import Encoder
from .jobs import KEY_COLUMNS, EncodeJob, EncodeResults, chunk_keys, read_codes
from .workers.base import Finished, RowsDone

MOST_LOST = 20
"""Most different lost words that are counted, for a shard and for the release."""

# Rows of a shard that an estimate encodes: a quarter of a batch; a full batch is faster per row.
_SAMPLED_ROWS = 16
# Rows whose codes are known come at most so many at a time.
_MOST_ROWS = 256


@dataclass(frozen=True, slots=True)
class SampleCost:
    """The seconds that encoding some rows took, and the bytes that the rows have in a file."""

    rows: int
    seconds: float
    bytes: int


def encode_shard(
    encoder: Encoder, job: EncodeJob, *, folder: Path
) -> Iterator[RowsDone | Finished[ShardNote]]:
    """Write a shard of `encoded` and its note; yields the finished rows, and last the note."""
    lengths: list[int] = []
    lost: Counter[str] = Counter()
    shape = (0, 0)

    def outcomes() -> dict[str, Any]:
        results = EncodeResults(
            job.code_facts,
            truncated=sum(length > encoder.settings.max_length for length in lengths),
            # A shard without tracks is empty.
            longest=max(lengths, default=0),
            lost=dict(lost.most_common(MOST_LOST)),
            frames=shape[0],
            label_frames=shape[1],
        )
        return asdict(results)

    def write(batches: Iterator[list[Row]]) -> ShardNote:
        rows = (row for batch in batches for row in batch)
        return write_noted_shard(folder, job.encoded, ENCODED_FEATURES, rows, job.inputs, outcomes)

    with behind(write) as writer:
        for rows, codes in _with_codes(folder, job, encoder):
            encoded, own = encoder.rows(rows, codes)
            writer.put(encoded)
            lengths += own
            lost.update(encoder.lost_words(rows, own))
            shape = len(encoded[0]["codes"][0]), len(encoded[0]["labels"][0])
            yield RowsDone(len(rows))
    yield Finished(writer.result)


def encode_sample(
    encoder: Encoder, job: EncodeJob, *, folder: Path
) -> Iterator[Finished[SampleCost]]:
    """Encode some rows of a shard and yield their cost; nothing is written."""
    for _, rows, waveforms in _with_waveforms(folder, job, _SAMPLED_ROWS, [True] * job.rows):
        # Not timed: the first call compiles and fills caches, later shards do not.
        encoder.codes(rows[:1], waveforms[:1])
        started = time.perf_counter()
        encoded, _ = encoder.rows(rows, encoder.codes(rows, waveforms))
        with tempfile.TemporaryDirectory() as place:
            entry = write_shard(Path(place), job.encoded, ENCODED_FEATURES, encoded)
        yield Finished(SampleCost(entry.rows, time.perf_counter() - started, entry.bytes))
        return


def _with_codes(
    folder: Path, job: EncodeJob, encoder: Encoder
) -> Iterator[tuple[list[Row], Codes]]:
    """Yield rows of `raw` and their codes [B, K, T], known or new."""
    tile = encoder.codec.tile_samples
    keys = chunk_keys(read_parquet(folder / job.raw, list(KEY_COLUMNS)), tile)
    known = read_codes(folder, job, {*keys}, tile, encoder.text.num_codebooks)
    is_new = [key not in known for key in keys]
    for first, rows, waveforms in ahead(_with_waveforms(folder, job, BATCH_ROWS, is_new)):
        own = range(first, first + len(rows))
        new = [row for at, row in zip(own, rows, strict=True) if is_new[at]]
        codes = iter(encoder.codes(new, waveforms) if new else ())
        yield rows, np.stack([next(codes) if is_new[at] else known[keys[at]] for at in own])


def _with_waveforms(
    folder: Path, job: EncodeJob, size: int, is_new: Sequence[bool]
) -> Iterator[tuple[int, list[Row], Waveforms]]:
    """Yield rows of `raw`, the number of the first, and the waveforms [B, N] of the new ones.

    There are at most `size` waveforms at a time.
    """
    columns = [*COPIED_COLUMNS, *(["audio"] if any(is_new) else [])]
    batches = read_batches(folder / job.raw, columns)
    rows: list[Row] = []
    flacs: list[bytes] = []
    for at, row in enumerate(chain.from_iterable(batch.to_pylist() for batch in batches)):
        audio = row.pop("audio", None)
        rows.append(row)
        if is_new[at]:
            flacs.append(audio["bytes"])
        if len(flacs) == size or len(rows) == _MOST_ROWS or at + 1 == len(is_new):
            yield at + 1 - len(rows), _grouped(rows, job), _waveforms(flacs)
            rows, flacs = [], []


def _grouped(rows: list[Row], job: EncodeJob) -> list[Row]:
    """The rows, each with the group of its track."""
    for row in rows:
        row["group"] = job.groups[row["track_id"]]
    return rows


def _waveforms(flacs: list[bytes]) -> Waveforms:
    """Chunks [B, N], decoded into one array: a list first would take twice the memory."""
    first = decode_flac(flacs[0]) if flacs else ()
    waveforms = np.empty((len(flacs), len(first)), np.float32)
    waveforms[:1] = first
    for at, flac in enumerate(flacs[1:], 1):
        waveforms[at] = decode_flac(flac)
    return waveforms
