"""One pass over the files of a release, each of which is fetched once, and over their rows."""

import math
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features

from ..columns import COPIED_COLUMNS, ENCODED_COLUMNS, NULLABLE
from ..digests import file_digest
from ..errors import MachineError, ReleaseError, counted
from ..progress import Advance
from ..reasons import is_machine_fault
from ..recipe import Recipe
from ..records import Row
from ..release.last_runs import stale_codes, stale_note
from ..release.layout import CARD, ShardName, shard_at
from ..release.release import Release
from ..release.schemas import SCHEMAS
from ..storage.parquet import read_batches, read_parquet
from .audio import AudioChecks
from .card import PictureChecks, check_card
from .codes import CodeChecks
from .findings import Check, Findings, Need
from .manifest import check_manifest, check_splits, read_recipe
from .review import Reviewed
from .rows import RowChecks
from .shared_audio import SharedAudio, check_shared, require_chromaprint
from .tracks import Rebuilt, TrackChecks, null_faults

_LIGHT_COLUMNS = list(COPIED_COLUMNS)


@dataclass(slots=True)
class Inspection:
    """All checks of a release but those that load it as users do; with `data`, also of every row.

    Memory holds one batch of rows, the rows of one track without audio, and the rows of `tracks`.
    `revision` is that of a release on the Hub.
    """

    release: Release
    findings: Findings
    data: bool
    revision: str = ""
    tracks: list[Row] = field(default_factory=list)
    _recipe: Recipe | None = field(init=False)
    _reviewed: Reviewed = field(init=False)
    _rows: RowChecks = field(init=False)
    _audio: AudioChecks = field(init=False)
    _codes: CodeChecks | None = field(init=False)
    _pictures: PictureChecks = field(init=False)
    _shared: SharedAudio | None = None
    # Whether every shard of raw and encoded was read to its end.
    _complete: bool = True

    def run(self, advance: Advance) -> None:
        """Run all checks; `advance` counts files."""
        manifest, findings = self.release.manifest, self.findings
        check_manifest(manifest, self.revision, findings)
        self._recipe = read_recipe(manifest, findings)
        self._reviewed = Reviewed.of(manifest)
        self._pictures = PictureChecks(manifest, findings)
        encoding = manifest.encoding
        self._codes = CodeChecks(encoding, findings) if encoding and self.data else None
        self._skip_what_is_not_there()
        present, together = self._present(), self._together()
        # The tracks first: every row is compared with its track.
        for path in sorted(manifest.shards("tracks").keys() & present):
            with self._file_faults(), self.release.place.fetched(path) as [file]:
                if self._is_whole(path, file):
                    self.tracks += read_parquet(file).to_pylist()
            advance(1)
        tracks = self._track_checks()
        self._start_rows(tracks)
        if Check.SHARED not in findings.skipped:
            self._shared = SharedAudio(manifest.hop_samples, findings)
        try:
            for paths in together:
                self._check_files(paths, present)
                advance(len(paths))
            self._finish(tracks, present)
        finally:
            if self._shared:
                self._shared.close()

    def _skip_what_is_not_there(self) -> None:
        raw, encoded = (self.release.manifest.shards(config) for config in ("raw", "encoded"))
        there = {Need.ROWS: self.data, Need.RAW: raw, Need.ENCODED: encoded}
        self.findings.skip_without([need for need, is_there in there.items() if not is_there])
        if Check.SHARED not in self.findings.skipped:
            try:
                require_chromaprint()
            except MachineError as error:
                self.findings.skip(Check.SHARED, str(error))

    def _present(self) -> set[str]:
        present, listed = self.release.paths(), self.release.manifest.files.keys()
        for path in sorted(listed - present):
            self.findings.fail(Check.FILES, f"{path}: is missing")
        stale = present.intersection(stale_codes(self.release))
        if stale:
            self.findings.fail(Check.FILES, stale_note(self.release))
        for path in sorted(present - listed - stale):
            # load_dataset would read them as shards.
            if path.partition("/")[0] in SCHEMAS:
                self.findings.fail(Check.FILES, f"{path}: is not in the manifest")
        return present

    @contextmanager
    def _file_faults(self, check: Check = Check.FILES) -> Iterator[None]:
        """Record a file that cannot be read, or is a link, a pipe or the like, as a fault."""
        try:
            yield
        except ReleaseError as error:
            self.findings.fail(check, str(error))
            self._complete = False

    def _together(self) -> list[list[str]]:
        """The paths but those of `tracks`; shards of raw and encoded with the same chunks joined"""
        together: dict[str, list[str]] = defaultdict(list)
        for path in self.release.manifest.files:
            config, _, name = path.partition("/")
            if config != "tracks":
                together[name if config in ("raw", "encoded") else path].append(path)
        return list(together.values())

    def _is_whole(self, path: str, file: Path) -> bool:
        """Whether a file has the digest and rows of the manifest and the columns of its config."""
        entry, config = self.release.manifest.files[path], path.partition("/")[0]
        size = file.stat().st_size
        if size != entry.bytes or file_digest(file) != entry.sha256:
            said = f"{size} bytes, not {entry.bytes}" if size != entry.bytes else "another sha256"
            self.findings.fail(Check.FILES, f"{path}: is not what the manifest says ({said})")
            return False
        if config not in SCHEMAS:
            return True
        try:
            with pq.ParquetFile(file) as parquet:
                rows, schema = parquet.metadata.num_rows, parquet.schema_arrow
        except (OSError, pa.ArrowException) as error:
            if is_machine_fault(error):
                raise
            self.findings.fail(Check.FILES, f"{path}: is no Parquet ({error})")
            return False
        if rows != entry.rows:
            self.findings.fail(Check.ROWS, f"{path}: has {rows} rows, not {entry.rows}")
        return self._has_columns(path, *map(Features.from_arrow_schema, (schema, SCHEMAS[config])))

    def _has_columns(self, path: str, found: Features, wanted: Features) -> bool:
        names = [*wanted, *(name for name in found if name not in wanted)]
        other = [name for name in names if found.get(name) != wanted.get(name)]
        for name in other:
            said = found.get(name, "nothing")
            self.findings.fail(
                Check.FEATURES, f"{path}: {name} is {said}, not {wanted.get(name, 'there')}"
            )
        return not other

    def _track_checks(self) -> TrackChecks | None:
        """The checks of `tracks`, of which those that need no other rows have run."""
        empty = list(null_faults(self.tracks))
        self.findings.fail_all(Check.FEATURES, empty)
        if empty or not self.tracks:
            self.tracks = []
            self.findings.skip_without([Need.TRACKS])
            return None
        checks = TrackChecks(
            self.tracks, self.release.manifest, self._recipe, self.findings, self._reviewed
        )
        checks.run()
        return checks

    def _start_rows(self, tracks: TrackChecks | None) -> None:
        manifest, kept = self.release.manifest, tracks.kept if tracks else {}
        chunk, hop = manifest.chunk_samples, manifest.hop_samples
        self._rows = RowChecks(kept, chunk, hop, self._recipe, self.findings, self._reviewed)
        self._audio = AudioChecks(chunk, self._recipe, self.findings)

    def _check_files(self, paths: list[str], present: set[str]) -> None:
        """Check a picture, or the shards of raw and encoded with the same chunks."""
        there = [path for path in paths if path in present]
        with self._file_faults(), self.release.place.fetched(*there) as files:
            pairs = zip(there, files, strict=True)
            whole = {path: file for path, file in pairs if self._is_whole(path, file)}
            shards = {path.partition("/")[0]: file for path, file in whole.items()}
            if paths[0].partition("/")[0] not in SCHEMAS:
                for path, file in whole.items():
                    self._pictures.check_file(path, file)
            elif len(whole) < len(paths):
                self._complete = False
            elif self.data:
                self._check_rows(paths, shards)

    def _check_rows(self, paths: list[str], files: dict[str, Path]) -> None:
        if len(files) == len(self._present_configs()) > 1:
            self._compare(paths[0], files)
        place = shard_at(paths[0])
        for batch in self._batches(paths, files, "raw", [*_LIGHT_COLUMNS, "audio"]):
            self._check_raw(place, batch)
        for batch in self._batches(paths, files, "encoded", list(ENCODED_COLUMNS)):
            if self._codes:
                self._codes.check(batch)
            self._rows.check_groups(batch)
            if "raw" not in files:
                for row in batch.select(_LIGHT_COLUMNS).to_pylist():
                    self._rows.add(place, row)
        self._rows.finish()

    def _check_raw(self, place: ShardName, batch: pa.RecordBatch) -> None:
        self._pictures.add(batch)
        light = batch.select(_LIGHT_COLUMNS).to_pylist()
        for row, audio in zip(light, batch["audio"], strict=True):
            # A start that is no number is a fault of the check of ids.
            if math.isfinite(row["start_seconds"]):
                pcm = self._audio.check(row, audio.as_py()["bytes"])
                if self._shared and pcm is not None:
                    self._shared.add(row, place.split, pcm)
            self._rows.add(place, row)

    def _present_configs(self) -> list[str]:
        return [name for name in ("raw", "encoded") if self.release.manifest.shards(name)]

    def _compare(self, path: str, files: dict[str, Path]) -> None:
        """Compare what encoded copies from raw in one shard."""
        raw, encoded = (
            read_parquet(files[config], _LIGHT_COLUMNS).select(_LIGHT_COLUMNS)
            for config in ("raw", "encoded")
        )
        if raw.replace_schema_metadata().equals(encoded.replace_schema_metadata()):
            return
        where, said = "at the end", ""
        for one, other in zip(raw.to_pylist(), encoded.to_pylist(), strict=False):
            if names := [name for name in one if one[name] != other[name]]:
                where, said = one["chunk_id"], f": {', '.join(names)}"
                break
        self.findings.fail(
            Check.SAME_CHUNKS, f"{where}: raw and encoded differ in this row of {path}{said}"
        )

    def _batches(
        self, paths: list[str], files: dict[str, Path], config: str, columns: list[str]
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of rows without nulls; memory holds at most one row group."""
        if config not in files:
            return
        for batch in read_batches(files[config], columns):
            empty = [
                name
                for name in batch.schema.names
                if batch[name].null_count and name not in NULLABLE
            ]
            if empty:
                name = next(path for path in paths if path.startswith(config))
                self.findings.fail(Check.FEATURES, f"{name}: nulls in {', '.join(empty)}")
                self._complete = False
                return
            yield batch

    def _finish(self, tracks: TrackChecks | None, present: set[str]) -> None:
        """The checks that need all rows, and what every check looked at."""
        manifest, findings = self.release.manifest, self.findings
        if tracks:
            tracks.compare(Rebuilt(self._rows.rows, self._rows.splits), self.data)
            check_splits(manifest, {row["split"] for row in tracks.kept.values()}, findings)
            check_shared(manifest, tracks.kept, len(self.tracks), findings)
        if not self._complete:
            for check in (Check.CODEBOOKS, Check.PICTURES):
                findings.skip(check, "not all rows can be read")
        elif self._codes:
            self._codes.finish(manifest)
        if self._shared:
            self._shared.compare(self.tracks, manifest.shared.get("matches", 0))
        if findings.counts[Check.MEASURES]:
            findings.skip(Check.PICTURES, "measures are faulty")
        elif self._complete:
            self._pictures.finish(self.tracks, self.data)
        self._check_card(present)
        self._note()

    def _check_card(self, present: set[str]) -> None:
        if CARD not in present:
            self.findings.fail(Check.CARD, f"{CARD}: is missing")
        elif self.tracks:
            with self._file_faults(Check.CARD), self.release.place.fetched(CARD) as [file]:
                check_card(file, self.release, self.tracks, self.findings)

    def _note(self) -> None:
        files, rows = self.release.manifest.files.values(), sum(self._rows.rows.values())
        size, note = sum(entry.bytes for entry in files) / 1e6, self.findings.note
        note(Check.FILES, f"{counted(len(files), 'file')}, {size:.1f} MB, sha256 as listed")
        manifest = self.release.manifest
        samples, encoding = manifest.chunk_samples, manifest.encoding
        note(Check.CHUNK_IDS, f"{counted(rows, 'chunk')}, each once and in its place")
        note(Check.AUDIO, f"{counted(rows, 'chunk')} of {samples} samples")
        note(Check.OVERLAP, f"{counted(self._audio.pairs, 'pair')} of neighbours")
        note(Check.SAME_CHUNKS, "raw and encoded, in the same order")
        for check in (Check.ORDER, Check.TRACK_FACTS, Check.SILENCE, Check.FIT, Check.DESCRIPTIONS):
            note(check)
        note(Check.REVIEW, counted(len(manifest.review), "decision"))
        if encoding:
            books, frames = encoding["num_codebooks"], encoding["frames"]
            length, cut = encoding["max_length"], encoding["truncated"]
            note(
                Check.TOKENS,
                f"{counted(length, 'id')} a chunk; {counted(cut, 'description')} truncated",
            )
            note(Check.CODES, f"[{books}][{frames}] in [0, {encoding['codebook_size']})")
            note(Check.LABELS, f"delay pattern of the codes, {encoding['labels']}")
            note(Check.CODEBOOKS, f"perplexity of {books}, counted again")
