"""EnCodec as we run it: the same codes as transformers gives, with the work of overlaps shared.

`encodec.Codec` is its one door; `shared` and `convolutions` are why it is fast.
"""

from .encodec import Codec

__all__ = ["Codec"]
