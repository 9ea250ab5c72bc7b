"""The builder: `SportMusic(data_dir="music")` in plain Python, as datasets' users expect."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import datasets

from ._version import __version__
from .build.cut import TrackRows
from .build.groups import find_duplicates
from .build.plan import plan
from .digests import digest
from .errors import SettingError, SourceError
from .recipe import DEFAULT_SPLITS, Recipe
from .records import Row, Track
from .release.features import RAW_FEATURES
from .source.files import Source
from .source.library import Library
from .source.read import read_source

logger = datasets.utils.logging.get_logger(__name__)


@dataclass
class SportMusicConfig(datasets.BuilderConfig):  # type: ignore[misc]  # datasets has no types
    """Settings of the builder; `data_dir` is the music folder, or a dataset as `Source` has it.

    `splits` maps names to proportions that sum to 1; `styles` limits the build to some styles. The
    other settings are those of `Recipe` and of `Source`.

    Raises:
        SettingError: a value cannot work; the message echoes it.
    """

    chunk_seconds: float = 25.0
    overlap_seconds: float = 10.0
    splits: dict[str, float] = field(default_factory=lambda: dict(DEFAULT_SPLITS))
    seed: int = 0
    styles: tuple[str, ...] = ()
    keep_silence: bool = False
    keep_truncated: bool = True
    max_track_seconds: float = 86_400.0
    max_expansion: float = 1_000.0
    analysis: bool = True
    descriptions: str = "measured"
    descriptions_per_chunk: int = 1
    sessions: str = ""
    only_fitting: bool = False
    duplicates: str = "keep"
    group_by: str = "recording"
    audio_column: str = ""
    style_column: str = ""
    session_column: str = ""
    subset: str = ""
    keep_splits: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.recipe

    @property
    def recipe(self) -> Recipe:
        """The settings as stages take them."""
        settings = {entry.name: getattr(self, entry.name) for entry in dataclasses.fields(Recipe)}
        return Recipe(
            **settings | {"splits": tuple(self.splits.items()), "styles": tuple(self.styles)}
        )

    @cached_property
    def library(self) -> Library:
        """What `data_dir` holds; read once.

        Raises:
            SettingError: there is no `data_dir`.
            SourceError: it cannot be used.
            HubError: it lies on the Hub, which refused or could not be reached.
        """
        if not self.data_dir:
            raise SettingError("data_dir: give the folder that holds the music")
        names = (entry.name for entry in dataclasses.fields(Source) if entry.name != "location")
        choice = {name: getattr(self, name) for name in names}
        return read_source(Source(self.data_dir, **choice), self.styles)

    def create_config_id(
        self, config_kwargs: dict[str, Any], custom_features: datasets.Features | None = None
    ) -> str:
        """An id that changes with the recipe and with the music: cached rows are never stale."""
        place = {"file": "", "signature": ()}
        content = digest([dataclasses.asdict(track) | place for track in self.library.tracks])
        return f"{self.name}-{self.recipe.fingerprint}-{content[:16]}"


class SportMusic(datasets.GeneratorBasedBuilder):  # type: ignore[misc]
    """Rows of `raw` from a folder of music.

    Example:
        >>> builder = SportMusic(data_dir="music", chunk_seconds=25)
        >>> builder.download_and_prepare()
        >>> dataset = builder.as_dataset(split="train")
    """

    BUILDER_CONFIG_CLASS = SportMusicConfig
    BUILDER_CONFIGS: ClassVar = [
        SportMusicConfig(name="raw", version=datasets.Version(__version__))
    ]
    config: SportMusicConfig

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(features=RAW_FEATURES)

    def _split_generators(
        self, dl_manager: datasets.DownloadManager
    ) -> list[datasets.SplitGenerator]:
        with TemporaryDirectory() as folder:
            library = find_duplicates(self.config.library, self.config.recipe, Path(folder))
        for track in library.tracks:
            if track.reason:
                logger.warning(f"{track.path}: left out, {track.reason}")
        if not library.usable:
            raise SourceError(f"{self.config.data_dir}: no track in it can be read")
        tracks: dict[str, list[Track]] = {}
        for shard in plan(library.usable, self.config.recipe):
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
