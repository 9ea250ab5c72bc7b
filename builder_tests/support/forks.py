"""Python in a process of its own that has imported already what most of sportgen needs.

It is a fork of a process that has done so: the start of an interpreter and its imports take longer
than most commands. What reads the environment when it is imported, as the Hub's clients do, is
not among it. Tests of the start itself, and of processes that are killed, start an interpreter.

    python -m builder_tests.support.forks FD

forks for each request that comes by the socket FD.
"""

import atexit
import os
import pickle
import runpy
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from types import ModuleType

_IMPORTED = (
    *("sport_music_dataset.cli.app", "sport_music_dataset.card.plots"),
    *("sport_music_dataset.build.build", "sport_music_dataset.engines.local"),
    *("pyarrow.compute", "pyarrow.dataset", "pyarrow.parquet", "pandas", "httpx2", "rich.console"),
)
# A request is one packet: pickled arguments, environment and working folder.
_MOST_BYTES = 200_000
_ROOT = Path(__file__).parents[2]
_NUMBER = struct.Struct("i")


class Forks:
    """Forks of one process, which starts with the first of them; `settings` are of its environment.

    It ends with this process, or with `close`.
    """

    def __init__(self, **settings: str) -> None:
        self._settings = settings
        self._starting = Lock()
        self._parent: tuple[subprocess.Popen[bytes], socket.socket] | None = None

    def run(
        self, arguments: Sequence[object], environment: Mapping[str, str], timeout: float = 120.0
    ) -> subprocess.CompletedProcess[str]:
        """What `python arguments` prints and its exit code; arguments begin with -c or -m."""
        words = [str(word) for word in arguments]
        ours, theirs = socket.socketpair()
        with TemporaryFile("w+") as out, TemporaryFile("w+") as errors, ours:
            with theirs:
                request = pickle.dumps((words, dict(environment), Path.cwd()))
                files = [file.fileno() for file in (out, errors, theirs)]
                socket.send_fds(self._requests(), [request], files)
            code = _awaited(ours, words, timeout)
            for file in (out, errors):
                file.seek(0)
            return subprocess.CompletedProcess(words, code, out.read(), errors.read())

    def _requests(self) -> socket.socket:
        with self._starting:
            if self._parent is None:
                requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                with theirs:
                    number = theirs.fileno()
                    process = subprocess.Popen(
                        [sys.executable, "-m", __name__, str(number)],
                        env={**os.environ, **self._settings},
                        pass_fds=[number],
                        stdin=subprocess.DEVNULL,
                        cwd=_ROOT,
                    )
                self._parent = process, requests
                atexit.register(self.close)
            return self._parent[1]

    def close(self) -> None:
        """End the process that forks."""
        atexit.unregister(self.close)
        if self._parent:
            process, requests = self._parent
            requests.close()
            process.wait()
            self._parent = None


def _awaited(ended: socket.socket, words: list[str], timeout: float) -> int:
    """The exit code that the other end of `ended` tells; what takes too long is killed."""
    (pid,) = _NUMBER.unpack(ended.recv(_NUMBER.size))
    ended.settimeout(timeout)
    try:
        (code,) = _NUMBER.unpack(ended.recv(_NUMBER.size))
    except TimeoutError as error:
        os.kill(pid, signal.SIGKILL)
        ended.settimeout(None)
        ended.recv(_NUMBER.size)
        raise subprocess.TimeoutExpired(words, timeout) from error
    return int(code)


run_forked = Forks().run
"""As `Forks.run`, of the process that all tests share."""


def _main(requests: socket.socket) -> None:
    """Fork for each request; in each fork, be the Python that is asked for."""
    for name in _IMPORTED:
        import_module(name)
    while (received := socket.recv_fds(requests, _MOST_BYTES, 3))[0]:
        if not os.fork():
            requests.close()
            _be(received[0], *received[1])
            break
        for file in received[1]:
            os.close(file)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _be(request: bytes, out: int, errors: int, end: int) -> None:
    """Fork once more, tell by the socket `end` who it is and how it ended; be it in the fork."""
    if pid := os.fork():
        os.write(end, _NUMBER.pack(pid))
        _, status = os.waitpid(pid, 0)
        os.write(end, _NUMBER.pack(os.waitstatus_to_exitcode(status)))
        os._exit(0)
    (kind, what, *others), environment, folder = pickle.loads(request)
    os.dup2(out, 1)
    os.dup2(errors, 2)
    for file in (out, errors, end):
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = [kind, *others]
    if kind == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        sys.modules["__main__"] = module = ModuleType("__main__")
        exec(compile(what, "<string>", "exec"), vars(module))


if __name__ == "__main__":
    _main(socket.socket(fileno=int(sys.argv[1])))
