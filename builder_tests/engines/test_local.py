"""Processes: order, and what a crash, a hang or a memory bomb costs: its own item only."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from multiprocessing import active_children
from pathlib import Path

import pytest

from builder_tests.support.items import Deadly, stay, work
from sport_music_dataset.engines.local import Workers
from sport_music_dataset.errors import MachineError


def test_a_bad_item_costs_itself_only() -> None:
    items = ["a", "crash", "b", "slow", "hang", "c", "exit", "memory", "d"]
    with Workers(2, timeout=3.0) as workers:
        results = list(workers.map(work, items, lambda item, reason: f"{item}: {reason}"))
    assert results == [
        "a",
        "crash: crashed decoder: exit code -11",
        "b",
        "slow",
        "hang: limit exceeded: took more than 3 s",
        "c",
        "exit: crashed decoder: exit code 3",
        "memory: limit exceeded: needs too much memory",
        "d",
    ]


def is_loaded(module: str) -> bool:
    """Whether this process has imported a module."""
    return module in sys.modules


def test_processes_are_born_with_what_they_need_and_no_more() -> None:
    needed = ["sport_music_dataset.build.track_rows", "scipy.fft"]
    heavy = ["datasets", "pandas", "scipy.signal", "huggingface_hub", "torch"]
    with Workers(1, timeout=10.0) as workers:
        loaded = list(workers.map(is_loaded, needed + heavy, lambda item, reason: False))
    assert loaded == [True] * len(needed) + [False] * len(heavy)


def kill_once(file: str) -> str:
    """Kill this process from outside, so to speak, unless that has been done already."""
    if not Path(file).exists():
        Path(file).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def kill_always(file: str) -> str:
    """Kill this process from outside, so to speak."""
    os.kill(os.getpid(), signal.SIGTERM)
    return file


def test_a_process_killed_from_outside_says_nothing_about_its_item(tmp_path: Path) -> None:
    with Workers(1, timeout=10.0) as workers:
        file = str(tmp_path / "killed")
        assert list(workers.map(kill_once, [file], str.__add__)) == ["done"]
        # Twice is no chance: it may be what the system does to who takes too much memory.
        told = list(workers.map(kill_always, ["a"], str.__add__))
        assert told == ["acrashed decoder: exit code 15"]


def test_results_come_in_order_and_items_are_taken_as_needed() -> None:
    taken: list[int] = []

    def items() -> object:
        for number in range(200):
            taken.append(number)
            yield str(number)

    with Workers(2, timeout=10.0) as workers:
        results = workers.map(work, items(), lambda item, reason: reason)  # type: ignore[arg-type]
        assert next(results) == "0"
        assert len(taken) < 20
        assert list(results) == [str(number) for number in range(1, 200)]


@pytest.mark.timeout(60)
def test_processes_that_cannot_start_are_an_error_with_a_remedy() -> None:
    with pytest.raises(MachineError, match="--num-proc 1"), Workers(2, timeout=10.0) as workers:
        list(workers.map(Deadly(), ["a", "b"], str.__add__))
    assert active_children() == []


@pytest.mark.timeout(60)
def test_an_error_ends_processes_that_do_not_listen(tmp_path: Path) -> None:
    files = [tmp_path / str(number) for number in range(24)]

    def items() -> Iterator[str]:
        yield from map(str, files)
        while not all(file.exists() for file in files):
            time.sleep(0.1)
        raise KeyError

    # Asked one after the other, they take 72 s.
    with pytest.raises(KeyError), Workers(len(files), timeout=600.0) as workers:
        list(workers.map(stay, items(), str.__add__))
    assert active_children() == []
