"""The builder class for users of the datasets library: `SportMusic(data_dir="music")`."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields, make_dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import datasets

from ._version import __version__
from .build.build import fingerprint_and_group
from .build.plan import plan_tracks, with_known_splits
from .build.track_rows import TrackRows
from .digests import digest
from .engines.base import ThisProcess
from .errors import SettingError, SourceError
from .recipe import DEFAULT_SPLITS, Recipe
from .records import Row, Track
from .release.schemas import SCHEMAS
from .source.library import Library, check_named
from .source.read import read_source
from .source.source import Source

logger = datasets.utils.logging.get_logger(__name__)


_SETTINGS = (
    *fields(Recipe),
    *(setting for setting in fields(Source) if setting.name != "location"),
)
# Recipe and Source are frozen and a BuilderConfig is not, so the config cannot inherit from them.
# It gets a field for each of their fields, with the same type and default, so that each setting is
# defined in one place.
_Settings = make_dataclass(
    "_Settings",
    [(setting.name, setting.type, field(default=setting.default)) for setting in _SETTINGS],
    bases=(datasets.BuilderConfig,),
)


@dataclass
class SportMusicConfig(_Settings):  # type: ignore[misc, valid-type]  # made above
    """Settings of the builder: the settings of `Recipe` and `Source`, under the same names.

    `data_dir` is the music folder, or a dataset in a form that `Source.location` accepts; `splits`
    maps names to proportions that sum to 1.

    Example:
        >>> SportMusicConfig(data_dir="music", chunk_seconds=2.0, overlap_seconds=0.8).recipe
        Recipe(chunk_seconds=2.0, overlap_seconds=0.8, ...)

    Raises:
        SettingError: a value cannot work; the message quotes the value.
    """

    splits: dict[str, float] = field(default_factory=lambda: dict(DEFAULT_SPLITS))

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.recipe

    @property
    def recipe(self) -> Recipe:
        """The settings of `Recipe` in this config."""
        settings = {entry.name: getattr(self, entry.name) for entry in fields(Recipe)}
        return Recipe(
            **settings | {"splits": tuple(self.splits.items()), "styles": tuple(self.styles)}
        )

    @cached_property
    def library(self) -> Library:
        """The tracks of `data_dir`, read once.

        Raises:
            SettingError: `data_dir` is empty.
            SourceError: the folder or dataset cannot be used.
            HubError: the Hub refused a request for the dataset or could not be reached.
        """
        if not self.data_dir:
            raise SettingError("data_dir: give the folder that holds the music")
        names = (entry.name for entry in fields(Source) if entry.name != "location")
        choice = {name: getattr(self, name) for name in names}
        source = Source(self.data_dir, **choice)
        library = read_source(source, self.styles, sessions=self.sessions)
        library = with_known_splits(library, self.splits)
        check_named(library, self.data_dir)
        return library

    def create_config_id(
        self, config_kwargs: dict[str, Any], custom_features: datasets.Features | None = None
    ) -> str:
        """An id made from recipe and tracks: if either changes, datasets takes no cached rows."""
        # The same file has another path and signature on another machine, but the same rows.
        blanked = {"file": "", "signature": ()}
        content = digest([asdict(track) | blanked for track in self.library.tracks])
        return f"{self.name}-{self.recipe.fingerprint}-{content[:16]}"


class SportMusic(datasets.GeneratorBasedBuilder):  # type: ignore[misc]
    """Makes the rows of `raw` from a folder of music.

    Example:
        >>> builder = SportMusic(data_dir="music", chunk_seconds=2.0, overlap_seconds=0.8)
        >>> builder.download_and_prepare()
        >>> builder.as_dataset(split="train").num_rows
        29
    """

    BUILDER_CONFIG_CLASS = SportMusicConfig
    BUILDER_CONFIGS: ClassVar = [
        SportMusicConfig(name="raw", version=datasets.Version(__version__))
    ]
    config: SportMusicConfig

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(features=datasets.Features.from_arrow_schema(SCHEMAS["raw"]))

    def _split_generators(
        self, dl_manager: datasets.DownloadManager
    ) -> list[datasets.SplitGenerator]:
        with TemporaryDirectory() as folder:
            library, recipe = self.config.library, self.config.recipe
            processes = ThisProcess()
            library = fingerprint_and_group(processes, library, recipe, Path(folder)).library
        for track in library.tracks:
            if track.reason:
                logger.warning(f"{track.path}: left out, {track.reason}")
        if not library.usable:
            raise SourceError(f"{self.config.data_dir}: no track in it can be read")
        tracks: dict[str, list[Track]] = {}
        for shard in plan_tracks(library.usable, recipe):
            tracks.setdefault(shard.split, []).extend(shard.tracks)
        return [
            datasets.SplitGenerator(name=split, gen_kwargs={"tracks": members})
            for split, members in tracks.items()
        ]

    def _generate_examples(self, tracks: list[Track]) -> Iterator[tuple[str, Row]]:
        for track in tracks:
            rows = TrackRows(track, self.config.recipe)
            for row in rows:
                yield row["chunk_id"], row
            if rows.outcome.reason:
                logger.warning(f"{track.path}: left out, {rows.outcome.reason}")
