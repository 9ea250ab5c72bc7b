"""Seconds of audio per second of build, against librosa and against bare decoding, in one run.

    python benchmarks/build.py [MUSIC] [--tracks 12] [--minutes 4] [--runs 3]

Without MUSIC, tracks like those of the demo are synthesised, as mp3, flac and ogg in turn. Each way
runs in a process of its own; runs of different ways alternate, so that a change of the machine's
speed affects all ways. Medians and ratios of medians are printed.

- librosa: `librosa.load(sr=32000)`, then the chunks as slices, one process. Nothing is stored.
- decoding: FFmpeg decodes every frame through PyAV, and nothing is kept, one process. This is the
  least time that any way needs.
- chunks: our decoding, resampling and cutting, one process. Nothing is stored, as with librosa.
- unmeasured: `sportgen build --no-analysis` with one process.
- sportgen 1, 2: `sportgen build` with that many processes, from files to a finished release.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness import in_turn, measure, record

WAYS = ("librosa", "decoding", "chunks", "unmeasured", "sportgen 1", "sportgen 2")


def by_librosa(files: list[Path], out: Path) -> None:
    """Load whole tracks and cut them by slices, as notebooks do."""
    import librosa

    chunk, hop = 800_000, 480_000
    for file in files:
        samples, _ = librosa.load(file, sr=32_000)
        chunks = [samples[at : at + chunk] for at in range(0, len(samples) - chunk + 1, hop)]
        if not chunks:
            raise SystemExit(f"{file}: shorter than a chunk")


def by_decoding(files: list[Path], out: Path) -> None:
    """Decode every frame without keeping it."""
    import av

    for file in files:
        with av.open(str(file)) as container:
            for _ in container.decode(audio=0):
                pass


def by_chunks(files: list[Path], out: Path) -> None:
    """Make our chunks without keeping them."""
    from sport_music_dataset.audio.decode import decode_mono
    from sport_music_dataset.audio.samples import chunks_of, to_pcm16

    for file in files:
        for _ in chunks_of(
            (to_pcm16(block)[0] for block in decode_mono(str(file))), 800_000, 480_000
        ):
            pass


def by_sportgen(num_proc: int, analysis: bool = True) -> Callable[[list[Path], Path], None]:
    """Return a function that runs a complete build into a folder."""

    def run(files: list[Path], out: Path) -> None:
        from sport_music_dataset.build.build import BuildRequest, build_release
        from sport_music_dataset.recipe import Recipe
        from sport_music_dataset.source.source import Source

        recipe = Recipe(splits=(("train", 1.0),), analysis=analysis)
        source = files[0].parent.parent
        named = Source(str(source), layout="sport")  # whatever its names are
        build_release(BuildRequest(named, out, recipe, num_proc=num_proc))

    return run


RUNNERS: dict[str, Callable[[list[Path], Path], None]] = {
    "librosa": by_librosa,
    "decoding": by_decoding,
    "chunks": by_chunks,
    "unmeasured": by_sportgen(1, analysis=False),
    "sportgen 1": by_sportgen(1),
    "sportgen 2": by_sportgen(2),
}


def synthesise(folder: Path, tracks: int, minutes: float) -> None:
    """Write tracks like those of the demo, `minutes` long each."""
    from sport_music_dataset.demo.synth import DEMO_PIECES, write_piece

    for number in range(tracks):
        piece = DEMO_PIECES[number % len(DEMO_PIECES)]
        suffix = (".mp3", ".flac", ".ogg")[number % 3]
        name = f"bench/{number}_{piece.style}{suffix}"
        write_piece(replace(piece, file_name=name, seconds=60 * minutes), folder, seed=number)


def run_way(way: str, music: Path, out: Path) -> None:
    """Run one way in this process and print its seconds, without imports."""
    files = sorted(file for file in music.rglob("*") if file.suffix in (".mp3", ".flac", ".ogg"))
    if way in ("unmeasured", "sportgen 1", "sportgen 2"):
        __import__("sport_music_dataset.build.build")
    if way == "librosa":
        # The first call imports lazily and compiles with numba: it is not measured.
        by_librosa(files[:1], out)
    start = time.perf_counter()
    RUNNERS[way](files, out)
    print(json.dumps(time.perf_counter() - start))


def hours_of(music: Path) -> float:
    """Hours of audio in the files, from their headers."""
    from sport_music_dataset.source.read import read_source

    return sum(track.duration_seconds for track in read_source(music).usable) / 3600


def report(music: Path, runs: int) -> None:
    """Measure all ways in turn and print the table."""

    def run(way: str) -> tuple[float, float]:
        with tempfile.TemporaryDirectory() as out:
            return measure(__file__, music, "--way", way, "--out", f"{out}/dataset")

    took = in_turn(WAYS, runs, run)
    seconds = hours_of(music) * 3600
    middle = {way: seconds for way, (seconds, _) in took.items()}
    print(f"{seconds / 3600:.2f} hours of audio, median of {runs} runs\n")
    print("| way | seconds | times real time | against librosa | against decoding | peak MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for way in WAYS:
        wall, peak = took[way]
        record(way, seconds / wall, "times real time", middle["librosa"] / wall, "librosa")
        print(
            f"| {way} | {wall:.2f} | {seconds / wall:.0f} | {middle['librosa'] / wall:.2f} "
            f"| {middle['decoding'] / wall:.2f} | {peak:.0f} |"
        )
    print(f"\n2 processes against 1: {middle['sportgen 1'] / middle['sportgen 2']:.2f}")


def main() -> None:
    """Read the options and report; a hidden option runs a single way."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("music", type=Path, nargs="?")
    parser.add_argument("--tracks", type=int, default=12)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        run_way(options.way, options.music, options.out)
    elif options.music:
        report(options.music, options.runs)
    else:
        with tempfile.TemporaryDirectory() as folder:
            synthesise(Path(folder), options.tracks, options.minutes)
            report(Path(folder), options.runs)


if __name__ == "__main__":
    main()
