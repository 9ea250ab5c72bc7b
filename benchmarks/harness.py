"""Run one way of a benchmark in processes of its own, and see what it took."""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def measure(script: str, *arguments: object) -> tuple[float, float]:
    """(seconds, MB): what `script` prints last, and the peak memory of its largest process."""
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
    """(median seconds, peak MB) of each way, run one after the other `runs` times."""
    results = [{way: run(way) for way in ways} for _ in range(runs)]
    return {
        way: (
            statistics.median(result[way][0] for result in results),
            max(result[way][1] for result in results),
        )
        for way in ways
    }


def _peaks_mb(session: int) -> list[float]:
    """The peak resident memory, in MB, of each process of a session that runs now (Linux)."""
    peaks = [0.0]
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getsid(int(process.name)) == session:
                lines = (process / "status").read_text().splitlines()
                peaks += [int(line.split()[1]) / 1024 for line in lines if line[:6] == "VmHWM:"]
    return peaks
