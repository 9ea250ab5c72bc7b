"""A release as other trainers read it: audiocraft, stable-audio-tools, ACE-Step and more.

`formats/` has a module for each of them; `export.py` writes what they ask for, part by part, so
that an export that was stopped goes on. Audio is never encoded again: all of them take FLAC.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .export import ExportSettings, export_release, plan_export

__all__ = ["ExportSettings", "export_release", "plan_export"]


def __getattr__(name: str) -> object:
    # Importing it loads Arrow, without which a wrong folder is told at once.
    if name in __all__:
        from . import export

        return getattr(export, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
