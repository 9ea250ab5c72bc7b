"""Tracks to `raw/`: scan, cut, group, plan, write.

`build_release` calls these five stages in this order; each has a module of its own.
"""

from .build import BuildRequest, build_release

__all__ = ["BuildRequest", "build_release"]
