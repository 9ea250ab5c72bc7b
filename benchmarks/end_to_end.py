"""From music files to a finished `encoded`, start-up included: the usual notebook and sportgen.

    python benchmarks/end_to_end.py [--tracks 4] [--minutes 4] [--codec FOLDER]

Each way is a process that starts from the files; the way of sportgen runs `build`, then `encode`.
Without --codec, an EnCodec of the full encodec_32khz architecture with random weights is made.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from build import synthesise
from encode import make_codec
from harness import in_turn, measure, record

WAYS = ("notebook", "sportgen")


def sportgen(*arguments: object) -> None:
    """Run the command `sportgen`; of its output, for which time the model waited is shown."""
    command = [sys.executable, "-m", "sport_music_dataset", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr}")
    for line in done.stderr.splitlines():
        if "the model waited" in line:
            print(line, file=sys.stderr)


def run_way(way: str, codec: str, music: Path) -> None:
    """Run one way from the files to `encoded`, and print its seconds."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as out:
        if way == "notebook":
            import notebook

            files = sorted(file for file in music.rglob("*.*") if file.suffix != ".csv")
            chunks = [chunk for file in files for chunk in notebook.cut(file)]
            notebook.encode(chunks, codec).save_to_disk(f"{out}/dataset")
        else:
            model = Path(__file__).parents[1] / "sport_music_dataset/encode/nano/model"
            # Two tracks fill one split, and their names are read as those of sport.
            names = ("--layout", "sport", "--splits", "train=1.0")
            sportgen("build", music, f"{out}/dataset", *names)
            sportgen("encode", f"{out}/dataset", "--model", model, "--codec", codec)
    print(json.dumps(time.perf_counter() - begun))


def report(codec: str, music: Path, runs: int) -> None:
    """Measure both ways in turn and print the table."""
    took = in_turn(
        WAYS,
        runs,
        lambda way: measure(__file__, "--way", way, "--codec", codec, "--music", music),
    )
    print("| way | seconds | against the notebook | peak MB |")
    print("| --- | ---: | ---: | ---: |")
    for way, (seconds, memory) in took.items():
        record(way, seconds, "s", took["notebook"][0] / seconds, "notebook")
        print(f"| {way} | {seconds:.0f} | {took['notebook'][0] / seconds:.2f} | {memory:.0f} |")


def main() -> None:
    """Read the options and report; hidden options run a single way."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--tracks", type=int, default=4)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--codec", default="")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--music", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        run_way(options.way, options.codec, options.music)
        return
    with tempfile.TemporaryDirectory() as folder:
        codec, music = options.codec or f"{folder}/codec", Path(folder) / "music"
        if not options.codec:
            make_codec(Path(codec))
        synthesise(music, options.tracks, options.minutes)
        report(codec, music, options.runs)


if __name__ == "__main__":
    main()
