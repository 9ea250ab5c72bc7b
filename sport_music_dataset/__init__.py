"""Turn folders of sport music into a versioned MusicGen training dataset.

The names below load what they need when they are first used: importing the package loads neither
torch nor transformers. The stages are functions of their modules: `build.build`, `encode.encode`
and `publish.publish`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__ as __version__

if TYPE_CHECKING:
    from .encode.training import SportMusicCollator
    from .errors import (
        HubError,
        MachineError,
        ModelError,
        ReleaseError,
        SettingError,
        SourceError,
        SportgenError,
    )
    from .recipe import Recipe
    from .sport_music import SportMusic, SportMusicConfig


__all__ = [
    "HubError",
    "MachineError",
    "ModelError",
    "Recipe",
    "ReleaseError",
    "SettingError",
    "SourceError",
    "SportMusic",
    "SportMusicCollator",
    "SportMusicConfig",
    "SportgenError",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    modules = {
        "Recipe": "recipe",
        "SportMusic": "sport_music",
        "SportMusicConfig": "sport_music",
        "SportMusicCollator": "encode.training",
    }
    return getattr(import_module(f".{modules.get(name, 'errors')}", __name__), name)
