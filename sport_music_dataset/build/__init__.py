"""Builds `raw/` from the tracks of a source: scan, cut, group, plan, write.

`build_release` calls these five stages one after the other; each stage has its own module.
"""

from .build import BuildRequest, build_release

__all__ = ["BuildRequest", "build_release"]
