"""Run one way of a benchmark in processes of its own, and measure its time and memory."""

import contextlib
import ctypes
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

FIGURES = "SPORTGEN_BENCH_FIGURES"
"""The environment variable with the path of the file to which `record` adds figures."""

_PR_SET_CHILD_SUBREAPER = 36


def measure(script: str, *arguments: object) -> tuple[float, float]:
    """(seconds, MB): the last line printed by `script`, and the peak of its largest process."""
    command = [sys.executable, script, *map(str, arguments)]
    peak = 0.0
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    while process.poll() is None:
        peak = max(peak, *_peaks_mb(process.pid))
        time.sleep(0.05)
    lines = process.communicate()[0].splitlines()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    return float(json.loads(lines[-1])), peak


def in_turn(
    ways: Sequence[str], runs: int, run: Callable[[str], tuple[float, float]]
) -> dict[str, tuple[float, float]]:
    """(median seconds, highest peak MB) of each way; all ways run in turn, `runs` times."""
    results = [{way: run(way) for way in ways} for _ in range(runs)]
    return {
        way: (
            statistics.median(result[way][0] for result in results),
            max(result[way][1] for result in results),
        )
        for way in ways
    }


def record(what: str, value: float, unit: str, ratio: float | None = None, to: str = "") -> None:
    """Add a figure, and its ratio to the figure of `to`, to the file in `FIGURES`, if it is set."""
    if file := os.environ.get(FIGURES):
        with Path(file).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps([what, value, unit, ratio, to]) + "\n")


class Meter:
    """Measures the stages of work in this process (Linux).

    The time of a stage includes the processes that it started, its peak memory does not.
    """

    def __init__(self) -> None:
        self.stages: dict[str, Took] = {}
        self._since = (0.0, 0.0)
        # A worker's child that outlives it would become init's, and its time be lost with it: here
        # it stays as a zombie of this process, whose time is counted.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)

    def begin(self) -> None:
        """Start measuring now: earlier time and memory are not counted."""
        # Writing 5 sets the peak resident memory to the resident memory now.
        Path("/proc/self/clear_refs").write_text("5")
        self._since = time.perf_counter(), _cpu_seconds(os.getsid(0))

    def end(self, stage: str) -> None:
        """Count everything since `begin`, or since the last `end`, as `stage`."""
        wall, cpu = time.perf_counter(), _cpu_seconds(os.getsid(0))
        took, peak = self.stages.get(stage, Took(0.0, 0.0, 0.0)), _peak_mb(Path("/proc/self"))
        self.stages[stage] = Took(
            took.seconds + wall - self._since[0],
            took.cpu_seconds + cpu - self._since[1],
            max(took.peak_mb, peak),
        )
        self.begin()


class Took(NamedTuple):
    """Cost of a stage: seconds by the clock, seconds of all processors together, memory in MB."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


def typical(runs: Sequence[Took]) -> Took:
    """Median seconds and highest peak of several runs."""
    seconds, cpu_seconds, peaks = zip(*runs, strict=True)
    return Took(statistics.median(seconds), statistics.median(cpu_seconds), max(peaks))


def _cpu_seconds(session: int) -> float:
    """CPU seconds of the processes of a session and of their ended children."""
    seconds = 0.0
    for process in _processes(session):
        with contextlib.suppress(OSError):
            # The clock id as in glibc's clock_getcpuclockid: the exact time of all its threads.
            seconds += time.clock_gettime(~int(process.name) << 3 | 2)
            # Fields after the name, which may contain any character: cutime and cstime, in ticks.
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            seconds += sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")
    return seconds


def _peaks_mb(session: int) -> list[float]:
    """The peak resident memory, in MB, of each process of a session that runs now (Linux)."""
    peaks = [0.0]
    for process in _processes(session):
        with contextlib.suppress(OSError):
            peaks.append(_peak_mb(process))
    return peaks


def _peak_mb(process: Path) -> float:
    lines = (process / "status").read_text().splitlines()
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def _processes(session: int) -> Iterator[Path]:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getsid(int(process.name)) == session:
                yield process
