"""Builds a release folder from a source (scan, cut, group, plan, write), or plans the build."""

import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import NamedTuple

from ..audio.fingerprint import chromaprint_version
from ..card.card import check_card
from ..card.options import build_run, typed_in
from ..describe.unsaid import unsaid
from ..engines.base import DEFAULT_TIMEOUT, Engine, Processes, RaySettings, cores
from ..engines.estimate import Estimate
from ..engines.open import open_engine
from ..engines.outage import Outage
from ..progress import Notify, Progress, no_progress
from ..reasons import kind_of
from ..recipe import Recipe
from ..records import Row, Track
from ..release.folder import Run, note_built, other_run_note, writing
from ..release.layout import ASSETS, SESSIONS, SINCE, WORK_FOLDER
from ..release.manifest import Manifest, software
from ..release.release import Release
from ..release.review.follow import follow, notes_on_review
from ..release.shards import distrust_notes
from ..release.tracks import kept_rows, left_out_chunks
from ..source.facts import FACTS, Facts, FactsStore
from ..source.files import fill
from ..source.library import Library, check_named
from ..source.notes import unused
from ..source.read import places_read, read_source
from ..source.source import Source
from ..storage.atomic import write_atomically
from ..storage.place import check_on_disk
from .cut import SpoolFolder, cut_tracks, fingerprint_tracks
from .expect import expected_shards
from .fingerprints import STORES, FingerprintStore
from .groups import Grouping, group_by_metadata, group_tracks
from .plan import Shard, check_split_names, plan_notes, plan_shards, with_known_splits
from .since import Earlier, Since
from .write import Written, estimate_writing, shard_jobs, write_release, write_shards


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What to build, and how.

    Args:
        source: the folder with the music, or a dataset.
        out: the release folder.
        recipe: every setting that determines the rows.
        num_proc: number of processes that decode; if the build starts Ray, its number of CPUs.
        timeout: seconds that one track may take.
        force: make every file of `out` anew, also with another recipe, and believe nothing that an
            earlier build has left there; only what the release there decides stays, its splits and
            the tracks that were withdrawn.
        license: the licence of tracks for which metadata gives none.
        since: what an earlier release decides, from any folder or the Hub: its groups keep their
            splits.
        ray: how to reach Ray and what to use of it; None to work without Ray.
    """

    source: Path | str | Source
    out: Path
    recipe: Recipe = field(default_factory=Recipe)
    num_proc: int = 1
    timeout: float = DEFAULT_TIMEOUT
    force: bool = False
    license: str = ""
    since: Since | None = None
    ray: RaySettings | None = None

    def manifest(self) -> Manifest:
        """A manifest without files, of the recipe and of how the music is read."""
        manifest = Manifest.of(self.recipe)
        manifest.reading = dict(Source.of(self.source).reading)
        if self.license:
            manifest.reading["license"] = self.license
        return manifest

    def earlier(self, notify: Notify) -> Earlier:
        """The release that is in `out`, with `since`; raises as `Earlier.read`, and
        ReleaseError if it is of another recipe without `force`.

        `notify` is told with what that release was built and this build is not.
        """
        earlier = Earlier.read(self.out, self.recipe, self.since)
        check_card(self.out)
        manifest, location = self.manifest(), Source.of(self.source).location
        if not self.force:
            earlier.check_recipe(manifest, location)
        if not earlier.before and self._is_within():
            notify(f"note: {self.out}: lies in {location}; builds leave it out of the music")
        note = earlier.other_options(manifest, location)
        if note := note or other_run_note(self.out, self.run()):
            notify(f"note: {note}")
        return earlier

    def _is_within(self) -> bool:
        source = Source.of(self.source)
        root = Path(source.location).resolve()
        return not source.is_fetched and self.out.resolve().is_relative_to(root)

    def run(self) -> Run:
        """The command line of this build, but for what only says who does the work."""
        source = Source.of(self.source)
        place = source.location if source.is_fetched else str(Path(source.location).resolve())
        options = typed_in(self.out, self.manifest(), self.recipe.tagger)
        if self.since and self.since.name:
            options.append(("--since", self.since.name))
        if self.timeout != DEFAULT_TIMEOUT:
            options.append(("--timeout", f"{self.timeout:.15g}"))
        options += [("--force", "")] * self.force + [("--engine", "ray")] * bool(self.ray)
        return build_run(place, options)

    def engine(self) -> AbstractContextManager[Engine]:
        """The workers of the build; raises as `open_engine`."""
        places = places_read(self.source) if self.ray else []
        return open_engine(self.num_proc, self.timeout, self.ray, places, build_versions)


def build_versions() -> dict[str, str]:
    """The versions of software that the rows and the groups of a build depend on."""
    return {**software(), "chromaprint": chromaprint_version()}


@dataclass(frozen=True, slots=True)
class BuildReport:
    """The result of a build.

    `tracks` are the rows of the `tracks` config, `chunks` maps a split to its number of chunks,
    `ignored` an extension to its number of files that are not audio. `notes` are messages for the
    user, `duplicates` the groups of tracks that share audio. `chunks_left_out` maps a reason to the
    number of chunks that were left out for it.
    """

    tracks: list[Row]
    chunks: dict[str, int]
    ignored: dict[str, int]
    notes: tuple[str, ...]
    duplicates: list[Row]
    manifest: Manifest
    shards_written: int = 0
    chunks_left_out: dict[str, int] = field(default_factory=dict)

    @property
    def kept(self) -> list[Row]:
        """The rows of the tracks that gave chunks."""
        return kept_rows(self.tracks)

    @property
    def left_out(self) -> dict[str, int]:
        """Reason, without its detail -> number of files."""
        reasons = (kind_of(row["reason"]) for row in self.tracks if row["reason"])
        return dict(Counter(reasons))


def build_release(
    request: BuildRequest,
    progress: Progress = no_progress,
    notify: Notify = lambda text: None,
) -> BuildReport:
    """Build the release folder of a request, or bring it up to date.

    A shard that was already made from the same inputs is not made again, and a group keeps the
    split of an earlier build. The files are the same for every `num_proc`, with or without Ray.

    Example:
        >>> splits = (("train", 0.7), ("test", 0.3))
        >>> recipe = Recipe(chunk_seconds=2.0, overlap_seconds=0.8, splits=splits)
        >>> report = build_release(BuildRequest("music", Path("dataset"), recipe))
        >>> report.chunks
        {'train': 24, 'test': 9}

    Raises:
        SettingError: `out` or the source is a URL, or not a valid name of a dataset.
        SourceError: the source cannot be used, or gives no chunk, or goes away.
        HubError: the source is on the Hub, which refused or could not be reached.
        MachineError: Chromaprint's library or Ray is missing, or a node of Ray cannot read the
            files of this machine; or too many files in a row could not be read.
        ReleaseError: `out` holds something else, or a release of another recipe without `force`;
            or another process is writing to it; or it cannot be written.
    """
    earlier, recipe, run = request.earlier(notify), request.recipe, request.run()
    release = _new_release(request, earlier)
    work = release.folder / WORK_FOLDER
    with request.engine() as engine:
        facts = FactsStore(None if request.force else work)
        library = _scan(engine, request, release, earlier, progress, facts)
        with writing(release.folder, run), engine.sharing(work):
            earlier.keep_decisions()
            earlier.keep_review()
            earlier.keep_last_encode()
            if recipe.sessions:  # the command that goes on names this file
                write_atomically(release.folder / SESSIONS, recipe.sessions.encode())
            if request.since and request.since.name:
                write_atomically(release.folder / SINCE, request.since.name.encode())
            if request.force:
                forget(release.folder)
            facts.save()
            outage = outage_of(request.source)
            store, spools = FingerprintStore(work), _spools(release, recipe, engine)
            spools.open(() if request.force else library.usable)
            if any(track.sha256 not in store for track in library.usable):
                _import_ahead()
            failed = cut_tracks(engine, library.usable, spools, store, outage, progress)
            library = library.left_out(failed)
            grouping = group_tracks(library, store, recipe, earlier.track_ids, progress)
            write = partial(write_shards, engine, release=release, spools=spools, outage=outage)
            shards, written = _fill_splits(
                grouping.library, recipe, earlier, partial(write, progress=progress)
            )
            planned = plan_notes(shards, earlier.splits_by_track, written.failed)
            rows = write_release(release, earlier.before, grouping, shards, written, progress)
            # Not before its manifest stands: a run that is killed in between has decided nothing.
            if library.is_final and written.is_final:
                earlier.drop_decisions()
            spools.remove()
            note_built(release.folder, run)
            waiting = notes_on_review(earlier.review, rows, release)
    return BuildReport(
        tracks=rows,
        chunks=release.manifest.splits("raw"),
        ignored=dict(library.ignored),
        notes=grouping.library.notes + planned + waiting,
        duplicates=grouping.duplicates(),
        manifest=release.manifest,
        shards_written=written.count,
        chunks_left_out=left_out_chunks(rows, release.manifest.recipe),
    )


def _fill_splits(
    library: Library,
    recipe: Recipe,
    earlier: Earlier,
    write: Callable[[tuple[Shard, ...]], Written],
) -> tuple[tuple[Shard, ...], Written]:
    """Plan and write shards until every split has chunks: (all shards, what was written)."""
    shards = plan_shards(library, recipe, earlier)
    written = write(shards)
    while not written.fills(shards):
        # Tracks that failed in cutting left a split without chunks: plan without them.
        shards = plan_shards(library, recipe, earlier, written.failed)
        written = written.then(write(shards))
    return shards, written


class BuildPlan(NamedTuple):
    """What a build would do.

    `grouping` has its groups, `shards` all its shards, `estimate` the cost of making the missing
    shards. `notes` are messages for the user.
    """

    grouping: Grouping
    shards: tuple[Shard, ...]
    estimate: Estimate
    notes: tuple[str, ...]


def plan_build(
    request: BuildRequest,
    progress: Progress = no_progress,
    notify: Notify = lambda text: None,
) -> BuildPlan:
    """Plan a build: what `build_release` would decode, and into which shards; raises as it does.

    Nothing is written to `out`.
    """
    earlier, recipe = request.earlier(notify), request.recipe
    release = _new_release(request, earlier)
    with request.engine() as engine, TemporaryDirectory() as temporary:
        folder = Path(temporary)
        facts = FactsStore(None if request.force else release.folder / WORK_FOLDER)
        library = _scan(engine, request, release, earlier, progress, facts)
        for store_file in (release.folder / WORK_FOLDER).glob(STORES):
            if not request.force:
                shutil.copy(store_file, folder)
        grouping = fingerprint_and_group(
            engine, library, recipe, folder, earlier.track_ids, outage_of(request.source), progress
        )
        shards = expected_shards(grouping.library, recipe, earlier)
        jobs, _ = shard_jobs(shards, release, progress, believe=not request.force)
        estimate = estimate_writing(engine, jobs, len(shards) - len(jobs), recipe)
        notes = grouping.library.notes + plan_notes(shards, earlier.splits_by_track)
        return BuildPlan(grouping, shards, estimate, notes)


def scan_source(
    processes: Processes,
    source: Path | str | Source,
    recipe: Recipe,
    exclude: Path | None = None,
    license: str = "",
    progress: Progress = no_progress,
    store: FactsStore | None = None,
) -> Library:
    """Run `read_source` on processes, so that a file that crashes its decoder is left out alone.

    `license` is the licence of tracks for which metadata gives none. A file of which `store` knows
    the facts is not read; `store` gets those of this scan. The other arguments are those of
    `read_source`. Raises as `read_source` and `Outage.see`; MachineError where Chromaprint's
    library is missing.
    """
    if not Source.of(source).is_in_store:
        check_on_disk(Source.of(source).location)
    outage, store = outage_of(source), store or FactsStore()

    def run(read: Callable[[Track], Facts], tracks: Iterable[Track]) -> Iterator[Facts]:
        known = [(track, store.read(track)) for track in tracks]
        new = processes.map(read, [track for track, facts in known if not facts], _failed)
        with progress("Scanning", len(known)) as advance:
            for track, facts in known:
                found = facts or next(new)
                outage.see(track.path, found.reason)
                store.add(track, found)
                yield found
                advance(1)

    chromaprint_version()  # raises MachineError now, not after hours of hashing
    library = read_source(source, recipe.styles, exclude, run, progress, recipe.sessions)
    is_unused = license and all(track.license for track in library.usable)
    notes = (*library.notes, *unused(*[f"--license {license}"] * bool(is_unused)))
    tracks = tuple(fill(track, {"license": license}) for track in library.tracks)
    return with_known_splits(replace(library, tracks=tracks, notes=notes), dict(recipe.splits))


def fingerprint_and_group(
    processes: Processes,
    library: Library,
    recipe: Recipe,
    folder: Path,
    first: Collection[str] = (),
    outage: Outage | None = None,
    progress: Progress = no_progress,
) -> Grouping:
    """Fingerprint and group the tracks of a library without cutting them.

    The fingerprints are stored in `folder`; `first` is as for `group_tracks`. Raises as
    `group_tracks` and `Outage.see`.
    """
    store, outage = FingerprintStore(folder), outage or Outage()
    failed = fingerprint_tracks(processes, library.usable, recipe, store, outage, progress)
    return group_tracks(library.left_out(failed), store, recipe, first, progress)


def _scan(
    engine: Engine,
    request: BuildRequest,
    release: Release,
    earlier: Earlier,
    progress: Progress,
    store: FactsStore,
) -> Library:
    library = scan_source(
        engine, request.source, request.recipe, request.out, request.license, progress, store
    )
    library = library.without(release.manifest.withdrawn)
    reviewed = follow(library.tracks, release.manifest.review, request.recipe)
    notes = (*library.notes, *unsaid(reviewed, request.recipe))
    library = replace(library, tracks=reviewed, notes=notes)
    check_named(library, str(Source.of(request.source).location))
    if not Source.of(request.source).keep_splits:
        check_split_names(library.tracks, dict(request.recipe.splits))
    # What cannot be planned with these groups cannot be planned with fewer: said before the work.
    plan_shards(group_by_metadata(library, request.recipe), request.recipe, earlier)
    return library


@cache
def _import_ahead() -> None:
    """Import in a thread what writes and draws, while other processes cut: it takes a second."""

    def load() -> None:
        # What fails here fails again, and is told, where it is needed.
        with suppress(Exception):
            import_module("sport_music_dataset.card.plots")

    Thread(target=load).start()


def outage_of(source: Path | str | Source) -> Outage:
    """What notices that a source goes away while it is read."""
    source = Source.of(source)
    return Outage(None if source.is_fetched else Path(source.location))


def forget(folder: Path) -> None:
    """Make the next stages believe nothing that an earlier build has left in a release folder."""
    for pattern in (FACTS, STORES):
        for store_file in (folder / WORK_FOLDER).glob(pattern):
            store_file.unlink()
    for config in ("raw", "tracks", ASSETS):
        distrust_notes(folder, config)


def _new_release(request: BuildRequest, earlier: Earlier) -> Release:
    manifest = request.manifest()
    manifest.withdrawn = earlier.withdrawn
    manifest.review = earlier.review.entries()
    return Release.of(request.out, manifest)


def _spools(release: Release, recipe: Recipe, engine: Engine) -> SpoolFolder:
    folder = release.folder.resolve() / WORK_FOLDER / "cut"
    has_idle_cores = 2 * engine.size <= cores()
    return SpoolFolder(folder, recipe, release.manifest.software, has_idle_cores)


def _failed(track: Track, reason: str) -> Facts:
    return Facts(reason)
