"""Encode rows of `raw` to rows of `encoded`: T5 tokens, EnCodec codes, labels.

`encode_release` gives shards to workers, each with an encoder. `codec` runs EnCodec fast; `nano`
has a small model for trying out.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .encode import encode_release

__all__ = ["encode_release"]


def __getattr__(name: str) -> object:
    # Importing it loads torch and transformers, which most modules of this package do not need.
    if name in __all__:
        from . import encode

        return getattr(encode, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
