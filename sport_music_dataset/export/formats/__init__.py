"""The formats of an export, a module for each; `FORMATS` has them by the name that --to takes."""

from .ace_step import AceStep
from .audiocraft import Audiocraft
from .base import Format, Outline
from .dreambooth import Dreambooth
from .lhotse import Lhotse
from .stable_audio import StableAudio
from .webdataset import WebDataset

__all__ = ["FORMATS", "Format", "Outline"]

FORMATS: dict[str, type[Format]] = {
    "audiocraft": Audiocraft,
    "dreambooth": Dreambooth,
    "stable-audio-tools": StableAudio,
    "ace-step": AceStep,
    "webdataset": WebDataset,
    "lhotse": Lhotse,
}
