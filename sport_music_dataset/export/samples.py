"""The chunks of a release for an export: what is known of each, its FLAC bytes and its codes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa

from ..columns import HEAVY_COLUMNS
from ..errors import ReleaseError
from ..outside.names import shown
from ..records import CHUNK_ID, HEARD_CONFIDENCE, Heard, Measures, Row
from ..release.labels import Codes
from ..release.layout import split_of
from ..release.release import Release
from ..storage.parquet import read_single_rows
from ..storage.place import Place

TRACK_COLUMNS = ("album", "album_artist", "genre", "isrc", "license", "copyright", "source_url")
"""What `tracks` knows of the music, and chunks do not say, or did not in earlier versions."""

# Tokens fit one text encoder alone, which an export does not know.
_LEFT_OUT = HEAVY_COLUMNS | {"input_ids", "attention_mask"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One chunk.

    `facts` has its light columns, those of its track (`TRACK_COLUMNS`) and its split. `audio` is
    its FLAC file, empty where it was not asked for. `codes` [K, T] int16 are None where they were
    not asked for.
    """

    facts: Row
    audio: bytes = b""
    codes: Codes | None = None

    @property
    def key(self) -> str:
        """The chunk's id, the stem of its files: hex digits and a hyphen, on any file system."""
        return str(self.facts["chunk_id"])

    @property
    def description(self) -> str:
        """The text prompt, as it stands in the release."""
        return self.facts["description"] or ""

    @property
    def tempo_bpm(self) -> float | None:
        """The tempo where it is sure enough to be said in a description, else None."""
        return self._measures.confident_tempo_bpm

    @property
    def musical_key(self) -> str:
        """The key as in `F# minor`, where it is sure enough to be said, else empty."""
        return self._measures.confident_key

    @property
    def is_instrumental(self) -> bool:
        """Whether a tagger listened and heard no voice."""
        return Heard.of(self.facts).is_instrumental

    def heard(self, column: str) -> list[str]:
        """The words of `instruments` or `moods` that are sure enough to be said."""
        words = self.facts.get(column) or []
        confidences = self.facts.get(f"{column}_confidence") or []
        pairs = zip(words, confidences, strict=False)
        return [word for word, confidence in pairs if confidence >= HEARD_CONFIDENCE]

    @property
    def _measures(self) -> Measures:
        known: dict[str, Any] = {f.name: self.facts.get(f.name) for f in fields(Measures)}
        return Measures(**{**known, "key": known["key"] or ""})


