"""Train the codec of the embedded `nano` model, on synthesised music only.

    python tools/train_nano.py [OUT=sport_music_dataset/encode/nano/codec] [--checkpoint FILE]

The codec is written to OUT, its loss curve to nano_loss.csv beside this file: means of `LOG_EVERY`
steps. With a checkpoint, an interrupted run continues. Training uses one thread, because sums
depend on how they are split: the same versions on the same machine write the same bytes,
interrupted or not.

Training begins with random weights, scaled on the music. The first `WARM_UP` steps have no
quantiser, so that its codebooks can then be the k-means of useful encoder outputs; after that they
follow the encoder by moving averages. For the last `FIXED` steps the encoder is rounded to float16,
as it is saved, and does not change; the codebooks are fitted to it once more, and only the decoder
is trained, on the final codes.

Sources: losses and architecture, Défossez et al. 2022, "High Fidelity Neural Audio Compression",
without its discriminators; residual quantiser trained by moving averages, its dead entries
replaced by samples, Zeghidour et al. 2021, "SoundStream"; straight-through gradient of it, van den
Oord et al. 2017, "Neural Discrete Representation Learning".
"""

import argparse
import csv
import math
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import EncodecModel

from nano_codec import RATE, SEED, codebooks, fit, save, scaled_codec
from nano_music import crops, training_waves
from sport_music_dataset.engines.memory import keep_freed_memory
from sport_music_dataset.preview.mel import log_mel

STEPS, WARM_UP, FIXED, COOL_DOWN = 3000, 300, 800, 1500
CROPS, CROP_SAMPLES = 8, RATE
LEARNING_RATE, BETAS, CLIP = 2e-3, (0.8, 0.99), 1.0
WAVE_WEIGHT, COMMITMENT = 1.0, 0.25
SCALES = ((256, 32), (512, 64), (1024, 64), (2048, 80))
DECAY, DEAD = 0.99, 0.1
REFIT_CROPS, LOG_EVERY, SAVE_EVERY = 128, 25, 250
CURVE = Path(__file__).with_name("nano_loss.csv")
COLUMNS = ("step", "mel", "wave", "commitment", "entries_replaced")


@torch.no_grad()
def follow(book: Any, points: Tensor, indices: Tensor) -> int:
    """Move a codebook's entries towards the points [N, D] that chose them.

    Returns the number of dead entries. `cluster_size` is a moving average of the share of points of
    each entry. An entry is dead if its share is below `DEAD` times an even share; it is replaced by
    a random point.
    """
    even = 1 / len(book.embed)
    sums = torch.zeros_like(book.embed).index_add_(0, indices, points)
    counts = indices.bincount(minlength=len(book.embed))
    book.cluster_size.lerp_(counts / len(points), 1 - DECAY)
    book.embed_avg.lerp_(sums / len(points), 1 - DECAY)
    dead = (book.cluster_size < DEAD * even).nonzero()[:, 0]
    chosen = points[torch.randint(len(points), (len(dead),))]
    book.cluster_size[dead] = even
    book.embed_avg[dead] = even * chosen
    book.embed.copy_(book.embed_avg / book.cluster_size[:, None])
    return len(dead)


def quantise(codec: EncodecModel, embeddings: Tensor, learn: bool) -> tuple[Tensor, Tensor, int]:
    """Return quantised embeddings [B, D, T], the commitment loss, and the entries replaced."""
    points = embeddings.transpose(1, 2).flatten(0, 1)
    left, loss, replaced = points, points.new_zeros(()), 0
    for book in codebooks(codec):
        indices = torch.cdist(left.detach(), book.embed).argmin(1)
        chosen = book.embed[indices]
        loss = loss + (left - chosen).square().mean()
        if learn:
            replaced += follow(book, left.detach(), indices)
        left = left - chosen
    # Straight-through estimator: the decoder's gradient reaches the encoder unchanged.
    rounded = points + (-left).detach()
    return rounded.view_as(embeddings.transpose(1, 2)).transpose(1, 2), loss, replaced


def losses(waves: Tensor, rebuilt: Tensor) -> tuple[Tensor, Tensor]:
    """Return the distances of log mels and of samples between waves [B, 1, N]."""
    one, other = waves[:, 0], rebuilt[:, 0]
    parts = [(log_mel(one, *at) - log_mel(other, *at)).abs().mean() for at in SCALES]
    return torch.stack(parts).mean(), (one - other).abs().mean()


