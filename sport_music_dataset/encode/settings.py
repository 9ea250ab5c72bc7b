"""What an encode may be asked for."""

from dataclasses import dataclass

from ..errors import SettingError
from ..release.labels import LabelStyle

NANO = "nano"
"""The name of the small model that ships with sportgen, for trying out."""

DEFAULT_MODEL = "facebook/musicgen-medium"
DEFAULT_CODEC = "facebook/encodec_32khz"


@dataclass(frozen=True, slots=True)
class EncodeSettings:
    """What determines the rows of `encoded`, besides those of `raw`.

    `model` and `codec` are Hub ids, folders or `nano`; an empty `codec` is the one that belongs to
    the model. `labels` is `lossless` or `notebook`. `backend` runs the codec's convolutions:
    `auto`, `torch` or `openvino`.

    Raises:
        SettingError: `max_length` is no length.
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
        """The codec to load."""
        return self.codec or (NANO if self.model == NANO else DEFAULT_CODEC)
