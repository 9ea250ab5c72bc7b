"""The stages as tests call them: settings by their names, a release by its folder."""

from pathlib import Path
from typing import Any

from sport_music_dataset.build.build import (
    BuildPlan,
    BuildReport,
    BuildRequest,
    build_release,
    plan_build,
)
from sport_music_dataset.progress import Progress, no_progress
from sport_music_dataset.recipe import Recipe
from sport_music_dataset.release.release import Release
from sport_music_dataset.source.library import Library, Reading, find_music, scan_folder
from sport_music_dataset.source.source import Source
from sport_music_dataset.verify.verify import Report, verify_release


def build(
    source: Path | Source,
    out: Path,
    recipe: Recipe,
    *,
    progress: Progress = no_progress,
    **settings: Any,
) -> BuildReport:
    """Build `source` into `out`; `settings` are those of BuildRequest."""
    return build_release(BuildRequest(named(source), out, recipe, **settings), progress)


def planned(
    source: Path | Source,
    out: Path,
    recipe: Recipe,
    *,
    progress: Progress = no_progress,
    **settings: Any,
) -> BuildPlan:
    """What `build` would do."""
    return plan_build(BuildRequest(named(source), out, recipe, **settings), progress)


def scan(source: Path | Source, exclude: Path | None = None, **settings: Any) -> Library:
    """The tracks of a folder; `settings` are those of `Reading`."""
    reading = Reading(named(source), **settings)
    folder = Path(reading.source.location)
    return scan_folder(folder, find_music(folder, exclude), reading)


def named(source: Path | Source) -> Source:
    """A folder whose names are read as those of sport music, whatever they are."""
    return source if isinstance(source, Source) else Source(str(source), layout="sport")


def verify_folder(folder: Path, **settings: Any) -> Report:
    """Verify the release in a folder; `settings` are those of `verify_release`."""
    return verify_release(Release.of(folder), **settings)
