"""The encoding stage: adds `encoded/` to a release folder, shard by shard."""

import shutil
import time
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ..card.card import check_card, write_card
from ..columns import COPIED_COLUMNS
from ..engines.base import RaySettings
from ..engines.estimate import Estimate
from ..errors import ReleaseError, counted
from ..progress import Progress, going_on, no_progress
from ..release.codebooks import codebook_use
from ..release.folder import check_ours, remove_stale, writing
from ..release.last_runs import EncodeOptions, note_encode
from ..release.layout import KNOWN_CODES, MANIFEST, WORK_FOLDER
from ..release.manifest import Manifest
from ..release.release import Release
from ..storage.place import check_on_disk
from .codec.devices import pick_devices
from .decode import load_codec
from .jobs import EncodeJob, plan_jobs, take_codes, unusable_reason
from .models import absolute
from .reference import agreement
from .settings import EncodeSettings
from .shards import MOST_LOST, SampleCost, encode_sample, encode_shards
from .training import check_trainable
from .workers.base import EncoderInfo, EncodeWorkers, Finished, RowsDone
from .workers.local import open_workers


@dataclass(frozen=True, slots=True)
class EncodeReport:
    """What an encode did: rows per split, and shards encoded, without a new chunk, and kept.

    `chunks_encoded` counts the chunks that went through the codec, `chunks_known` those in the
    written shards whose codes were there. `since_reason` says why no codes of the earlier
    release were taken, empty if they were, or if none was given. `truncated` counts descriptions
    with more than `max_length` tokens; the longest has `longest`. `lost` counts the words that were
    cut off, most frequent first. `unshared_reason` says why chunks shared no work, empty if they
    did. `waited` is the share of their time in which the models did not encode, because rows were
    read or written, or another model had the last ones; 0 if no chunk was encoded. `agreement` is
    the share of codes that equal the reference, for each codebook, if a check was asked for.
    """

    rows: dict[str, int]
    truncated: int
    longest: int
    lost: dict[str, int]
    shards_written: int
    shards_retokenized: int
    shards_kept: int
    chunks_encoded: int
    chunks_known: int
    nano: bool
    model: str
    since_reason: str = ""
    unshared_reason: str = ""
    waited: float = 0.0
    agreement: list[float] = field(default_factory=list)


def encode_release(
    folder: Path,
    settings: EncodeSettings | None = None,
    *,
    check: int = 0,
    since: Release | None = None,
    ray: RaySettings | None = None,
    progress: Progress = no_progress,
) -> EncodeReport:
    """Write `encoded/` beside the `raw/` of a release folder, then card and manifest.

    Shards that were encoded from the same rows with the same settings are kept. No chunk is encoded
    twice: codes of the same audio are taken from what is in the folder, or from `since`. At the
    end, two rows go through a training step.

    Args:
        folder: the release folder.
        settings: models, tokens and labels; the defaults, with MusicGen medium, if None.
        check: number of chunks to encode again without sharing, and to compare.
        since: an earlier release, whose codes may be taken.
        ray: the address of Ray, if Ray is to do the work.
        progress: told how far the work is.

    Example:
        >>> encode_release(Path("dataset"), EncodeSettings(model="nano")).rows
        {'train': 24, 'test': 9}

    Raises:
        ReleaseError: the folder is no release, its files differ from its manifest, its rows lack
            columns that an earlier version did not write, or a model cannot train on them.
        ModelError: codec or tokenizer cannot be loaded, or do not fit together.
        MachineError: Ray is missing, or a node of Ray sees other files.
    """
    settings, release = settings or EncodeSettings(), _built_release(folder)
    with _workers(release, settings, ray) as workers:
        info = workers.info
        reason = unusable_reason(since, info)
        jobs = plan_jobs(release, info, None if reason else since, progress)
        todo = [job for job in jobs if job.note is None]
        options = _options(settings)
        with writing(folder, options.run), workers.sharing(folder / WORK_FOLDER):
            note_encode(folder, options)
            take_codes(release, todo)
            waited = _encode_shards(workers, jobs, folder, progress)
            _finish(release, info.facts, jobs, progress)
    check_trainable(release)
    shares = []
    if check:
        device = "auto" if ray else pick_devices(settings.device)[0]
        codec = load_codec(release, settings.codec_name, device)
        shares = agreement(release, codec, check, progress)
    return _report(release.manifest, info, jobs, todo, shares, reason, waited)


def _options(settings: EncodeSettings) -> EncodeOptions:
    return EncodeOptions(
        absolute(settings.model),
        absolute(settings.codec),
        settings.max_length,
        settings.labels,
        settings.special_tokens,
    )


