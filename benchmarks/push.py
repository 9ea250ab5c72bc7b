"""Requests and bytes of a push, against `push_to_hub` of the same rows, on a Hub of our own.

    python benchmarks/push.py [--tracks 100] [--splits 5] [--xet]

Each way publishes the same release three times: first, again without a change, and with one track
added. Requests, bytes of files, all bytes and commits are counted on the Hub. Each push is a
process of its own, over LFS or, with --xet, over Xet, which sends only the changed parts of files.

- push_to_hub: `load_dataset(folder, config).push_to_hub(...)` for each config, then a tag, so that
  the result is a release.
- sportgen: `sportgen push`.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from builder_tests.hub.local_hub import LocalHub
from builder_tests.support.making import build
from harness import record
from sport_music_dataset.recipe import Recipe

REPO = "org/sport-music"
WAYS = ("push_to_hub", "sportgen")
CONFIGS = ("raw", "tracks")
# Paths of requests with which LFS and Xet send the content of files.
FILES = re.compile("^/lfs/|/v1/xorbs/")


def by_push_to_hub(folder: str, version: str) -> None:
    """Publish with datasets and huggingface_hub only."""
    from datasets import load_dataset
    from huggingface_hub import HfApi

    for config in CONFIGS:
        load_dataset(folder, config).push_to_hub(REPO, config_name=config, private=True)
    HfApi().create_tag(REPO, tag=f"v{version}", repo_type="dataset", exist_ok=True)


def by_sportgen(folder: str, version: str) -> None:
    """Publish with `sportgen push`."""
    from sport_music_dataset.cli import main

    if main(["push", folder, REPO, "--version", version]):
        raise SystemExit("the push failed")


def tally(
    hub: LocalHub, way: str, folder: Path, version: str, home: str, over_xet: bool
) -> dict[str, int]:
    """Run one push and return the counts of the Hub by name."""
    hub.requests.clear()
    commits = len(hub.repos[REPO].commits) if REPO in hub.repos else 0
    command = [sys.executable, __file__, "--way", way, "--out", str(folder), version]
    done = subprocess.run(
        command,
        env=hub.environment(Path(home), over_xet=over_xet)
        | {"HF_DATASETS_CACHE": f"{home}/{version}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return {
        "requests": len(hub.requests),
        "bytes of files": sum(r.received for r in hub.requests if FILES.search(r.path)),
        "bytes sent": sum(request.received for request in hub.requests),
        # The Hub itself makes the first commit of a repository.
        "commits": len(hub.repos[REPO].commits) - max(commits, 1),
    }


def report(tracks: int, splits: int, over_xet: bool) -> None:
    """Publish three times with each way and print the table."""
    # The module blocks the network for this process; the pushing processes must not import it.
    from builder_tests.conftest import noise, write_audio

    recipe = Recipe(splits=tuple((f"part{number}", 1 / splits) for number in range(splits)))
    with tempfile.TemporaryDirectory() as work:
        music, folders = Path(work, "music"), [Path(work, "first"), Path(work, "added")]
        for number in range(tracks):
            write_audio(music / f"rock/Yoga_{number}_rock.flac", noise(26.0, seed=number))
        build(music, folders[0], recipe)
        subprocess.run(["cp", "-r", *map(str, folders)], check=True)
        write_audio(music / f"rock/Yoga_{tracks}_rock.flac", noise(26.0, seed=tracks))
        build(music, folders[1], recipe)
        print(f"{tracks} tracks of one chunk, {splits} splits\n")
        print("| push | way | requests | bytes of files | bytes sent | commits |")
        print("| --- | --- | ---: | ---: | ---: | ---: |")
        pushes = {
            "first": (folders[0], "1.0.0"),
            "unchanged": (folders[0], "1.0.0"),
            "one track added": (folders[1], "1.1.0"),
        }
        rows: dict[tuple[str, str], dict[str, int]] = {}
        for way in WAYS:
            with LocalHub() as hub:
                for what, (folder, version) in pushes.items():
                    rows[what, way] = tally(hub, way, folder, version, f"{work}/{way}", over_xet)
        for what in pushes:
            for way in WAYS:
                cells = " | ".join(f"{number:,}" for number in rows[what, way].values())
                print(f"| {what} | {way} | {cells} |")
                for name in ("requests", "bytes sent"):
                    ours, theirs = rows[what, way][name], rows[what, WAYS[0]][name]
                    ratio = theirs / ours if ours else None
                    record(f"{what}: {way}", ours, name, ratio, WAYS[0])


def main() -> None:
    """Read the options and report; hidden options push once."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--tracks", type=int, default=100)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--xet", action="store_true")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--out", help=argparse.SUPPRESS)
    parser.add_argument("version", nargs="?", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        ways = {"push_to_hub": by_push_to_hub, "sportgen": by_sportgen}
        ways[options.way](options.out, options.version)
    else:
        report(options.tracks, options.splits, options.xet)


if __name__ == "__main__":
    main()
