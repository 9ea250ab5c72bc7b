"""Where music comes from, and which columns, config and splits to read from a dataset."""

from dataclasses import dataclass, fields
from pathlib import Path

from ..errors import SettingError
from ..storage.store import is_store


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of music, or a dataset.

    `location` is a folder, `hf://datasets/ORG/NAME[@REVISION]`, or `s3://BUCKET/PREFIX` (gs: too).
    `audio_column`, `style_column`, `session_column` and `description_column` name columns of the
    dataset, the last three also those of metadata files in a folder; `subset` names one of the
    dataset's configs. An empty name is found from the dataset.
    `keep_splits` keeps the dataset's splits.

    `layout` is a key of `layouts.LAYOUTS` (found from the names if empty), `names` a rule for names
    as `NameRule` takes it, `session` and `default_style` the session and the style of tracks for
    which nothing says one. `tags` says whether tags in the files are read.
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
    default_style: str = ""
    tags: bool = True
    description_column: str = ""

    @classmethod
    def of(cls, place: "Path | str | Source") -> "Source":
        """A folder as a `Source`; a `Source` is returned unchanged."""
        return place if isinstance(place, Source) else cls(str(place))

    @property
    def is_on_hub(self) -> bool:
        """Whether the location is a dataset on the Hub."""
        return self.location.startswith("hf:")

    @property
    def reading(self) -> dict[str, str | bool]:
        """The settings that are not the usual ones, but for the location."""
        usual = Source(self.location)
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value != getattr(usual, name)}

    @property
    def is_in_store(self) -> bool:
        """Whether the location is in an object store."""
        return is_store(self.location)

    @property
    def is_fetched(self) -> bool:
        """Whether the files come to this machine first."""
        return self.is_on_hub or self.is_in_store

    @property
    def columns(self) -> dict[str, str]:
        """The columns that the user named, by the field of a track that each holds."""
        named = {
            "style": self.style_column,
            "session": self.session_column,
            "description": self.description_column,
        }
        return {field: column for field, column in named.items() if column}

    def is_dataset(self, audio: bool, metadata: bool, parquet: bool) -> bool:
        """Whether the source is read as a dataset of Parquet, not as a folder of audio files.

        Args:
            audio: whether it has audio files.
            metadata: whether it has metadata files, which have the columns that the user named.
            parquet: whether it has Parquet files that are no metadata files.

        Raises:
            SettingError: it has audio files alone, and options for a dataset are given.
        """
        if audio and not parquet and (given := ", ".join(self._dataset_options)):
            raise SettingError(
                f"{given}: of a dataset in Parquet, and {self.location} holds audio files; leave "
                f"{'it' if len(self._dataset_options) == 1 else 'them'} out"
            )
        if not audio:
            return parquet or bool(self.columns or self._dataset_options)
        return bool(self._dataset_options) or (bool(self.columns) and parquet and not metadata)

    @property
    def _dataset_options(self) -> list[str]:
        """The options that only a dataset can have, as they are typed."""
        return [
            *[f"--audio-column {self.audio_column}"] * bool(self.audio_column),
            *[f"--subset {self.subset}"] * bool(self.subset),
            *["--keep-splits"] * self.keep_splits,
        ]
