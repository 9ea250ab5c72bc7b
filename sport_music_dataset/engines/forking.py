"""The server that forks worker processes, with what they need imported already."""

import signal
from multiprocessing import forkserver, get_all_start_methods, get_context
from multiprocessing.context import BaseContext

# The stages and all that they import; none of it starts a pool of threads. What is missing here,
# each process would import by itself.
_PRELOAD = ["sport_music_dataset.build", "scipy.fft"]


def warm_up() -> None:
    """Start the server that forks, if it does not run: it imports while this process does."""
    if "forkserver" not in get_all_start_methods():
        return
    forkserver.set_forkserver_preload(_PRELOAD)
    # Ctrl-C reaches the whole process group; this process alone answers it.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def context() -> BaseContext:
    """How processes are started: a fork of a process with threads (OpenMP, Arrow) may hang."""
    return get_context("forkserver" if "forkserver" in get_all_start_methods() else "spawn")
