"""A track to its rows of `raw`: what the builder yields and what shards are made of."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from .audio import Pcm, cut, decode_mono, encode_flac, to_pcm16
from .describe import describe
from .errors import SourceError
from .recipe import SAMPLING_RATE, Recipe
from .schema import RAW_FEATURES, Outcome, Reason, Track, chunk_id

Row = dict[str, Any]

# Rows held in memory at a time while a track is cut: 16 chunks of 25 s are about 15 MB.
_BATCH_ROWS = 16


@dataclass(slots=True)
class TrackRows:
    """The rows of one track, in order. After iteration `outcome` says what came of it.

    Iteration never raises for a bad file: it ends, and `outcome.reason` says why.
    """

    track: Track
    recipe: Recipe
    outcome: Outcome = field(default_factory=Outcome)

    def __iter__(self) -> Iterator[Row]:
        chunks, samples, clipped = 0, 0, 0

        def pcm_blocks() -> Iterator[Pcm]:
            nonlocal samples, clipped
            for block in decode_mono(self.track.file):
                pcm, over = to_pcm16(block)
                samples += len(pcm)
                clipped += over
                yield pcm

        reason = ""
        try:
            for audio in cut(pcm_blocks(), self.recipe.chunk_samples, self.recipe.hop_samples):
                yield self._row(chunks, audio)
                chunks += 1
        except SourceError as error:
            reason = Reason.UNREADABLE.because(str(error))
        covered = (chunks - 1) * self.recipe.hop_samples + self.recipe.chunk_samples
        tail = samples - covered if chunks else samples
        if not reason and not chunks:
            reason = self._too_short(samples)
        self.outcome = Outcome(
            chunks=0 if reason else chunks,
            duration_seconds=samples / SAMPLING_RATE,
            tail_seconds=tail / SAMPLING_RATE,
            clipped_samples=clipped,
            reason=reason,
        )

    def _too_short(self, samples: int) -> str:
        if not samples:
            return Reason.UNREADABLE.because("no samples in it")
        return Reason.TOO_SHORT.because(
            f"{samples / SAMPLING_RATE:.1f} s, a chunk is {self.recipe.chunk_seconds:g} s"
        )

    def _row(self, index: int, audio: Pcm) -> Row:
        track, recipe = self.track, self.recipe
        identity = chunk_id(track.track_id, index)
        return {
            "chunk_id": identity,
            "track_id": track.track_id,
            "chunk_index": index,
            "start_seconds": index * recipe.hop_samples / SAMPLING_RATE,
            "audio": {"bytes": encode_flac(audio), "path": f"{identity}.flac"},
            "description": track.description
            or describe(track.session, track.style, recipe.seed, identity),
            "session": track.session,
            "style": track.style,
            "title": track.title,
            "artist": track.artist,
            "license": track.license,
        }


def spool_track(track: Track, recipe: Recipe, file: Path) -> Outcome:
    """Write a track's rows to `file` (an Arrow stream) and return what came of it."""
    rows = TrackRows(track, recipe)
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_stream(sink, _SCHEMA) as writer:
        batch: list[Row] = []
        for row in rows:
            batch.append(row)
            if len(batch) == _BATCH_ROWS:
                writer.write_table(_table(batch))
                batch = []
        if batch:
            writer.write_table(_table(batch))
    return rows.outcome


def read_spool(file: Path) -> Iterator[pa.Table]:
    """The tables that `spool_track` wrote."""
    with pa.OSFile(str(file)) as source, pa.ipc.open_stream(source) as reader:
        for batch in reader:
            yield pa.Table.from_batches([batch])


_SCHEMA = RAW_FEATURES.arrow_schema


def _table(rows: Iterable[Row]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=_SCHEMA)
