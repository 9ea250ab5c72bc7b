"""Compare codes with the reference: encode some chunks again without sharing, and count."""

import random
from collections.abc import Iterator

import numpy as np
import pyarrow.parquet as pq

from ..audio.samples import decode_flac
from ..progress import Progress, no_progress
from ..release.labels import Codes
from ..release.release import Release
from ..storage.parquet import read_batches
from .codec.encodec import Codec

LEAST_AGREEMENT = 0.999


def agreement(
    release: Release, codec: Codec, count: int, progress: Progress = no_progress
) -> list[float]:
    """Share of equal codes, for each codebook, over `count` chunks that are drawn from `encoded`.

    Each chunk goes through `EncodecModel.encode` by itself, as in the notebook. The draw depends
    only on the recipe.
    """
    manifest = release.manifest
    total = sum(manifest.splits("encoded").values())
    draw = random.Random(f"agreement:{manifest.fingerprint}")
    picked = set(draw.sample(range(total), min(count, total)))
    equal: list[np.ndarray] = []
    with progress("Checking", len(picked)) as advance:
        for audio, codes in _picked_rows(release, picked):
            reference = codec.encode_plain(decode_flac(audio)[None])[0]
            equal.append((reference == codes).mean(axis=1))
            advance(1)
    return [float(share) for share in np.mean(equal, axis=0)]


def _picked_rows(release: Release, picked: set[int]) -> Iterator[tuple[bytes, Codes]]:
    """Yield (FLAC bytes, codes [K, T]) of rows; `picked` numbers them over all shards by name."""
    number, folder = 0, release.folder
    raw_shards, encoded_shards = release.shards("raw"), release.shards("encoded")
    for raw, encoded in zip(raw_shards, encoded_shards, strict=True):
        rows = raw_shards[raw].rows
        if picked.isdisjoint(range(number, number + rows)):
            number += rows
            continue
        codes = pq.read_table(folder / encoded, columns=["codes"])["codes"]
        first = number
        for batch in read_batches(folder / raw, ["audio"]):
            for row in batch["audio"]:
                if number in picked:
                    own = np.asarray(codes[number - first].as_py(), np.int16)
                    yield row["bytes"].as_py(), own
                number += 1
