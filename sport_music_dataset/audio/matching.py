"""Find the pairs of fingerprints that share audio, without comparing all pairs.

The method is the one of BLAST, which compares genes. Two equal items are a seed; seeds are found in
one sorted array. A seed counts if the items around it agree too. A pair with seeds at one offset is
then compared along its whole alignment. The measure is the bit error rate of Haitsma and Kalker
(2002).

The thresholds are measured on 24 synthesised tracks of one band, tempo and key each, with different
seeds. Copies were re-encoded, trimmed, made louder or softer, mixed down, and shifted by half of
Chromaprint's hop: their bit error rate is at most 0.08. The most similar stretches of different
tracks have 0.15 over 8 s, 0.18 over 25 s and 0.21 over a track. Of 98 recorded tracks, many by one
composer and one orchestra, all copies are found (MP3, AAC and Opus at 24 to 128 kbit/s, trimmed,
softer or mono), and no two different tracks match.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress, no_progress
from .fingerprint import ITEM_SECONDS, SPAN_SECONDS, Items

# Least audio that counts as shared: a chunk of 25 s, or half of the shorter track if that is less.
_LEAST_SECONDS = 25.0
# 7 s of audio: over shorter stretches, different tracks are as similar as copies.
_LEAST_ITEMS = 40
_MOST_ERRORS = 0.12
# Limit for the mean error around one item: higher, so that one bad second does not end a stretch.
_MOST_ERRORS_NEAR = 0.16
_NEAR_ITEMS = 32
_NEAR = np.arange(_NEAR_ITEMS)
_NEAR_SAMPLE = _NEAR[::10]
_MOST_ERRORS_SAMPLE = 0.25
# How many of the next equal items in the sorted array each item is paired with. An item that
# hundreds of tracks have is weak evidence. Hundreds of copies of one track are still found, because
# each is paired with the next copies.
_LINKS = 16
_LEAST_SEEDS = 2
# Most offsets at which a pair is compared: if the true offset is between two items, music that
# repeats itself may have more seeds at an offset that is a few bars away.
_OFFSETS = 8
_BLOCK = 1 << 18

Positions = NDArray[np.int64]
_NONE = np.zeros(0, np.uint32)


@dataclass(frozen=True, slots=True)
class Match:
    """Audio that two tracks, `a` and `b`, share.

    `seconds` is the length of the shared audio. The start of b is `offset_seconds` after the start
    of a. `a_seconds` and `b_seconds` are the lengths of the tracks.
    """

    a: str
    b: str
    seconds: float
    offset_seconds: float
    a_seconds: float
    b_seconds: float


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Many fingerprints in one array.

    The fingerprint of `names[i]` is items[starts[i] : starts[i + 1]]. `items` [N] uint32 may be
    mapped from a file; `starts` [len(names) + 1] is int64.
    """

    names: tuple[str, ...]
    items: Items
    starts: Positions


