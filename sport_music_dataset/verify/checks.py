"""Checks of the rows of `raw` and `encoded`, row by row in the order of their shards."""

import io
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pyarrow as pa
import soundfile

from ..audio.samples import Pcm
from ..recipe import SAMPLING_RATE
from ..records import Row, chunk_id
from ..release.labels import Codes, delay
from ..release.manifest import Encoding
from .findings import Check, Findings


@dataclass(slots=True)
class ChunkChecks:
    """Checks that chunk ids have the right form, are unique, and ascend in one shard per track.

    Memory grows with the number of tracks, not of chunks. `rows` counts the rows of each track;
    `splits` has the splits in which they are.
    """

    hop_samples: int
    findings: Findings
    rows: Counter[str] = field(default_factory=Counter)
    splits: dict[str, set[str]] = field(default_factory=dict)
    _last: dict[str, tuple[str, int]] = field(default_factory=dict)

    def check(self, shard: str, split: str, row: Row) -> None:
        """Check a row of `raw`, or of `encoded` if the release has no `raw`."""
        identity, track_id = row["chunk_id"], row["track_id"]
        self.rows[track_id] += 1
        self.splits.setdefault(track_id, set()).add(split)
        index = row.get("chunk_index", _index_of(identity))
        if index is None or identity != chunk_id(track_id, index):
            self._fail(f"{shard}: {identity!r} is no id of chunk {index} of track {track_id}")
            return
        start = index * self.hop_samples / SAMPLING_RATE
        if row.get("start_seconds", start) != start:
            self._fail(f"{identity}: starts at {row['start_seconds']} s, not at {start} s")
        place, last = self._last.get(track_id, (shard, -1))
        if place != shard:
            self._fail(f"{identity}: its track lies in {place} and in {shard}")
        elif index <= last:
            self._fail(f"{identity}: stands twice, or behind a later chunk of its track")
        self._last[track_id] = (shard, index)

    def _fail(self, text: str) -> None:
        self.findings.fail(Check.CHUNK_IDS, text)


@dataclass(slots=True)
class AudioChecks:
    """Checks that chunks decode to their length and have equal samples where they overlap."""

    chunk_samples: int
    findings: Findings
    pairs: int = 0
    _before: tuple[str, int, Pcm] = ("", 0, np.zeros(0, np.int16))

    def check(self, row: Row) -> Pcm | None:
        """Check a row of `raw`; returns its samples if they are valid, else None."""
        pcm = self._decode(row)
        if pcm is None:
            return None
        track_id, start, before = self._before
        offset = round(row["start_seconds"] * SAMPLING_RATE) - start
        if row["track_id"] == track_id and 0 < offset < len(before):
            self.pairs += 1
            shared = before[offset:]
            if not np.array_equal(shared, pcm[: len(shared)]):
                self.findings.fail(
                    Check.OVERLAP, f"{row['chunk_id']}: differs from the chunk before it"
                )
        self._before = (row["track_id"], start + offset, pcm)
        return pcm

    def _decode(self, row: Row) -> Pcm | None:
        wanted = self.chunk_samples
        try:
            with soundfile.SoundFile(io.BytesIO(row["audio"]["bytes"])) as file:
                form = (file.format, file.subtype, file.samplerate, file.channels)
                pcm: Pcm = file.read(dtype="int16")
        except (soundfile.LibsndfileError, TypeError) as error:
            self.findings.fail(Check.AUDIO, f"{row['chunk_id']}: does not decode ({error})")
            return None
        if form != ("FLAC", "PCM_16", SAMPLING_RATE, 1):
            found = " ".join(map(str, form))
            self.findings.fail(Check.AUDIO, f"{row['chunk_id']}: is {found}, not mono FLAC, 16 bit")
        elif len(pcm) != wanted:
            self.findings.fail(
                Check.AUDIO, f"{row['chunk_id']}: has {len(pcm)} samples, not {wanted}"
            )
        else:
            return pcm
        return None


@dataclass(slots=True)
class CodeChecks:
    """Checks that codes are in their codebooks, labels are their delay pattern, ids fit masks."""

    encoding: Encoding
    findings: Findings
    # Without the tokenizer: its special ids are taken from the first row and must not change.
    _end: int | None = None
    _pad: int | None = None

    def check(self, row: dict[str, pa.Scalar]) -> None:
        """Check a row of `encoded`."""
        identity = row["chunk_id"].as_py()
        self._check_tokens(identity, row["input_ids"].as_py(), row["attention_mask"].as_py())
        books, frames = self.encoding["num_codebooks"], self.encoding["frames"]
        codes = matrix(row["codes"], books, frames)
        if codes is None:
            self.findings.fail(Check.CODES, f"{identity}: codes are not [{books}][{frames}]")
            return
        size = self.encoding["codebook_size"]
        if codes.min() < 0 or codes.max() >= size:
            span = f"{codes.min()} to {codes.max()}"
            self.findings.fail(Check.CODES, f"{identity}: codes go from {span}, not in [0, {size})")
        labels = matrix(row["labels"], books, self.encoding["label_frames"])
        expected = delay(codes, self.encoding["pad_token_id"], self.encoding["labels"])
        if labels is None or not np.array_equal(labels, expected):
            self.findings.fail(
                Check.LABELS, f"{identity}: labels are not the delay pattern of the codes"
            )

    def _check_tokens(self, identity: str, ids: list[int], mask: list[int]) -> None:
        wrong = self._wrong_tokens(ids, mask)
        if wrong:
            self.findings.fail(Check.TOKENS, f"{identity}: {wrong}")

    def _wrong_tokens(self, ids: list[int], mask: list[int]) -> str:
        length = self.encoding["max_length"]
        if len(ids) != length or len(mask) != length:
            return f"{len(ids)} ids and {len(mask)} of mask, not {length}"
        used = sum(mask)
        if not set(mask) <= {0, 1} or any(b > a for a, b in pairwise(mask)) or not used:
            return f"the mask {mask} is not ones, then zeros"
        padding = set(ids[used:])
        if self._pad is None and padding:
            self._pad = ids[-1]
        if padding - {self._pad} or self._pad in ids[:used]:
            return f"the mask counts {used} ids, which is not where the padding {self._pad} starts"
        if self.encoding["special_tokens"]:
            self._end = ids[used - 1] if self._end is None else self._end
            if ids[used - 1] != self._end or self._end in ids[: used - 1]:
                return f"does not end with the end-of-sequence id {self._end}"
        return ""


def matrix(value: pa.Scalar, rows: int, columns: int) -> Codes | None:
    """A list of lists as [rows, columns] int16; None if its shape is another or it has nulls."""
    inner = value.values
    if inner is None or len(inner) != rows or inner.null_count:
        return None
    flat = inner.flatten()
    if flat.null_count or set(inner.value_lengths().to_pylist()) != {columns}:
        return None
    result: Codes = flat.to_numpy(zero_copy_only=False).astype(np.int16).reshape(rows, columns)
    return result


def _index_of(identity: str) -> int | None:
    index = identity.rpartition("-")[2]
    return int(index) if index.isdecimal() else None
