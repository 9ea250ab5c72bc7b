"""Tracks to `raw/`: scan, cut, group, plan, write.

`build_release` is these five stages one below the other; each has a module of its own.
"""

from .build import BuildRequest, build_release

__all__ = ["BuildRequest", "build_release"]
