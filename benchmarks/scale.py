"""What a track costs as the library grows: time, memory, files and requests of every stage.

    python benchmarks/scale.py [--sizes 100 1000 5000] [--plot scale.png]

Libraries of short synthesised tracks, a twentieth of them louder copies of others, go from files to
a push onto a Hub of our own. Every stage is a process of its own that first does the stage on ten
tracks, so that imports and compiling are not counted, and has one process at work. CPU seconds are
those of all its processes: a machine that others load leaves them nearly alone. The three sizes
took 9 minutes on 2 cores, 100 and 1000 two.

Some stages cost something whatever the library: pictures are drawn, a model is loaded, workers are
started. So a second table parts this fixed cost from that of a further track: how much more a
library took than the one before it, by track. Where the latter stays the same from size to size,
cost grows in a straight line; the plain average falls where there is a fixed cost. CPU time comes
in ticks of 10 ms: of 900 tracks, that is 0.01 ms each. A full collection of Python's garbage, 0.2 s
in a process that has imported all this, falls into one stage or another.

- scan to finish: the parts of `sportgen build`: reading, hashing and probing files; decoding,
  cutting and fingerprints; comparing these; groups, splits and plan; writing shards; `tracks`, card
  and manifest.
- encode: with nano. card: card and pictures. stats: `sportgen stats`.
- push plan: `sportgen push --dry-run` of all, push: of encoded and tracks, next plan: after it.
"""

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import soundfile
from duplicates import track
from harness import Meter, Took, record

from builder_tests.local_hub import LocalHub
from sport_music_dataset.fingerprints import RATE

REPO, TOKEN = "org/scale", "hf_owner"
# Fingerprints are compared from 7 s on; the chunk is short to be quick.
SECONDS, CHUNK_SECONDS, OVERLAP_SECONDS = 8, 5.0, 0.0
STYLES = ("latino", "rock", "electro", "classic")
SESSIONS = ("Yoga", "Running", "Cardio", "Cycling", "Stretching", "Course_à_pied")
WARM, COPIES = 10, 20
# What a build's progress is called, and the parts that it tells apart.
PARTS = {
    "Scanning": "scan",
    "Cutting": "cut",
    "Comparing": "compare",
    "Writing": "write",
}


