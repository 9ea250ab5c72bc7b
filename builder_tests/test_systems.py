"""On a system that lacks what only Linux or only POSIX has, all of it is imported, and builds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from builder_tests.support.folders import files
from sport_music_dataset.build.build import BuildReport

# At the start of this interpreter and of each that it starts: our modules get what Windows has, and
# libraries what they need on Linux. Windows opens no folder, and processes begin anew there.
_WITHOUT = """
import builtins, multiprocessing, os, signal, sys
from types import ModuleType

MISSING = {
    "os": "O_DIRECTORY O_NOFOLLOW O_NONBLOCK O_CLOEXEC O_SYNC fork forkpty killpg getpgid setpgid "
    "setsid getuid geteuid getgid getgroups chown lchown fchown uname nice sync fdatasync sysconf "
    "statvfs fstatvfs pread pwrite posix_fadvise posix_fallocate sendfile mkfifo sched_getaffinity "
    "sched_setaffinity getloadavg wait wait3 wait4 getxattr setxattr listxattr memfd_create",
    "signal": "SIGKILL SIGBUS SIGHUP SIGALRM SIGCHLD SIGPIPE SIGQUIT SIGUSR1 alarm setitimer pause "
    "pthread_sigmask sigwait SIG_BLOCK SIG_SETMASK",
}
ABSENT = {"resource", "fcntl", "grp", "pwd", "termios", "syslog", "posix"}
imports = builtins.__import__

def open_file(path, *arguments, **options):
    if os.path.isdir(path):
        raise PermissionError(13, "Permission denied", path)
    return os.open(path, *arguments, **options)

class StandIn(ModuleType):
    def __init__(self, module, **other):
        vars(self).update(module=module, missing=MISSING.get(module.__name__, "").split(), **other)

    def __getattr__(self, name):
        if name in self.missing:
            raise AttributeError(name)
        return getattr(self.module, name)

    def __setattr__(self, name, value):
        setattr(self.module, name, value)

STAND_INS = {
    "os": StandIn(os, name="nt", open=open_file),
    "signal": StandIn(signal),
    "sys": StandIn(sys, platform="win32"),
}

def import_module(name, globals=None, *arguments, **named):
    if (globals or {}).get("__name__", "").startswith("sport_music_dataset"):
        if name in ABSENT:
            raise ModuleNotFoundError(name, name=name)
        if name in STAND_INS:
            return STAND_INS[name]
    return imports(name, globals, *arguments, **named)

builtins.__import__ = import_module
multiprocessing.get_all_start_methods = lambda: ["spawn"]
"""
# Ray itself needs what is missing.
_RUN = """
import sys
from importlib import import_module
from pkgutil import walk_packages

import sport_music_dataset
from sport_music_dataset.cli import main

if __name__ == "__main__":
    for module in walk_packages(sport_music_dataset.__path__, "sport_music_dataset."):
        if "ray" not in module.name and not module.name.endswith("__main__"):
            import_module(module.name)
    sys.exit(main(["build", *sys.argv[1:], "--num-proc", "1"]))
"""


@pytest.mark.slow
def test_without_what_only_posix_has_a_build_gives_the_same_bytes(
    music: Path, built: tuple[Path, BuildReport], tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(_WITHOUT)
    (tmp_path / "run.py").write_text(_RUN)
    out = tmp_path / "dataset"
    short = "--chunk-seconds 2 --overlap-seconds 0.8 --splits train=0.7,test=0.3 --layout sport"
    done = subprocess.run(
        [sys.executable, tmp_path / "run.py", music, out, *short.split()],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert files(out / "raw") == files(built[0] / "raw")
