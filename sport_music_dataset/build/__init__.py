"""Builds `raw/` from the tracks of a source: scan, cut, group, plan, write.

`build_release` calls these five stages one after the other; each stage has its own module.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .build import BuildRequest, build_release

__all__ = ["BuildRequest", "build_release"]


def __getattr__(name: str) -> object:
    # Worker processes, which only cut, start without what plans and writes.
    if name in __all__:
        from . import build

        return getattr(build, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