def compose(folder: Path, tracks: int) -> None:
    """Write a library of so many tracks, with their metadata."""
    rows = [["file_name", "title", "artist", "license"]]
    for number in range(tracks):
        style, session = STYLES[number % len(STYLES)], SESSIONS[number % len(SESSIONS)]
        name = f"{style}/{session}_{number}_{style}.wav"
        copied = number % COPIES == 1
        samples = track(number - copied, SECONDS)[: SECONDS * RATE] * (0.7 if copied else 1.0)
        (folder / style).mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / name, samples.clip(-1, 1), RATE, "PCM_16")
        rows.append([name, f"Number {number}", f"Artist {number % 97}", "cc0-1.0"])
    with (folder / "metadata.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def build(folder: Path, hub: str, meter: Meter) -> None:
    """Build, part by part."""
    from sport_music_dataset.build import build
    from sport_music_dataset.recipe import Recipe

    @contextmanager
    def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
        if label == "Writing":
            meter.end("splits")
        yield lambda steps: None
        meter.end(PARTS[label])

    recipe = Recipe(CHUNK_SECONDS, OVERLAP_SECONDS)
    shutil.rmtree(folder / "dataset", ignore_errors=True)
    meter.begin()
    build(folder / "music", folder / "dataset", recipe, progress=progress)
    meter.end("finish")


def encode(folder: Path, hub: str, meter: Meter) -> None:
    """Encode with nano."""
    from sport_music_dataset.encode import EncodeSettings, encode

    for old in ("encoded", ".sportgen/encoded"):
        shutil.rmtree(folder / "dataset" / old, ignore_errors=True)
    meter.begin()
    encode(folder / "dataset", EncodeSettings(model="nano", device="cpu"))
    meter.end("encode")


def card(folder: Path, hub: str, meter: Meter) -> None:
    """Card and pictures, drawn anew."""
    from sport_music_dataset import card
    from sport_music_dataset.release import read_manifest

    shutil.rmtree(folder / "dataset" / "assets", ignore_errors=True)
    meter.begin()
    card.write(folder / "dataset", read_manifest(folder / "dataset"))
    meter.end("card")


def stats(folder: Path, hub: str, meter: Meter) -> None:
    """The numbers of the release."""
    from sport_music_dataset.places import Place
    from sport_music_dataset.stats import release_stats

    meter.begin()
    release_stats(Place(folder / "dataset"))
    meter.end("stats")


def push(stage: str, **settings: Any) -> Callable[[Path, str, Meter], None]:
    """Publish, or plan it."""

    def run(folder: Path, hub: str, meter: Meter) -> None:
        from huggingface_hub import HfApi

        from sport_music_dataset.publish import publish

        api = HfApi(endpoint=hub, token=TOKEN)
        meter.begin()
        publish(folder / "dataset", REPO, api=api, allow_nano=True, **settings)
        meter.end(stage)

    return run


LIGHT = ("encoded", "tracks")
STAGES: dict[str, Callable[[Path, str, Meter], None]] = {
    "build": build,
    "encode": encode,
    "card": card,
    "stats": stats,
    "push plan": push("push plan", dry_run=True),
    "push": push("push", configs=LIGHT),
    "next plan": push("next plan", configs=LIGHT, dry_run=True),
}


def run_stage(stage: str, folders: Sequence[Path], hubs: Sequence[str]) -> None:
    """Do a stage on the ten tracks, then on the library, and print what the latter took."""
    for folder, hub in zip(folders, hubs, strict=True):
        meter = Meter()
        STAGES[stage](folder, hub, meter)
    print(json.dumps(meter.stages))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a stage took for a library, the files there were after it, and the Hub's requests."""

    took: Took
    files: int
    requests: int


def measure(work: Path, tracks: int) -> dict[str, Cost]:
    """Stage -> its cost, for a library of so many tracks."""
    folders = [work / str(WARM), work / str(tracks)]
    compose(folders[1] / "music", tracks)
    costs: dict[str, Cost] = {}
    with LocalHub() as warm, LocalHub() as hub:
        for stage in STAGES:
            before = len(hub.requests)
            command = [sys.executable, __file__, "--stage", stage, "--work", str(work)]
            done = subprocess.run(
                [*command, "--hubs", warm.endpoint, hub.endpoint, "--sizes", str(tracks)],
                env=hub.environment(work / "home"),
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
                check=False,
            )
            if done.returncode:
                raise SystemExit(f"{stage}, {tracks} tracks: exit code {done.returncode}")
            requests = len(hub.requests) - before
            files = sum(file.is_file() for file in (folders[1] / "dataset").rglob("*"))
            for part, took in json.loads(done.stdout).items():
                costs[part] = Cost(Took(*took), files, requests)
            print(f"{tracks} tracks: {stage} done", file=sys.stderr)
    shutil.rmtree(folders[1])
    return costs


def table(costs: dict[int, dict[str, Cost]]) -> Iterator[str]:
    """The lines of a table in Markdown."""
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


def further(costs: dict[int, dict[str, Cost]], stage: str) -> list[float]:
    """CPU ms that a further track costs in a stage, from each size to the next."""
    spent = [(tracks, costs[tracks][stage].took.cpu_seconds) for tracks in sorted(costs)]
    return [1000 * (cpu - one) / (n - m) for (m, one), (n, cpu) in pairwise(spent)]


def growth(costs: dict[int, dict[str, Cost]]) -> Iterator[str]:
    """The lines of a table in Markdown: what grows with the library, and what does not."""
    sizes = sorted(costs)
    steps = [f"ms a further track, {one:,} to {other:,}" for one, other in pairwise(sizes)]
    yield f"| stage | fixed CPU seconds | {' | '.join(steps)} | change | peak memory |"
    yield "| --- |" + " ---: |" * (len(steps) + 3)
    small, large = costs[sizes[0]], costs[sizes[-1]]
    for stage in small:
        by_step = further(costs, stage)
        fixed = small[stage].took.cpu_seconds - sizes[0] * by_step[0] / 1000
        change = f"{by_step[-1] / by_step[0] - 1:+.0%}" if by_step[0] > 0 else ""
        memory = large[stage].took.peak_mb / small[stage].took.peak_mb - 1
        each = " | ".join(f"{ms:.2f}" for ms in by_step)
        yield f"| {stage} | {max(fixed, 0.0):.2f} | {each} | {change} | {memory:+.0%} |"


def draw(costs: dict[int, dict[str, Cost]], file: Path) -> None:
    """CPU seconds and peak memory over tracks, a line for each stage, both axes logarithmic."""
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


def main() -> None:
    """Read the options; hidden ones run a single stage."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 5000])
    parser.add_argument("--plot", type=Path, help="Draw the costs into this file.")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    parser.add_argument("--hubs", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage:
        run_stage(
            options.stage, [options.work / str(n) for n in (WARM, *options.sizes)], options.hubs
        )
        return
    with tempfile.TemporaryDirectory() as work:
        compose(Path(work, str(WARM), "music"), WARM)
        costs = {tracks: measure(Path(work), tracks) for tracks in sorted(options.sizes)}
    print("\n".join(table(costs)))
    if len(costs) > 1:
        print("\n".join(["", *growth(costs)]))
    if options.plot:
        draw(costs, options.plot)
    small, large = min(costs), max(costs)
    for stage, cost in costs[large].items():
        ms = 1000 * cost.took.cpu_seconds / large
        first = 1000 * costs[small][stage].took.cpu_seconds / small
        ratio = ms / first if first else None  # less than a tick is nothing
        record(f"{stage}, {large:,} tracks", ms, "CPU ms a track", ratio, f"{small} tracks")
        for last in further(costs, stage)[-1:]:
            record(f"{stage}, a further track", last, "CPU ms")


if __name__ == "__main__":
    main()
