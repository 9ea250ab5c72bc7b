"""The nano codec before training: configuration, initial weights, codebooks, files.

Sources: architecture, Défossez et al. 2022, "High Fidelity Neural Audio Compression"; convolutions
scaled to unit variance on data, Mishkin & Matas 2016, "All you need is a good init"; codebooks by
k-means of residuals, unused entries replaced by samples, Zeghidour et al. 2021, "SoundStream".
"""

from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import EncodecConfig, EncodecFeatureExtractor, EncodecModel

SEED, RATE, KMEANS_ROUNDS = 20, 32_000, 8

# facebook/encodec_32khz with 4 filters in place of 64 and 14 channels in place of 128.
CODEC = EncodecConfig(
    sampling_rate=RATE,
    upsampling_ratios=[8, 5, 4, 4],
    use_causal_conv=False,
    num_filters=4,
    hidden_size=14,
    codebook_size=2048,
    target_bandwidths=[2.2],
    use_conv_shortcut=False,
)


def scale_once(conv: nn.Module, _: object, output: Tensor) -> Tensor:
    """Forward hook: scale `conv` so that its output [B, C, T] has mean 0 and variance 1.

    Returns this call's output, scaled. Weight norm has a gain for each output channel, but a
    transposed convolution has one for each input channel: there all outputs share one scale.
    """
    transposed = isinstance(conv, nn.ConvTranspose1d)
    mean = output.mean((0, 2))
    std = output.std().expand(1) if transposed else output.std((0, 2))
    conv.get_parameter("parametrizations.weight.original0").div_(std.view(-1, 1, 1))
    conv.get_parameter("bias").sub_(mean).div_(std)
    return (output - mean.view(-1, 1)) / std.view(-1, 1)


def scale(network: nn.Module, inputs: Tensor) -> None:
    """Scale every convolution of `network` in turn, in one pass of `inputs` [B, C, T]."""
    convs = [m for m in network.modules() if isinstance(m, nn.Conv1d | nn.ConvTranspose1d)]
    hooks = [conv.register_forward_hook(scale_once) for conv in convs]
    network(inputs)
    for hook in hooks:
        hook.remove()


def kmeans(points: Tensor, count: int) -> Tensor:
    """Return `count` centres [count, D] of `points` [N, D] by Lloyd's algorithm."""
    centres = points[torch.randperm(len(points))[:count]]
    for _ in range(KMEANS_ROUNDS):
        indices = torch.cdist(points, centres).argmin(1)
        sizes = indices.bincount(minlength=count).unsqueeze(1)
        sums = torch.zeros_like(centres).index_add_(0, indices, points)
        # Move a centre that has no points to a random point.
        spare = points[torch.randperm(len(points))[:count]]
        centres = torch.where(sizes > 0, sums / sizes.clamp_min(1), spare)
    return centres


@torch.no_grad()
def scaled_codec(sounds: Tensor) -> EncodecModel:
    """Return the codec with seeded random weights, scaled on `sounds` [B, 1, N]."""
    torch.manual_seed(SEED)
    codec = EncodecModel(CODEC)
    scale(codec.encoder, sounds)
    scale(codec.decoder, codec.encoder(sounds))
    last = codec.decoder.layers[-1].get_submodule("conv")
    for name in ("parametrizations.weight.original0", "bias"):
        last.get_parameter(name).mul_(sounds.std())
    return codec


def codebooks(codec: EncodecModel) -> list[Any]:
    """Return the codebooks, with `embed` [E, D], `embed_avg` [E, D] and `cluster_size` [E]."""
    return [layer.codebook for layer in codec.quantizer.layers]


@torch.no_grad()
def fit(codec: EncodecModel, sounds: Tensor) -> None:
    """Fit the codebooks to the output of the encoder for `sounds` [B, 1, N].

    Each codebook is the k-means of the residuals of the previous one. `cluster_size` is set to the
    share of all points that choose an entry, `embed_avg` to the entry times this share.
    """
    torch.manual_seed(SEED)
    points = torch.cat([codec.encoder(part) for part in torch.split(sounds, 8)])
    points = points.transpose(1, 2).flatten(0, 1)
    for book in codebooks(codec):
        centres = kmeans(points, codec.config.codebook_size).half().float()
        indices = torch.cdist(points, centres).argmin(1)
        book.embed.copy_(centres)
        book.cluster_size.copy_(indices.bincount(minlength=len(centres)) / len(points))
        book.embed_avg.copy_(centres * book.cluster_size[:, None])
        points = points - centres[indices]


def untrained_codec(sounds: Tensor) -> EncodecModel:
    """Return the codec before training, but with codebooks fitted to `sounds` [B, 1, N].

    A baseline for trained codecs: its codes depend on the sound, but its decoder is random.
    """
    codec = scaled_codec(sounds[:8])
    fit(codec, sounds)
    return codec


def save(codec: EncodecModel, out: Path) -> None:
    """Write the codec, in float16, and its feature extractor into `out`."""
    copied = deepcopy(codec)
    for book in codebooks(copied):
        # Only training reads these two buffers.
        book.embed_avg.zero_()
        book.cluster_size.zero_()
    copied.half()  # type: ignore[no-untyped-call]
    copied.save_pretrained(out)
    # safetensors makes a file that only its owner can read.
    (out / "model.safetensors").chmod(0o644)
    EncodecFeatureExtractor(feature_size=1, sampling_rate=RATE).save_pretrained(out)
