"""Sources whose audio is written to the cache of datasets: folders of Parquet, Hub datasets."""

import itertools
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from datasets import config
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from ..audio.decode import EXTENSIONS
from ..digests import digest
from ..errors import SettingError, SourceError
from ..progress import Progress
from ..storage.hub_client import checked, dataset_info, hub_errors
from ..storage.hub_place import HubPlace
from ..storage.place import Place
from .files import is_metadata, pair_sidecars
from .library import Library, Reading, find_music, scan_folder
from .parquet import ParquetSource, writing_cache

_ON_HUB = re.compile(r"hf://datasets/([^/@]+(?:/[^/@]+)?)(?:@(.+))?")
# Downloads at the same time: as many as the Hub's client runs by default.
_DOWNLOAD_THREADS = 8


def read_local(reading: Reading, exclude: Path | None, progress: Progress) -> Library:
    """Read a folder of Parquet files, for `read_source`.

    Raises:
        SourceError: `exclude` is inside the folder; or as `read_source`.
    """
    source = reading.source
    root = Path(source.location).resolve()
    if exclude and exclude.resolve().is_relative_to(root):
        raise SourceError(
            f"{exclude}: lies inside the dataset {source.location}; give another folder"
        )
    cache = cache_folder(f"{root.name}-{digest(str(root))[:16]}")
    place = Place(root, links=True)
    library = ParquetSource(source, str(root), place, place, cache).library(reading, progress)
    return _with_cache_note(library, cache)


def read_hub(reading: Reading, progress: Progress) -> Library:
    """Read a dataset on the Hub, for `read_source`; raises as `read_source`.

    All files are read at one commit, so that a push in the meantime changes nothing.
    """
    source = reading.source
    repo_id, revision = _parse_location(source.location)
    api = checked()
    with hub_errors(api, repo_id):
        info = dataset_info(api, repo_id, revision)
    siblings = info.siblings or []
    files = {file.rfilename: (file.size or 0, file.blob_id or "") for file in siblings}
    commit = str(info.sha)
    cache = cache_folder(repo_id.replace("/", "--"))
    folder = cache / commit[:16] / repo_id.split("/")[-1]
    kept_place = HubPlace(repo_id, commit, folder, api, keep=True)
    shown = [path for path in files if not any(p.startswith(".") for p in path.split("/"))]
    audio = [path for path in shown if _suffix(path) in EXTENSIONS]
    metadata = [path for path in shown if is_metadata(PurePosixPath(path).name)]
    parquet = any(_suffix(path) == ".parquet" for path in set(shown) - set(metadata))
    if audio and not source.is_dataset(True, bool(metadata), parquet):
        sidecars = pair_sidecars(audio, set(shown) - set(metadata)).values()
        wanted = dict.fromkeys((*audio, *metadata, *itertools.chain(*sidecars)))
        _fetch(kept_place, list(wanted), cache, progress)
        library = scan_folder(kept_place.folder, find_music(kept_place.folder), reading)
    else:
        root = f"hf://datasets/{repo_id}@{commit}"
        place = HubPlace(repo_id, commit, cache / "download", api)
        dataset = ParquetSource(source, root, place, kept_place, cache, commit, files)
        library = dataset.library(reading, progress)
    library = replace(library, source={"dataset": repo_id, "revision": commit})
    return _with_cache_note(library, cache)


def _parse_location(location: str) -> tuple[str, str | None]:
    """(ORG/NAME, revision) of a location; raises SourceError or SettingError."""
    match = _ON_HUB.fullmatch(location)
    if match is None:
        raise SourceError(f"{location}: write it as hf://datasets/ORG/NAME or .../NAME@REVISION")
    try:
        validate_repo_id(match[1])
    except HFValidationError as error:
        raise SettingError(f"{location}: {' '.join(str(error).split())}") from error
    return match[1], unquote(match[2]) if match[2] else None


def _fetch(place: HubPlace, paths: list[str], cache: Path, progress: Progress) -> None:
    """Download files into the folder of `place`, except those that are in it already."""

    def fetch(path: str) -> None:
        with place.fetched(path):
            advance(1)

    with (
        writing_cache(cache),
        progress("Fetching", len(paths)) as advance,
        ThreadPoolExecutor(_DOWNLOAD_THREADS) as pool,
    ):
        # list(): map raises the error of a download only when its result is read.
        list(pool.map(fetch, paths))
        # The client records its downloads in this folder; they are no part of the dataset.
        shutil.rmtree(place.folder / ".cache", ignore_errors=True)


def _with_cache_note(library: Library, cache: Path) -> Library:
    size = sum(track.size_bytes for track in library.tracks) / 1e6
    note = f"{size:.1f} MB of audio lie in {cache}; delete it when you need it no more"
    return replace(library, notes=(*library.notes, note))


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def cache_folder(name: str) -> Path:
    """A folder for sportgen inside the cache of datasets (HF_DATASETS_CACHE)."""
    return Path(config.HF_DATASETS_CACHE) / "sportgen" / name
