"""Measure how well a codec rebuilds music: multi-scale log-mel distance, and tempo kept or not.

python tools/nano_measure.py [CODEC=sport_music_dataset/encode/nano/codec]
"""

import sys
from typing import Any

import librosa
import torch
from torch import Tensor
from transformers import EncodecModel

from nano_codec import RATE, untrained_codec
from nano_music import demo_chunks
from sport_music_dataset.preview.mel import distance

TOLERANCE = 0.04


@torch.inference_mode()
def rebuild(codec: Any, chunk: Tensor) -> Tensor:
    """Return the wave [N] that `codec` decodes from the codes of `chunk` [N]."""
    codes = codec.encode(chunk[None, None]).audio_codes
    wave: Tensor = codec.decode(codes, [None]).audio_values[0, 0]
    return wave


def same_tempo(one: Tensor, other: Tensor) -> bool:
    """Whether librosa finds the same tempo in both waves [N], within 4%."""
    was, now = (librosa.feature.tempo(y=wave.numpy(), sr=RATE).item() for wave in (one, other))
    return bool(abs(now / was - 1) <= TOLERANCE)


def main(folder: str) -> None:
    """Print the measures of a codec, and of an untrained one, over all demo chunks."""
    chunks = demo_chunks()
    trained = EncodecModel.from_pretrained(folder, dtype=torch.float32)
    untrained = untrained_codec(chunks[:, None, : 5 * RATE])
    print(f"{len(chunks)} chunks of the demo tracks, rebuilt from codes")
    for name, codec in (("trained", trained), ("untrained", untrained)):
        pairs = [(chunk, rebuild(codec, chunk)) for chunk in chunks]
        mean = sum(distance(one[None], other[None]) for one, other in pairs) / len(pairs)
        kept = sum(same_tempo(one, other) for one, other in pairs)
        print(f"{name}: log-mel distance {mean:.3f}, tempo within 4% in {kept} of {len(pairs)}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "sport_music_dataset/encode/nano/codec")
