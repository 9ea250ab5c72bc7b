"""The stage that adds `encoded/` to a release folder, shard by shard."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from . import card
from .agreement import agreement
from .audio import decode_flac
from .codebooks import codebook_use
from .codec import Waveforms
from .digests import digest
from .encoding import BATCH_ROWS, TEXT_COLUMNS, Encoder, EncodeSettings
from .errors import ReleaseError
from .labels import Codes
from .pipeline import ahead, behind
from .progress import Progress, no_progress
from .recipe import SAMPLING_RATE
from .records import Row
from .release import FileEntry, Manifest, read_batches, read_manifest, read_parquet
from .remote import Place
from .schema import ENCODED_FEATURES
from .shards import ShardNote, finished_note, remove_stale, write_note, write_shard, writing
from .training import check_trainable

__all__ = ["EncodeReport", "EncodeSettings", "encode"]

# Words that fell off descriptions, of a shard and of all.
_MOST_LOST = 20
_AUDIO_COLUMNS = [*TEXT_COLUMNS, "start_seconds", "audio"]


@dataclass(frozen=True, slots=True)
class EncodeReport:
    """What an encode did: rows per split, and shards encoded, given new tokens alone, and kept.

    `truncated` descriptions had more than `max_length` tokens, the longest `longest`; `lost` counts
    the words that fell off, the commonest first.
    `unshared_reason` says why no work was shared between chunks, if so; `agreement` is the share
    of codes identical to the reference, for each codebook, where it was asked for.
    """

    rows: dict[str, int]
    truncated: int
    longest: int
    lost: dict[str, int]
    shards_written: int
    shards_retokenized: int
    shards_kept: int
    nano: bool
    unshared_reason: str = ""
    agreement: list[float] = field(default_factory=list)


def encode(
    folder: Path,
    settings: EncodeSettings,
    *,
    check: int = 0,
    progress: Progress = no_progress,
) -> EncodeReport:
    """Write `encoded/` beside the `raw/` of a release folder; card and manifest follow.

    Shards that are already encoded from the same rows with the same settings are kept, and so are
    the codes where only tokens or labels change. With `check`, so many chunks are encoded again
    the plain way and compared. At the end two rows go through a training step.

    Raises:
        ReleaseError: the folder is no release, its files are not those of its manifest, or a model
            could not train on the rows.
        ModelError: codec or tokenizer cannot be loaded, or do not fit each other.
    """
    manifest = read_manifest(folder)
    jobs = _jobs(folder, manifest, encoder := Encoder(settings))
    todo = [job for job in jobs if job.note is None]
    with writing(folder), progress("Encoding", sum(job.rows for job in todo)) as advance:
        for job in todo:
            job.note = _encode_shard(folder, job, encoder, advance)
        _finish(folder, manifest, encoder, jobs)
    check_trainable(folder, manifest)
    shares = agreement(folder, manifest, encoder.codec, check, progress) if check else []
    return replace(_report(manifest, encoder, jobs, todo), agreement=shares)


@dataclass(slots=True)
class _Job:
    """One shard: its `raw` and `encoded` paths, what it is made from, its note once it is done.

    `has_codes` says that the shard there has the codes already, under other tokens or labels.
    """

    raw: str
    encoded: str
    rows: int
    inputs: str
    codes_inputs: str
    has_codes: bool
    note: ShardNote | None


def _jobs(folder: Path, manifest: Manifest, encoder: Encoder) -> list[_Job]:
    raw = manifest.shards("raw")
    if not raw:
        raise ReleaseError(f"{folder}: has no raw rows; run `sportgen build` again")
    jobs = []
    for name, entry in raw.items():
        if not (folder / name).is_file() or (folder / name).stat().st_size != entry.bytes:
            raise ReleaseError(f"{folder / name}: is not what the manifest says; build again")
        encoded = name.replace("raw/", "encoded/", 1)
        inputs = digest([entry.sha256, encoder.facts])
        codes_inputs = digest([entry.sha256, encoder.code_facts])
        note = finished_note(folder, encoded)
        has_codes = note is not None and note.outcomes.get("codes_inputs") == codes_inputs
        if note and note.inputs != inputs:
            note = None
        jobs.append(_Job(name, encoded, entry.rows, inputs, codes_inputs, has_codes, note))
    return jobs


def _encode_shard(
    folder: Path, job: _Job, encoder: Encoder, advance: Callable[[int], None]
) -> ShardNote:
    lengths: list[int] = []
    lost: Counter[str] = Counter()
    shape = (0, 0)

    def write(batches: Iterator[list[Row]]) -> tuple[str, int, int]:
        rows = (row for batch in batches for row in batch)
        return write_shard(folder, job.encoded, ENCODED_FEATURES, rows)

    with behind(write) as writer:
        for rows, codes in _with_codes(folder, job, encoder):
            encoded, own = encoder.rows(rows, codes)
            writer.put(encoded)
            lengths += own
            lost.update(encoder.lost_words(rows, own))
            shape = len(encoded[0]["codes"][0]), len(encoded[0]["labels"][0])
            advance(len(rows))
    outcomes = {
        "codes_inputs": job.codes_inputs,
        "truncated": sum(length > encoder.settings.max_length for length in lengths),
        # A shard to which no track belongs is empty.
        "longest": max(lengths, default=0),
        "lost": dict(lost.most_common(_MOST_LOST)),
        "frames": shape[0],
        "label_frames": shape[1],
    }
    note = ShardNote(job.inputs, *writer.result, outcomes)
    write_note(folder, job.encoded, note)
    return note


def _with_codes(folder: Path, job: _Job, encoder: Encoder) -> Iterator[tuple[list[Row], Codes]]:
    """Rows of `raw` and their codes [B, K, T]: those that are there, else new ones."""
    if job.has_codes:
        rows = read_parquet(folder / job.raw, TEXT_COLUMNS).to_pylist()
        column = read_parquet(folder / job.encoded, ["codes"])["codes"].combine_chunks()
        codes = column.flatten().flatten().to_numpy()
        if rows:
            yield rows, codes.reshape(len(rows), encoder.text.num_codebooks, -1)
        return
    for rows, waveforms in ahead(_with_waveforms(folder / job.raw)):
        yield rows, encoder.codes(rows, waveforms)


def _with_waveforms(file: Path) -> Iterator[tuple[list[Row], Waveforms]]:
    """Rows of `raw` and their waveforms [B, N], a batch at a time."""
    groups = (batch.to_pylist() for batch in read_batches(file, _AUDIO_COLUMNS))
    remaining = chain.from_iterable(groups)
    while rows := list(islice(remaining, BATCH_ROWS)):
        yield rows, np.stack([decode_flac(row.pop("audio")["bytes"]) for row in rows])


def _finish(folder: Path, manifest: Manifest, encoder: Encoder, jobs: list[_Job]) -> None:
    """Card and manifest of what is encoded now; shards of before go."""
    notes = {job.encoded: job.note for job in jobs if job.note}
    manifest.files = {
        **{
            name: entry for name, entry in manifest.files.items() if not name.startswith("encoded/")
        },
        **{name: FileEntry(note.sha256, note.rows, note.bytes) for name, note in notes.items()},
    }
    manifest.encoding = {
        **encoder.facts,
        "truncated": sum(note.outcomes["truncated"] for note in notes.values()),
        **{
            name: max(note.outcomes[name] for note in notes.values())
            for name in ("longest", "frames", "label_frames")
        },
    }
    manifest.codebooks = codebook_use(Place(folder), manifest)
    card.write(folder, manifest)
    manifest.write(folder)
    remove_stale(folder, "encoded", manifest.files)


def _lost(jobs: list[_Job]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for job in jobs:
        counts.update(job.note.outcomes.get("lost", {}) if job.note else {})
    return dict(counts.most_common(_MOST_LOST))


def _report(
    manifest: Manifest, encoder: Encoder, jobs: list[_Job], todo: list[_Job]
) -> EncodeReport:
    facts: dict[str, Any] = manifest.encoding or {}
    chunk, overlap = (
        round(manifest.recipe[name] * SAMPLING_RATE)
        for name in ("chunk_seconds", "overlap_seconds")
    )
    retokenized = sum(job.has_codes for job in todo)
    return EncodeReport(
        rows=manifest.splits("encoded"),
        truncated=facts["truncated"],
        longest=facts["longest"],
        lost=_lost(jobs),
        shards_written=len(todo) - retokenized,
        shards_retokenized=retokenized,
        shards_kept=len(jobs) - len(todo),
        nano=bool(facts["nano"]),
        unshared_reason=encoder.codec.unshared_reason(chunk, chunk - overlap),
    )
