"""A child of a worker: its arrays and its results, and how its end is that of the worker's item."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sport_music_dataset.engines.child import CAN_FORK, Arrays, Child
from sport_music_dataset.engines.local import Workers
from sport_music_dataset.reasons import Reason, TrackError

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="only Linux has children of workers")

SIZES = [*range(1, 100), 0, 1 << 17, (1 << 17) + 1, 7]


def arrays(how: str) -> Arrays[str]:
    """More arrays than the child may be ahead, of all sizes; then a result or another end."""
    for size in SIZES:
        yield np.full(size, size % 1000, np.int16)
    if how == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "exit":
        os._exit(3)
    if how == "error":
        raise TrackError(Reason.UNREADABLE, "it is damaged")
    return how


def take(child: Child[str, str]) -> tuple[NDArray[np.int16], str]:
    """All samples of the next item, and its result or error."""
    taken, found = child.arrays(), []
    while True:
        try:
            found.append(next(taken))
        except StopIteration as end:
            return np.concatenate(found), end.value
        except TrackError as error:
            return np.concatenate(found), str(error)


def work(how: str) -> str:
    """Let a child do what the item says, between two items; if it is a path, say there who it is
    and do not go on."""
    child = Child(arrays)
    for item in ("first", how, "last"):
        assert child.can_give(item)
        child.ask(item)
        assert not child.can_give("another")
        if how == "left" == item:
            next(child.arrays())
            with pytest.raises(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
            assert not child.can_give("last")
            return how
        if "/" in item:
            Path(how).write_text(str(child._process))
            time.sleep(600)
        samples, result = take(child)
        assert (samples == np.concatenate(list(arrays("")))).all()
        if item == how:
            said = result
    child.stop()
    return said


def results(items: list[str], timeout: float = 30.0) -> list[str]:
    """What a worker makes of each item."""
    with Workers(1, timeout) as workers:
        return list(workers.map(work, items, lambda item, reason: reason))


def test_a_child_is_as_its_worker() -> None:
    assert results(["all", "error", "crash", "exit", "left"]) == [
        "all",
        "unreadable: it is damaged",
        "crashed decoder: exit code -11",
        "machine fault: it was ended, exit code 3",
        "left",
    ]


def test_a_child_ends_with_its_worker(tmp_path: Path) -> None:
    file = tmp_path / "process"
    assert results([str(file)], timeout=1.0) == ["timed out: took more than 1 s"]
    stat = Path(f"/proc/{file.read_text()}/stat")
    for _ in range(100):
        if not stat.exists() or " Z " in stat.read_text():
            return
        time.sleep(0.05)
    pytest.fail("it lives on")