def rate_factor(step: int, steps: int) -> float:
    """Return the factor of the learning rate: it rises, stays at 1, and falls to 0 as a cosine."""
    left = min(1.0, (steps - step) / COOL_DOWN)
    return min(1.0, (step + 1) / 100) * (1 - math.cos(math.pi * left)) / 2


class Training:
    """A training run: the state that a step changes and that a checkpoint stores."""

    def __init__(self, steps: int) -> None:
        self.steps, self.step = steps, 0
        self.waves = training_waves()
        self.codec = scaled_codec(self.some(8))
        self.adam = torch.optim.Adam(self.codec.parameters(), LEARNING_RATE, BETAS)
        self.rows: list[list[float]] = []

    def some(self, count: int) -> Tensor:
        """Return crops [count, 1, N] that no training step uses."""
        return crops(self.waves, 10**6, count, 2 * RATE)

    def take_step(self) -> list[float]:
        """Take one step; return its losses and the number of codebook entries replaced."""
        fixed = self.step >= self.steps - FIXED
        if self.step == WARM_UP:
            fit(self.codec, self.some(REFIT_CROPS))
        if self.step == self.steps - FIXED:
            self.codec.encoder.half().float()
            fit(self.codec, self.some(REFIT_CROPS))
        torch.manual_seed(SEED + self.step)
        waves = crops(self.waves, self.step, CROPS, CROP_SAMPLES)
        commitment, replaced = torch.zeros(()), 0
        with torch.set_grad_enabled(not fixed):
            embeddings = self.codec.encoder(waves)
            if self.step >= WARM_UP:
                embeddings, commitment, replaced = quantise(self.codec, embeddings, not fixed)
        mel, wave = losses(waves, self.codec.decoder(embeddings))
        total = mel + WAVE_WEIGHT * wave + COMMITMENT * commitment
        for group in self.adam.param_groups:
            group["lr"] = LEARNING_RATE * rate_factor(self.step, self.steps)
        self.adam.zero_grad()
        torch.autograd.backward(total)
        torch.nn.utils.clip_grad_norm_(self.codec.parameters(), CLIP)
        self.adam.step()
        self.step += 1
        return [mel.item(), wave.item(), commitment.item(), replaced]

    def run(self, checkpoint: Path | None) -> None:
        """Take the remaining steps; record the mean losses of each `LOG_EVERY` steps."""
        sums = torch.zeros(4)
        begun, cpu = time.perf_counter(), time.process_time()
        while self.step < self.steps:
            sums += torch.tensor(self.take_step())
            if self.step % LOG_EVERY == 0:
                self.rows.append([self.step, *(sums / LOG_EVERY).tolist()])
                sums.zero_()
                took = (
                    f"{time.perf_counter() - begun:.0f} s, {time.process_time() - cpu:.0f} s of CPU"
                )
                print(*(f"{value:.4g}" for value in self.rows[-1]), took, flush=True)
            if checkpoint and self.step % SAVE_EVERY == 0:
                self.save(checkpoint)

    def save(self, file: Path) -> None:
        """Write a checkpoint."""
        state = [self.step, self.codec.state_dict(), self.adam.state_dict(), self.rows]
        torch.save(state, file.with_suffix(".tmp"))
        file.with_suffix(".tmp").replace(file)

    def load(self, file: Path) -> None:
        """Restore the state of a checkpoint."""
        self.step, codec, adam, self.rows = torch.load(file)
        self.codec.load_state_dict(codec)
        self.adam.load_state_dict(adam)


def main() -> None:
    """Train the codec; write it and its loss curve."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument(
        "out", nargs="?", default="sport_music_dataset/encode/nano/codec", type=Path
    )
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--curve", type=Path, default=CURVE)
    options = parser.parse_args()
    keep_freed_memory()
    torch.set_num_threads(1)
    training = Training(options.steps)
    if options.checkpoint and options.checkpoint.exists():
        training.load(options.checkpoint)
    training.run(options.checkpoint)
    save(training.codec, options.out)
    with options.curve.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows([[f"{value:.5g}" for value in row] for row in training.rows])


if __name__ == "__main__":
    main()
