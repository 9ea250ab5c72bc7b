"""Builds `raw/` from the tracks of a source: scan, cut, group, plan, write.

`build_release` calls these five stages one after the other; each stage has its own module.
"""

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .build import BuildRequest, build_release

__all__ = ["BuildRequest", "build_release"]

# Worker processes, which only cut, start without what plans and writes.
__getattr__ = door(__name__, {"build": __all__})
