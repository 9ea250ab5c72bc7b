"""What a track costs as the library grows: time, memory, files and requests of every stage.

    python benchmarks/scale.py [--sizes 100 1000 5000] [--plot scale.png]

Libraries of short synthesised tracks, a twentieth of them copies of others at another level, go
from files to a push to a local Hub. Each stage is a process of its own, with one worker process. It
first does the stage on ten tracks, so that imports and compiling are not counted. CPU seconds are
the sum over all its processes: other load on the machine hardly changes them. A quick stage is done
up to five times, and the median is taken. The speed of a machine changes, so the sizes are measured
upwards and downwards, and the mean of both is taken. The default took 14 minutes on 2 cores.

Some stages have a fixed cost that does not depend on the library: pictures are drawn, a model is
loaded, workers are started. So a library of ten tracks is measured too. A second table separates
the fixed cost from the cost of one further track, which is the additional cost over ten tracks,
divided by the additional tracks. If this is equal for all sizes, cost grows linearly. Its change is
given from the first size at which further tracks cost more than the fixed cost.

- build: reading, hashing and probing files (scan); decoding, cutting and fingerprints (cut);
  comparing fingerprints (compare); groups, splits and plan (splits); writing shards (write);
  drawing pictures (pictures); `tracks`, card and manifest (finish).
- encode, with nano: loading the model (model); tokens, codes and labels (codes); drawing pictures
  (pictures); card and manifest (finish).
- card: composing its text, without pictures. stats: `sportgen stats`.
- push plan: `sportgen push --dry-run` of all configs. push: `sportgen push` of encoded and tracks.
  next plan: `sportgen push --dry-run` of encoded and tracks after that push.
"""

import argparse
import gc
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from builder_tests.hub.local_hub import LocalHub
from costs import Cost, change, draw, further, growth, table
from harness import Meter, Took, record, typical
from stages import STAGES, compose_music

FEW = 10
# A stage is repeated until it took QUICK_SECONDS in all, at most MOST_RUNS times.
QUICK_SECONDS, MOST_RUNS = 8.0, 5


def run_stage(stage: str, folders: Sequence[Path], hubs: Sequence[str]) -> None:
    """Do a stage on the ten tracks, then on the library, several times if it is quick.

    Prints the number of runs on the library, and the cost of each part of the stage: median times
    and the highest peak.
    """
    STAGES[stage](folders[0], hubs[0], Meter())
    runs: list[dict[str, Took]] = []
    until = time.perf_counter() + QUICK_SECONDS
    # A release can be published only once.
    most = 1 if stage == "push" else MOST_RUNS
    while not runs or (len(runs) < most and time.perf_counter() < until):
        meter = Meter()
        # Garbage collection during the stage skips the objects that exist now.
        gc.collect()
        gc.freeze()
        STAGES[stage](folders[1], hubs[1], meter)
        runs.append(meter.stages)
    parts = {f"{stage} {part}".strip(): typical([run[part] for run in runs]) for part in runs[0]}
    print(json.dumps([len(runs), parts]))


def measure(work: Path, tracks: int) -> dict[str, Cost]:
    """Stage -> its cost, for a library of `tracks` tracks."""
    folders = [work / "warm", work / str(tracks)]
    compose_music(folders[1] / "music", tracks)
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
            runs, parts = json.loads(done.stdout)
            requests = (len(hub.requests) - before) // runs
            files = sum(file.is_file() for file in (folders[1] / "dataset").rglob("*"))
            for part, took in parts.items():
                costs[part] = Cost(Took(*took), files, requests)
            print(f"{tracks} tracks: {stage} done", file=sys.stderr)
    shutil.rmtree(folders[1])
    return costs


def main() -> None:
    """Read the options and report; hidden options run a single stage."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 5000])
    parser.add_argument("--plot", type=Path, help="Draw the costs into this file.")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    parser.add_argument("--hubs", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage:
        run_stage(
            options.stage, [options.work / str(n) for n in ("warm", *options.sizes)], options.hubs
        )
        return
    sizes = sorted({FEW, *options.sizes})
    with tempfile.TemporaryDirectory() as work:
        compose_music(Path(work, "warm", "music"), FEW)
        costs = {tracks: measure(Path(work), tracks) for tracks in sizes}
        for tracks in reversed(sizes[:-1]):
            again = measure(Path(work), tracks)
            for stage, cost in costs[tracks].items():
                took = typical([cost.took, again[stage].took])
                costs[tracks][stage] = replace(cost, took=took)
    print("\n".join(table(costs)))
    print("\n".join(["", *growth(costs)]))
    if options.plot:
        draw(costs, options.plot)
    large = sizes[-1]
    for stage, cost in costs[large].items():
        ms, changed = 1000 * cost.took.cpu_seconds / large, change(costs, stage)
        record(f"{stage}, {large:,} tracks", ms, "CPU ms a track")
        ratio = None if changed is None else 1 + changed
        record(f"{stage}, a further track", further(costs, stage)[-1], "CPU ms", ratio, "smaller")


if __name__ == "__main__":
    main()
