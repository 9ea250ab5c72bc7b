"""How right the measures and the words are on music that nobody here made.

    python benchmarks/truth.py fetch                    # Debian packages with MIDI files
    python benchmarks/truth.py render                   # audio and truth.json
    python benchmarks/truth.py build [--listen]         # sportgen's release of them, by its options
    python benchmarks/truth.py tools                    # what others measure: tools.json
    python benchmarks/truth.py score [--out table.md]   # tables in Markdown

Scores that others wrote (`judging/pieces.py`) are rendered by FluidSynth, so that tempo, key and
instruments are known. All goes into the folder `--work`, where each step goes on where it was
stopped. The steps run in different environments: `fetch`, `render` and `tools` need numpy,
soundfile, mido and music21 from PyPI, Debian's fluidsynth, ffmpeg, mma and a sound font, and
whatever tools one compares with (`judging/others.py` has their licences); `build` and `score` need
sportgen's own.

The pieces are halves, by their names. Look at one to improve something; measure with the other,
rendered by another sound font, what it has brought.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from judging import others, ours, tables

SECONDS = 55
FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")


def fetch(options: argparse.Namespace) -> None:
    """Download the packages."""
    from judging.pieces import fetch

    folder = options.work / "packages"
    folder.mkdir(parents=True, exist_ok=True)
    fetch(folder)


def render(options: argparse.Namespace) -> None:
    """Render the pieces that are not there yet."""
    import soundfile

    from judging.pieces import pieces
    from judging.render import RATE, render

    truths, work = _read(options.work / "truth.json"), options.work
    scratch = work / "scratch"
    every = pieces(work / "packages", scratch, SECONDS, options.seed)
    for number, piece in enumerate(every):
        path = f"{piece.kind}/Running_{number:03d}_{piece.kind}.flac"
        if path in truths or (options.half is not None and piece.half != options.half):
            continue
        try:
            samples = render(piece.midi, options.sound_font, SECONDS, scratch)
        except ValueError as error:
            print(f"{piece.kind} {piece.name}: left out: {error}", file=sys.stderr)
            continue
        file = work / "audio" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, samples, RATE, subtype="PCM_16")
        truths[path] = piece.truth
        _write(work / "truth.json", truths)
        print(f"{len(truths)} {piece.kind} {piece.name}", file=sys.stderr)


def build(options: argparse.Namespace) -> None:
    """Build a release of the audio."""
    ours.build(options.sportgen, options.work / "audio", options.work / "out", options.more)


def tools(options: argparse.Namespace) -> None:
    """Measure with the tools that are installed what they have not measured yet."""
    installed = others.installed()
    print(f"tools: {', '.join(installed)}", file=sys.stderr)
    file = options.work / "tools.json"
    found, truths = _read(file), _read(options.work / "truth.json")
    for number, path in enumerate(truths, 1):
        measured, done = found.setdefault(path, {}), found.setdefault("done", {})
        for name, tool in installed.items():
            if name not in done.setdefault(path, []):
                measured |= tool(options.work / "audio" / path)
                done[path].append(name)
        _write(file, found)
        print(f"{number} of {len(truths)} {path}", file=sys.stderr)


def score(options: argparse.Namespace) -> None:
    """Print the tables."""
    measured = _read(options.work / "tools.json")
    measured.pop("done", None)
    tracks, chunks = ours.read(options.work / "out")
    lines = tables.report(_read(options.work / "truth.json"), tracks, chunks, measured)
    text = "\n".join(lines).strip() + "\n"
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    print(text, end="")


STEPS: dict[str, Callable[[argparse.Namespace], None]] = {
    step.__name__: step for step in (fetch, render, build, tools, score)
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one step."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--work", type=Path, default=Path("build/truth"), help="Folder for all.")
    parser.add_argument("--sound-font", type=Path, default=FONT, help="For render: SF2 or SF3.")
    parser.add_argument("--seed", type=int, default=1, help="For render: keys and instruments.")
    parser.add_argument("--half", type=int, choices=(0, 1), help="For render: one half alone.")
    parser.add_argument("--sportgen", default="sportgen", help="For build: the command.")
    parser.add_argument("--out", type=Path, help="For score: also write the tables here.")
    options, more = parser.parse_known_args(arguments)
    if more and options.step != "build":
        parser.error(f"{options.step} takes no {' '.join(more)}")
    options.more = more
    STEPS[options.step](options)


def _read(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}


def _write(file: Path, data: dict[str, Any]) -> None:
    part = file.with_suffix(".part")
    part.write_text(json.dumps(data, indent=1), encoding="utf-8")
    part.rename(file)


if __name__ == "__main__":
    main()
