"""The models of an encode by name: a Hub id, a folder, or `nano`, which is part of sportgen."""

from pathlib import Path

from ..pretrained import Pretrained
from .settings import NANO

_NANO_FOLDER = Path(__file__).with_name("nano")


def pretrained(name: str, kind: str) -> Pretrained:
    """The model of a name; `kind` is `model` or `codec`, the two folders of `nano`."""
    return Pretrained(name, str(_NANO_FOLDER / kind) if name == NANO else "")
