"""Checks of the rows of `encoded`: tokens, codes, labels, and how much of a codebook is used."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..release.codebooks import Counts, dead_share, perplexity
from ..release.labels import delay
from ..release.manifest import Encoding, Manifest
from .findings import Check, Findings

# The ids of T5, which every MusicGen of Meta uses, and of nano. The largest vocabulary of a text
# encoder in transformers, that of mT5 and umT5, has 256,384 ids.
_VOCABULARIES = {"nano": 557, "facebook/": 32_128, "": 256_384}
# T5's end-of-sequence id; a description contains it only if it contains `</s>`.
_T5_END = 1
# Descriptions whose ids are remembered: at most 20 MB of digests.
_MOST_TEXTS = 200_000
# The manifest rounds a perplexity to 0.1 and a share to 0.0001.
_PERPLEXITY_ERROR, _SHARE_ERROR = 0.11, 0.000_11

Integers = NDArray[np.int64]


@dataclass(slots=True)
class CodeChecks:
    """Checks the rows of `encoded`, batch by batch, and then what the manifest says of them."""

    encoding: Encoding
    findings: Findings
    rows: int = 0
    _full: int = 0
    _longest: int = 0
    # Whether all rows so far end with T5's end-of-sequence id.
    _all_end: bool = True
    # Without the tokenizer: its special ids are taken from the first row and must not change.
    _end: int | None = None
    _pad: int | None = None
    _texts: dict[int, int] = field(default_factory=dict)
    _counts: Counts = field(init=False)

    def __post_init__(self) -> None:
        books, size = self.encoding["num_codebooks"], self.encoding["codebook_size"]
        self._counts = np.zeros((max(books, 0), max(size, 0)), np.int64)

    def check(self, batch: pa.RecordBatch) -> None:
        """Check a batch of rows of `encoded`, without nulls in its columns."""
        self.rows += batch.num_rows
        self._check_tokens(batch)
        books, frames = self.encoding["num_codebooks"], self.encoding["frames"]
        codes, wrong = stacked(batch["codes"], books, frames)
        if codes is None:
            where = batch["chunk_id"][wrong].as_py()
            self.findings.fail(Check.CODES, f"{where}: codes are not [{books}][{frames}]")
            return
        size = self.encoding["codebook_size"]
        outside = (codes < 0) | (codes >= size)
        for at in np.flatnonzero(outside.any(axis=(1, 2))):
            where, span = batch["chunk_id"][int(at)], f"{codes[at].min()} to {codes[at].max()}"
            self.findings.fail(Check.CODES, f"{where}: codes go from {span}, not in [0, {size})")
        if not outside.any():
            for book in range(books):
                self._counts[book] += np.bincount(codes[:, book].ravel(), minlength=size)
        self._check_labels(batch, codes)

    def _check_labels(self, batch: pa.RecordBatch, codes: Integers) -> None:
        books, frames = self.encoding["num_codebooks"], self.encoding["label_frames"]
        labels, wrong = stacked(batch["labels"], books, frames)
        pad, style = self.encoding["pad_token_id"], self.encoding["labels"]
        if labels is None:
            wrong_rows = [wrong]
        else:
            wrong_rows = [
                at
                for at, (own, found) in enumerate(zip(codes, labels, strict=True))
                if not np.array_equal(delay(own, pad, style), found)
            ]
        for at in wrong_rows:
            where = batch["chunk_id"][at].as_py()
            self.findings.fail(
                Check.LABELS, f"{where}: labels are not the delay pattern of the codes"
            )

    def _check_tokens(self, batch: pa.RecordBatch) -> None:
        length = self.encoding["max_length"]
        ids, wrong = _rows_of(batch["input_ids"], length)
        mask, wrong_mask = _rows_of(batch["attention_mask"], length)
        if ids is None or mask is None:
            where = batch["chunk_id"][wrong if ids is None else wrong_mask].as_py()
            self.findings.fail(Check.TOKENS, f"{where}: ids or mask have not {length} numbers")
            return
        used = mask.sum(axis=1)
        self._full += int((used == length).sum())
        self._longest = max(self._longest, int(used.max(initial=0)))
        faults = self._token_faults(batch["description"], ids, mask, used)
        for at, fault in enumerate(faults):
            if fault:
                self.findings.fail(Check.TOKENS, f"{batch['chunk_id'][at]}: {fault}")

    def _token_faults(
        self, texts: pa.Array, ids: Integers, mask: Integers, used: Integers
    ) -> list[str]:
        """The fault of each row of ids [B, L] and mask [B, L], empty where there is none."""
        places = np.arange(ids.shape[1])
        expected = places < used[:, None]
        size = _vocabulary(self.encoding["model"])
        faults = []
        for at, text in enumerate(texts.to_pylist()):
            own, count = ids[at], int(used[at])
            fault = ""
            if not count or not np.array_equal(mask[at], expected[at]):
                fault = f"the mask {mask[at].tolist()} is not ones, then zeros"
            elif own.min() < 0 or own.max() >= size:
                fault = f"ids go from {own.min()} to {own.max()}, the vocabulary has {size}"
            fault = fault or self._special_fault(own, count)
            if not fault and self._texts.setdefault(hash(text), _identity(own)) != _identity(own):
                fault = "has other ids than a chunk with the same description"
            faults.append(fault)
            if len(self._texts) > _MOST_TEXTS:
                self._texts.clear()
        return faults

    def _special_fault(self, ids: Integers, used: int) -> str:
        """What is wrong with padding and end of the ids [L] of a row, of which `used` count."""
        if self._pad is None and used < len(ids):
            self._pad = int(ids[-1])
        if self._pad is not None and ((ids[used:] != self._pad).any() or self._pad in ids[:used]):
            return f"the mask counts {used} ids, which is not where the padding {self._pad} starts"
        last = int(ids[used - 1])
        self._all_end = self._all_end and last == _T5_END
        if self.encoding["special_tokens"]:
            self._end = last if self._end is None else self._end
            if last != self._end or self._end in ids[: used - 1]:
                return f"does not end with the end-of-sequence id {self._end}"
        return ""

    def finish(self, manifest: Manifest) -> None:
        """Compare what the manifest says of all rows; only if all of them were checked."""
        if manifest.withdrawn:
            # withdraw keeps the results of the rows that it removes.
            wrong = self._longest > self.encoding["longest"]
        else:
            wrong = min(self.encoding["longest"], self.encoding["max_length"]) != self._longest
        if wrong:
            self.findings.fail(
                Check.ENCODING,
                f"longest is {self.encoding['longest']}, the masks count up to {self._longest}",
            )
        if not manifest.withdrawn and self.encoding["truncated"] > self._full:
            self.findings.fail(
                Check.ENCODING,
                f"truncated is {self.encoding['truncated']}, {self._full} rows are full of ids",
            )
        if not self.encoding["special_tokens"] and self._all_end and self.rows:
            self.findings.fail(
                Check.ENCODING, f"special_tokens is false, but all ids end with {_T5_END}"
            )
        self._check_codebooks(manifest)

    def _check_codebooks(self, manifest: Manifest) -> None:
        if not self._counts.size or self.findings.counts[Check.CODES]:
            self.findings.skip(Check.CODEBOOKS, "codes are faulty")
            return
        said = manifest.codebooks
        found = list(zip(perplexity(self._counts), dead_share(self._counts), strict=True))
        if len(said) != len(found):
            self.findings.fail(
                Check.CODEBOOKS, f"the manifest has {len(said)} codebooks, not {len(found)}"
            )
        for book, (use, (value, dead)) in enumerate(zip(said, found, strict=False)):
            near = abs(use["perplexity"] - value) < _PERPLEXITY_ERROR
            if not near or not abs(use["dead"] - dead) < _SHARE_ERROR:
                self.findings.fail(
                    Check.CODEBOOKS,
                    f"codebook {book}: perplexity {use['perplexity']}, dead {use['dead']}; "
                    f"the codes give {value:.1f}, {dead:.4f}",
                )


def stacked(column: pa.Array, rows: int, columns: int) -> tuple[Integers | None, int]:
    """A column of lists of lists as [B, rows, columns], and 0.

    If a value has another shape or nulls: None, and the number of the first such value.
    """
    inner, wrong = _flat(column, rows)
    if inner is None:
        return None, wrong
    flat, wrong = _rows_of(inner, columns)
    if flat is None:
        return None, wrong // max(rows, 1)
    return flat.reshape(len(column), rows, columns), 0


def _rows_of(column: pa.Array, length: int) -> tuple[Integers | None, int]:
    """A column of lists as [B, length], and 0; or None and the number of the first other value."""
    flat, wrong = _flat(column, length)
    if flat is None:
        return None, wrong
    if flat.null_count:
        null = np.flatnonzero(flat.is_null().to_numpy(zero_copy_only=False))[0]
        return None, int(null) // max(length, 1)
    return flat.to_numpy(zero_copy_only=False).reshape(len(column), length), 0


def _flat(column: pa.Array, length: int) -> tuple[pa.Array | None, int]:
    """The values of a column of lists of `length`; or None and the first value of another length"""
    lengths = column.value_lengths().fill_null(-1).to_numpy(zero_copy_only=False)
    wrong = np.flatnonzero(lengths != length)
    return (None, int(wrong[0])) if len(wrong) else (column.flatten(), 0)


def _identity(ids: Integers) -> int:
    return hash(ids.tobytes())


def _vocabulary(model: str) -> int:
    return next(size for name, size in _VOCABULARIES.items() if model.startswith(name))
