"""How much of each codebook is used: counted from Parquet, against numpy over the rows."""

from pathlib import Path

import numpy as np
import pytest
from datasets import load_dataset

from sport_music_dataset.errors import ReleaseError
from sport_music_dataset.release.codebooks import count_codes, dead_share, perplexity
from sport_music_dataset.release.release import Release


def test_counts_are_those_of_the_rows(encoded: Path) -> None:
    release = Release.of(encoded)
    facts = release.manifest.encoding
    assert facts
    books, size = facts["num_codebooks"], facts["codebook_size"]
    counts = count_codes(release, books, size)
    splits = load_dataset(str(encoded), "encoded").values()
    codes = np.concatenate([np.array(split["codes"][:]) for split in splits])
    for book in range(books):
        np.testing.assert_array_equal(
            counts[book], np.bincount(codes[:, book].ravel(), minlength=size)
        )
    with pytest.raises(
        ReleaseError, match=r"encoded/.*parquet: codes are not \[4, T\] in \[0, 3\)"
    ):
        count_codes(release, books, 3)


def test_perplexity_and_dead_entries_of_known_counts() -> None:
    counts = np.array([[5, 5, 5, 5], [7, 7, 0, 0], [9, 0, 0, 0], [0, 0, 0, 0]])
    np.testing.assert_allclose(perplexity(counts), [4, 2, 1, 0])
    np.testing.assert_allclose(dead_share(counts), [0, 0.5, 0.75, 1])
