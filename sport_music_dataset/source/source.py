"""Where music comes from, and which columns, config and splits to read from a dataset."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of music, or a dataset.

    `location` is a folder, or `hf://datasets/ORG/NAME[@REVISION]`. `audio_column`, `style_column`
    and `session_column` name columns of the dataset, `subset` one of its configs; an empty name is
    found from the dataset. `keep_splits` keeps the dataset's splits.

    `layout` is a key of `layouts.LAYOUTS` (found from the names if empty), `names` a rule for names
    as `NameRule` takes it, `session` the session of tracks for which nothing says one. `tags` says
    whether tags in the files are read.
    """

    location: str
    audio_column: str = ""
    style_column: str = ""
    session_column: str = ""
    subset: str = ""
    keep_splits: bool = False
    layout: str = ""
    names: str = ""
    session: str = ""
    tags: bool = True

    @classmethod
    def of(cls, place: "Path | str | Source") -> "Source":
        """A folder as a `Source`; a `Source` is returned unchanged."""
        return place if isinstance(place, Source) else cls(str(place))

    @property
    def is_on_hub(self) -> bool:
        """Whether the location is a dataset on the Hub."""
        return self.location.startswith("hf:")

    @property
    def is_dataset(self) -> bool:
        """Whether an option for datasets is set, so that the source is read as a dataset."""
        named = (self.audio_column, self.style_column, self.session_column, self.subset)
        return any(named) or self.keep_splits
