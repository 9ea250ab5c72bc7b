"""The server that forks worker processes, after it has imported all modules that they need."""

import signal
from multiprocessing import forkserver, get_all_start_methods, get_context
from multiprocessing.context import BaseContext

# Modules that the server imports, none of which starts threads. Each process would have to import a
# module that is missing here.
_PRELOAD = ["sport_music_dataset.build", "scipy.fft"]


def warm_up() -> None:
    """Start the server that forks, if it does not run, so that both processes import at once."""
    if "forkserver" not in get_all_start_methods():
        return
    forkserver.set_forkserver_preload(_PRELOAD)
    # Ctrl-C signals the whole process group, but only this process must handle it.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def context() -> BaseContext:
    """How processes are started: a fork of a process with threads (OpenMP, Arrow) may hang."""
    return get_context("forkserver" if "forkserver" in get_all_start_methods() else "spawn")
