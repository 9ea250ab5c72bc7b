"""A CLAP model as a tagger, by its Hub id or folder: words are compared with excerpts of music.

Nothing was trained for these words, and nobody has measured how often they are right.
Source: Wu et al., Large-scale contrastive language-audio pretraining (ICASSP 2023).
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from ..errors import ModelError
from ..pretrained import Pretrained, revision_of
from ..recipe import SAMPLING_RATE
from ..records import Heard
from .listener import Floats
from .words import Prompts

# CLAP hears ten seconds; its processor cuts or repeats others.
_SECONDS, _STEP_SECONDS = 10, 15


def clap_revision(name: str) -> str:
    """The commit or digest of a CLAP model; raises ModelError where it is none."""
    source = Pretrained(name)
    config = source.load("a CLAP configuration", _load_config)
    if config.model_type != "clap":
        raise ModelError(f"{name}: is of type {config.model_type}; give a CLAP model or musicnn")
    return revision_of(source, getattr(config, "_commit_hash", None))


class Clap:
    """The tagger, on the GPU if there is one; raises ModelError where the model cannot be loaded.

    Args:
        name: a Hub id or a folder.
        revision: what `clap_revision` gave; of a model on the Hub, the commit to load.
    """

    excerpt_samples = _SECONDS * SAMPLING_RATE
    step_samples = _STEP_SECONDS * SAMPLING_RATE

    def __init__(self, name: str, revision: str) -> None:
        source = Pretrained(name)
        if source.is_local and clap_revision(name) != revision:
            raise ModelError(f"{name}: holds another model than {revision}; give that one")
        commit = None if source.is_local else revision
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._processor = source.load("a processor", partial(_load_processor, revision=commit))
        model = source.load("a CLAP model", partial(_load_model, revision=commit))
        self._model = model.eval().to(self._device)
        self._rate = int(self._processor.feature_extractor.sampling_rate)
        self._prompts = Prompts.read()
        self._texts = self._text_embeddings()

    @torch.inference_mode()
    def _text_embeddings(self) -> torch.Tensor:
        tokens = self._processor(text=list(self._prompts.texts), padding=True, return_tensors="pt")
        inputs = {key: value.to(self._device) for key, value in tokens.items()}
        return _normalized(self._model.get_text_features(**inputs))

    def prepare(self, samples: Floats) -> Floats:
        """An excerpt at the rate of the model."""
        # Imported here, as where else audio is resampled: a build without CLAP needs none of it.
        import soxr

        return np.asarray(soxr.resample(samples, SAMPLING_RATE, self._rate), np.float32)

    @torch.inference_mode()
    def listen(self, excerpts: Floats, first: int) -> Floats:
        """Similarities [n, prompts] of excerpts [n, samples], scaled as the model was trained."""
        features = self._processor.feature_extractor(
            list(excerpts), sampling_rate=self._rate, return_tensors="pt"
        )
        inputs = {key: value.to(self._device) for key, value in features.items()}
        heard = _normalized(self._model.get_audio_features(**inputs))
        scale = self._model.logit_scale_a.exp()
        return np.asarray((scale * heard @ self._texts.T).float().cpu().numpy(), np.float32)

    def say(self, parts: Sequence[Floats], track: Floats) -> list[Heard]:
        """What is heard in parts [n, prompts] of a track."""
        return [self._prompts.heard(scores.mean(axis=0)) for scores in parts]


def _normalized(features: Any) -> torch.Tensor:
    # transformers gives a tensor, or an output that holds it.
    found = getattr(features, "pooler_output", features)
    return torch.nn.functional.normalize(found, dim=-1)


def _load_config(place: str, **where: Any) -> Any:
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(place, **where)


def _load_processor(place: str, revision: str | None, **where: Any) -> Any:
    from transformers import ClapProcessor

    return ClapProcessor.from_pretrained(place, **_pinned(revision), **where)


def _load_model(place: str, revision: str | None, **where: Any) -> Any:
    from transformers import ClapModel

    return ClapModel.from_pretrained(place, **_pinned(revision), **where)


def _pinned(revision: str | None) -> dict[str, Any]:
    return {"revision": revision} if revision else {}
