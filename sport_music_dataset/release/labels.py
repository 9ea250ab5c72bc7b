"""Labels from codes under MusicGen's delay pattern; needs numpy only.

The pattern is from Copet et al., Simple and Controllable Music Generation (2023), section 2.2:
codebook k is delayed by k frames, so that one step predicts K codes, one of each codebook, and each
of them depends on codes of all codebooks from earlier steps.
"""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingError

Codes = NDArray[np.int16]
LabelStyle = Literal["lossless", "notebook"]


def delay(codes: Codes, pad_token_id: int, style: LabelStyle = "lossless") -> Codes:
    """The labels, int16, of codes [K, T].

    `lossless` returns [K, T+K-1] as audiocraft does: `labels[k, k + t] == codes[k, t]`, and
    `pad_token_id` elsewhere. `notebook` returns only the first T columns, as transformers'
    `build_delay_pattern_mask` does: the labels lack the last k codes of codebook k.

    Raises:
        SettingError: `style` is neither of the two.
    """
    if style not in get_args(LabelStyle):
        raise SettingError(f"labels={style!r}: must be one of {', '.join(get_args(LabelStyle))}")
    books, frames = codes.shape
    labels = np.full((books, frames + books - 1), pad_token_id, np.int16)
    for book in range(books):
        labels[book, book : book + frames] = codes[book]
    return labels if style == "lossless" else labels[:, :frames]
