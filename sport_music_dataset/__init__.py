"""Turn folders of sport music into a versioned MusicGen training dataset.

Each name below is imported on first use, so importing the package imports neither torch nor
transformers.
"""

from typing import TYPE_CHECKING

from ._version import __version__ as __version__
from .doors import door

if TYPE_CHECKING:
    from .build.build import BuildRequest, build_release
    from .build.relisten import listen_release
    from .encode.encode import encode_release
    from .encode.settings import EncodeSettings
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
    from .export import ExportSettings, export_release
    from .listen import tagger_revision
    from .look.diff import diff_releases
    from .look.explain import explain_chunk
    from .publish.publish import PushSettings, push_release
    from .recipe import Recipe
    from .release.release import Release, open_release
    from .source.source import Source
    from .sport_music import SportMusic, SportMusicConfig
    from .verify.verify import verify_release

_MODULES = {
    "build.build": ("BuildRequest", "build_release"),
    "build.relisten": ("listen_release",),
    "encode.encode": ("encode_release",),
    "encode.settings": ("EncodeSettings",),
    "encode.training": ("SportMusicCollator",),
    "errors": (
        *("HubError", "MachineError", "ModelError", "ReleaseError"),
        *("SettingError", "SourceError", "SportgenError"),
    ),
    "export": ("ExportSettings", "export_release"),
    "listen": ("tagger_revision",),
    "look.diff": ("diff_releases",),
    "look.explain": ("explain_chunk",),
    "publish.publish": ("PushSettings", "push_release"),
    "recipe": ("Recipe",),
    "release.release": ("Release", "open_release"),
    "source.source": ("Source",),
    "sport_music": ("SportMusic", "SportMusicConfig"),
    "verify.verify": ("verify_release",),
}

__all__ = [
    "BuildRequest",
    "EncodeSettings",
    "ExportSettings",
    "HubError",
    "MachineError",
    "ModelError",
    "PushSettings",
    "Recipe",
    "Release",
    "ReleaseError",
    "SettingError",
    "Source",
    "SourceError",
    "SportMusic",
    "SportMusicCollator",
    "SportMusicConfig",
    "SportgenError",
    "build_release",
    "diff_releases",
    "encode_release",
    "explain_chunk",
    "export_release",
    "listen_release",
    "open_release",
    "push_release",
    "tagger_revision",
    "verify_release",
]

__getattr__ = door(__name__, _MODULES)
