"""Read a source, whatever it is: a folder of files or of Parquet, or a dataset on the Hub."""

import re
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from datasets import config
from huggingface_hub import HfApi
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from .dataset import Dataset, writing_cache
from .decoding import EXTENSIONS
from .digests import digest
from .errors import SettingError, SourceError
from .hub import hub_errors
from .library import InspectMap, Library, scan
from .metadata import METADATA_NAMES
from .progress import Progress, no_progress
from .remote import HubPlace, Place
from .sources import Source, find_files

_ON_HUB = re.compile(r"hf://datasets/([^/@]+(?:/[^/@]+)?)(?:@(.+))?")
# Downloads at a time, as many as the Hub's client takes.
_FETCHERS = 8


def read_source(
    source: Path | Source,
    styles: Iterable[str] = (),
    exclude: Path | None = None,
    run: InspectMap = map,
    progress: Progress = no_progress,
) -> Library:
    """Find, name, hash and probe the audio of a source.

    What holds audio files is a folder of files, on the Hub too. What holds Parquet and none, or is
    said to be a dataset, has a track in every row; its audio goes into datasets' cache, once.

    Args:
        source: where the music lies.
        styles: the styles to take; all when empty.
        exclude: a folder inside a source to pass by (the release being built).
        run: as for `scan`.
        progress: told how far unpacking is.

    Raises:
        SettingError: this cannot be the name of a dataset.
        SourceError: the source cannot be used.
        HubError: the Hub refused, or could not be reached.
    """
    source = Source.of(source)
    if source.is_on_hub:
        return _read_hub(source, styles, run, progress)
    folder = Path(source.location)
    if not folder.is_dir() or not (source.is_dataset or _is_parquet(folder, exclude)):
        return scan(folder, styles, exclude, run)
    root = folder.resolve()
    if exclude and exclude.resolve().is_relative_to(root):
        raise SourceError(f"{exclude}: lies inside the dataset {folder}; give another folder")
    cache = _cache(f"{root.name}-{digest(str(root))[:16]}")
    place = Place(root)
    library = Dataset(source, str(root), place, place, cache).library(styles, run, progress)
    return _with_note(library, cache)


def places_read(source: Path | Source) -> list[Path]:
    """The folders that whoever decodes tracks of a source must see."""
    source = Source.of(source)
    folder, cache = Path(source.location), _cache("")
    unpacked = source.is_on_hub or source.is_dataset
    if unpacked or (folder.is_dir() and _is_parquet(folder, None)):
        cache.mkdir(parents=True, exist_ok=True)
        return [cache] if source.is_on_hub else [folder, cache]
    return [folder]


def _read_hub(
    source: Source, styles: Iterable[str], run: InspectMap, progress: Progress
) -> Library:
    """Of a commit: whatever is pushed to the Hub meanwhile leaves no trace."""
    repo_id, revision = _name(source.location)
    api = HfApi()
    with hub_errors(api, repo_id):
        info = api.dataset_info(repo_id, revision=revision, files_metadata=True)
    siblings = info.siblings or []
    files = {file.rfilename: (file.size or 0, file.blob_id or "") for file in siblings}
    commit = str(info.sha)
    cache = _cache(repo_id.replace("/", "--"))
    kept = HubPlace(repo_id, commit, cache / commit[:16] / repo_id.split("/")[-1], api, keep=True)
    audio = [path for path in files if _is_audio(path)]
    if audio and not source.is_dataset:
        _fetch(kept, [*audio, *(files.keys() & set(METADATA_NAMES))], cache, progress)
        library = scan(kept.folder, styles, None, run)
    else:
        root = f"hf://datasets/{repo_id}@{commit}"
        place = HubPlace(repo_id, commit, cache / "download", api)
        rows = Dataset(source, root, place, kept, cache, commit, files)
        library = rows.library(styles, run, progress)
    library = replace(library, source={"dataset": repo_id, "revision": commit})
    return _with_note(library, cache)


def _name(location: str) -> tuple[str, str | None]:
    """(ORG/NAME, revision) of a location; raises SourceError or SettingError."""
    found = _ON_HUB.fullmatch(location)
    if found is None:
        raise SourceError(f"{location}: write it as hf://datasets/ORG/NAME or .../NAME@REVISION")
    try:
        validate_repo_id(found[1])
    except HFValidationError as error:
        raise SettingError(f"{location}: {' '.join(str(error).split())}") from error
    return found[1], unquote(found[2]) if found[2] else None


def _fetch(place: HubPlace, paths: list[str], cache: Path, progress: Progress) -> None:
    """Download files into the folder of `place`; those that are there stay."""

    def fetch(path: str) -> None:
        with place.fetched(path):
            advance(1)

    with (
        writing_cache(cache),
        progress("Fetching", len(paths)) as advance,
        ThreadPoolExecutor(_FETCHERS) as pool,
    ):
        # Consumed, so that an error is raised.
        list(pool.map(fetch, paths))
        # The client's notes on what it downloaded are no part of the dataset.
        shutil.rmtree(place.folder / ".cache", ignore_errors=True)


def _with_note(library: Library, cache: Path) -> Library:
    size = sum(track.size_bytes for track in library.tracks) / 1e6
    note = f"{size:.1f} MB of audio lie in {cache}; delete it when you need it no more"
    return replace(library, notes=(*library.notes, note))


def _is_audio(path: str) -> bool:
    hidden = any(part.startswith(".") for part in path.split("/"))
    return not hidden and PurePosixPath(path).suffix.lower() in EXTENSIONS


def _is_parquet(folder: Path, exclude: Path | None) -> bool:
    files = find_files(folder.resolve(), exclude)
    return not files.audio and files.ignored[".parquet"] > 0


def _cache(name: str) -> Path:
    """A folder of our own where datasets keeps what it unpacks."""
    return Path(config.HF_DATASETS_CACHE) / "sportgen" / name
