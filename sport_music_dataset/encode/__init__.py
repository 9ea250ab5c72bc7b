"""Rows of `raw` to rows of `encoded`: T5 tokens, EnCodec codes, labels.

`encode_release` gives shards to workers, each with an encoder; `codec` has EnCodec as we run it,
`nano` a small model for trying out.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .encode import encode_release

__all__ = ["encode_release"]


def __getattr__(name: str) -> object:
    # It loads torch and transformers, which much of what lies here does without.
    if name in __all__:
        from . import encode

        return getattr(encode, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
