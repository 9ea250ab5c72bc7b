"""Reads a source of any kind: a folder of audio files or of Parquet, on disk, Hub or store."""

from collections.abc import Iterable
from pathlib import Path

from ..progress import Progress, no_progress
from .files import FoundFiles
from .library import Library, Reading, ReadMap, find_music, scan_folder
from .source import Source


def read_source(
    source: Path | str | Source,
    styles: Iterable[str] = (),
    exclude: Path | None = None,
    run: ReadMap = map,
    progress: Progress = no_progress,
    sessions: str = "",
) -> Library:
    """Find, name, hash and probe the audio of a source.

    A source with audio files is read as a folder of files, on the Hub and in a store too. A source
    with Parquet files and without audio files, or one with options for datasets
    (`Source.is_dataset`), is read as a dataset: every row is a track, and its audio
    is written once to the cache of datasets.

    Args:
        source: the folder or dataset with the music.
        styles: as for `Reading`.
        exclude: a folder inside the source to skip (the release being built).
        run: as for `Reading`.
        progress: shows how many files are downloaded or unpacked.
        sessions: the user's own sessions, as YAML.

    Raises:
        SettingError: the source's location is not a valid name of a dataset, or its layout or its
            rule for names cannot be used.
        SourceError: the source cannot be used.
        HubError: the Hub refused, or could not be reached.
        StoreError: an object store refused, or could not be reached.
    """
    source = Source.of(source)
    reading = Reading(source, tuple(styles), sessions, run)
    if source.is_on_hub:
        # Imported here: datasets and the Hub's client take a second, and audio files need neither.
        from .hub import read_hub

        return read_hub(reading, progress)
    if source.is_in_store:
        from .hub import read_store

        return read_store(reading, progress)
    folder = Path(source.location)
    files = find_music(folder, exclude)
    if not _is_dataset(source, files):
        return scan_folder(folder, files, reading)
    from .hub import read_local

    return read_local(reading, exclude, progress)


def places_read(source: Path | str | Source) -> list[Path]:
    """The folders that every machine that decodes tracks of a source must be able to read."""
    source = Source.of(source)
    folder = Path(source.location)
    if source.is_fetched or (folder.is_dir() and _is_dataset(source, find_music(folder))):
        from .hub import cache_folder

        cache = cache_folder("")
        cache.mkdir(parents=True, exist_ok=True)
        return [cache] if source.is_fetched else [folder, cache]
    return [folder]


def _is_dataset(source: Source, files: FoundFiles) -> bool:
    parquet = files.ignored[".parquet"] > 0
    return source.is_dataset(bool(files.audio), bool(files.metadata), parquet)
