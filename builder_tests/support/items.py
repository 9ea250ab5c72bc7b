"""Items that end their process, or take their time."""

import os
import signal
import time

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
