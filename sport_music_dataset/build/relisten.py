"""Listen to a release that exists: from the FLAC in its shards, without the music that made it.

Each shard of `raw` is written again with what is heard and with the descriptions that follow; then
`tracks`, the card and the manifest. Codes wait in the folder for the next `encode`, which takes
them.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import soundfile

from ..audio.samples import decode_flac, to_pcm16
from ..card.card import check_card, write_card
from ..card.options import build_run, typed_in
from ..columns import COPIED_COLUMNS, HEARD_COLUMNS, MEASURE_COLUMNS
from ..describe.annotate import made_phrasings
from ..digests import digest, file_digest
from ..engines.base import DEFAULT_TIMEOUT, Engine
from ..engines.estimate import Estimate
from ..engines.open import open_engine
from ..errors import ReleaseError, counted
from ..listen import TrackListener, open_tagger
from ..progress import Advance, Progress, going_on, no_progress
from ..reasons import Status
from ..recipe import ROWS_VERSION, Recipe
from ..records import Heard, Outcome, Row, chunk_id
from ..release.folder import Run, built, check_ours, note_built, remove_stale, writing
from ..release.last_runs import keep_encode, last_encode
from ..release.layout import known_codes
from ..release.manifest import FileEntry
from ..release.release import Release
from ..release.review.decisions import DESCRIPTION, in_place
from ..release.schemas import SCHEMAS
from ..release.shards import ShardNote, intact_note, read_note, read_notes, write_noted_shard
from ..release.tracks import by_id
from ..storage.atomic import link_or_copy
from ..storage.parquet import read_batches, read_parquet, read_single_rows
from ..storage.place import check_on_disk
from .build import build_versions
from .write import TRACKS_FILE, tracks_file

# As in build.cut, of so many tracks a second is a fair sample.
_SAMPLED_TRACKS = 2


@dataclass(frozen=True, slots=True)
class ListenReport:
    """What was done: chunks of each split, shards written, and shards that were done already."""

    chunks: dict[str, int]
    shards_written: int
    shards_kept: int


class _Job(NamedTuple):
    """A shard of `raw`, the digest of what its bytes follow from, and its note if it is done."""

    name: str
    inputs: str
    note: ShardNote | None


class _Part(NamedTuple):
    """The rows of one track in a shard."""

    file: Path
    track_id: str
    begin: int
    end: int


def listen_release(
    folder: Path,
    tagger: str,
    revision: str,
    *,
    num_proc: int = 1,
    timeout: float = DEFAULT_TIMEOUT,
    progress: Progress = no_progress,
) -> ListenReport:
    """Add to a release folder what a tagger hears, as `build --listen` does; goes on after a kill.

    Only chunks that are in the release are heard: those that a filter has left out say nothing of
    their track.

    Args:
        folder: the release folder.
        tagger: who listens, as in the recipe.
        revision: the identity of its files, as `listen.tagger_revision` gives it.
        num_proc: number of processes that listen.
        timeout: seconds that one track may take.
        progress: told how far the work is.

    Raises:
        ReleaseError: the folder is no release, is of another version of sportgen, or its files are
            not what the manifest says.
        ModelError: the tagger cannot be loaded.
    """
    release = _release(folder)
    recipe, new = _recipes(release, tagger, revision)
    # Not the recipes: of a folder, one knows the path and the other its name.
    if new.fingerprint == recipe.fingerprint:
        return ListenReport(release.manifest.splits("raw"), 0, len(release.shards("raw")))
    tracks = release.tracks()
    with (
        writing(folder, Run("listen", ["--tagger", tagger])),
        open_engine(num_proc, timeout, None, [], build_versions) as engine,
    ):
        jobs = _jobs(release, new)
        todo = [job for job in jobs if job.note is None]
        notes = {job.name: job.note for job in jobs if job.note}
        raw = release.shards("raw")
        count, whole = (sum(raw[job.name].rows for job in some) for some in (todo, jobs))
        rewriting = _Rewriting(folder, recipe, new, by_id(tracks), _given(release))
        with progress(going_on("Listening", count, whole), count) as advance:
            for job in todo:
                notes[job.name] = rewriting.write(engine, job, advance)
        _finish(release, new, tracks, notes, progress)
        _note_built(release, tagger)
    return ListenReport(release.manifest.splits("raw"), len(todo), len(jobs) - len(todo))


def estimate_listening(folder: Path, tagger: str, revision: str, num_proc: int = 1) -> Estimate:
    """What `listen_release` would cost, by listening to two tracks; raises as it does."""
    release = _release(folder)
    recipe, new = _recipes(release, tagger, revision)
    jobs = _jobs(release, new) if new.fingerprint != recipe.fingerprint else []
    todo = [job for job in jobs if job.note is None]
    parts = [part for job in todo[:1] for part in _parts(folder / job.name)][:_SAMPLED_TRACKS]
    # Not timed: the first call loads the networks.
    costs = [_timed(part, new) for part in (*parts[:1], *parts)][1:]
    entries = [release.shards("raw")[job.name] for job in todo]
    rows = sum(part.end - part.begin for part in parts)
    seconds = sum(costs) / max(rows, 1) * sum(entry.rows for entry in entries)
    size = sum(entry.bytes for entry in entries)
    kept = len(release.shards("raw")) - len(todo)
    return Estimate(
        len(todo), kept, seconds, size, num_proc, f"{counted(rows, 'chunk')} heard for it"
    )


def _timed(part: _Part, recipe: Recipe) -> float:
    began = time.perf_counter()
    _hear(part, recipe)
    return time.perf_counter() - began


def _release(folder: Path) -> Release:
    check_on_disk(folder)
    release = Release.of(folder, command="listen")
    check_ours(folder)
    check_card(folder)
    if not release.shards("raw"):
        raise ReleaseError(f"{folder}: has no raw rows to listen to; run `sportgen build`")
    return release


def _recipes(release: Release, tagger: str, revision: str) -> tuple[Recipe, Recipe]:
    """The recipe of a release, and the same with a tagger; raises ReleaseError if there is none."""
    record: dict[str, Any] = {**release.manifest.recipe}
    anew = "`sportgen build --force --listen` builds it anew"
    rules = record.get("rows_version")
    if rules != ROWS_VERSION:
        raise ReleaseError(
            f"{release.name}: was made by rules {rules}, this sportgen knows {ROWS_VERSION}; {anew}"
        )
    before = Recipe.of(record)
    after = replace(before, tagger=tagger, tagger_revision=revision)
    if before.without_vocals and after.fingerprint != before.fingerprint:
        raise ReleaseError(
            f"{release.name}: has no chunk in which {before.tagger} heard a voice, and what "
            f"{tagger} would keep of the others is not in it; {anew}"
        )
    return before, after


def _jobs(release: Release, recipe: Recipe) -> list[_Job]:
    return [_job(release, name, entry, recipe) for name, entry in release.shards("raw").items()]


def _job(release: Release, name: str, entry: FileEntry, recipe: Recipe) -> _Job:
    """A shard to be heard; raises ReleaseError if it is neither the manifest's nor done already."""
    inputs = digest([entry.sha256, recipe.fingerprint, release.manifest.software])
    note = intact_note(release.folder, name, inputs)
    file = release.folder / name
    if note is None and (not file.is_file() or file_digest(file) != entry.sha256):
        raise ReleaseError(
            f"{file}: is not what the manifest says; run what was interrupted again, or "
            "`sportgen build`"
        )
    return _Job(name, inputs, note)


