"""What is to be encoded: the shards, and the codes that are there already.

No chunk is encoded twice. Its codes follow from its samples, from where it starts in the codec's
tiles, and from the `code_facts` of the encoder; so it takes those that its own shard had before,
another shard of the folder, or an earlier release.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from ..columns import ENCODED_COLUMNS
from ..digests import digest, file_digest
from ..errors import ReleaseError
from ..outside.records import as_record
from ..progress import Progress
from ..reasons import is_machine_fault
from ..recipe import SAMPLING_RATE
from ..release.chunks import THREADS
from ..release.labels import Codes
from ..release.layout import known_codes
from ..release.manifest import FileEntry
from ..release.release import Release
from ..release.shards import ShardNote, is_intact, read_note, read_notes
from ..storage.atomic import link_or_copy
from ..storage.parquet import read_batches, read_parquet
from ..storage.place import Place
from .workers.base import EncoderInfo

KEY_COLUMNS = ("audio_md5", "start_seconds")
"""The columns that say from what the codes of a chunk were made."""


class CodesFile(NamedTuple):
    """A file with codes by the encoder's `code_facts`, and its checksum."""

    place: Place
    path: str
    sha256: str


@dataclass(slots=True)
class EncodeJob:
    """One shard: its `raw` and `encoded` paths, its inputs, and its note once it is finished.

    `groups` has the group of each of its tracks, by the track's id. `found` has the files with
    codes of its chunks, each with the number of chunks; `known` their paths in the release folder,
    once they are `taken`. `new` counts the chunks without codes.
    """

    raw: str
    encoded: str
    rows: int
    inputs: str
    code_facts: str
    groups: dict[str, str]
    note: ShardNote | None
    new: int = 0
    found: list[tuple[CodesFile, int]] = field(default_factory=list)
    known: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class EncodeResults:
    """What a note says of an encoded shard.

    `code_facts` is the digest of the encoder's, `truncated` counts descriptions with more than
    `max_length` tokens, and the longest has `longest`; `lost` counts the words that were cut off.
    `frames` and `label_frames` are the T of codes and of labels, 0 in an empty shard.
    """

    code_facts: str
    truncated: int
    longest: int
    lost: dict[str, int]
    frames: int
    label_frames: int


def plan_jobs(
    release: Release, info: EncoderInfo, since: Release | None, progress: Progress
) -> list[EncodeJob]:
    """All shards, and the codes that they may take, also from `since`, which must be usable.

    Raises ReleaseError if a shard of `raw` is not what the manifest says.
    """
    shards, groups = release.shards("raw"), release.groups()
    with (
        ThreadPoolExecutor(THREADS) as readers,
        release.place.fetched(*shards),
        progress("Checking", len(shards)) as advance,
    ):

        def job(shard: tuple[str, FileEntry]) -> EncodeJob:
            found = _job(release.folder, *shard, info, groups)
            advance(1)
            return found

        jobs = list(readers.map(job, shards.items()))
        _find_codes(release, [job for job in jobs if not job.note], info, since)
        return jobs


def _job(
    folder: Path, name: str, entry: FileEntry, info: EncoderInfo, groups: dict[str, str]
) -> EncodeJob:
    if not (folder / name).is_file() or file_digest(folder / name) != entry.sha256:
        raise ReleaseError(
            f"{folder / name}: is not what the manifest says; `sportgen build` makes it again"
        )
    encoded = name.replace("raw/", "encoded/", 1)
    ids = read_parquet(folder / name, ["track_id"])["track_id"].unique().to_pylist()
    # A row without its track is a fault for `verify`.
    own = {track_id: groups.get(track_id, track_id) for track_id in ids}
    inputs = digest([entry.sha256, info.facts, own, ENCODED_COLUMNS])
    note = read_note(folder, encoded)
    is_current = note and note.inputs == inputs and _results(note)
    # Only a shard that can be of use is read as a whole.
    if note and not (is_current and is_intact(folder, encoded, note)):
        note = None
    return EncodeJob(name, encoded, entry.rows, inputs, digest(info.code_facts), own, note)


def _results(note: ShardNote) -> EncodeResults | None:
    return as_record(EncodeResults, note.outcomes)


def _find_codes(
    release: Release, jobs: list[EncodeJob], info: EncoderInfo, since: Release | None
) -> None:
    """Fill in which files have codes of the chunks of `jobs`, and how many chunks are new."""
    tile, facts = info.tile_samples, digest(info.code_facts)
    own = _noted(release, facts)
    files = [*own.values(), *_taken_before(release, facts), *(_elsewhere(since) if since else [])]
    lacking = defaultdict[str, list[str]](list)
    for job in jobs:
        job.new = job.rows
        if not files:
            continue
        keys = _keys(CodesFile(release.place, job.raw, ""), tile)
        # Most chunks of a shard were in it before.
        before = {*_known_keys(own[job.encoded], release, tile)} if job.encoded in own else set()
        missing = [key for key in keys if key not in before]
        if len(missing) < len(keys):
            job.found.append((own[job.encoded], len(keys) - len(missing)))
        job.new = len(missing)
        for key in missing:
            lacking[key].append(job.raw)
    by_name = {job.raw: job for job in jobs}
    for file in files:
        if not lacking:
            return
        keys = _known_keys(file, release, tile)
        found = Counter(name for key in keys for name in lacking.pop(key, ()))
        for name, count in found.items():
            by_name[name].found.append((file, count))
            by_name[name].new -= count


