"""Sources whose audio is written to the cache: Parquet, datasets on the Hub, object stores."""

import itertools
import re
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from datasets import config
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from ..audio.decode import EXTENSIONS
from ..digests import digest
from ..engines.outage import Outage
from ..errors import SettingError, SourceError, StoreError
from ..outside.files import walk
from ..outside.names import is_inside
from ..progress import Progress, going_on
from ..reasons import MachineFault, Reason, read_fault
from ..storage.hub_client import checked, dataset_info, hub_errors
from ..storage.hub_place import HubPlace
from ..storage.place import Place
from ..storage.store import THREADS, DeniedError, Store, Stored
from .files import is_metadata, os_reason, pair_sidecars
from .library import Library, Reading, find_music, scan_folder
from .parquet import ParquetSource, writing_cache
from .source import Source

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
    if wanted := _audio_and_texts(source, files):
        _fetch(kept_place, wanted, cache, progress)
        library = scan_folder(kept_place.folder, find_music(kept_place.folder), reading)
    else:
        root = f"hf://datasets/{repo_id}@{commit}"
        place = HubPlace(repo_id, commit, cache / "download", api)
        dataset = ParquetSource(source, root, place, kept_place, cache, commit, files)
        library = dataset.library(reading, progress)
    library = replace(library, source={"dataset": repo_id, "revision": commit})
    return _with_cache_note(library, cache)


def read_store(reading: Reading, progress: Progress) -> Library:
    """Read the files under a prefix of an object store, for `read_source`; raises as `read_source`.

    They are fetched into a folder of the cache, and that folder is read. A file that is there with
    the size and the time that the store's list says is not fetched again; what the list no longer
    has is removed. An audio file that cannot be fetched is left out with its reason.
    """
    store = Store(reading.source.location)
    there = store.files()
    paths = [path for path in there if is_inside(path)]
    wanted = _audio_and_texts(reading.source, paths)
    cache = cache_folder(f"{store.name}-{store.key}")
    folder = cache / "files" / store.name
    found = wanted or [path for path in paths if not _is_hidden(path)]
    if not found:
        raise SourceError(f"{store.url}: no files under it; give the prefix that holds the music")
    failed = _mirror(store, {path: there[path] for path in found}, cache, folder, progress)
    local = replace(reading, source=replace(reading.source, location=str(folder)))
    if wanted:
        music = find_music(folder)
        strange = (path for path in there.keys() - set(paths) if _suffix(path) in EXTENSIONS)
        music.audio |= dict.fromkeys(strange, str(Reason.OUTSIDE)) | failed
        library = _with_cache_note(scan_folder(folder, music, local), cache)
    else:
        library = read_local(local, None, progress)
    return replace(library, source={"store": store.url})


def _audio_and_texts(source: Source, paths: Iterable[str]) -> list[str]:
    """Audio, metadata and sidecars of a source; none if it is read as a dataset."""
    shown = [path for path in paths if not _is_hidden(path)]
    audio = [path for path in shown if _suffix(path) in EXTENSIONS]
    metadata = [path for path in shown if is_metadata(PurePosixPath(path).name)]
    parquet = any(_suffix(path) == ".parquet" for path in set(shown) - set(metadata))
    if not audio or source.is_dataset(True, bool(metadata), parquet):
        return []
    sidecars = pair_sidecars(audio, set(shown) - set(metadata)).values()
    return list(dict.fromkeys((*audio, *metadata, *itertools.chain(*sidecars))))


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def _mirror(
    store: Store, wanted: Mapping[str, Stored], cache: Path, folder: Path, progress: Progress
) -> dict[str, str]:
    """Make a folder hold these files of a store, and no others; the audio that failed -> reason.

    Raises:
        SourceError: a file that is no audio is gone or may not be read, or this disk failed.
        StoreError: a file that is no audio cannot be fetched.
        MachineError: too many files in a row cannot be fetched.
    """
    failed: dict[str, str] = {}
    outage = Outage()
    with writing_cache(cache):
        kept = set()
        for here, _, names in walk(folder):
            for file in (Path(here, name) for name in names):
                path = file.relative_to(folder).as_posix()
                if path in wanted and _is_as(file, wanted[path]):
                    kept.add(path)
                else:
                    file.unlink()
        missing = [path for path in wanted if path not in kept]
        with (
            progress(going_on("Fetching", len(missing), len(wanted)), len(missing)) as advance,
            ThreadPoolExecutor(THREADS) as pool,
        ):
            fetch = partial(_fetch_stored, store, folder, wanted)
            for path, reason in zip(missing, pool.map(fetch, missing), strict=True):
                outage.see(path, reason)
                if reason:
                    failed[path] = reason
                advance(1)
    return failed


def _fetch_stored(store: Store, folder: Path, wanted: Mapping[str, Stored], path: str) -> str:
    """Fetch a file of a store; of audio that cannot be fetched, the reason to leave it out."""
    try:
        store.fetch(path, folder / path, wanted[path])
    except StoreError as error:
        if _suffix(path) not in EXTENSIONS:
            raise
        if isinstance(error, DeniedError):
            return Reason.UNREADABLE.because("the store denies it")
        return Reason.MACHINE.because(f"cannot be fetched ({error})")
    except OSError as error:
        fault = read_fault(path, error, os_reason(error))
        if isinstance(fault, MachineFault) or _suffix(path) not in EXTENSIONS:
            raise
        return str(fault)
    return ""


def _is_as(file: Path, stored: Stored) -> bool:
    """Whether a fetched file is the one that the store's list has."""
    found = file.stat()
    return (found.st_size, found.st_mtime_ns) == (stored.size, stored.mtime_ns)


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