def _parts(file: Path) -> list[_Part]:
    """The tracks of a shard, whose rows lie together."""
    ids = read_parquet(file, ["track_id"])["track_id"].to_pylist()
    parts, begin = [], 0
    for track_id, rows in groupby(ids):
        end = begin + len(list(rows))
        parts.append(_Part(file, track_id, begin, end))
        begin = end
    return parts


def _hear(part: _Part, recipe: Recipe) -> tuple[list[Heard], Heard]:
    """What is heard in the chunks of a track, and in the track."""
    listener = TrackListener(open_tagger(recipe.tagger, recipe.tagger_revision), recipe.hop_samples)
    numbers = range(part.begin, part.end)
    for row in read_single_rows(part.file, ["chunk_index", "audio"], numbers):
        index = row["chunk_index"].as_py()
        try:
            samples = decode_flac(row["audio"]["bytes"].as_py())
        except soundfile.LibsndfileError as error:
            place = f"{part.file}: {chunk_id(part.track_id, index)}"
            raise ReleaseError(
                f"{place}: does not decode ({error}); `sportgen build --force --listen` makes it "
                "again"
            ) from error
        listener.add(index, to_pcm16(samples)[0])
    return listener.finish()


def _failed(part: _Part, reason: str) -> tuple[list[Heard], Heard]:
    raise ReleaseError(
        f"{part.file}: track {part.track_id} cannot be heard ({reason}); run it again, with a "
        "longer --timeout if that was too short"
    )


