"""A small network of our own that hears voices behind other instruments, in log-mel patches.

musicnn was trained on recordings and has not met the choirs of synthesisers: of a quiet one under
other instruments its layers say little more than chance. This network was trained on pairs of
patches that differ in nothing but who plays a part (`tools/train_voices.py`).
"""

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

Tensor = torch.Tensor

# Frames that are left of a patch without frames enough are silent.
_LEAST_FRAMES = 16
_STRIDES = ((1, 2), (2, 2), (1, 1), (1, 1))
# The layer whose output is halved in time and bands.
_HALVED = 2


class Voices:
    """Four layers of filters over time and bands, and a sum of what they find in each sixth.

    Batch normalization is part of the weights in `voices.npz`, which are float16.
    """

    def __init__(self, device: str = "cpu") -> None:
        with np.load(Path(__file__).with_name("voices.npz")) as file:
            stored = {name: torch.from_numpy(file[name].astype(np.float32)) for name in file.files}
        self._input = stored["input"].to(device)
        self._layers = [
            (stored[f"kernel_{at}"].to(device), stored[f"bias_{at}"].to(device))
            for at in range(len(_STRIDES))
        ]
        self._weights, self._bias = stored["weights"].to(device), stored["bias"].to(device)

    @torch.inference_mode()
    def __call__(self, patches: Tensor) -> Tensor:
        """Logits [patches] that somebody sings, of log-mel patches [patches, frames, 96]."""
        lacking = max(0, _LEAST_FRAMES - patches.shape[1])
        found = functional.pad(patches, (0, 0, 0, lacking))[:, None]
        found = functional.avg_pool2d(found, (2, 1)) * self._input[0] + self._input[1]
        for at, (kernel, bias) in enumerate(self._layers):
            padding = kernel.shape[2] // 2, kernel.shape[3] // 2
            found = functional.relu(functional.conv2d(found, kernel, bias, _STRIDES[at], padding))
            if at == _HALVED:
                found = functional.max_pool2d(found, 2)
        sixths = functional.avg_pool2d(found, (1, 2))
        pooled = torch.cat([sixths.mean(2), sixths.amax(2)], dim=1).flatten(1)
        return pooled @ self._weights + self._bias
