"""A track to its rows of `raw`: what the builder yields and what shards are made of."""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .audio import Pcm, cut, encode_flac, is_silent
from .decoding import Tally, decode_pcm
from .describe import describe
from .reasons import Reason, TrackError
from .recipe import SAMPLING_RATE, Recipe
from .records import Outcome, Row, Track, chunk_id
from .sources import check_unchanged

# Lossy containers may be off by a frame or two of what encoders add and cut at the ends.
_LENGTH_TOLERANCE_SECONDS = 0.1


@dataclass(slots=True)
class TrackRows:
    """The rows of one track, in order. After iteration `outcome` says what came of it.

    Iteration never raises for a bad file: it ends, and `outcome.reason` says why.
    """

    track: Track
    recipe: Recipe
    outcome: Outcome = field(default_factory=Outcome)

    def __iter__(self) -> Iterator[Row]:
        recipe, tally = self.recipe, Tally()
        found, silent, reason = 0, 0, ""
        try:
            pcm = decode_pcm(self.track, recipe, tally)
            for audio in cut(pcm, recipe.chunk_samples, recipe.hop_samples):
                if not recipe.keep_silence and is_silent(audio):
                    silent += 1
                else:
                    yield self._row(found, audio)
                found += 1
            self._check(found, silent, tally)
        except TrackError as error:
            reason = str(error)
        covered = recipe.chunk_samples + (found - 1) * recipe.hop_samples if found else 0
        self.outcome = Outcome(
            chunks=0 if reason else found - silent,
            silent_chunks=silent,
            duration_seconds=tally.samples / SAMPLING_RATE,
            tail_seconds=(tally.samples - covered) / SAMPLING_RATE,
            clipped_samples=tally.clipped,
            nonfinite_samples=tally.nonfinite,
            damaged_packets=tally.damaged_packets,
            truncated=self._is_truncated(tally),
            reason=reason,
        )

    def _check(self, found: int, silent: int, tally: Tally) -> None:
        """Raise TrackError where a decoded track cannot be kept."""
        seconds = tally.samples / SAMPLING_RATE
        check_unchanged(self.track)
        if not tally.samples:
            raise TrackError(Reason.UNREADABLE, "no samples in it")
        if not self.recipe.keep_truncated and self._is_truncated(tally):
            claimed = self.track.claimed_seconds
            says = "breaks off" if claimed is None else f"its container says {claimed:.1f} s"
            raise TrackError(Reason.TRUNCATED, f"{seconds:.1f} s, {says}")
        if not found:
            chunk = self.recipe.chunk_seconds
            raise TrackError(Reason.TOO_SHORT, f"{seconds:.1f} s, a chunk is {chunk:g} s")
        if found == silent:
            raise TrackError(Reason.SILENT, "digital silence in every chunk")

    def _is_truncated(self, tally: Tally) -> bool:
        claimed, seconds = self.track.claimed_seconds, tally.samples / SAMPLING_RATE
        off = claimed is not None and abs(seconds - claimed) > _LENGTH_TOLERANCE_SECONDS
        return tally.broken_off or off

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
    """Write a track's rows to `file`, one after the other, and return what came of it."""
    rows = TrackRows(track, recipe)
    with file.open("wb") as spool:
        for row in rows:
            pickle.dump(row, spool, protocol=5)
    return rows.outcome


def read_spool(file: Path) -> Iterator[Row]:
    """The rows that `spool_track` wrote, in a process of this same run."""
    with file.open("rb") as spool:
        while spool.peek(1):
            yield pickle.load(spool)
