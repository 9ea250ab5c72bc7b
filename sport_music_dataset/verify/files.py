"""Checks of the files of a release, each of which is fetched once, and of their rows."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features

from ..card import card
from ..digests import file_digest
from ..errors import ReleaseError
from ..progress import Advance
from ..records import Row
from ..release.features import ENCODED_FEATURES, FEATURES
from ..release.layout import CARD, split_of
from ..release.manifest import Encoding
from ..release.release import Release
from ..release.tracks import kept_rows
from ..storage.parquet import read_batches, read_parquet
from .checks import AudioChecks, ChunkChecks, CodeChecks
from .findings import Check, Findings
from .shared_audio import SharedAudio

_TEXTS = ("chunk_id", "track_id", "description", "descriptions")
_RAW_COLUMNS = [*_TEXTS, "chunk_index", "start_seconds", "audio"]


@dataclass(slots=True)
class Inspection:
    """One pass over the files of a release, and with `data` also over every row.

    Memory holds one batch of rows, and the rows of `tracks`.
    """

    release: Release
    findings: Findings
    data: bool
    tracks: list[Row] = field(default_factory=list)
    _chunks: ChunkChecks = field(init=False)
    _audio: AudioChecks = field(init=False)
    _codes: CodeChecks | None = field(init=False)
    _shared: SharedAudio = field(init=False)

    def __post_init__(self) -> None:
        encoding = self.release.manifest.encoding
        self._chunks = ChunkChecks(self.release.manifest.hop_samples, self.findings)
        self._audio = AudioChecks(self.release.manifest.chunk_samples, self.findings)
        self._shared = SharedAudio(self.release.manifest.hop_samples, self.findings)
        self._codes = CodeChecks(encoding, self.findings) if encoding else None

    def run(self, advance: Advance) -> None:
        """Run all checks; `advance` counts files."""
        with self._shared:
            self._run(advance)

    def _run(self, advance: Advance) -> None:
        present = self._present()
        together: dict[str, list[str]] = defaultdict(list)
        for path in self.release.manifest.files:
            # Shards of raw and encoded with the same chunks are checked together.
            config, _, name = path.partition("/")
            together[name if config in ("raw", "encoded") else path].append(path)
        for paths in together.values():
            with self.release.place.fetched(*(path for path in paths if path in present)) as files:
                whole = {
                    path.partition("/")[0]: file
                    for path, file in zip((p for p in paths if p in present), files, strict=True)
                    if self._is_whole(path, file)
                }
                if "tracks" in whole:
                    self.tracks += read_parquet(whole["tracks"]).to_pylist()
                elif self.data and len(whole) == len(paths) and whole.keys() <= FEATURES.keys():
                    self._check_rows(paths, whole)
            advance(len(paths))
        self._check_tracks()
        if self.data and self.release.manifest.shards("raw"):
            self._shared.compare(self.tracks)
        self._check_card(CARD in present)
        self._note()

    def _present(self) -> set[str]:
        present, listed = self.release.paths(), self.release.manifest.files.keys()
        for path in sorted(listed - present):
            self.findings.fail(Check.FILES, f"{path}: is missing")
        for path in sorted(present - listed):
            # load_dataset would read them as shards.
            if path.partition("/")[0] in FEATURES:
                self.findings.fail(Check.FILES, f"{path}: is not in the manifest")
        return present

    def _is_whole(self, path: str, file: Path) -> bool:
        """Whether a file has the digest and rows of the manifest and the columns of its config."""
        entry, config = self.release.manifest.files[path], path.partition("/")[0]
        size = file.stat().st_size
        if size != entry.bytes or file_digest(file) != entry.sha256:
            said = f"{size} bytes, not {entry.bytes}" if size != entry.bytes else "another sha256"
            self.findings.fail(Check.FILES, f"{path}: is not what the manifest says ({said})")
            return False
        if config not in FEATURES:
            return True
        try:
            with pq.ParquetFile(file) as parquet:
                rows, schema = parquet.metadata.num_rows, parquet.schema_arrow
        except (OSError, pa.ArrowException) as error:
            self.findings.fail(Check.FILES, f"{path}: is no Parquet ({error})")
            return False
        if rows != entry.rows:
            self.findings.fail(Check.ROWS, f"{path}: has {rows} rows, not {entry.rows}")
        return self._has_columns(path, Features.from_arrow_schema(schema), FEATURES[config])

    def _has_columns(self, path: str, found: Features, wanted: Features) -> bool:
        names = [*wanted, *(name for name in found if name not in wanted)]
        other = [name for name in names if found.get(name) != wanted.get(name)]
        for name in other:
            said = found.get(name, "nothing")
            self.findings.fail(
                Check.FEATURES, f"{path}: {name} is {said}, not {wanted.get(name, 'there')}"
            )
        return not other

    def _check_rows(self, paths: list[str], files: dict[str, Path]) -> None:
        split = split_of(paths[0])
        raw = self._batches(paths, files, "raw", _RAW_COLUMNS)
        encoded = self._batches(paths, files, "encoded", list(ENCODED_FEATURES))
        both = self.release.manifest.shards("raw") and self.release.manifest.shards("encoded")
        for one, other in zip_longest(_raw_rows(raw), _encoded_rows(encoded)):
            if one:
                pcm = self._audio.check(one)
                if pcm is not None:
                    self._shared.add(one, split, pcm)
            if other and self._codes:
                self._codes.check(other)
            texts = one or _texts(other)
            self._chunks.check(paths[0], split, texts)
            if texts["descriptions"][:1] != [texts["description"]]:
                self.findings.fail(
                    Check.FEATURES,
                    f"{texts['chunk_id']}: its first description is another one",
                )
            if both and (one and {key: one[key] for key in _TEXTS}) != (other and _texts(other)):
                where = texts["chunk_id"]
                self.findings.fail(
                    Check.SAME_CHUNKS,
                    f"{where}: raw and encoded differ in this row of {paths[0]}",
                )

    def _batches(
        self, paths: list[str], files: dict[str, Path], config: str, columns: list[str]
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of rows without nulls; memory holds at most one row group."""
        if config not in files:
            return
        for batch in read_batches(files[config], columns):
            empty = [name for name in batch.schema.names if batch[name].null_count]
            if empty:
                name = next(path for path in paths if path.startswith(config))
                self.findings.fail(Check.FEATURES, f"{name}: nulls in {', '.join(empty)}")
                return
            yield batch

    def _check_tracks(self) -> None:
        kept, found = kept_rows(self.tracks), self._chunks
        splits: dict[str, set[str]] = defaultdict(set)
        ids: set[str] = set()
        for row in kept:
            track_id, path = row["track_id"], row["path"]
            if track_id in ids:
                self.findings.fail(Check.TRACKS, f"{path}: track {track_id} is kept twice")
            ids.add(track_id)
            splits[row["group"]] |= {row["split"], *found.splits.get(track_id, ())}
            if self.data and found.rows[track_id] != row["chunks"]:
                self.findings.fail(
                    Check.TRACKS,
                    f"{path}: {row['chunks']} chunks, but {found.rows[track_id]} rows",
                )
        for track_id in sorted(found.rows.keys() - ids):
            self.findings.fail(Check.TRACKS, f"{track_id}: has rows, but is no kept track")
        for group, where in sorted(splits.items()):
            if len(where) > 1:
                self.findings.fail(
                    Check.SPLITS, f"group {group}: lies in {' and '.join(sorted(where))}"
                )
        if self.tracks:
            self.findings.note(Check.SPLITS, f"{len(splits)} groups, none in two")
            if self.data:
                self.findings.note(Check.TRACKS, f"{len(kept)} kept of {len(self.tracks)} files")

    def _check_card(self, present: bool) -> None:
        self.findings.note(Check.CARD, f"{CARD} names the files that are there")
        if not present:
            self.findings.fail(Check.CARD, f"{CARD}: is missing")
            return
        try:
            with self.release.place.fetched(CARD) as [file]:
                found, _ = card.split_front_matter(card.read_card(file), CARD)
        except ReleaseError as error:
            self.findings.fail(Check.CARD, str(error))
            return
        if found.get("configs") != card.front_matter(self.release.manifest, self.tracks)["configs"]:
            self.findings.fail(Check.CARD, f"{CARD}: its configs are not those of the manifest")

    def _note(self) -> None:
        files, rows = self.release.manifest.files.values(), sum(self._chunks.rows.values())
        size = sum(entry.bytes for entry in files) / 1e6
        self.findings.note(Check.FILES, f"{len(files)} files, {size:.1f} MB, sha256 as listed")
        if not self.data:
            return
        self.findings.note(Check.CHUNK_IDS, f"{rows} chunks, each once and in its place")
        raw, encoded = self.release.manifest.shards("raw"), self.release.manifest.shards("encoded")
        if raw:
            samples = self.release.manifest.chunk_samples
            self.findings.note(Check.AUDIO, f"{rows} chunks decode to {samples} samples")
            self.findings.note(Check.OVERLAP, f"{self._audio.pairs} pairs of neighbours")
        if encoded and self.release.manifest.encoding:
            self._note_encoding(self.release.manifest.encoding)
            if raw:
                self.findings.note(Check.SAME_CHUNKS, "raw and encoded, in the same order")

    def _note_encoding(self, encoding: Encoding) -> None:
        length, cut = encoding["max_length"], encoding["truncated"]
        self.findings.note(Check.TOKENS, f"{length} ids a chunk; {cut} descriptions truncated")
        books, frames = encoding["num_codebooks"], encoding["frames"]
        self.findings.note(Check.CODES, f"[{books}][{frames}] in [0, {encoding['codebook_size']})")
        self.findings.note(Check.LABELS, f"delay pattern of the codes, {encoding['labels']}")


def _raw_rows(batches: Iterator[pa.RecordBatch]) -> Iterator[Row]:
    for batch in batches:
        yield from batch.to_pylist()


def _encoded_rows(batches: Iterator[pa.RecordBatch]) -> Iterator[dict[str, pa.Scalar]]:
    for batch in batches:
        for number in range(batch.num_rows):
            yield {name: batch[name][number] for name in batch.schema.names}


def _texts(row: dict[str, pa.Scalar]) -> Row:
    return {name: row[name].as_py() for name in _TEXTS}
