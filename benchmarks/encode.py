"""Seconds a chunk of EnCodec, the usual ways and ours, in one run, and whether the codes agree.

    python benchmarks/encode.py [--tracks 4] [--chunks 15] [--runs 3] [--codec FOLDER]

Without --codec, an EnCodec of the full encodec_32khz architecture with random weights is made:
speed does not depend on the weights, near-ties between codes do. Each way runs in a process of its
own; runs of different ways alternate. Medians and ratios of medians are printed.

- notebook: a `datasets.map` for each step, one chunk at a time, everything in memory.
- plain: `EncodecModel.encode`, one chunk at a time, as published tools do it.
- plain kept: the same, with freed memory kept.
- torch, openvino: our codec with each backend, in batches like those of `sportgen encode`.

Our ways encode all chunks of all tracks; the other ways, which are not faster with more chunks,
encode one track.

Last, how many chunks of FLAC a second threads decode by themselves, which is what a GPU waits for.

GFLOP/s count only the work that remains when chunks share work; the peak is the rate of a product
of two matrices of 2048 x 2048, measured in the same processes.
"""

import argparse
import json
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import in_turn, measure, record

WAYS = ("notebook", "plain", "plain kept", "torch", "openvino")
HOP_SAMPLES, CHUNK_SAMPLES = 480_000, 800_000


def make_codec(folder: Path) -> None:
    """Write an EnCodec with the architecture of facebook/encodec_32khz and rough codebooks."""
    import torch
    from transformers import EncodecConfig, EncodecFeatureExtractor, EncodecModel

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
        noise = 0.1 * torch.randn(1, 1, 640 * 2500)
        embeddings = model.encoder(noise)
        # Mean 0 and variance 1, as after training: otherwise all entries are near each other.
        last = model.encoder.layers[-1].conv
        mean, std = embeddings.mean((0, 2)), embeddings.std((0, 2))
        last.parametrizations.weight.original0.div_(std[:, None, None])
        last.bias.sub_(mean).div_(std)
        residual = model.encoder(noise)
        for layer in model.quantizer.layers:
            layer.codebook.embed.copy_(residual[0].T[torch.randperm(2500)[:2048]])
            residual = residual - layer.decode(layer.encode(residual))
    model.save_pretrained(folder)
    EncodecFeatureExtractor(feature_size=1, sampling_rate=32_000).save_pretrained(folder)


def waveforms(track: int, chunks: int) -> Any:
    """Chunks [chunks, N] float32 of a synthesised track; they begin 15 s apart."""
    import numpy as np
    import soxr

    from sport_music_dataset.demo.synth import DEMO_PIECES, render

    piece = replace(DEMO_PIECES[track % len(DEMO_PIECES)], seconds=25.0 + 15 * chunks)
    mono = soxr.resample(render(piece).mean(axis=0), piece.sampling_rate, 32_000, "HQ")
    starts = [at * HOP_SAMPLES for at in range(chunks)]
    return np.stack([mono[at : at + CHUNK_SAMPLES] for at in starts]).astype(np.float32)


def run_way(way: str, codec: str, tracks: int, chunks: int, out: Path) -> None:
    """Encode chunks, save the codes of the first track's chunks, and print seconds a chunk."""
    from sport_music_dataset.engines.memory import keep_freed_memory

    if way not in ("notebook", "plain"):
        keep_freed_memory()
    import numpy as np

    from sport_music_dataset.encode.codec.encodec import Codec

    ours = way in ("torch", "openvino")
    audio = np.concatenate([waveforms(at, chunks) for at in range(tracks if ours else 1)])
    encoder = Codec(codec, 4, backend=way if ours else "torch")
    encoder.encode(audio[:1], [0]) if ours else encoder.encode_plain(audio[:1])
    begun = time.perf_counter()
    if way == "notebook":
        import notebook

        labels = np.asarray(notebook.encode(list(audio), codec)["labels"])
        codes = np.stack([np.roll(labels[:, book], -book, axis=-1) for book in range(4)], axis=1)
    elif ours:
        codes = encoder.encode(audio, ([0] + [HOP_SAMPLES] * (chunks - 1)) * tracks)
    else:
        codes = np.concatenate([encoder.encode_plain(one[None]) for one in audio])
    took = time.perf_counter() - begun
    np.save(out / f"{way}.npy", codes[:chunks])
    with (out / "peaks").open("a") as file:
        file.write(f"{peak_gflops()}\n")
    print(json.dumps(took / len(audio)))


