"""Rows of `raw` in batches, as the model takes them; threads decode their audio.

On a GPU one thread would be too slow: it decodes 100 to 200 chunks a second.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from ..audio.samples import decode_flac
from ..columns import COPIED_COLUMNS
from ..records import Row
from ..release.labels import Codes
from ..storage.parquet import read_batches, read_parquet
from .codec.encodec import Waveforms
from .codec.shared import BATCH_ROWS
from .encoder import Encoder
from .jobs import KEY_COLUMNS, EncodeJob, chunk_keys, read_codes

# Rows whose codes are known come at most so many at a time.
_MOST_ROWS = 256


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a shard, each with the group of its track.

    `job` is the number of the shard's job. `known` has the codes [K, T] of each row, None where
    they are new; `waveforms` [B, N] are those of the new ones. Only the last batch of a shard may
    be empty.
    """

    job: int
    rows: list[Row]
    known: list[Codes | None]
    waveforms: Waveforms
    is_last: bool

    @property
    def new(self) -> list[Row]:
        """The rows without codes."""
        return [row for row, codes in zip(self.rows, self.known, strict=True) if codes is None]


def shard_batches(
    folder: Path, jobs: Sequence[EncodeJob], encoder: Encoder, size: int = BATCH_ROWS
) -> Iterator[Batch]:
    """Yield the rows of shards, in order, with at most `size` waveforms at a time."""
    with ThreadPoolExecutor(encoder.readers) as readers:
        for number, job in enumerate(jobs):
            known = _known(folder, job, encoder)
            if not known:
                yield Batch(number, [], [], decoded([], readers), is_last=True)
            for rows, flacs, is_last in _with_flacs(folder, job, known, size):
                own, known = known[: len(rows)], known[len(rows) :]
                yield Batch(number, rows, own, decoded(flacs, readers), is_last)


def _known(folder: Path, job: EncodeJob, encoder: Encoder) -> list[Codes | None]:
    """The codes of each row, None where they are new."""
    tile = encoder.codec.tile_samples
    keys = chunk_keys(read_parquet(folder / job.raw, list(KEY_COLUMNS)), tile)
    known = read_codes(folder, job, {*keys}, tile, encoder.text.num_codebooks)
    return [known.get(key) for key in keys]


def _with_flacs(
    folder: Path, job: EncodeJob, known: Sequence[Codes | None], size: int
) -> Iterator[tuple[list[Row], list[bytes], bool]]:
    """Yield rows, the audio of the new ones, and whether they are the last."""
    lacks = [codes is None for codes in known]
    columns = [*COPIED_COLUMNS, *(["audio"] if any(lacks) else [])]
    batches = read_batches(folder / job.raw, columns)
    rows: list[Row] = []
    flacs: list[bytes] = []
    for at, row in enumerate(chain.from_iterable(batch.to_pylist() for batch in batches)):
        audio = row.pop("audio", None)
        row["group"] = job.groups[row["track_id"]]
        rows.append(row)
        if lacks[at]:
            flacs.append(audio["bytes"])
        is_last = at + 1 == len(lacks)
        if len(flacs) == size or len(rows) == _MOST_ROWS or is_last:
            yield rows, flacs, is_last
            rows, flacs = [], []


def decoded(flacs: Sequence[bytes], readers: Executor) -> Waveforms:
    """Chunks [B, N], decoded into one array: a list first would take twice the memory."""
    first = decode_flac(flacs[0]) if flacs else ()
    waveforms = np.empty((len(flacs), len(first)), np.float32)
    waveforms[:1] = first

    def decode(at: int) -> None:
        waveforms[at] = decode_flac(flacs[at])

    for _ in readers.map(decode, range(1, len(flacs))):
        pass
    return waveforms