class Chunks:
    """The chunks of the splits of a release, in the order of its shards.

    Args:
        release: a release in a folder or on the Hub, whose shards are downloaded one at a time.
        audio: whether samples have their FLAC bytes; else rows come from `encoded`, if `raw` is
            missing.
        codes: whether samples have their codes.
    """

    def __init__(self, release: Release, audio: bool, codes: bool) -> None:
        self._release, self._audio, self._codes = release, audio, codes
        self.config = release.manifest.rows_config
        self._tracks = _Tracks(release)

    def facts(self, split: str) -> Iterator[Sample]:
        """The chunks of a split without audio and codes, of which no byte is read.

        Raises:
            ReleaseError: a shard cannot be read.
        """
        for path in self._shards(split):
            columns = _light(self._release.place.schema(path))
            for batch in self._release.place.batches(path, columns):
                for row in batch.to_pylist():
                    yield Sample(self._facts(row, split))

    def samples(self, split: str, start: int) -> Iterator[Sample]:
        """The chunks of a split from number `start` on, with audio and codes as asked for.

        Raises:
            ReleaseError: a shard cannot be read, or raw and encoded hold different chunks.
            HubError: a shard cannot be downloaded.
        """
        for path, rows in self._shards(split).items():
            if start < rows:
                yield from self._of_shard(path, split, range(start, rows))
            start = max(0, start - rows)

    def audio_bytes(self, split: str) -> int:
        """About the bytes of all audio of a split, from the footers of its shards."""
        footers = map(self._release.place.footer, self._shards(split))
        return sum(
            column.total_uncompressed_size
            for footer in footers
            for group in map(footer.row_group, range(footer.num_row_groups))
            for column in map(group.column, range(group.num_columns))
            if column.path_in_schema == "audio.bytes"
        )

    def _shards(self, split: str) -> dict[str, int]:
        """Path -> rows of each shard of a split."""
        shards = sorted(self._release.shards(self.config).items())
        return {path: entry.rows for path, entry in shards if split_of(path) == split}

    def _of_shard(self, path: str, split: str, wanted: range) -> Iterator[Sample]:
        encoded = f"encoded/{path.partition('/')[2]}"
        paths = [path, *([encoded] if self._codes else [])]
        entry = self._release.manifest.files.get(encoded)
        if self._codes and (entry is None or entry.rows != wanted.stop):
            raise self._unlike(path, encoded)
        with self._release.place.fetched(*paths) as files:
            # Of the file on this machine: the place of a release on the Hub would ask the Hub.
            schema = Place(self._release.folder, self._release.name).schema(path)
            columns = [*_light(schema), *(["audio"] if self._audio else [])]
            rows = read_single_rows(files[0], columns, wanted)
            codes: Iterator[dict[str, pa.Scalar] | None] = (None for _ in wanted)
            if self._codes:
                codes = read_single_rows(files[1], ["chunk_id", "codes"], wanted)
            for row, coded in zip(rows, codes, strict=True):
                values = {name: value.as_py() for name, value in row.items()}
                audio = values.pop("audio", None) or {}
                sample = Sample(self._facts(values, split), audio.get("bytes") or b"")
                if coded is not None and coded["chunk_id"].as_py() != sample.key:
                    raise self._unlike(path, encoded)
                if self._audio and not sample.audio:
                    raise ReleaseError(
                        f"{self._release.name}: {path}: {sample.key} has no audio; `sportgen "
                        "verify` says what else is wrong"
                    )
                yield sample if coded is None else _with_codes(sample, coded["codes"])

    def _unlike(self, path: str, encoded: str) -> ReleaseError:
        return ReleaseError(
            f"{self._release.name}: {path} and {encoded} hold other chunks; run `sportgen encode`"
        )

    def _facts(self, row: Row, split: str) -> Row:
        # The release may come from a stranger, and files get the name of the chunk.
        if not re.fullmatch(CHUNK_ID, row["chunk_id"] or ""):
            raise ReleaseError(
                f"{self._release.name}: {shown(row['chunk_id'])} is no chunk's id; "
                "`sportgen verify` says where"
            )
        track = self._tracks.of(row["track_id"])
        return {**row, **{k: v for k, v in track.items() if not row.get(k)}, "split": split}


def _light(schema: pa.Schema) -> list[str]:
    return [name for name in schema.names if name not in _LEFT_OUT]


def _with_codes(sample: Sample, codes: pa.Scalar) -> Sample:
    return Sample(sample.facts, sample.audio, np.asarray(codes.as_py(), np.int16))


class _Tracks:
    """The tracks of a release by their ids, held as a table: rows take ten times the memory."""

    def __init__(self, release: Release) -> None:
        self._table = release.kept_tracks(("track_id", *TRACK_COLUMNS))
        ids = self._table["track_id"].to_pylist()
        self._rows = {track_id: number for number, track_id in enumerate(ids)}
        self._last: tuple[str, Row] = ("", {})

    def of(self, track_id: str) -> Row:
        """`TRACK_COLUMNS` of a track; those that an earlier version did not write are empty."""
        # Chunks of a track lie side by side.
        if self._last[0] != track_id:
            number = self._rows.get(track_id)
            rows = [] if number is None else self._table.slice(number, 1).to_pylist()
            row = rows[0] if rows else {}
            self._last = (track_id, {name: row.get(name) or "" for name in TRACK_COLUMNS})
        return self._last[1]
