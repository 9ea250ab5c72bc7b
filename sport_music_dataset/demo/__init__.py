"""Synthesised music of known tempo and key, and the whole way on it.

`make_demo` composes, builds and encodes; `synth` plays a piece.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .demo import make_demo

__all__ = ["make_demo"]


def __getattr__(name: str) -> object:
    # It loads torch and transformers, which much of what lies here does without.
    if name in __all__:
        from . import demo

        return getattr(demo, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
