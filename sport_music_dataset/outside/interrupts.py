"""Ctrl-C that waits for what it would break."""

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_IMPORTLIB = "<frozen importlib._bootstrap>"
_LOOK_SECONDS = 0.05
# An import that takes longer may wait for a network: then it is interrupted after all.
_MOST_SECONDS = 10.0


def keep_imports_whole() -> None:
    """Let Ctrl-C wait while the main thread imports a module, from now on; at most 10 s.

    Where it comes while the lock of a module is given back, Python prints it as an exception that
    is ignored, and whoever imports the module next waits for ever.
    """
    # Windows has no timer; and whoever started us may have said that Ctrl-C is not for us.
    if sys.platform != "win32" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        handler = _OutsideImports()
        signal.signal(signal.SIGINT, handler)
        signal.signal(signal.SIGALRM, handler)


class _OutsideImports:
    """A handler of SIGINT, and of the timer that it sets: raises KeyboardInterrupt, but not within
    an import."""

    def __init__(self) -> None:
        self._until = 0.0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if sys.platform != "win32" and _is_importing(frame) and not 0 < self._until < now:
            self._until = self._until or now + _MOST_SECONDS
            signal.setitimer(signal.ITIMER_REAL, _LOOK_SECONDS)
        else:
            self._until = 0.0
            signal.default_int_handler(number, frame)


def _is_importing(frame: FrameType | None) -> bool:
    while frame:
        if frame.f_code.co_filename == _IMPORTLIB:
            return True
        frame = frame.f_back
    return False


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Let the first Ctrl-C wait until the end of the block.

    Some libraries in C++ end the interpreter, or raise an error of their own, where one comes while
    they call Python. A second one is not held.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is interrupted
        return
    came: list[int] = []

    def hold(number: int, frame: FrameType | None) -> None:
        if came:
            signal.default_int_handler(number, frame)
        came.append(number)

    before = signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)
        if came:
            signal.raise_signal(signal.SIGINT)
