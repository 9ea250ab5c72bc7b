"""The stage that adds `encoded/` to a release folder, shard by shard."""

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from ..card import card
from ..digests import digest
from ..engines.base import RaySettings
from ..engines.estimate import Estimate
from ..errors import ReleaseError
from ..progress import Progress, no_progress
from ..release.codebooks import codebook_use
from ..release.manifest import MANIFEST, FileEntry, Manifest, read_manifest
from ..release.shards import check_on_disk, finished_note, remove_stale, writing
from ..storage.place import Place
from .codec.devices import pick_devices
from .decode import load_codec
from .encoder import EncodeSettings
from .reference import agreement
from .shards import MOST_LOST, EncodeJob, Sample, encode_shard, sample_shard
from .training import check_trainable
from .workers.local import Introduction, open_encoders

__all__ = ["EncodeReport", "EncodeSettings", "encode", "planned"]


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
    ray: RaySettings | None = None,
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
        MachineError: Ray is asked for and is missing, or a node of it sees other files.
    """
    manifest = _manifest(folder)
    chunk = manifest.chunk_samples, manifest.hop_samples
    with open_encoders(settings, chunk, ray, folder / MANIFEST) as encoders:
        introduction = encoders.introduction
        jobs = _jobs(folder, manifest, introduction)
        todo = [job for job in jobs if job.note is None]
        work = partial(encode_shard, folder=folder.resolve())
        with writing(folder), encoders.sharing(folder):
            with progress("Encoding", sum(job.rows for job in todo)) as advance:
                for job, event in encoders.run(work, todo):
                    if isinstance(event, int):
                        advance(event)
                    else:
                        job.note = event
            _finish(folder, manifest, introduction.facts, jobs, progress)
    check_trainable(folder, manifest)
    shares = []
    if check:
        device = "auto" if ray else pick_devices(settings.device)[0]
        codec = load_codec(manifest, settings.codec_name, device)
        shares = agreement(folder, manifest, codec, check, progress)
    report = _report(manifest, jobs, todo)
    return replace(report, agreement=shares, unshared_reason=introduction.unshared_reason)


def planned(folder: Path, settings: EncodeSettings, *, ray: RaySettings | None = None) -> Estimate:
    """What `encode` would have to do, from some rows encoded for it; writes nothing. Raises as
    `encode` does."""
    manifest = _manifest(folder)
    chunk = manifest.chunk_samples, manifest.hop_samples
    with open_encoders(settings, chunk, ray, folder / MANIFEST) as encoders:
        jobs = _jobs(folder, manifest, encoders.introduction)
        todo = [job for job in jobs if job.note is None]
        # New tokens and labels alone take next to nothing.
        new = [job for job in todo if not job.has_codes and job.rows]
        work = partial(sample_shard, folder=folder.resolve())
        samples = [event for _, event in encoders.run(work, (new or todo)[:1])]
        sample = next((event for event in samples if isinstance(event, Sample)), Sample(1, 0, 0))
        seconds = sample.seconds / sample.rows * sum(job.rows for job in new)
        size = round(sample.bytes / sample.rows * sum(job.rows for job in todo))
        basis = f"{sample.rows} chunks encoded for it"
        return Estimate(len(todo), len(jobs) - len(todo), seconds, size, encoders.size, basis)


def _manifest(folder: Path) -> Manifest:
    check_on_disk(folder)
    manifest = read_manifest(folder)
    if not manifest.shards("raw"):
        raise ReleaseError(f"{folder}: has no raw rows; run `sportgen build` again")
    return manifest


def _jobs(folder: Path, manifest: Manifest, introduction: Introduction) -> list[EncodeJob]:
    jobs = []
    for name, entry in manifest.shards("raw").items():
        if not (folder / name).is_file() or (folder / name).stat().st_size != entry.bytes:
            raise ReleaseError(f"{folder / name}: is not what the manifest says; build again")
        encoded = name.replace("raw/", "encoded/", 1)
        inputs = digest([entry.sha256, introduction.facts])
        codes_inputs = digest([entry.sha256, introduction.code_facts])
        note = finished_note(folder, encoded)
        has_codes = note is not None and note.outcomes.get("codes_inputs") == codes_inputs
        if note and note.inputs != inputs:
            note = None
        jobs.append(EncodeJob(name, encoded, entry.rows, inputs, codes_inputs, has_codes, note))
    return jobs


def _finish(
    folder: Path,
    manifest: Manifest,
    encoding: dict[str, Any],
    jobs: list[EncodeJob],
    progress: Progress,
) -> None:
    """Card and manifest of what is encoded now; shards of before go."""
    notes = {job.encoded: job.note for job in jobs if job.note}
    manifest.files = {
        **{
            name: entry for name, entry in manifest.files.items() if not name.startswith("encoded/")
        },
        **{name: FileEntry.of(note) for name, note in notes.items()},
    }
    manifest.encoding = {
        **encoding,
        "truncated": sum(note.outcomes["truncated"] for note in notes.values()),
        **{
            name: max(note.outcomes[name] for note in notes.values())
            for name in ("longest", "frames", "label_frames")
        },
    }
    manifest.codebooks = codebook_use(Place(folder), manifest)
    card.write(folder, manifest, progress)
    manifest.write(folder)
    remove_stale(folder, "encoded", manifest.files)


def _lost(jobs: list[EncodeJob]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for job in jobs:
        counts.update(job.note.outcomes.get("lost", {}) if job.note else {})
    return dict(counts.most_common(MOST_LOST))


def _report(manifest: Manifest, jobs: list[EncodeJob], todo: list[EncodeJob]) -> EncodeReport:
    facts: dict[str, Any] = manifest.encoding or {}
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
    )
