"""Run all benchmarks with quick settings and gather their figures in one table in Markdown.

    python benchmarks [--out build/bench.md]

This takes under 20 minutes on an idle machine of 2 cores; the settings in QUICK are chosen for
that. A benchmark that is run alone, with its default settings, is more exact. The column `ratio`
gives how many times as good a figure is as the one that the column `to` names.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from harness import FIGURES
from sport_music_dataset import __version__

HERE = Path(__file__).parent
QUICK: dict[str, tuple[str, ...]] = {
    "analysis": ("--pieces", "10"),
    "build": ("--tracks", "12", "--runs", "1"),
    "duplicates": ("250", "500"),
    "encode": ("--tracks", "2", "--chunks", "4", "--runs", "1"),
    "end_to_end": ("--tracks", "2", "--minutes", "2"),
    "push": ("--tracks", "20"),
    "scale": ("--sizes", "100", "1000"),
    "spectra": ("--runs", "3"),
}
PACKAGES = ("torch", "datasets", "av", "openvino")


def run(name: str, figures: Path) -> Iterator[str]:
    """Run one benchmark; yield its rows of the table."""
    figures.write_text("")
    environment = os.environ | {FIGURES: str(figures), "PYTHONPATH": str(HERE.parent)}
    if name in ("analysis", "spectra"):
        environment["OMP_NUM_THREADS"] = "1"
    command = [sys.executable, str(HERE / f"{name}.py"), *QUICK[name]]
    print(f"{name} {' '.join(QUICK[name])}", file=sys.stderr, flush=True)
    begun = time.perf_counter()
    done = subprocess.run(command, env=environment, stdout=sys.stderr, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}")
    yield f"| {name} | all of it | {time.perf_counter() - begun:.0f} | s | | |"
    for line in figures.read_text(encoding="utf-8").splitlines():
        what, value, unit, ratio, to = json.loads(line)
        against = f"{ratio:.2f}" if ratio is not None else ""
        yield f"| {name} | {what} | {value:,.4g} | {unit} | {against} | {to} |"


def machine() -> str:
    """Processor, cores, memory and versions of this machine; nothing that identifies it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    software = [f"sportgen {__version__}", f"Python {platform.python_version()}"]
    software += [f"{name} {_version(name)}" for name in PACKAGES]
    return (
        f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB; "
        f"{', '.join(software)}; {datetime.now(UTC):%Y-%m-%d}"
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def main() -> None:
    """Run the benchmarks in turn; write the table so far after each of them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, default=HERE.parent / "build" / "bench.md")
    out = parser.parse_args().out
    out.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        f"{machine()}\n",
        "| benchmark | figure | value | unit | ratio | to |",
        "| --- | --- | ---: | --- | ---: | --- |",
    ]
    with tempfile.TemporaryDirectory() as work:
        for name in QUICK:
            rows += run(name, Path(work, "figures"))
            out.write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(out)


if __name__ == "__main__":
    main()