def peak_gflops() -> float:
    """GFLOP/s of a product of two matrices of 2048 x 2048 float32: the best of ten."""
    import torch

    one, took = torch.randn(2048, 2048), []
    for _ in range(10):
        begun = time.perf_counter()
        one @ one
        took.append(time.perf_counter() - begun)
    return 2 * 2048**3 / min(took) / 1e9


def shared_gflop(codec: str) -> float:
    """GFLOP of a chunk if its convolutions process only the 15 s that are new, its LSTM all."""
    import torch
    from transformers import EncodecModel

    model: Any = EncodecModel.from_pretrained(codec)
    counted: list[int] = []

    def count(conv: Any, inputs: Any, output: Any) -> None:
        weight = conv.weight
        counted.append(2 * weight.numel() * output.shape[-1])

    frames = 50
    for module in model.encoder.modules():
        if isinstance(module, torch.nn.Conv1d):
            module.register_forward_hook(count)
    with torch.no_grad():
        model.encoder(torch.zeros(1, 1, frames * model.config.hop_length))
    lstm = next(module for module in model.encoder.modules() if isinstance(module, torch.nn.LSTM))
    steps: int = sum(
        2 * weight.numel() for name, weight in lstm.named_parameters() if "weight" in name
    )
    hop, chunk = (samples // model.config.hop_length for samples in (HOP_SAMPLES, CHUNK_SAMPLES))
    return float(sum(counted) / frames * hop + steps * chunk) / 1e9


def report(codec: str, tracks: int, chunks: int, runs: int) -> None:
    """Measure all ways in turn and print the table."""
    import numpy as np

    options = ("--codec", codec, "--tracks", tracks, "--chunks", chunks)
    with tempfile.TemporaryDirectory() as out:
        took = in_turn(
            WAYS, runs, lambda way: measure(__file__, "--way", way, "--out", out, *options)
        )
        codes = {way: np.load(Path(out) / f"{way}.npy") for way in WAYS}
        peak = statistics.median(map(float, (Path(out) / "peaks").read_text().split()))
    middle = {way: seconds for way, (seconds, _) in took.items()}
    work = shared_gflop(codec)
    print(f"{tracks} tracks of {chunks} chunks, medians of {runs} run(s)")
    print(f"at least {work:.0f} GFLOP a chunk; a product of matrices runs at {peak:.0f} GFLOP/s\n")
    print("| way | seconds a chunk | against plain | plain kept | identical | GFLOP/s | peak MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for way in WAYS:
        seconds, memory = took[way]
        record(way, seconds, "s a chunk", middle["plain"] / seconds, "plain")
        # The labels of the notebook lack the last k codes of codebook k.
        same = (codes[way] == codes["plain"])[..., : -3 if way == "notebook" else None]
        rate = work / seconds
        print(
            f"| {way} | {seconds:.2f} | {middle['plain'] / seconds:.2f} "
            f"| {middle['plain kept'] / seconds:.2f} | {same.mean():.6f} "
            f"| {rate:.0f} ({rate / peak:.0%}) | {memory:.0f} |"
        )


def report_readers() -> None:
    """Print how many chunks a second threads decode by themselves, as `encode` does for a GPU."""
    from concurrent.futures import ThreadPoolExecutor

    from sport_music_dataset.audio.samples import encode_flac
    from sport_music_dataset.encode.batches import decoded
    from sport_music_dataset.engines.base import cores

    chunks = (32_767 * waveforms(0, 16)).astype("int16")
    flacs = [encode_flac(chunk) for chunk in chunks] * 4
    first = 0.0
    print("\n| threads that decode | chunks a second | against one |\n| ---: | ---: | ---: |")
    for threads in [count for count in (1, 2, 4, 8) if count <= cores()]:
        took = []
        with ThreadPoolExecutor(threads) as readers:
            for _ in range(3):
                begun = time.perf_counter()
                decoded(flacs, readers)
                took.append(time.perf_counter() - begun)
        rate = len(flacs) / statistics.median(took)
        first = first or rate
        record(f"readers, {threads} threads", rate, "chunks a s", rate / first, "1 thread")
        print(f"| {threads} | {rate:.0f} | {rate / first:.2f} |")


def main() -> None:
    """Read the options and report; hidden options run a single way."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--tracks", type=int, default=4)
    parser.add_argument("--chunks", type=int, default=15)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--codec", default="")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        run_way(options.way, options.codec, options.tracks, options.chunks, options.out)
        return
    with tempfile.TemporaryDirectory() as folder:
        if not options.codec:
            make_codec(Path(folder))
        report(options.codec or folder, options.tracks, options.chunks, options.runs)
    report_readers()


if __name__ == "__main__":
    main()
