"""The settings of an encode."""

from dataclasses import dataclass

from ..errors import SettingError
from ..release.labels import LabelStyle

NANO = "nano"
"""The name of the small model in sportgen for trying out."""

DEFAULT_MODEL = "facebook/musicgen-medium"
DEFAULT_CODEC = "facebook/encodec_32khz"


@dataclass(frozen=True, slots=True)
class EncodeSettings:
    """The settings that determine the rows of `encoded`, together with the rows of `raw`.

    `model` and `codec` are Hub ids, folders or `nano`; if `codec` is empty, it is the codec of the
    model. `labels` is `lossless` or `notebook`. `backend` is the library for the convolutions:
    `auto`, `torch` or `openvino`.

    Raises:
        SettingError: `max_length` is too small.
    """

    model: str = DEFAULT_MODEL
    codec: str = ""
    max_length: int = 20
    labels: LabelStyle = "lossless"
    special_tokens: bool = True
    device: str = "auto"
    backend: str = "auto"

    def __post_init__(self) -> None:
        if not 1 <= self.max_length <= 512:
            raise SettingError(f"max_length={self.max_length}: must be from 1 to 512 (T5's limit)")

    @property
    def codec_name(self) -> str:
        """The name of the codec to load."""
        return self.codec or (NANO if self.model == NANO else DEFAULT_CODEC)
