"""The settings of an encode."""

from dataclasses import dataclass

from ..errors import SettingError
from ..pretrained import MOST_TOKENS, MUSICGEN, codec_of
from ..release.labels import LabelStyle


@dataclass(frozen=True, slots=True)
class EncodeSettings:
    """The settings that determine the rows of `encoded`, together with the rows of `raw`.

    `model` and `codec` are Hub ids, folders or `nano`; if `codec` is empty, it is the codec of the
    model. `labels` is `lossless` or `notebook`. `backend` is the library for the convolutions:
    `auto`, `torch` or `openvino`.

    Raises:
        SettingError: `max_length` is too small.
    """

    model: str = MUSICGEN
    codec: str = ""
    max_length: int = 20
    labels: LabelStyle = "lossless"
    special_tokens: bool = True
    device: str = "auto"
    backend: str = "auto"

    def __post_init__(self) -> None:
        if not 1 <= self.max_length <= MOST_TOKENS:
            raise SettingError(
                f"max_length={self.max_length}: must be from 1 to {MOST_TOKENS} (T5's limit)"
            )

    @property
    def codec_name(self) -> str:
        """The name of the codec to load."""
        return self.codec or codec_of(self.model)
