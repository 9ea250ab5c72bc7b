"""Labels: codes under MusicGen's delay pattern.

The pattern is that of Copet et al., Simple and Controllable Music Generation (2023), section 2.2:
codebook k is delayed by k frames, so one step predicts K codes, each from the past of the others.
"""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingError

Codes = NDArray[np.int16]
LabelStyle = Literal["lossless", "notebook"]


def delay(codes: Codes, pad_token_id: int, style: LabelStyle = "lossless") -> Codes:
    """Labels of codes [K, T].

    `lossless` gives [K, T+K-1] like audiocraft: `labels[k, k + t] == codes[k, t]`, and the pad id
    elsewhere. `notebook` gives only the first T columns, like transformers'
    `build_delay_pattern_mask`: the last k codes of codebook k are lost.

    Raises:
        SettingError: `style` is neither `lossless` nor `notebook`.
    """
    if style not in get_args(LabelStyle):
        raise SettingError(f"labels={style!r}: must be one of {', '.join(get_args(LabelStyle))}")
    books, frames = codes.shape
    labels = np.full((books, frames + books - 1), pad_token_id, np.int16)
    for book in range(books):
        labels[book, book : book + frames] = codes[book]
    return labels if style == "lossless" else labels[:, :frames]
