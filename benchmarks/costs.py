"""Costs of stages in libraries of several sizes: figures, tables and a plot."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import Took


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of a stage for a library: time and memory, files after it, and requests to the Hub."""

    took: Took
    files: int
    requests: int


Costs = dict[int, dict[str, Cost]]
"""Tracks -> stage -> its cost."""


def table(costs: Costs) -> Iterator[str]:
    """Lines of a table in Markdown: the cost of each stage for each size."""
    yield "| stage | tracks | seconds | CPU seconds | CPU ms a track | peak MB | files | requests |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    sizes = sorted(costs)
    for stage in costs[sizes[0]]:
        for tracks in sizes:
            cost = costs[tracks][stage]
            cpu = cost.took.cpu_seconds
            yield (
                f"| {stage} | {tracks:,} | {cost.took.seconds:.2f} | {cpu:.2f} "
                f"| {1000 * cpu / tracks:.2f} | {cost.took.peak_mb:.0f} "
                f"| {cost.files:,} | {cost.requests:,} |"
            )


def further(costs: Costs, stage: str) -> list[float]:
    """CPU ms that one further track costs in a stage, for each size except the smallest."""
    few, *spent = ((tracks, costs[tracks][stage].took.cpu_seconds) for tracks in sorted(costs))
    return [1000 * (cpu - few[1]) / (tracks - few[0]) for tracks, cpu in spent]


def fixed(costs: Costs, stage: str) -> float:
    """CPU ms that a stage takes for any library, however small."""
    few = min(costs)
    ms = 1000 * costs[few][stage].took.cpu_seconds - few * further(costs, stage)[-1]
    return max(ms, 0.0)


def change(costs: Costs, stage: str) -> float | None:
    """Relative change of the cost of one further track, from a smaller library to the largest.

    The smaller library is the first one in which further tracks cost more than the fixed cost of
    the stage. None if no library, or only the largest, is one.
    """
    few, *larger = sorted(costs)
    by_size, least = zip(larger, further(costs, stage), strict=True), fixed(costs, stage)
    seen = [ms for tracks, ms in by_size if (tracks - few) * ms > least]
    return seen[-1] / seen[0] - 1 if len(seen) > 1 else None


def growth(costs: Costs) -> Iterator[str]:
    """Lines of a table in Markdown: for each stage its fixed cost, and how its cost grows."""
    few, *larger = sorted(costs)
    steps = [f"a further track, of {tracks:,}" for tracks in larger]
    yield f"| stage (CPU ms) | fixed | {' | '.join(steps)} | change | peak memory |"
    yield "| --- |" + " ---: |" * (len(steps) + 3)
    for stage in costs[few]:
        changed = change(costs, stage)
        memory = costs[larger[-1]][stage].took.peak_mb / costs[larger[0]][stage].took.peak_mb - 1
        each = " | ".join(f"{ms:.3f}" for ms in further(costs, stage))
        told = "" if changed is None else f"{changed:+.0%}"
        yield f"| {stage} | {fixed(costs, stage):.0f} | {each} | {told} | {memory:+.0%} |"


def draw(costs: Costs, file: Path) -> None:
    """Plot CPU seconds (both axes logarithmic) and peak memory over tracks, a line per stage."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    sizes = sorted(costs)
    seconds, memory = figure.subplots(1, 2)
    for number, stage in enumerate(costs[sizes[0]]):
        took = [costs[tracks][stage].took for tracks in sizes]
        line: dict[str, Any] = {"marker": "o", "color": f"C{number % 10}"}
        line["linestyle"] = "-" if number < 10 else "--"
        seconds.plot(sizes, [max(t.cpu_seconds, 0.01) for t in took], label=stage, **line)
        memory.plot(sizes, [t.peak_mb for t in took], **line)
    for axes, label in ((seconds, "CPU seconds"), (memory, "Peak memory (MB)")):
        axes.set(xscale="log", xlabel="Tracks", ylabel=label)
    seconds.set_yscale("log")
    memory.set_ylim(0)
    figure.legend(loc="outside right center")
    figure.savefig(file, dpi=120)
