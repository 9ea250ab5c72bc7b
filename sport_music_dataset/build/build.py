"""A source to a release folder, or what that would be."""

import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from ..audio.fingerprint import STORES, Items, chromaprint_version
from ..engines.base import DEFAULT_TIMEOUT, Engine, RaySettings, open_engine
from ..engines.estimate import Estimate
from ..errors import ReleaseError, SourceError
from ..progress import Progress, no_progress
from ..reasons import kind_of
from ..recipe import Recipe
from ..records import Outcome, Track
from ..release.manifest import MANIFEST, Manifest, is_ours, kept_rows, read_manifest
from ..release.shards import WORK_FOLDER, check_on_disk, writing
from ..source.files import Source
from ..source.library import Library
from ..source.read import places_read, read_source
from .cut import measure_track
from .cutting import Spools, estimate_cutting
from .groups import duplicate_groups, find_duplicates
from .plan import Shard
from .since import Origin
from .write import Assembly


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did: the `tracks` rows, chunks per split, and what else to tell."""

    tracks: list[dict[str, Any]]
    chunks: dict[str, int]
    ignored: dict[str, int]
    notes: tuple[str, ...]
    duplicates: list[dict[str, Any]]
    shards_written: int = 0

    @property
    def kept(self) -> list[dict[str, Any]]:
        """The rows of tracks that gave chunks."""
        return kept_rows(self.tracks)

    @property
    def left_out(self) -> dict[str, int]:
        """Reason, without its detail -> files."""
        reasons = (kind_of(row["reason"]) for row in self.tracks if row["reason"])
        return dict(Counter(reasons))


def build(
    source: Path | Source,
    out: Path,
    recipe: Recipe,
    *,
    num_proc: int = 1,
    timeout: float = DEFAULT_TIMEOUT,
    force: bool = False,
    license: str = "",
    since: Origin | None = None,
    ray: RaySettings | None = None,
    progress: Progress = no_progress,
) -> BuildReport:
    """Build, or bring up to date, the release folder `out` from the music in `source`.

    Shards that are already made from the same inputs stay as they are; a group keeps the split
    that it had in `out`. The files are the same whatever `num_proc`, and with or without Ray.

    Args:
        source: the folder with the music, or a dataset.
        out: the release folder.
        recipe: all that determines the rows.
        num_proc: processes that decode; of a Ray that is started for it, its processors.
        timeout: seconds that a track may take.
        force: build anew what another recipe made.
        license: of tracks for which metadata gives none.
        since: the release to go on from: its groups keep their splits, wherever it lies.
        ray: where to find Ray, if it is to do the work.
        progress: told how far the work is.

    Raises:
        SourceError: `source` cannot be used, or gives no chunk.
        HubError: it lies on the Hub, which refused or could not be reached.
        MachineError: Chromaprint's library is missing, or Ray is; a node of it sees other files.
        ReleaseError: `out` holds something else, another recipe and not `force`, is being written
            by somebody else, or cannot be written.
    """
    before = check_target(out, recipe, force)
    with open_engine(num_proc, timeout, ray, places_read(source) if ray else []) as engine:
        library = scan_with(engine, source, out, recipe, license, progress)
        assembly = Assembly(out, recipe, engine, before, progress, since)
        library = library.without(assembly.manifest.withdrawn)
        spools = assembly.spools
        try:
            with writing(out), engine.sharing(out):
                spools.open(library.usable)
                library = duplicates_with(
                    engine, library, recipe, out / WORK_FOLDER, spools, assembly.held(), progress
                )
                rows = assembly.run(library)
                spools.remove()
        except SourceError:
            if before is None:
                assembly.undo()
            raise
    chunks = assembly.manifest.splits("raw")
    return BuildReport(
        tracks=rows,
        chunks=chunks,
        ignored=dict(library.ignored),
        notes=library.notes + assembly.notes,
        duplicates=duplicate_groups(library),
        shards_written=assembly.shards_written,
    )


class Plan(NamedTuple):
    """What a build would do: its library, all its shards, and what those that it writes cost."""

    library: Library
    shards: tuple[Shard, ...]
    estimate: Estimate


def planned(
    source: Path | Source,
    out: Path,
    recipe: Recipe,
    *,
    num_proc: int = 1,
    timeout: float = DEFAULT_TIMEOUT,
    force: bool = False,
    license: str = "",
    since: Origin | None = None,
    ray: RaySettings | None = None,
    progress: Progress = no_progress,
) -> Plan:
    """What `build` would decode and into which shards; writes nothing. Raises as `build` does."""
    before = check_target(out, recipe, force)
    with (
        open_engine(num_proc, timeout, ray, places_read(source) if ray else []) as engine,
        TemporaryDirectory() as folder,
    ):
        assembly = Assembly(out, recipe, engine, before, progress, since)
        library = scan_with(engine, source, out, recipe, license, progress)
        library = library.without(assembly.manifest.withdrawn)
        for known in (out / WORK_FOLDER).glob(STORES):
            shutil.copy(known, folder)
        library = duplicates_with(
            engine, library, recipe, Path(folder), held=assembly.held(), progress=progress
        )
        shards = assembly.plan(library, {})
        todo = assembly.todo(shards)
        estimate = estimate_cutting(engine, todo, len(shards) - len(todo), recipe)
        library = replace(library, notes=library.notes + assembly.moved(shards))
        return Plan(library, shards, estimate)


def check_target(out: Path, recipe: Recipe, force: bool) -> Manifest | None:
    """The manifest of an earlier build in `out`, if any; raises ReleaseError as `build` does."""
    check_on_disk(out)
    if not is_ours(out):
        raise ReleaseError(f"{out}: holds something else than a release; give an empty folder")
    if not (out / MANIFEST).is_file():
        return None
    manifest = read_manifest(out)
    if manifest.fingerprint != recipe.fingerprint and not force:
        settings = recipe.as_dict().items()
        changed = [key for key, value in settings if manifest.recipe.get(key) != value]
        raise ReleaseError(
            f"{out}: was built with another recipe ({', '.join(changed)} differ); "
            "--force builds it anew, or give another folder"
        )
    return manifest


def scan_with(
    engine: Engine,
    source: Path | Source,
    out: Path | None,
    recipe: Recipe,
    license: str,
    progress: Progress,
) -> Library:
    """`read_source` on workers: a file that crashes its decoder costs itself only."""

    def run(function: Callable[[Track], Track], tracks: Iterable[Track]) -> Iterator[Track]:
        tracks = list(tracks)
        with progress("Scanning", len(tracks)) as advance:
            for track in engine.map(function, tracks, _failed):
                yield replace(track, license=track.license or license)
                advance(1)

    check_on_disk(Source.of(source).location)
    chromaprint_version()  # missing, it would be missed after hours of hashing
    return read_source(source, recipe.styles, exclude=out, run=run, progress=progress)


def duplicates_with(
    engine: Engine,
    library: Library,
    recipe: Recipe,
    folder: Path,
    spools: Spools | None = None,
    held: Collection[str] = (),
    progress: Progress = no_progress,
) -> Library:
    """`find_duplicates` on workers, which cut what they hear into `spools`, if they are given."""

    def lost(track: Track, reason: str) -> None:
        """No fingerprint; without spools, the reason is found again when the track is cut."""
        if spools:
            spools.lose(track, reason)

    def run(
        function: Callable[[Track], Items | None], tracks: Iterable[Track]
    ) -> Iterator[Items | None]:
        return engine.map(function, tracks, lost)

    listen = spools.hear if spools else None
    return find_duplicates(
        library, recipe, folder, held=held, run=run, listen=listen, progress=progress
    )


def measure_with(
    engine: Engine, library: Library, recipe: Recipe, progress: Progress = no_progress
) -> dict[str, Outcome]:
    """Path -> what cutting and measuring each usable track gives, on workers; nothing is kept."""
    outcomes = engine.map(partial(measure_track, recipe=recipe), library.usable, _not_measured)
    found: dict[str, Outcome] = {}
    with progress("Measuring", len(library.usable)) as advance:
        for track, outcome in zip(library.usable, outcomes, strict=True):
            found[track.path] = outcome
            advance(1)
    return found


def _not_measured(track: Track, reason: str) -> Outcome:
    return Outcome(reason=reason)


def _failed(track: Track, reason: str) -> Track:
    return replace(track, reason=reason)
