"""Encode rows of `raw` to rows of `encoded`: T5 tokens, EnCodec codes, labels.

`encode_release` gives shards to workers, each with an encoder. `codec` runs EnCodec fast; `nano`
has a small model for trying out.
"""

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .encode import encode_release

__all__ = ["encode_release"]

# Importing it loads torch and transformers, which most modules of this package do not need.
__getattr__ = door(__name__, {"encode": __all__})
