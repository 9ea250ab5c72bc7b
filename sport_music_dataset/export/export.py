"""Export a release for another trainer: plan its parts, write those that lack, then the rest."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from ..digests import digest
from ..errors import ReleaseError, SettingError
from ..progress import Advance, Progress, going_on, no_progress
from ..release.release import Release
from ..storage.atomic import write_atomically
from ..storage.place import check_on_disk
from .formats import FORMATS, Format, Outline
from .notes import LICENSES, README, licenses, readme
from .record import Record, check_dest, writing
from .samples import Chunks, Sample

# Raised when the same chunks give other bytes: an export that was begun before is not gone on with.
_VERSION = 1
# JSON and texts of a chunk, and the rest of a tar file.
_BYTES_BESIDE = 3_000


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """How to export.

    Args:
        to: the format, a name of `FORMATS`.
        splits: the splits to export; all of them if empty.
        chunks_per_shard: most chunks of a tar file, of a Parquet file, or of a folder.
        root: where the trainer finds DEST; paths in manifests start with it. Empty for the path of
            DEST on this machine, `.` for paths relative to DEST.
        force: replace the export that DEST holds.

    Raises:
        SettingError: there is no such format, or a shard would have no chunk.
    """

    to: str
    splits: tuple[str, ...] = ()
    chunks_per_shard: int = 1_000
    root: str = ""
    force: bool = False

    def __post_init__(self) -> None:
        if self.to not in FORMATS:
            raise SettingError(f"to={self.to!r}: must be one of {', '.join(FORMATS)}")
        if self.chunks_per_shard < 1:
            raise SettingError(f"chunks_per_shard={self.chunks_per_shard}: must be 1 or more")


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export has, or would have.

    `splits` has the chunks of each split, `parts` its tar files, Parquet files or folders. `kept`
    is the number of parts that were there already. `others` are the paths of all other files.
    `size` in bytes is an estimate. `unlicensed` tracks have no licence that is known. `readme` says
    how to train. If `lacks_codes`, the format takes codes and the release has none.
    """

    dest: Path
    to: str
    splits: dict[str, int]
    parts: dict[str, int]
    kept: int
    others: tuple[str, ...]
    size: int
    unlicensed: int
    readme: Path
    lacks_codes: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of an export: `count` chunks of a split, from number `start` on."""

    path: str
    split: str
    start: int
    count: int


def export_release(
    release: Release, dest: Path, settings: ExportSettings, progress: Progress = no_progress
) -> ExportReport:
    """Write a release to the folder `dest` as another trainer reads it.

    One shard of the release is on this disk at a time, and 50 chunks in memory. An export that was
    stopped goes on: parts are written whole, and those that are there stay. The same release and
    settings give the same bytes.

    Example:
        >>> with open_release("dataset") as release:
        ...     report = export_release(release, Path("tar"), ExportSettings("webdataset"))
        >>> report.splits
        {'train': 24, 'test': 9}

    Raises:
        SettingError: there is no such split, or `dest` holds something else or another export.
        ReleaseError: the release has no audio, which the format needs; a shard cannot be read; or
            another process writes to `dest`.
        HubError: the Hub refuses a request, or cannot be reached.
    """
    plan = _Plan(release, dest, settings)
    with writing(dest, plan.record, settings.force) as found:
        kept = plan.kept(found)
        if not (found and found == replace(plan.record, complete=True) and found.is_there(dest)):
            plan.record.write(dest)
            plan.write_parts(kept, progress)
            plan.write_others()
            # Last: whoever finds the record complete finds all files.
            replace(plan.record, complete=True).write(dest)
    return plan.report(len(kept))


def plan_export(release: Release, dest: Path, settings: ExportSettings) -> ExportReport:
    """What `export_release` would write; reads footers, writes nothing. Raises as that."""
    plan = _Plan(release, dest, settings)
    found = check_dest(dest, plan.record, settings.force)
    return plan.report(len(plan.kept(None if settings.force else found)))


class _Plan:
    """The parts and the other files of an export, and how they are written."""

    def __init__(self, release: Release, dest: Path, settings: ExportSettings) -> None:
        check_on_disk(dest)
        self._release, self._dest, self._settings = release, dest, settings
        self._format = FORMATS[settings.to](_outline(release, dest, settings))
        about = self._format.about
        if self._format.needs_audio and not about.has_audio:
            raise ReleaseError(
                f"{release.name}: has codes and no audio, which {settings.to} needs; --to "
                "webdataset exports codes, or export the release that has `raw`"
            )
        self._chunks = Chunks(release, about.has_audio, self._format.with_codes)
        self._parts = list(_parts(self._format))
        self._licenses, self._unlicensed = licenses(release, [*about.splits])
        # Before the work, since the Hub is asked for it.
        self._bytes = self._size()
        self._others = [*self._format.manifests(), LICENSES, README]
        self.record = Record(
            settings.to,
            release.place.public_name,
            _made_from(release, settings, self._format),
            digest([about.name, about.root]),
            [part.path for part in self._parts],
            self._others,
            facts=_facts(release, settings, self._format),
        )

    def kept(self, found: Record | None) -> set[str]:
        """The parts that need not be written, as `found`, the record of DEST, has them."""
        if found is None or found.made_from != self.record.made_from:
            return set()
        return {part.path for part in self._parts if (self._dest / part.path).exists()}

    def write_parts(self, kept: set[str], progress: Progress) -> None:
        """Write the parts that are not in `kept`; a shard is read once for all of its parts."""
        lacking = [part for part in self._parts if part.path not in kept]
        split, at = "", 0
        samples: Iterator[Sample] = iter(())
        count, whole = (sum(part.count for part in some) for some in (lacking, self._parts))
        with progress(going_on("Chunks", count, whole), count) as advance:
            for part in lacking:
                if (part.split, part.start) != (split, at):
                    samples = self._chunks.samples(part.split, part.start)
                split, at = part.split, part.start + part.count
                counted = _counted(islice(samples, part.count), advance)
                self._format.write_part(self._dest, part.path, counted)

    def write_others(self) -> None:
        """Write manifests, licences and README.md, from columns without audio and codes."""
        self._format.write_manifests(self._dest, self._chunks.facts)
        write_atomically(self._dest / LICENSES, self._licenses)
        text = readme(self._format, self._release.place.public_name, self._unlicensed)
        write_atomically(self._dest / README, text)

    def report(self, kept: int) -> ExportReport:
        """The report of this export, of which `kept` parts were there."""
        splits = self._format.about.splits
        return ExportReport(
            self._dest,
            self._settings.to,
            splits,
            {split: sum(part.split == split for part in self._parts) for split in splits},
            kept,
            tuple(self._others),
            self._bytes,
            self._unlicensed,
            self._dest / README,
            self._format.takes_codes and not self._format.with_codes,
        )

    def _size(self) -> int:
        splits = self._format.about.splits
        chunks = sum(splits.values())
        size = chunks * _BYTES_BESIDE
        if self._format.about.has_audio:
            size += sum(map(self._chunks.audio_bytes, splits))
        encoding = self._release.manifest.encoding
        if self._format.with_codes and encoding:
            size += chunks * encoding["num_codebooks"] * encoding["frames"] * 2
        return size


def _outline(release: Release, dest: Path, settings: ExportSettings) -> Outline:
    manifest = release.manifest
    if not manifest.shards(manifest.rows_config):
        raise ReleaseError(f"{release.name}: has no chunks; run `sportgen build`")
    found = {name: rows for name, rows in manifest.splits(manifest.rows_config).items() if rows}
    encoding = manifest.encoding if manifest.shards("encoded") else None
    unknown = [name for name in settings.splits if name not in found]
    if unknown:
        raise SettingError(f"--split {unknown[0]}: {release.name} has {', '.join(found)}")
    return Outline(
        name=_name(release.place.public_name),
        root=settings.root or dest.resolve().as_posix(),
        splits={name: rows for name, rows in found.items() if name in (settings.splits or found)},
        num_samples=manifest.chunk_samples,
        chunks_per_shard=settings.chunks_per_shard,
        has_audio=bool(manifest.shards("raw")),
        codec=encoding["codec"] if encoding else "",
    )


def _name(public_name: str) -> str:
    """The name of a dataset in files and configs: of `org/sport-music@v1.0.0`, `sport-music`."""
    name = public_name.partition("@")[0].rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "music"


def _parts(format_: Format) -> Iterator[_Part]:
    """The parts of all splits, in the order in which they are written."""
    size = format_.about.chunks_per_shard
    for split, chunks in format_.about.splits.items():
        count = format_.about.part_count(split)
        for index in range(count):
            start = index * size
            path = format_.part(split, index, count)
            yield _Part(path, split, start, min(size, chunks - start))


def _made_from(release: Release, settings: ExportSettings, format_: Format) -> str:
    """The digest of all that decides the bytes of the parts."""
    shards: dict[str, str] = {}
    for found in _shards(release, format_).values():
        shards |= found
    chosen = [settings.to, settings.chunks_per_shard, [*format_.about.splits]]
    return digest([_VERSION, chosen, format_.about.num_samples, shards])


def _shards(release: Release, format_: Format) -> dict[str, dict[str, str]]:
    """Config that a format reads -> path of each shard -> sha256."""
    configs = ("raw", "tracks", *(["encoded"] if format_.with_codes else []))
    return {
        config: {path: entry.sha256 for path, entry in release.shards(config).items()}
        for config in configs
    }


def _facts(release: Release, settings: ExportSettings, format_: Format) -> dict[str, str]:
    """All that `_made_from` is a digest of, for a message that says what has changed."""
    about, shards = format_.about, _shards(release, format_)
    return {
        "format": settings.to,
        "--chunks-per-shard": str(settings.chunks_per_shard),
        **{f"chunks of {split}": str(count) for split, count in about.splits.items()},
        "chunk length": f"{about.seconds:g} s",
        **{config: digest(found)[:16] for config, found in shards.items() if found},
    }


def _counted(samples: Iterable[Sample], advance: Advance) -> Iterator[Sample]:
    for sample in samples:
        yield sample
        advance(1)
