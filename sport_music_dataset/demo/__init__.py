"""Synthesised music of known tempo and key, and a release made of it.

`make_demo` synthesises, builds and encodes; `synth` renders a single piece.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .demo import make_demo

__all__ = ["make_demo"]


def __getattr__(name: str) -> object:
    # Imported on demand: `demo` imports torch and transformers, which the synthesis does not need.
    if name in __all__:
        from . import demo

        return getattr(demo, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
