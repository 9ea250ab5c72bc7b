"""Codes under MusicGen's delay pattern: arithmetic alone.

The pattern is that of Copet et al., Simple and Controllable Music Generation (2023), section 2.2:
codebook k is delayed by k frames, so that a step predicts K codes that depend on each other's past.
"""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingError

Codes = NDArray[np.int16]
LabelStyle = Literal["lossless", "notebook"]


def delay(codes: Codes, pad_token_id: int, style: LabelStyle = "lossless") -> Codes:
    """Labels of codes [K, T].

    `lossless` gives [K, T+K-1] as audiocraft does: `labels[k, k + t] == codes[k, t]`, the pad id
    elsewhere. `notebook` gives the first T columns of it, as transformers'
    `build_delay_pattern_mask` leaves them: the last k codes of codebook k are lost.

    Raises:
        SettingError: `style` is neither.
    """
    if style not in get_args(LabelStyle):
        raise SettingError(f"labels={style!r}: must be one of {', '.join(get_args(LabelStyle))}")
    books, frames = codes.shape
    labels = np.full((books, frames + books - 1), pad_token_id, np.int16)
    for book in range(books):
        labels[book, book : book + frames] = codes[book]
    return labels if style == "lossless" else labels[:, :frames]
