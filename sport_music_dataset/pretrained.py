"""Load models by name: a Hub id, or a local folder."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from .digests import digest, file_digest
from .errors import ModelError

NANO = "nano"
"""The name of the small model in sportgen for trying out."""
MUSICGEN = "facebook/musicgen-medium"
ENCODEC = "facebook/encodec_32khz"
MOST_TOKENS = 512
"""Most tokens of a description: T5's limit."""

Loaded = TypeVar("Loaded")


class OutOfReachError(ModelError):
    """A model is neither in this machine's cache nor can it be fetched now."""


# Seconds in which the Hub answers, over a slow line too.
_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Pretrained:
    """A model by its name: a Hub id, a local folder, or the name of one that is part of sportgen.

    `ours` is the folder of a model that is part of sportgen, empty for all others.
    """

    name: str
    ours: str = ""

    @property
    def place(self) -> str:
        """The argument for `from_pretrained`: a Hub id or a folder."""
        return self.ours or self.name

    @property
    def is_local(self) -> bool:
        """Whether the model is a folder on this machine."""
        return bool(self.place) and Path(self.place).is_dir()

    @property
    def where(self) -> dict[str, Any]:
        """Arguments for `from_pretrained`: without the Hub, a model is in the cache or nowhere."""
        return {} if self.is_local or hub_answers() else {"local_files_only": True}

    @property
    def public_name(self) -> str:
        """The name to publish: of a folder, only the last part."""
        return Path(self.name).resolve().name if self.is_local and not self.ours else self.name

    def load(self, what: str, loader: Callable[..., Loaded]) -> Loaded:
        """Return `loader(place)`; raises ModelError for every way in which it can fail."""
        if not self.is_local and (self.name.startswith((".", "/")) or self.name.count("/") != 1):
            raise ModelError(f"{self.name}: no such folder, and no Hub id (ORG/NAME) either")
        # Imported here: transformers takes a second, and not every command loads a model.
        from transformers.utils import logging as transformers_logging

        # MusicGen's pad id is outside its vocabulary on purpose, but transformers warns each time.
        transformers_logging.set_verbosity_error()
        transformers_logging.disable_progress_bar()
        try:
            return loader(self.place, **self.where)
        except MemoryError:
            raise
        except Exception as error:  # transformers raises errors of many types for a faulty folder
            logging.getLogger(__name__).debug("loading %s failed", self.place, exc_info=True)
            reason = str(_cause(error)).strip().split("\n")[0]
            if self.where:
                raise OutOfReachError(
                    f"{self.name}: is not in this machine's cache as a whole, and the Hub cannot "
                    f"be reached; give a folder, or run it once with a network ({reason})"
                ) from error
            raise ModelError(
                f"{self.name}: {what} cannot be loaded from it ({reason}); give a Hub id that you "
                "can reach or a folder that `save_pretrained` wrote"
            ) from error


@cache
def hub_answers() -> bool:
    """Whether the Hub can be reached; asked once, since clients try five times for each file."""
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session

    try:
        get_session().head(constants.ENDPOINT, timeout=_SECONDS)
    except Exception:  # each kind of fault has its own type, and all say the same
        logging.getLogger(__name__).debug("the Hub does not answer", exc_info=True)
        return False
    return True


def codec_of(model: str) -> str:
    """The name of the codec that goes with a MusicGen, by the name of that."""
    return NANO if model == NANO else ENCODEC


def _cause(error: BaseException) -> BaseException:
    """The ImportError that led to an error, if one did: a library that is missing (socksio for a
    proxy) makes transformers say that the model is."""
    cause: BaseException | None = error
    while cause and not isinstance(cause, ImportError):
        cause = cause.__cause__ or cause.__context__
    return cause or error


def revision_of(source: Pretrained, commit: str | None) -> str:
    """The identity of the loaded files: the commit on the Hub, or a digest of the folder."""
    if not source.is_local:
        return commit or ""
    files = [
        [file.name, file_digest(file)]
        for file in sorted(Path(source.place).iterdir())
        if file.suffix in (".json", ".safetensors", ".bin", ".model")
    ]
    return f"sha256:{digest(files)[:16]}"
