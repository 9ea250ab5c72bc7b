"""Fingerprints: the same whatever the blocks, kept from run to run, and lost without harm."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from builder_tests.conftest import RECIPE, noise, write_audio
from builder_tests.support.making import build, planned
from sport_music_dataset.audio.fingerprint import ITEM_SECONDS, RATE, SPAN_SECONDS, fingerprint
from sport_music_dataset.build.fingerprints import STORES, FingerprintStore
from sport_music_dataset.release.layout import WORK_FOLDER
from sport_music_dataset.release.manifest import read_manifest


def test_blocks_leave_no_trace() -> None:
    samples = noise(20.0, RATE)
    whole = fingerprint([samples])
    assert np.array_equal(whole, fingerprint(np.array_split(samples, 37)))
    assert len(whole) == int((20 - SPAN_SECONDS) / ITEM_SECONDS) + 1


@pytest.mark.parametrize("seconds", [0.0, 0.3, 2.0])
def test_too_little_audio_has_no_items(seconds: float) -> None:
    assert not len(fingerprint([noise(3.0, RATE)[: round(seconds * RATE)]]))


def names(count: int) -> list[str]:
    return [f"{number:064x}" for number in range(count)]


def filled(folder: Path) -> FingerprintStore:
    store = FingerprintStore(folder)
    for number, name in enumerate(names(4)):
        store.add(name, np.arange(10 * number, dtype=np.uint32))
    return store


def lengths(store: FingerprintStore) -> list[int | None]:
    found = store.read(names(4))
    return [None if items is None else len(items) for items in found]


def test_what_is_kept_is_there_the_next_time(tmp_path: Path) -> None:
    filled(tmp_path)
    again = FingerprintStore(tmp_path)
    assert lengths(again) == [0, 10, 20, 30]
    [items] = again.read(names(4)[2:3])
    assert items is not None and items.tolist() == list(range(20))
    assert "f" * 64 not in again and list(again.read(["f" * 64])) == [None]


@pytest.mark.parametrize("lost", [1, 119, 120, 139, 159])
def test_a_torn_end_costs_the_last_alone(tmp_path: Path, lost: int) -> None:
    file = filled(tmp_path).file
    file.write_bytes(file.read_bytes()[:-lost])
    store = FingerprintStore(tmp_path)
    assert lengths(store) == [0, 10, 20, None]
    store.add(names(4)[3], np.arange(30, dtype=np.uint32))
    assert lengths(FingerprintStore(tmp_path)) == [0, 10, 20, 30]


def test_what_the_disk_has_garbled_is_not_used(tmp_path: Path) -> None:
    file = filled(tmp_path).file
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    assert lengths(FingerprintStore(tmp_path)) == [0, 10, 20, None]


class Steps:
    """Notes how many steps each label announces."""

    def __init__(self) -> None:
        self.totals: dict[str, int] = {}

    @contextmanager
    def __call__(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        self.totals[label] = total
        yield lambda steps: None


def test_a_second_run_decodes_nothing_again(music: Path, tmp_path: Path) -> None:
    first, second, third = Steps(), Steps(), Steps()
    build(music, tmp_path / "out", RECIPE, progress=first)
    build(music, tmp_path / "out", RECIPE, progress=second)
    assert (first.totals["Cutting"], second.totals["Cutting"]) == (7, 0)
    assert second.totals["Comparing"] == 1
    [store] = (tmp_path / "out" / WORK_FOLDER).glob(STORES)
    before = store.read_bytes()
    planned(music, tmp_path / "out", RECIPE, progress=third)
    assert third.totals["Fingerprinting"] == 0 and store.read_bytes() == before


def test_what_does_not_decode_has_no_fingerprint(tmp_path: Path) -> None:
    for seed in range(3):
        write_audio(tmp_path / f"music/latino/{seed}_latino.wav", noise(6.0 + seed, seed=seed))
    report = build(tmp_path / "music", tmp_path / "out", replace(RECIPE, max_track_seconds=7.5))
    assert read_manifest(tmp_path / "out").shared["fingerprints"] == 2
    assert report.left_out == {"limit exceeded": 1}
