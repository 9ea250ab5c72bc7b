"""The tagger musicnn: two trained networks, read where the package `musicnn` is installed.

The package's own code needs a TensorFlow of 2019, so only its files are read, and never copied. One
network was trained on MagnaTagATune, the other on the Million Song Dataset. What they hear becomes
our words in two ways (`heads.py`): heads of our own hear instruments in the first network's last
layer (`tools/train_listener.py`), and tags of both are words for voices, moods and styles. A small
network of our own hears voices behind instruments (`voices.py`).
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
from .voices import Voices

# Half a second hears instruments less well, and twice as many seconds take twice as long: this and
# the rates of musicnn's networks keep listening under half of a build. The network of voices takes
# 0.02 of the time of one of them, and a voice may sing in few excerpts: it hears every one.
_FRAMES, _STEP_SAMPLES = 47, 80_000
_FIRST_EVERY, _SECOND_EVERY = 4, 16
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
        self._voices = Voices(self._device)

    def prepare(self, samples: Floats) -> Floats:
        """The log-mel patch [frames, 96] of an excerpt; one that is too short for a frame is padded
        with silence."""
        return mel.log_mel(np.pad(samples, (0, max(0, mel.WINDOW - len(samples)))))

    def listen(self, excerpts: Floats, first: int) -> Floats:
        """Scores [n, features] of patches [n, frames, 96].

        Features are those of `heads`. What musicnn's networks hear is NaN but in every fourth
        excerpt of the track, of the second network but in every sixteenth.
        """
        scores = np.full((len(excerpts), heads.FEATURES), np.nan, np.float32)
        with _one_thread():
            scores[:, heads.VOICE] = self._voices(self._tensor(excerpts)).cpu().numpy()
            for rows in self._batches(len(excerpts), first, _FIRST_EVERY):
                hidden = self._first.hidden(self._tensor(excerpts[rows]))
                tags = self._first.tags(hidden)
                scores[rows, heads.OWN] = torch.cat([hidden, tags], dim=1).cpu().numpy()
            for rows in self._batches(len(excerpts), first, _SECOND_EVERY):
                hidden = self._second.hidden(self._tensor(excerpts[rows]))
                scores[rows, heads.SECOND] = self._second.tags(hidden).cpu().numpy()
        return scores

    def _batches(self, count: int, first: int, every: int) -> Iterator[slice]:
        """Rows of every so-manieth excerpt of the track, as many as are heard at once."""
        size = (count if self._device == "cuda" else _CPU_BATCH) * every
        for at in range(-first % every, count, size):
            yield slice(at, min(at + size, count), every)

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
