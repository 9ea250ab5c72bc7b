"""The server that forks worker processes, after it has imported all modules that they need."""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.context import BaseContext

# Modules that the server imports, none of which starts threads. Each process would have to import a
# module that is missing here.
_PRELOAD = ["sport_music_dataset.engines.server", "sport_music_dataset.build.cut", "scipy.fft"]
_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Let Linux kill this process when its parent ends, however that happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def warm_up() -> None:
    """Start the server that forks, if it does not run, so that both processes import at once."""
    if "forkserver" not in get_all_start_methods():
        return
    from multiprocessing import forkserver

    forkserver.set_forkserver_preload(_PRELOAD)
    # Ctrl-C signals the whole process group, but only this process must handle it.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with _mute():
            forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@contextmanager
def _mute() -> Iterator[None]:
    """Processes that start within the block write their stderr to nowhere.

    The exit code or the result of a process says what happened to it; what it prints is a traceback
    or the chatter of a decoder, which only somebody who looks for a fault wants to see.
    """
    if os.environ.get("SPORTGEN_DEBUG") == "1":
        yield
        return
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


def context() -> BaseContext:
    """How processes are started: a fork of a process with threads (OpenMP, Arrow) may hang."""
    return get_context("forkserver" if "forkserver" in get_all_start_methods() else "spawn")