class FingerprintFile:
    """Writes fingerprints to a temporary file in `folder`, so that memory holds none of them.

    Use it as a context manager: the file is deleted on exit.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._file: IO[bytes] = TemporaryFile(dir=folder)  # noqa: SIM115 (closed on exit)
        self._names: list[str] = []
        self._starts = [0]

    def add(self, name: str, items: Items) -> None:
        """Add the fingerprint of a track."""
        self._file.write(items.tobytes())
        self._names.append(name)
        self._starts.append(self._starts[-1] + len(items))

    def fingerprints(self) -> Fingerprints:
        """All fingerprints that were added."""
        self._file.flush()
        count = self._starts[-1]
        items = np.memmap(self._file, np.uint32, "r", shape=count) if count else _NONE
        return Fingerprints(tuple(self._names), items, np.array(self._starts))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def find_matches(
    prints: Fingerprints, folder: Path | None = None, progress: Progress = no_progress
) -> list[Match]:
    """Every pair of fingerprints that shares audio, sorted by the names of the pair.

    Time grows with the number of items. Memory holds the seeds; different recordings have few. The
    temporary file for sorting is in `folder`.
    """
    if not len(prints.items):
        return []
    with TemporaryFile(dir=folder) as file:
        keys = _sorted_keys(prints, file)
        blocks = range(0, len(keys), _BLOCK)
        seeds: list[Positions] = [np.zeros((0, 3), np.int64)]
        with progress("Comparing", len(blocks)) as advance:
            for begin in blocks:
                seeds += _seeds(prints, np.array(keys[begin : begin + _BLOCK + _LINKS]))
                advance(1)
    matches = (_match(prints, *candidate) for candidate in _candidates(np.concatenate(seeds)))
    return sorted((match for match in matches if match), key=lambda match: (match.a, match.b))


def _sorted_keys(prints: Fingerprints, file: IO[bytes]) -> NDArray[np.uint64]:
    """Sorted keys `item << 32 | position`, for the first position of each item of a fingerprint."""
    keys = np.memmap(file, np.uint64, "w+", shape=len(prints.items))
    count = 0
    for begin, end in pairwise(prints.starts.tolist()):
        items, first = np.unique(prints.items[begin:end], return_index=True)
        place = keys[count : count + len(items)]
        place[:] = items.astype(np.uint64) << np.uint64(32) | (begin + first).astype(np.uint64)
        count += len(items)
    keys[:count].sort()
    return keys[:count]


def _seeds(prints: Fingerprints, keys: NDArray[np.uint64]) -> Iterator[Positions]:
    """Yield seeds [S, 3]: the numbers of two fingerprints, and their offset in items."""
    items = keys >> np.uint64(32)
    places = (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
    for link in range(1, _LINKS + 1):
        equal = np.flatnonzero(items[:-link] == items[link:])
        # Items after the block are paired when the next block is searched.
        equal = equal[equal < _BLOCK]
        if not len(equal):
            return
        yield from _agreeing(prints, places[equal], places[equal + link])


def _agreeing(prints: Fingerprints, one: Positions, other: Positions) -> Iterator[Positions]:
    """Yield the seeds of equal items at positions `one` and `other` whose neighbours agree too."""
    a = np.searchsorted(prints.starts, one, "right") - 1
    b = np.searchsorted(prints.starts, other, "right") - 1
    starts = prints.starts
    before = np.minimum(one - starts[a], other - starts[b])
    after = np.minimum(starts[a + 1] - one, starts[b + 1] - other)
    left = np.maximum(np.minimum(before, _NEAR_ITEMS // 2), _NEAR_ITEMS - after)
    fits = left <= before
    a, b, one, other, left = (values[fits] for values in (a, b, one, other, left))
    pairs = np.stack([a, b, (one - starts[a]) - (other - starts[b])], axis=1)
    one, other = one - left, other - left
    # Four of the 32 items reject nearly all pairs that do not agree, for an eighth of the work.
    for window, most in (
        (_NEAR_SAMPLE, _MOST_ERRORS_SAMPLE),
        (_NEAR, _MOST_ERRORS_NEAR),
    ):
        near = prints.items[one[:, None] + window] ^ prints.items[other[:, None] + window]
        agree = np.bitwise_count(near).sum(axis=1) <= most * 32 * len(window)
        pairs, one, other = pairs[agree], one[agree], other[agree]
    if len(pairs):
        yield pairs


def _candidates(seeds: Positions) -> Iterator[tuple[int, int, list[int]]]:
    """Yield pairs of fingerprint numbers, with the offsets that have most seeds, most first."""
    found, counts = np.unique(seeds, axis=0, return_counts=True)
    order = np.lexsort((-counts, found[:, 1], found[:, 0]))
    found, counts = found[order], counts[order]
    edges = np.flatnonzero(np.any(np.diff(found[:, :2], axis=0), axis=1)) + 1
    for begin, end in pairwise([0, *edges.tolist(), len(found)] if len(found) else []):
        if counts[begin:end].sum() >= _LEAST_SEEDS:
            a, b = found[begin, :2].tolist()
            yield a, b, found[begin : min(end, begin + _OFFSETS), 2].tolist()


def _match(prints: Fingerprints, a: int, b: int, offsets: Iterable[int]) -> Match | None:
    """The longest stretch that two fingerprints share at one of the offsets; None if too short."""
    one = prints.items[prints.starts[a] : prints.starts[a + 1]]
    other = prints.items[prints.starts[b] : prints.starts[b + 1]]
    items, negative = max((_shared_items(one, other, offset), -offset) for offset in offsets)
    if not items:
        return None
    return Match(
        a=prints.names[a],
        b=prints.names[b],
        seconds=_seconds(items),
        offset_seconds=-negative * ITEM_SECONDS,
        a_seconds=_seconds(len(one)),
        b_seconds=_seconds(len(other)),
    )


def _seconds(items: int) -> float:
    return (items - 1) * ITEM_SECONDS + SPAN_SECONDS


def _shared_items(one: Items, other: Items, offset: int) -> int:
    """Number of items of the longest shared stretch at `offset`; 0 if it is no match."""
    begin, end = max(0, offset), min(len(one), len(other) + offset)
    if end - begin < _LEAST_ITEMS:
        return 0
    overlap = one[begin:end]
    errors = np.bitwise_count(overlap ^ other[begin - offset : end - offset]) / 32
    first, last = _longest_stretch(errors)
    least = _least_items(min(len(one), len(other)))
    if last - first < least or errors[first:last].mean() > _MOST_ERRORS:
        return 0
    # Silence, a held tone or a short loop has few different items and is equal in many tracks.
    return last - first if len(np.unique(overlap[first:last])) >= least / 2 else 0


def _least_items(shorter: int) -> float:
    """Least number of items of a match whose shorter fingerprint has `shorter` items."""
    chunk = (_LEAST_SECONDS - SPAN_SECONDS) / ITEM_SECONDS + 1
    return max(_LEAST_ITEMS, min(shorter / 2, chunk))


def _longest_stretch(errors: NDArray[np.float64]) -> tuple[int, int]:
    """Begin and end (exclusive) of the longest stretch in which the errors stay low."""
    sums = np.cumsum(np.concatenate([[0.0], errors]))
    half = _NEAR_ITEMS // 2
    places = np.arange(len(errors))
    begin, end = np.maximum(places - half, 0), np.minimum(places + half, len(errors))
    low = (sums[end] - sums[begin]) / (end - begin) <= _MOST_ERRORS_NEAR
    edges = np.flatnonzero(np.diff(np.concatenate([[0], low.astype(np.int8), [0]])))
    if not len(edges):
        return 0, 0
    longest = int(np.argmax(edges[1::2] - edges[::2]))
    return int(edges[2 * longest]), int(edges[2 * longest + 1])
