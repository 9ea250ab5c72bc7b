"""A disk that fails: reads of chosen files return an error, as those of a drive that breaks off."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from builder_tests.support.forks import Forks

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* The file FAULTS has a byte for each read that is still to fail. */
ssize_t read(int fd, void *buffer, size_t size) {
  static ssize_t (*real)(int, void *, size_t);
  const char *faults = getenv("FAULTS"), *name = getenv("FAULTS_NAME");
  struct stat left;
  char link[64], path[4096];
  if (!real) real = dlsym(RTLD_NEXT, "read");
  if (faults && name && stat(faults, &left) == 0 && left.st_size > 0) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    if (strstr(path, name) && lseek(fd, 0, SEEK_CUR) >= atol(getenv("FAULTS_FROM"))) {
      if (truncate(faults, left.st_size - 1)) return -1;
      errno = atoi(getenv("FAULTS_ERRNO"));
      if (!errno) sleep(3600);
      return -1;
    }
  }
  return real(fd, buffer, size);
}
"""
ALWAYS = 1 << 20
"""More reads than any test does."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Reads of files whose path has `name` in it fail `times` times, from a byte of them on.

    With an error of 0 they last an hour.
    """

    name: str
    error: int
    times: int = ALWAYS
    start: int = 0


class FailingDisk:
    """Runs sportgen on a disk that fails; `folder` gets the library that fakes it."""

    def __init__(self, folder: Path) -> None:
        self._left = folder / "faults"
        self._library = folder / "failing_reads.so"
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None or sys.platform != "linux":
            pytest.skip("a failing disk is faked by a library that a C compiler makes for Linux")
        source = folder / "failing_reads.c"
        source.write_text(_SOURCE)
        command = [compiler, "-shared", "-fPIC", "-o", str(self._library), str(source), "-ldl"]
        subprocess.run(command, check=True)
        self._forks = Forks(LD_PRELOAD=str(self._library))

    def close(self) -> None:
        """No more runs."""
        self._forks.close()

    def _environment(self, faults: Faults | None) -> dict[str, str]:
        if not faults:
            return dict(os.environ)
        with self._left.open("wb") as file:
            file.truncate(faults.times)
        return {
            **os.environ,
            "LD_PRELOAD": str(self._library),
            "FAULTS": str(self._left),
            "FAULTS_NAME": faults.name,
            "FAULTS_ERRNO": str(faults.error),
            "FAULTS_FROM": str(faults.start),
        }

    @contextmanager
    def started(self, faults: Faults | None, *arguments: object) -> Iterator[subprocess.Popen[str]]:
        """A sportgen while the disk fails so; it ends with the block at the latest."""
        with subprocess.Popen(
            [sys.executable, "-m", "sport_music_dataset", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment(faults),
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, faults: Faults | None, *arguments: object) -> tuple[int, str, str]:
        """(exit code, stdout, stderr) of a sportgen while the disk fails so."""
        command = ("-m", "sport_music_dataset", *arguments)
        done = self._forks.run(command, self._environment(faults), timeout=300)
        return done.returncode, done.stdout, done.stderr
