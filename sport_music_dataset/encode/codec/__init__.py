"""Run EnCodec: the same codes as from transformers, but overlapping audio is computed once.

Use `encodec.Codec`; `shared` and `convolutions` make it fast.
"""

from .encodec import Codec

__all__ = ["Codec"]
