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
from sport_music_dataset.source.library import Library, find_music, scan_folder
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
    return build_release(BuildRequest(source, out, recipe, **settings), progress)


def planned(
    source: Path | Source,
    out: Path,
    recipe: Recipe,
    *,
    progress: Progress = no_progress,
    **settings: Any,
) -> BuildPlan:
    """What `build` would do."""
    return plan_build(BuildRequest(source, out, recipe, **settings), progress)


def scan(folder: Path, **settings: Any) -> Library:
    """The tracks of a folder; `settings` are those of `scan_folder`, and `exclude`."""
    return scan_folder(folder, find_music(folder, settings.pop("exclude", None)), **settings)


def verify_folder(folder: Path, **settings: Any) -> Report:
    """Verify the release in a folder; `settings` are those of `verify_release`."""
    return verify_release(Release.of(folder), **settings)
