"""Processes: order, and what a crash, a hang or a memory bomb costs: its own item only."""

import errno
import os
import pickle
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder_tests.support.items import Deadly, stay, work
from sport_music_dataset.engines.local import Workers
from sport_music_dataset.errors import MachineError
from sport_music_dataset.reasons import MachineFault, TrackError, read_fault


def test_a_bad_item_costs_itself_only() -> None:
    items = ["a", "crash", "b", "slow", "hang", "c", "exit", "memory", "d"]
    with Workers(2, timeout=3.0) as workers:
        results = list(workers.map(work, items, lambda item, reason: f"{item}: {reason}"))
    assert results == [
        "a",
        "crash: crashed decoder: exit code -11",
        "b",
        "slow",
        "hang: timed out: took more than 3 s",
        "c",
        "exit: machine fault: its process was ended, exit code 3",
        "memory: machine fault: memory is full",
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


def kill_twice(folder: str) -> str:
    """Kill this process from outside, so to speak, unless that has been done twice."""
    before = len(list(Path(folder).iterdir()))
    if before < 2:
        (Path(folder) / str(before)).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def kill_always(name: str) -> str:
    """Kill this process from outside, so to speak."""
    os.kill(os.getpid(), signal.Signals[name])
    return name


def fail_twice(folder: str) -> str:
    """Find no memory, then a disk that fails, then both mended."""
    before = len(list(Path(folder).iterdir()))
    (Path(folder) / str(before)).touch()
    if before == 0:
        raise MemoryError
    if before == 1:
        raise MachineFault(folder, "Input/output error")
    return "done"


def test_a_process_killed_from_outside_says_nothing_about_its_item(tmp_path: Path) -> None:
    with Workers(1, timeout=10.0) as workers:
        assert list(workers.map(kill_twice, [str(tmp_path)], str.__add__)) == ["done"]
        # Three times is no chance: it may be what the system does to who takes too much memory.
        told = list(workers.map(kill_always, ["SIGTERM", "SIGKILL", "SIGABRT"], str.__add__))
        assert told == [
            "SIGTERMmachine fault: its process was ended, exit code 15",
            "SIGKILLmachine fault: its process was ended, exit code -9",
            "SIGABRTcrashed decoder: exit code -6",
        ]


def test_what_the_machine_fails_at_is_tried_again(tmp_path: Path) -> None:
    with Workers(1, timeout=10.0) as workers:
        assert list(workers.map(fail_twice, [str(tmp_path)], str.__add__)) == ["done"]
    assert len(list(tmp_path.iterdir())) == 3


@given(error=st.sampled_from(sorted(errno.errorcode)))
def test_only_names_and_rights_are_the_files(error: int) -> None:
    fault = read_fault("a.mp3", OSError(error, os.strerror(error)))
    names_and_rights = "ENOENT ENOTDIR EACCES EPERM ELOOP ENAMETOOLONG EISDIR EINVAL".split()
    is_the_files = errno.errorcode[error] in names_and_rights
    assert isinstance(fault, TrackError) == is_the_files
    assert isinstance(fault, MachineFault) != is_the_files
    assert pickle.loads(pickle.dumps(fault)).args == fault.args


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


class Breaks:
    """A function that ends the process that takes it, once, and so breaks the pool."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Nobody knows which item the process takes: it has not said so yet."""
        self.__dict__ = state
        with suppress(FileExistsError):
            (self.folder / "broken").mkdir()
            os.kill(os.getpid(), signal.SIGKILL)

    def __call__(self, item: str) -> str:
        with (self.folder / "done").open("a") as done:
            done.write(item)
        return item


@pytest.mark.timeout(60)
def test_a_pool_that_breaks_is_replaced(tmp_path: Path) -> None:
    items = list("abcdefghijklmnopqrstuvwxyz")
    with Workers(2, timeout=10.0) as workers:
        assert list(workers.map(work, items[:5], str.__add__)) == items[:5]
        for process in active_children():
            process.kill()
        assert list(workers.map(work, items, str.__add__)) == items
        assert list(workers.map(Breaks(tmp_path), items, str.__add__)) == items
    assert sorted((tmp_path / "done").read_text()) == items
    assert active_children() == []


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
