"""The tagger musicnn: two trained networks, read where the package `musicnn` is installed.

The package's own code needs a TensorFlow of 2019, so only its files are read, and never copied. One
network was trained on MagnaTagATune, the other on the Million Song Dataset. What they hear becomes
our words in two ways (`heads.py`): heads of our own hear instruments and choirs in the first
network's last layer (`tools/train_listener.py`), and tags of both are words for moods and styles.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch

from ..errors import ModelError
from ..records import Heard
from . import heads, mel
from .checkpoint import read_checkpoint
from .files import FIRST, REMEDY, SECOND, musicnn_folder, musicnn_revision
from .listener import Floats
from .network import Network

# Half a second hears instruments less well, and twice as many seconds take twice as long: this and
# the rate of the second network keep listening under half of a build.
_FRAMES, _STEP_SAMPLES = 47, 320_000
_SECOND_EVERY = 4
# Patches that one core works on: more do not fit into its cache.
_CPU_BATCH = 2


class Musicnn:
    """The tagger, on the GPU if there is one.

    Raises:
        ModelError: the package is missing, its files cannot be read, or have another revision.
    """

    excerpt_samples = mel.samples_of_frames(_FRAMES)
    step_samples = _STEP_SAMPLES

    def __init__(self, revision: str) -> None:
        package = musicnn_folder()
        if musicnn_revision() != revision:
            raise ModelError(f"{package}: holds other networks than those of {revision}; {REMEDY}")
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        first, second = (read_checkpoint(package / name) for name in (FIRST, SECOND))
        self._first, self._second = Network(first, self._device), Network(second, self._device)

    def prepare(self, samples: Floats) -> Floats:
        """The log-mel patch [frames, 96] of an excerpt; one that is too short for a frame is padded
        with silence."""
        return mel.log_mel(np.pad(samples, (0, max(0, mel.WINDOW - len(samples)))))

    def listen(self, excerpts: Floats, first: int) -> Floats:
        """Scores [n, features] of patches [n, frames, 96].

        Features are those of `heads`; the tags of the second network are NaN but in every fourth
        excerpt of the track.
        """
        scores = np.full((len(excerpts), heads.FEATURES), np.nan, np.float32)
        theirs = np.arange(-first % _SECOND_EVERY, len(excerpts), _SECOND_EVERY)
        size = len(excerpts) if self._device == "cuda" else _CPU_BATCH
        with _one_thread():
            for at in range(0, len(excerpts), size):
                hidden = self._first.hidden(self._tensor(excerpts[at : at + size]))
                tags = self._first.tags(hidden)
                scores[at : at + size, : -heads.TAGS] = (
                    torch.cat([hidden, tags], dim=1).cpu().numpy()
                )
            for at in range(0, len(theirs), size):
                rows = theirs[at : at + size]
                hidden = self._second.hidden(self._tensor(excerpts[rows]))
                scores[rows, -heads.TAGS :] = self._second.tags(hidden).cpu().numpy()
        return scores

    def _tensor(self, patches: Floats) -> torch.Tensor:
        return torch.from_numpy(patches).to(self._device)

    def say(self, parts: Sequence[Floats], track: Floats) -> list[Heard]:
        """What is heard in parts [n, features] of a track with scores [m, features]."""
        return heads.say(parts, track)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Each core has a process of its own; and sums do not depend on the number of threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
