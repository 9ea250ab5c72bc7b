"""A child of a worker: its arrays and its result, and how its end is that of the worker's item."""

import os
import signal
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sport_music_dataset.engines.child import CAN_FORK, Arrays, Child
from sport_music_dataset.engines.local import Workers
from sport_music_dataset.reasons import Reason, TrackError

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="only Linux has children of workers")


def arrays(how: str) -> Arrays[str]:
    """More arrays than fit into the pipe, an empty one among them; then a result or another end."""
    for number in range(40):
        yield np.full(0 if number == 7 else 50_000, number, np.int16)
    if how == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "exit":
        os._exit(3)
    if how == "error":
        raise TrackError(Reason.UNREADABLE, "it is damaged")
    return how


def read(how: str) -> str:
    """Read all that a child makes; if `how` is a path, say there who it is, and do not go on."""
    child = Child(partial(arrays, how))
    blocks, found = child.arrays(), []
    while True:
        try:
            found.append(int(next(blocks)[0]))
        except StopIteration as end:
            return f"{end.value}: {found}"
        except TrackError as error:
            return f"{error} after {len(found)}"
        if how == "left":
            blocks.close()
            with pytest.raises(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
            return how
        if "/" in how:
            Path(how).write_text(str(child._process))
            time.sleep(600)


def results(items: list[str], timeout: float = 30.0) -> list[str]:
    """What a worker makes of each item."""
    with Workers(1, timeout) as workers:
        return list(workers.map(read, items, lambda item, reason: reason))


def test_a_child_is_as_its_worker() -> None:
    assert results(["all", "error", "crash", "exit", "left"]) == [
        f"all: {[number for number in range(40) if number != 7]}",
        "unreadable: it is damaged after 39",
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
