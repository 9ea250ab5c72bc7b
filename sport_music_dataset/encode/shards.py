"""Encode one shard of `raw` to one of `encoded`, on this machine or on a node of Ray."""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from ..audio.samples import decode_flac
from ..columns import COPIED_COLUMNS
from ..records import Row
from ..release.features import ENCODED_FEATURES
from ..release.labels import Codes
from ..release.shards import ShardNote, write_noted_shard, write_shard
from ..storage.parquet import read_batches, read_parquet
from .codec.encodec import Waveforms
from .encoder import BATCH_ROWS, Encoder
from .readahead import ahead, behind
from .workers.base import Finished, RowsDone

MOST_LOST = 20
"""Most different lost words that are counted, for a shard and for the release."""

# Rows of a shard that an estimate encodes: a quarter of a batch; a full batch is faster per row.
_SAMPLED_ROWS = 16


@dataclass(slots=True)
class EncodeJob:
    """One shard: its `raw` and `encoded` paths, its inputs, and its note once it is finished.

    `groups` has the group of each of its tracks, by the track's id. `has_codes`: the existing shard
    has the right codes, but other tokens, labels, or columns besides them.
    """

    raw: str
    encoded: str
    rows: int
    inputs: str
    codes_inputs: str
    groups: dict[str, str]
    has_codes: bool
    note: ShardNote | None


@dataclass(frozen=True, slots=True)
class EncodeResults:
    """What a note says of an encoded shard.

    `codes_inputs` is the digest of what determines the codes, `truncated` counts descriptions with
    more than `max_length` tokens, and the longest has `longest`; `lost` counts the words that were
    cut off. `frames` and `label_frames` are the T of codes and of labels, 0 in an empty shard.
    """

    codes_inputs: str
    truncated: int
    longest: int
    lost: dict[str, int]
    frames: int
    label_frames: int


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
            job.codes_inputs,
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
    for rows, waveforms in _with_waveforms(folder, job, _SAMPLED_ROWS):
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
    """Yield rows of `raw` and their codes [B, K, T], existing or new codes."""
    if job.has_codes:
        rows = read_parquet(folder / job.raw, list(COPIED_COLUMNS)).to_pylist()
        column = read_parquet(folder / job.encoded, ["codes"])["codes"].combine_chunks()
        codes = column.flatten().flatten().to_numpy()
        if rows:
            yield _grouped(rows, job), codes.reshape(len(rows), encoder.text.num_codebooks, -1)
        return
    for rows, waveforms in ahead(_with_waveforms(folder, job, BATCH_ROWS)):
        yield rows, encoder.codes(rows, waveforms)


def _with_waveforms(
    folder: Path, job: EncodeJob, size: int
) -> Iterator[tuple[list[Row], Waveforms]]:
    """Yield rows of `raw` and their waveforms [B, N], at most `size` at a time."""
    batches = read_batches(folder / job.raw, [*COPIED_COLUMNS, "audio"])
    remaining = chain.from_iterable(batch.to_pylist() for batch in batches)
    while rows := list(islice(remaining, size)):
        waveforms = _waveforms([row.pop("audio")["bytes"] for row in rows])
        yield _grouped(rows, job), waveforms


def _grouped(rows: list[Row], job: EncodeJob) -> list[Row]:
    """The rows, each with the group of its track."""
    for row in rows:
        row["group"] = job.groups[row["track_id"]]
    return rows


def _waveforms(flacs: list[bytes]) -> Waveforms:
    """Chunks [B, N], decoded into one array: a list first would take twice the memory."""
    first = decode_flac(flacs[0])
    waveforms = np.empty((len(flacs), len(first)), np.float32)
    waveforms[0] = first
    for at, flac in enumerate(flacs[1:], 1):
        waveforms[at] = decode_flac(flac)
    return waveforms