def _noted(release: Release, facts: str) -> dict[str, CodesFile]:
    """The encoded shards of the folder, also those that are in no manifest any more."""
    found = {}
    for path, note in read_notes(release.folder, "encoded").items():
        results = _results(note)
        if results and results.code_facts == facts:
            found[path] = CodesFile(release.place, path, note.sha256)
    return found


def _taken_before(release: Release, facts: str) -> list[CodesFile]:
    """The files that `listen`, or a run that was stopped, has left for this one."""
    files = sorted(release.folder.glob(known_codes(facts, "*")))
    digests = [file.stem.partition("-")[2] for file in files]
    return [CodesFile(release.place, known_codes(facts, name), name) for name in digests]


def _elsewhere(since: Release) -> list[CodesFile]:
    shards = since.shards("encoded")
    return [CodesFile(since.place, path, entry.sha256) for path, entry in shards.items()]


def unusable_reason(since: Release | None, info: EncoderInfo) -> str:
    """Why no codes of an earlier release can be taken; empty if they can, or if there is none."""
    if since is None:
        return ""
    shards, encoding = since.shards("encoded"), since.manifest.encoding
    if not shards or not encoding:
        return "it has no codes"
    found: dict[str, Any] = {**encoding}
    found["software"] = {
        name: found.get("software", {}).get(name) for name in info.code_facts["software"]
    }
    other = [name for name, value in info.code_facts.items() if found.get(name) != value]
    if other:
        return f"its codes were made with another {', '.join(other)}"
    if not {*KEY_COLUMNS} <= {*since.place.schema(min(shards)).names}:
        return f"its rows lack {KEY_COLUMNS[0]}, which its version of sportgen did not write"
    return ""


def _known_keys(file: CodesFile, release: Release, tile: int) -> list[str]:
    """As `_keys`; none of a file in the release's own folder that is damaged."""
    try:
        return _keys(file, tile)
    except ReleaseError as error:
        if file.place is not release.place or is_machine_fault(error.__cause__):
            raise
        return []


def _keys(file: CodesFile, tile: int) -> list[str]:
    return chunk_keys(file.place.only(file.path, KEY_COLUMNS), tile)


def chunk_keys(rows: pa.Table | pa.RecordBatch, tile_samples: int) -> list[str]:
    """What the codes of chunks follow from, besides the encoder: samples, and place in a tile."""
    columns = (rows[name].to_pylist() for name in KEY_COLUMNS)
    return [
        f"{md5}+{round(start * SAMPLING_RATE) % tile_samples}"
        for md5, start in zip(*columns, strict=True)
    ]


def take_codes(release: Release, jobs: Iterable[EncodeJob]) -> None:
    """Fill in `known` of `jobs`: paths in the release folder over which no other job writes.

    Raises:
        ReleaseError: a file of an earlier release is not what its manifest says.
    """
    for job in jobs:
        for file, count in job.found:
            path = _taken(release, file, job)
            if path:
                job.known.append(path)
            else:
                job.new += count
        job.found = []


def _taken(release: Release, file: CodesFile, job: EncodeJob) -> str:
    """The path of a file, of a link to it, or of a copy; empty if it is damaged and is our own."""
    is_ours = file.place is release.place
    if is_ours and not (release.folder / file.path).is_file():
        return ""
    path = known_codes(job.code_facts, file.sha256)
    if file.path not in (job.encoded, path) and (release.folder / path).is_file():
        return path  # taken for another job
    with file.place.fetched(file.path) as [found]:
        if file_digest(found) != file.sha256:
            if is_ours:
                return ""
            raise ReleaseError(
                f"{file.place.name}: {file.path} is not what its manifest says; take it from the "
                "Hub or from a backup, or leave --since out"
            )
        if is_ours and file.path in (job.encoded, path):
            return file.path
        link_or_copy(found, release.folder / path)
        return path


def read_codes(
    folder: Path, job: EncodeJob, wanted: Container[str], tile_samples: int, books: int
) -> dict[str, Codes]:
    """Key of a chunk -> codes [K, T] int16, of those that are `wanted` and known to a job."""
    found: dict[str, Codes] = {}
    for path in job.known:
        for batch in read_batches(folder / path, [*KEY_COLUMNS, "codes"]):
            keys = chunk_keys(batch, tile_samples)
            rows = [at for at, key in enumerate(keys) if key in wanted]
            codes = batch["codes"].take(pa.array(rows, pa.int64())).flatten().flatten().to_numpy()
            if rows:
                shaped = codes.reshape(len(rows), books, -1)
                found |= zip((keys[at] for at in rows), shaped, strict=True)
    return found
