"""Count how much of each codebook the codes of a release use."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from ..errors import ReleaseError
from .chunks import THREADS
from .manifest import CodebookUse
from .release import Release

Counts = NDArray[np.int64]


def count_codes(release: Release, codebooks: int, size: int) -> Counts:
    """Count each code in each codebook, int64 [codebooks, size], over all shards of `encoded`.

    Only the column `codes` is read; each thread has one row group in memory.

    Raises:
        ReleaseError: a shard cannot be read, or its codes are not [codebooks, T] in [0, size).
    """

    def count(path: str) -> Counts:
        counts = np.zeros((codebooks, size), np.int64)
        for batch in release.place.batches(path, ["codes"]):
            codes = batch["codes"].flatten().flatten().to_numpy()
            try:
                by_row = codes.reshape(batch.num_rows, codebooks, -1) if len(codes) else codes
                for book in range(codebooks if len(codes) else 0):
                    counts[book] += np.bincount(by_row[:, book].ravel(), minlength=size)
            except ValueError as error:
                raise ReleaseError(
                    f"{release.name}: {path}: codes are not [{codebooks}, T] in [0, {size}); "
                    "`sportgen verify` says where"
                ) from error
        return counts

    with ThreadPoolExecutor(THREADS) as threads:
        return sum(
            threads.map(count, release.shards("encoded")), np.zeros((codebooks, size), np.int64)
        )


def perplexity(counts: Counts) -> NDArray[np.float64]:
    """Perplexity [K] of counts [K, size]: 2 to the power of the entropy in bits.

    A perplexity of N means that the next code is as hard to guess as one of N entries that are used
    equally often. Where nothing was counted, it is 0.
    """
    total = counts.sum(axis=1)
    shares = counts / np.maximum(total, 1)[:, None]
    # 0 log 0 counts as 0.
    bits = -(shares * np.log2(shares, out=np.zeros_like(shares), where=shares > 0)).sum(axis=1)
    return np.asarray(np.where(total, np.exp2(bits), 0.0), np.float64)


def dead_share(counts: Counts) -> NDArray[np.float64]:
    """Share [K], 0 to 1, of the entries of each codebook whose count in counts [K, size] is 0."""
    return np.asarray((counts == 0).mean(axis=1), np.float64)


def codebook_use(release: Release) -> list[CodebookUse]:
    """Perplexity and dead share of each codebook, as the manifest records them.

    The list is empty for a release without codes. Raises as `count_codes`.
    """
    facts = release.manifest.encoding
    if not facts:
        return []
    counts = count_codes(release, facts["num_codebooks"], facts["codebook_size"])
    pairs = zip(perplexity(counts).tolist(), dead_share(counts).tolist(), strict=True)
    return [{"perplexity": round(value, 1), "dead": round(dead, 4)} for value, dead in pairs]
