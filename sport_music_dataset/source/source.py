"""The settings of a source: its location, and the columns to use if it is a dataset."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Source:
    """A folder, or a dataset.

    `location` is a folder, or `hf://datasets/ORG/NAME[@REVISION]`. `audio_column`, `style_column`
    and `session_column` name columns of the dataset, and `subset` one of its configs; sportgen
    finds those that are empty by itself. `keep_splits` keeps the dataset's splits.
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
        """Whether the source is a dataset on the Hub."""
        return self.location.startswith("hf:")

    @property
    def is_dataset(self) -> bool:
        """Whether settings say that the source is a dataset, whatever files it has."""
        named = (self.audio_column, self.style_column, self.session_column, self.subset)
        return any(named) or self.keep_splits