@dataclass(frozen=True, slots=True)
class _Rewriting:
    """Writes shards of `raw` again: `before` is the recipe of their rows, `recipe` the new one.

    `given` are the ids of chunks whose descriptions a review gave.
    """

    folder: Path
    before: Recipe
    recipe: Recipe
    tracks: dict[str, Row]
    given: frozenset[str]

    def write(self, engine: Engine, job: _Job, advance: Advance) -> ShardNote:
        """Hear the tracks of a shard, and write it again; returns its note."""
        file = self.folder / job.name
        light = read_parquet(file, list(COPIED_COLUMNS)).to_pylist()
        note = read_note(self.folder, job.name)
        outcomes: dict[str, Any] = {**note.outcomes} if note else {}
        columns: list[Row] = []
        parts = _parts(file)
        heard = engine.map(partial(_hear, recipe=self.recipe), parts, _failed)
        for part, found in zip(parts, heard, strict=True):
            rows = light[part.begin : part.end]
            columns += self._columns(rows, self.tracks[part.track_id], found)
            outcome = outcomes.get(part.track_id) or _outcome(self.tracks[part.track_id])
            measures = {**outcome["measures"], **asdict(found[1])}
            outcomes[part.track_id] = {**outcome, "measures": measures}
            advance(len(rows))
        rows = (row | new for row, new in zip(_all_rows(file), columns, strict=True))
        return write_noted_shard(
            self.folder, job.name, SCHEMAS["raw"], rows, job.inputs, lambda: outcomes
        )

    def _columns(
        self, rows: Sequence[Row], track: Row, heard: tuple[list[Heard], Heard]
    ) -> Iterator[Row]:
        """The columns of a track's chunks that follow from what is heard; yields one for each."""
        chunks, whole = heard
        others = [row for row in rows if row["chunk_id"] not in self.given]
        texts = [row["descriptions"] for row in others]
        follow = texts == [_made(row, track, self.before) for row in others]
        # What metadata gives is the same for all chunks, and stays.
        if not follow and any(text != texts[0] for text in texts):
            raise ReleaseError(
                f"{self.folder}: the descriptions of track {track['track_id']} were made by other "
                "rules, or edited; `sportgen build --force --listen` builds it anew"
            )
        for row, chunk in zip(rows, chunks, strict=True):
            found = asdict(chunk)
            if follow and row["chunk_id"] not in self.given:
                made = _made(row | found, track | asdict(whole), self.recipe)
                found |= {"description": made[0], "descriptions": made}
            yield found


def _given(release: Release) -> frozenset[str]:
    manifest = release.manifest
    values, _ = in_place(manifest.review, manifest.hop_samples, manifest.chunk_samples)
    return frozenset(identity for identity, name in values if name == DESCRIPTION)


def _note_built(release: Release, tagger: str) -> None:
    """Have the build that is noted listen too."""
    if before := built(release.folder):
        options = typed_in(release.folder, release.manifest, tagger)
        note_built(release.folder, build_run(before.source, options))


def _made(row: Row, track: Row, recipe: Recipe) -> list[str]:
    return [phrasing.text for phrasing in made_phrasings(row, track, recipe)]


def _all_rows(file: Path) -> Iterator[Row]:
    for batch in read_batches(file):
        yield from batch.to_pylist()


def _outcome(row: Row) -> Row:
    """The outcome of a row of `tracks`, as a note has it."""
    known = {field.name for field in fields(Outcome)} & row.keys()
    outcome = Outcome(
        truncated=row["status"] == Status.TRUNCATED,
        measures={name: row[name] for name in MEASURE_COLUMNS},
        **{name: row[name] for name in known},
    )
    return asdict(outcome)


def _finish(
    release: Release,
    recipe: Recipe,
    tracks: list[Row],
    notes: dict[str, ShardNote],
    progress: Progress,
) -> None:
    """Write `tracks`, the card and the manifest of the new shards."""
    manifest = release.manifest
    before = {*manifest.files}
    record: Any = recipe.as_dict()
    manifest.recipe, manifest.fingerprint = record, recipe.fingerprint
    measures = {
        key: value["measures"] for note in notes.values() for key, value in note.outcomes.items()
    }
    rows = [
        row | {name: measures[row["track_id"]][name] for name in HEARD_COLUMNS}
        if row["status"] != Status.LEFT_OUT
        else row
        for row in tracks
    ]
    others = [*manifest.shards("raw"), *manifest.shards("encoded"), *manifest.shards("tracks")]
    kept = {path: entry for path, entry in manifest.files.items() if path not in others}
    manifest.files = kept | {name: note.file for name, note in notes.items()}
    manifest.files[TRACKS_FILE] = tracks_file(release, rows)
    keep_encode(release.folder, last_encode(release))
    manifest.encoding, manifest.codebooks = None, []
    write_card(release, progress)
    manifest.write(release.folder)
    for path, note in read_notes(release.folder, "encoded").items():
        if (release.folder / path).is_file() and note.outcomes.get("code_facts"):
            waiting = known_codes(note.outcomes["code_facts"], note.sha256)
            link_or_copy(release.folder / path, release.folder / waiting)
    remove_stale(release.folder, "encoded", manifest.files, before)
