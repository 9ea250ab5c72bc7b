"""Chunks a second of EnCodec on a GPU, plain and ours, and whether the codes agree.

    python benchmarks/gpu.py [--device cuda] [--chunks 128] [--codec FOLDER]

Without --codec, an EnCodec of the full encodec_32khz architecture with random weights is made.

- plain: `EncodecModel.encode`, one chunk at a time.
- plain batched: the same, so many chunks at once.
- ours: our codec, so many chunks at a time, which overlap as in a track.

Codes are compared with those of `plain` on the CPU (of --reference chunks) and on the device. One
pass before the clock starts fills caches and picks kernels; the clock stops when the codes are in
main memory. `--device cpu` tries the script where there is no GPU; its figures say nothing.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from encode import HOP_SAMPLES, make_codec, waveforms
from harness import record
from sport_music_dataset.encode.codec.encodec import Codec, Waveforms
from sport_music_dataset.release.labels import Codes

_TRACK_CHUNKS = 16


def offsets(first: int, count: int) -> list[int]:
    """How far chunks start after the one before; every `_TRACK_CHUNKS` begin a track."""
    steps = [HOP_SAMPLES if at % _TRACK_CHUNKS else 0 for at in range(first, first + count)]
    return [0, *steps[1:]]


def in_batches(
    audio: Waveforms, size: int, encode: Callable[[int, Waveforms], Codes]
) -> Callable[[], Codes]:
    """All codes of `audio`, `size` chunks at a time; `encode` gets the number of the first too."""

    def run() -> Codes:
        starts = range(0, len(audio), size)
        return np.concatenate([encode(at, audio[at : at + size]) for at in starts])

    return run


def timed(run: Callable[[], Codes], device: str) -> tuple[Codes, float, float]:
    """(codes, seconds, peak MB on the device) of the second of two runs."""
    is_gpu = device != "cpu"
    run()
    if is_gpu:
        torch.cuda.reset_peak_memory_stats(device)
    begun = time.perf_counter()
    codes = run()
    took = time.perf_counter() - begun
    return codes, took, torch.cuda.max_memory_allocated(device) / 1e6 if is_gpu else 0.0


def report(folder: str, device: str, count: int, reference: int, sizes: Sequence[int]) -> None:
    """Measure all ways, and print the table."""
    tracks = -(-count // _TRACK_CHUNKS)
    audio = np.concatenate([waveforms(at, _TRACK_CHUNKS) for at in range(tracks)])[:count]
    codec, there = Codec(folder, 4, device, "torch"), Codec(folder, 4, backend="torch")

    def plain(_: int, part: Waveforms) -> Codes:
        return codec.encode_plain(part)

    def ours(first: int, part: Waveforms) -> Codes:
        return codec.encode(part, offsets(first, len(part)))

    on_cpu = in_batches(audio[:reference], 1, lambda _, part: there.encode_plain(part))()
    ways = {"plain": in_batches(audio, 1, plain)}
    ways |= {f"plain batched, {size}": in_batches(audio, size, plain) for size in sizes}
    ways |= {f"ours, {size}": in_batches(audio, size, ours) for size in sizes}
    name: Any = torch.cuda.get_device_name(device) if device != "cpu" else "CPU"
    print(f"{count} chunks; {name}; PyTorch {torch.__version__}\n")
    print("| way | chunks a second | against plain | as on the CPU | as plain here | peak MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    first: tuple[Codes, float] | None = None
    for way, run in ways.items():
        try:
            codes, took, peak = timed(run, device)
        except torch.OutOfMemoryError:
            print(f"| {way} | out of memory | | | | |")
            continue
        plain_codes, plain_took = first = first or (codes, took)
        record(way, count / took, "chunks a s", plain_took / took, "plain")
        print(
            f"| {way} | {count / took:.2f} | {plain_took / took:.2f} "
            f"| {(codes[:reference] == on_cpu).mean():.6f} | {(codes == plain_codes).mean():.6f} "
            f"| {peak:.0f} |",
            flush=True,
        )


def main() -> None:
    """Read the options and report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--chunks", type=int, default=128)
    parser.add_argument("--reference", type=int, default=16, help="Chunks encoded on the CPU too.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 16, 32, 64])
    parser.add_argument("--codec", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not options.codec:
            make_codec(Path(folder))
        codec = options.codec or folder
        report(codec, options.device, options.chunks, options.reference, options.sizes)


if __name__ == "__main__":
    main()
