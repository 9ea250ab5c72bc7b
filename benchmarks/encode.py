"""Seconds a chunk of EnCodec, plain and shared, in one run, and whether the codes agree.

    python benchmarks/encode.py [--chunks 15] [--runs 3] [--codec FOLDER]

Without --codec it makes an EnCodec of the full encodec_32khz architecture with random weights:
speed does not depend on them, near-ties between codes do. Every way runs in a process of its own,
interleaved; printed are medians, and ratios of medians.

- plain: `EncodecModel.encode`, one chunk at a time, as published tools do it.
- plain kept: the same, with freed memory kept.
- shared: ours, in batches as `sportgen encode` makes them, with freed memory kept.
"""

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import in_turn, measure

WAYS = ("plain", "plain kept", "shared")
HOP_SAMPLES, CHUNK_SAMPLES = 480_000, 800_000


def make_codec(folder: Path) -> None:
    """An EnCodec of the architecture of facebook/encodec_32khz, its codebooks fitted a little."""
    import torch
    from transformers import EncodecConfig, EncodecModel

    torch.manual_seed(0)
    config = EncodecConfig(
        sampling_rate=32_000,
        target_bandwidths=[2.2],
        upsampling_ratios=[8, 5, 4, 4],
        num_filters=64,
        codebook_size=2048,
        use_causal_conv=False,
        use_conv_shortcut=False,
    )
    model: Any = EncodecModel(config)
    with torch.no_grad():
        residual = model.encoder(0.1 * torch.randn(1, 1, 640 * 2500))
        for layer in model.quantizer.layers:
            layer.codebook.embed.copy_(residual[0].T[torch.randperm(2500)[:2048]])
            residual = residual - layer.decode(layer.encode(residual))
    model.save_pretrained(folder)


def run_way(way: str, codec: str, chunks: int, out: Path) -> None:
    """Encode the chunks of one synthesised track, save the codes and print seconds a chunk."""
    from sport_music_dataset.memory import keep_freed_memory

    if way != "plain":
        keep_freed_memory()
    import numpy as np
    import soxr

    from sport_music_dataset.codec import Codec
    from sport_music_dataset.synth import DEMO_PIECES, render

    piece = replace(DEMO_PIECES[1], seconds=25.0 + 15 * chunks)
    track = soxr.resample(render(piece).mean(axis=0), piece.sampling_rate, 32_000, "HQ")
    starts = [at * HOP_SAMPLES for at in range(chunks)]
    waveforms = np.stack([track[at : at + CHUNK_SAMPLES] for at in starts])
    encoder = Codec(codec, 4)
    encoder.encode_plain(waveforms[:1])
    begun = time.perf_counter()
    if way == "shared":
        codes = encoder.encode(waveforms, [0] + [HOP_SAMPLES] * (chunks - 1))
    else:
        codes = np.concatenate([encoder.encode_plain(one[None]) for one in waveforms])
    took = time.perf_counter() - begun
    np.save(out / f"{way}.npy", codes)
    print(json.dumps(took / chunks))


def report(codec: str, chunks: int, runs: int) -> None:
    """Measure all ways in turn and print the table."""
    import numpy as np

    options = ("--codec", codec, "--chunks", chunks)
    with tempfile.TemporaryDirectory() as out:
        took = in_turn(
            WAYS, runs, lambda way: measure(__file__, "--way", way, "--out", out, *options)
        )
        codes = {way: np.load(Path(out) / f"{way}.npy") for way in WAYS}
    middle = {way: seconds for way, (seconds, _) in took.items()}
    print(f"{chunks} chunks of one track, median of {runs} runs\n")
    print("| way | seconds a chunk | against plain | against plain kept | identical | peak MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for way in WAYS:
        seconds, peak = took[way]
        print(
            f"| {way} | {seconds:.2f} | {middle['plain'] / seconds:.2f} "
            f"| {middle['plain kept'] / seconds:.2f} "
            f"| {(codes[way] == codes['plain']).mean():.6f} | {peak:.0f} |"
        )


def main() -> None:
    """Read the options; hidden ones run a single way."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--chunks", type=int, default=15)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--codec", default="")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        run_way(options.way, options.codec, options.chunks, options.out)
    elif options.codec:
        report(options.codec, options.chunks, options.runs)
    else:
        with tempfile.TemporaryDirectory() as folder:
            make_codec(Path(folder))
            report(folder, options.chunks, options.runs)


if __name__ == "__main__":
    main()
