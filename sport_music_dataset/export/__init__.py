"""A release as other trainers read it: audiocraft, stable-audio-tools, ACE-Step and more.

`formats/` has a module for each of them; `export.py` writes what they ask for, part by part, so
that an export that was stopped goes on. Audio is never encoded again: all of them take FLAC.
"""

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .export import ExportSettings, export_release, plan_export

__all__ = ["ExportSettings", "export_release", "plan_export"]

# Importing it loads Arrow, without which a wrong folder is told at once.
__getattr__ = door(__name__, {"export": __all__})