def _encode_shards(
    workers: EncodeWorkers, jobs: list[EncodeJob], folder: Path, progress: Progress
) -> float:
    """Encode the shards; returns the share of their time in which the models did not encode."""
    work = partial(encode_shards, folder=folder.resolve())
    todo = [job for job in jobs if job.note is None]
    count, whole = (sum(job.rows for job in some) for some in (todo, jobs))
    begun, seconds = time.perf_counter(), 0.0
    with progress(going_on("Encoding", count, whole), count) as advance:
        for job, event in workers.run(work, todo):
            if isinstance(event, RowsDone):
                seconds += event.seconds
                advance(event.count)
            else:
                job.note = event.result
    all_seconds = (time.perf_counter() - begun) * min(workers.size, len(todo))
    return max(0.0, 1 - seconds / all_seconds) if any(job.new for job in todo) else 0.0


def estimate_encode(
    folder: Path,
    settings: EncodeSettings,
    *,
    since: Release | None = None,
    ray: RaySettings | None = None,
) -> Estimate:
    """Estimate the work of `encode_release` by encoding some rows; writes nothing.

    Raises as `encode_release`.
    """
    release = _built_release(folder)
    with _workers(release, settings, ray) as workers:
        usable = None if unusable_reason(since, workers.info) else since
        jobs = plan_jobs(release, workers.info, usable, no_progress)
        todo = [job for job in jobs if job.note is None]
        # Only chunks without codes: new tokens and labels take almost no time.
        new = [job for job in todo if job.new]
        work = partial(encode_sample, folder=folder.resolve())
        events = [event for _, event in workers.run(work, (new or todo)[:1])]
        cost = next((e.result for e in events if isinstance(e, Finished)), SampleCost(1, 0, 0))
        seconds = cost.seconds / cost.rows * sum(job.new for job in new)
        size = round(cost.bytes / cost.rows * sum(job.rows for job in todo))
        basis = f"{counted(cost.rows, 'chunk')} encoded for it"
        return Estimate(len(todo), len(jobs) - len(todo), seconds, size, workers.size, basis)


def _built_release(folder: Path) -> Release:
    check_on_disk(folder)
    release = Release.of(folder, command="encode")
    check_ours(folder)
    check_card(folder)
    shards = release.shards("raw")
    if not shards:
        raise ReleaseError(f"{folder}: has no raw rows; run `sportgen build` again")
    lacking = COPIED_COLUMNS.keys() - {*release.place.schema(min(shards)).names}
    if lacking:
        raise ReleaseError(
            f"{folder}: its rows have no {', '.join(sorted(lacking))}, which sportgen "
            f"{release.manifest.software.get('sportgen')} did not write; run `sportgen build` again"
        )
    return release


def _workers(
    release: Release, settings: EncodeSettings, ray: RaySettings | None
) -> AbstractContextManager[EncodeWorkers]:
    chunk = release.manifest.chunk_samples, release.manifest.hop_samples
    return open_workers(settings, chunk, ray, release.folder / MANIFEST)


def _finish(
    release: Release, facts: dict[str, Any], jobs: list[EncodeJob], progress: Progress
) -> None:
    """Remove old shards, and write card and manifest of the new ones."""
    manifest, folder = release.manifest, release.folder
    notes = {job.encoded: job.note for job in jobs if job.note}
    before = manifest.files
    others = {p: entry for p, entry in manifest.files.items() if not p.startswith("encoded/")}
    manifest.files = others | {name: note.file for name, note in notes.items()}
    encoding: Any = {
        **facts,
        "truncated": sum(note.outcomes["truncated"] for note in notes.values()),
        **{
            name: max(note.outcomes[name] for note in notes.values())
            for name in ("longest", "frames", "label_frames")
        },
    }
    manifest.encoding = encoding
    manifest.codebooks = codebook_use(release)
    write_card(release, progress)
    manifest.write(folder)
    remove_stale(folder, "encoded", manifest.files, before)
    shutil.rmtree(folder / KNOWN_CODES, ignore_errors=True)


def _lost_words(jobs: list[EncodeJob]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for job in jobs:
        counts.update(job.note.outcomes.get("lost", {}) if job.note else {})
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return dict(ranked[:MOST_LOST])


def _report(
    manifest: Manifest,
    info: EncoderInfo,
    jobs: list[EncodeJob],
    todo: list[EncodeJob],
    shares: list[float],
    since_reason: str,
    waited: float,
) -> EncodeReport:
    notes = [job.note for job in jobs if job.note]
    retokenized = sum(not job.new for job in todo)
    encoded = sum(job.new for job in todo)
    return EncodeReport(
        rows=manifest.splits("encoded"),
        truncated=sum(note.outcomes["truncated"] for note in notes),
        longest=max(note.outcomes["longest"] for note in notes),
        lost=_lost_words(jobs),
        shards_written=len(todo) - retokenized,
        shards_retokenized=retokenized,
        shards_kept=len(jobs) - len(todo),
        chunks_encoded=encoded,
        chunks_known=sum(job.rows for job in todo) - encoded,
        nano=bool(info.facts["nano"]),
        model=str(info.facts["model"]),
        since_reason=since_reason,
        unshared_reason=info.unshared_reason,
        waited=waited,
        agreement=shares,
    )
