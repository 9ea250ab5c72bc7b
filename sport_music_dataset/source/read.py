"""Read a source of any kind: a folder of files or of Parquet, or a dataset on the Hub."""

from collections.abc import Iterable
from pathlib import Path

from ..progress import Progress, no_progress
from .files import FoundFiles
from .library import InspectMap, Library, find_music, scan_folder
from .source import Source


def read_source(
    source: Path | str | Source,
    styles: Iterable[str] = (),
    exclude: Path | None = None,
    run: InspectMap = map,
    progress: Progress = no_progress,
) -> Library:
    """Find, name, hash and probe the audio of a source.

    A source with audio files is read as files, also on the Hub. A source with Parquet and no audio
    files, or one with settings for a dataset, has a track in every row; its audio is unpacked once
    into datasets' cache.

    Args:
        source: the place of the music.
        styles: the styles to take; all if empty.
        exclude: a folder inside the source to skip (the release that is being built).
        run: as for `scan_folder`.
        progress: is told how far unpacking is.

    Raises:
        SettingError: the location is not a valid name of a dataset.
        SourceError: the source cannot be used.
        HubError: the Hub refused, or could not be reached.
    """
    source = Source.of(source)
    if source.is_on_hub:
        # Importing datasets and the Hub's client takes 1 s, and music in a folder needs neither.
        from .hub import read_hub

        return read_hub(source, styles, run, progress)
    folder = Path(source.location)
    files = find_music(folder, exclude)
    if not (source.is_dataset or _is_parquet(files)):
        return scan_folder(folder, files, styles, run)
    from .hub import read_local

    return read_local(source, exclude, styles, run, progress)


def places_read(source: Path | str | Source) -> list[Path]:
    """The folders that every worker that decodes tracks of a source must see."""
    source = Source.of(source)
    folder = Path(source.location)
    unpacked = source.is_on_hub or source.is_dataset
    if unpacked or (folder.is_dir() and _is_parquet(find_music(folder))):
        from .hub import cache_folder

        cache = cache_folder("")
        cache.mkdir(parents=True, exist_ok=True)
        return [cache] if source.is_on_hub else [folder, cache]
    return [folder]


def _is_parquet(files: FoundFiles) -> bool:
    return not files.audio and files.ignored[".parquet"] > 0
