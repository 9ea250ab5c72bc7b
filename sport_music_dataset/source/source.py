"""Where music comes from, and what to take of it if that is a dataset."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Source:
    """A folder, or a dataset.

    `location` is a folder, or `hf://datasets/ORG/NAME[@REVISION]`. `audio_column`, `style_column`
    and `session_column` name columns of the dataset, `subset` one of its configs; those not given
    are found out. `keep_splits` keeps the dataset's splits.
    """

    location: str
    audio_column: str = ""
    style_column: str = ""
    session_column: str = ""
    subset: str = ""
    keep_splits: bool = False

    @classmethod
    def of(cls, place: "Path | str | Source") -> "Source":
        """A folder as a source; a source as it is."""
        return place if isinstance(place, Source) else cls(str(place))

    @property
    def is_on_hub(self) -> bool:
        """Whether it is a dataset on the Hub."""
        return self.location.startswith("hf:")

    @property
    def is_dataset(self) -> bool:
        """Whether it is said to be a dataset, whatever files lie there."""
        named = (self.audio_column, self.style_column, self.session_column, self.subset)
        return any(named) or self.keep_splits
