"""A track to its rows of `raw`: what the builder yields and what shards are made of."""

import pickle
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from .analysis import TrackAnalysis
from .annotation import Annotation, annotate
from .audio import Pcm, cut, encode_flac, is_silent
from .decoding import Tally, decode_pcm
from .reasons import Reason, TrackError
from .recipe import SAMPLING_RATE, Recipe
from .records import Outcome, Row, Track, chunk_id
from .sources import check_unchanged

# Lossy containers may be off by a frame or two of what encoders add and cut at the ends.
_LENGTH_TOLERANCE_SECONDS = 0.1
# Bytes at the end of a spool that say where what was found out last begins.
_OFFSET_BYTES = 8


@dataclass(slots=True)
class TrackRows:
    """The rows of one track, in order. After iteration `outcome` says what came of it.

    Iteration never raises for a bad file: there are no rows, and `outcome.reason` says why.
    """

    track: Track
    recipe: Recipe
    outcome: Outcome = field(default_factory=Outcome)

    def __iter__(self) -> Iterator[Row]:
        # What a chunk is described by is known at the end of its track, which may be ten hours.
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rows"
            self.outcome = spool_track(self.track, self.recipe, file)
            if not self.outcome.reason:
                yield from read_spool(file)


def spool_track(track: Track, recipe: Recipe, file: Path) -> Outcome:
    """Write a track's rows to `file`, for `read_spool`, and return what came of it."""
    cutting = _Cutting(track, recipe)
    try:
        with file.open("wb") as spool:
            cutting.write_chunks(spool)
            annotation = cutting.annotated()
            offset = spool.tell()
            pickle.dump(annotation.columns, spool, protocol=5)
            spool.write(offset.to_bytes(_OFFSET_BYTES))
    except TrackError as error:
        return cutting.outcome(Annotation(), str(error))
    return cutting.outcome(annotation, cutting.misfit_reason(annotation))


def measure_track(track: Track, recipe: Recipe) -> Outcome:
    """What came of a track, cut and measured as for a build; its rows are not made."""
    cutting = _Cutting(track, recipe)
    try:
        cutting.write_chunks()
        return cutting.outcome(cutting.annotated())
    except TrackError as error:
        return cutting.outcome(Annotation(), str(error))


def read_spool(file: Path) -> Iterator[Row]:
    """The rows that `spool_track` wrote, in a process of this same run."""
    with file.open("rb") as spool:
        end = spool.seek(-_OFFSET_BYTES, 2)
        offset = int.from_bytes(spool.read(_OFFSET_BYTES))
        spool.seek(offset)
        columns = pickle.loads(spool.read(end - offset))
        spool.seek(0)
        for late in columns:
            row = pickle.load(spool)
            if late is not None:
                yield row | late


@dataclass(slots=True)
class _Cutting:
    """One track on its way to chunks; `kept` are the indices of those that are not silent."""

    track: Track
    recipe: Recipe
    tally: Tally = field(default_factory=Tally)
    found: int = 0
    kept: list[int] = field(default_factory=list)
    analysis: TrackAnalysis | None = None

    def __post_init__(self) -> None:
        if self.recipe.analysis:
            self.analysis = TrackAnalysis(self.recipe.hop_samples)

    def write_chunks(self, spool: BinaryIO | None = None) -> None:
        """Pickle the chunks, as far as cutting alone knows them, if into anything; raises
        TrackError."""
        recipe = self.recipe
        pcm = decode_pcm(self.track, recipe, self.tally)
        for audio in cut(pcm, recipe.chunk_samples, recipe.hop_samples):
            if recipe.keep_silence or not is_silent(audio):
                self.kept.append(self.found)
                if spool:
                    pickle.dump(self._row(self.found, audio), spool, protocol=5)
                if self.analysis:
                    self.analysis.add(self.found, audio)
            self.found += 1
        self._check()

    def annotated(self) -> Annotation:
        """What is known of the chunks now that all are cut."""
        measures = self.analysis.finish() if self.analysis else None
        return annotate(self.track, self.recipe, self.kept, self._seconds, measures)

    def misfit_reason(self, annotation: Annotation) -> str:
        """Why the whole track is left out; empty unless none of its chunks fits."""
        unfit = self.recipe.only_fitting and annotation.misfits == len(self.kept)
        return Reason.MISFIT.because(annotation.reason) if unfit else ""

    def outcome(self, annotation: Annotation, reason: str = "") -> Outcome:
        """What came of the track."""
        recipe, tally, found = self.recipe, self.tally, self.found
        covered = recipe.chunk_samples + (found - 1) * recipe.hop_samples if found else 0
        dropped = annotation.misfits if recipe.only_fitting else 0
        return Outcome(
            chunks=0 if reason else len(self.kept) - dropped,
            silent_chunks=found - len(self.kept),
            misfit_chunks=annotation.misfits,
            misfit_reason=annotation.reason,
            duration_seconds=self._seconds,
            tail_seconds=(tally.samples - covered) / SAMPLING_RATE,
            clipped_samples=tally.clipped,
            nonfinite_samples=tally.nonfinite,
            damaged_packets=tally.damaged_packets,
            truncated=self._is_truncated,
            measures=annotation.track,
            reason=reason,
        )

    @property
    def _seconds(self) -> float:
        return self.tally.samples / SAMPLING_RATE

    @property
    def _is_truncated(self) -> bool:
        claimed = self.track.claimed_seconds
        off = claimed is not None and abs(self._seconds - claimed) > _LENGTH_TOLERANCE_SECONDS
        return self.tally.broken_off or off

    def _check(self) -> None:
        """Raise TrackError where a decoded track cannot be kept."""
        seconds = self._seconds
        check_unchanged(self.track)
        if not self.tally.samples:
            raise TrackError(Reason.UNREADABLE, "no samples in it")
        if not self.recipe.keep_truncated and self._is_truncated:
            claimed = self.track.claimed_seconds
            says = "breaks off" if claimed is None else f"its container says {claimed:.1f} s"
            raise TrackError(Reason.TRUNCATED, f"{seconds:.1f} s, {says}")
        if not self.found:
            chunk = self.recipe.chunk_seconds
            raise TrackError(Reason.TOO_SHORT, f"{seconds:.1f} s, a chunk is {chunk:g} s")
        if not self.kept:
            raise TrackError(Reason.SILENT, "digital silence in every chunk")

    def _row(self, index: int, audio: Pcm) -> Row:
        track = self.track
        identity = chunk_id(track.track_id, index)
        return {
            "chunk_id": identity,
            "track_id": track.track_id,
            "chunk_index": index,
            "start_seconds": index * self.recipe.hop_samples / SAMPLING_RATE,
            "audio": {"bytes": encode_flac(audio), "path": f"{identity}.flac"},
            "session": track.session,
            "style": track.style,
            "title": track.title,
            "artist": track.artist,
            "license": track.license,
        }
