"""Where models come from: a Hub id, a local folder, or `nano`, which ships with sportgen."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from transformers.utils import logging as transformers_logging

from ..digests import digest, file_digest
from ..errors import ModelError
from .settings import NANO

_NANO_FOLDER = Path(__file__).with_name("nano")

Loaded = TypeVar("Loaded")


@dataclass(frozen=True, slots=True)
class Pretrained:
    """A model by its name: a Hub id, a local folder, or `nano`. `kind` is the folder of nano that
    has it: `model` or `codec`."""

    name: str
    kind: str

    @property
    def place(self) -> str:
        """What `from_pretrained` opens."""
        return str(_NANO_FOLDER / self.kind) if self.name == NANO else self.name

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return Path(self.place).is_dir()

    @property
    def public_name(self) -> str:
        """Its name as a release may tell it: of a folder, the last part alone."""
        return Path(self.name).resolve().name if self.is_local and self.name != NANO else self.name

    def load(self, what: str, loader: Callable[..., Loaded]) -> Loaded:
        """`loader(place)`, with one clear error for all the ways in which it can fail."""
        if not self.is_local and (self.name.startswith((".", "/")) or self.name.count("/") != 1):
            raise ModelError(f"{self.name}: no such folder, and no Hub id (ORG/NAME) either")
        # MusicGen's pad id lies outside its vocabulary on purpose; transformers warns each time.
        transformers_logging.set_verbosity_error()
        transformers_logging.disable_progress_bar()
        try:
            return loader(self.place)
        # transformers raises bare errors of many kinds for what is wrong with a folder.
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
            logging.getLogger(__name__).debug("loading %s failed", self.place, exc_info=True)
            reason = str(error).strip().split("\n")[0]
            raise ModelError(
                f"{self.name}: {what} cannot be loaded from it ({reason}); give a Hub id that you "
                "can reach or a folder that `save_pretrained` wrote"
            ) from error


def revision_of(source: Pretrained, commit: str | None) -> str:
    """What identifies the files that were loaded: the Hub's commit, or a digest of a folder."""
    if not source.is_local:
        return commit or ""
    files = [
        [file.name, file_digest(file)]
        for file in sorted(Path(source.place).iterdir())
        if file.suffix in (".json", ".safetensors", ".bin", ".model")
    ]
    return f"sha256:{digest(files)[:16]}"
