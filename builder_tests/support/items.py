"""Items that end their process, or take their time."""

import os
import signal
import time
from pathlib import Path

import numpy as np


def work(item: str) -> str:
    """Do what the item says, in a process."""
    match item:
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hang":
            time.sleep(600)
        case "exit":
            os._exit(3)
        case "memory":
            np.ones(1 << 30)
        case "slow":
            time.sleep(0.3)
    return item


def stay(item: str) -> str:
    """Make the file `item`, then do not end when asked to."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(item).touch()
    time.sleep(600)
    return item


class Deadly:
    """A function whose arrival ends the process, as too little memory does."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (7,)

    def __call__(self, item: str) -> str:
        return item
