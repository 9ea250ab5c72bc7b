"""Synthesised music of known tempo and key, and a release made of it.

`make_demo` synthesises, builds and encodes; `synth` renders a single piece.
"""

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .demo import make_demo

__all__ = ["make_demo"]

# Imported on demand: `demo` imports torch and transformers, which the synthesis does not need.
__getattr__ = door(__name__, {"demo": __all__})
