"""Make the rows of `raw` for one track: decode it once; cut, measure, describe and fingerprint."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..audio.decode import Tally, decode_within
from ..audio.fingerprint import TrackFingerprinter
from ..audio.measure import TrackAnalysis
from ..audio.samples import Pcm, chunks_of, encode_flac, is_silent, to_pcm16
from ..describe.annotate import Annotation, annotate
from ..reasons import Reason, TrackError
from ..recipe import SAMPLING_RATE, Recipe
from ..records import Outcome, Row, Track, chunk_id
from ..source.files import check_unchanged
from .spools import Spooled, SpoolWriter, read_spooled_rows

# The stated length of a lossy file may be off by the frame or two that encoders add at the ends.
_LENGTH_TOLERANCE_SECONDS = 0.1


@dataclass(slots=True)
class TrackRows:
    """The rows of one track, in order. After iteration, `outcome` has the result.

    Iteration does not raise for a bad file: there are no rows, and `outcome.reason` says why.
    """

    track: Track
    recipe: Recipe
    outcome: Outcome = field(default_factory=Outcome)

    def __iter__(self) -> Iterator[Row]:
        # A description needs the whole track, which may have ten hours: rows wait on the disk.
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rows"
            self.outcome = cut_track(self.track, self.recipe, file).outcome
            yield from read_spooled_rows(file)


def cut_track(
    track: Track, recipe: Recipe, file: Path, fingerprinter: TrackFingerprinter | None = None
) -> Spooled:
    """Write a track's rows to the spool `file`; returns the outcome and the fingerprint.

    `fingerprinter` makes the fingerprint from the same decoded blocks.
    """
    with SpoolWriter(file) as spool:
        cutting = _Cutting(track, recipe, spool, fingerprinter)
        outcome, rows = cutting.run()
        spooled = Spooled(outcome, cutting.items)
        spool.finish(spooled, rows)
    return spooled


def measure_track(track: Track, recipe: Recipe) -> Outcome:
    """The outcome of cutting and measuring a track as a build does; its rows are not kept."""
    outcome, _ = _Cutting(track, recipe).run()
    return outcome


@dataclass(slots=True)
class _Cutting:
    """State while one track is cut; `kept` has the indices of the chunks that are not silent."""

    track: Track
    recipe: Recipe
    spool: SpoolWriter | None = None
    fingerprinter: TrackFingerprinter | None = None
    items: list[int] | None = None
    tally: Tally = field(default_factory=Tally)
    found: int = 0
    kept: list[int] = field(default_factory=list)
    analysis: TrackAnalysis | None = None

    def __post_init__(self) -> None:
        if self.recipe.analysis:
            self.analysis = TrackAnalysis(self.recipe.hop_samples)

    def run(self) -> tuple[Outcome, list[Row | None]]:
        """The outcome of the track, and a row without `audio` for each chunk in the spool; None
        instead of the row for chunks that are left out."""
        try:
            self._cut()
            self._check()
        except TrackError as error:
            return self._outcome(Annotation(), str(error)), [None] * len(self.kept)
        measures = self.analysis.finish() if self.analysis else None
        annotation = annotate(self.track, self.recipe, self.kept, self._seconds, measures)
        rows = [
            self._row(index) | late if late is not None else None
            for index, late in zip(self.kept, annotation.columns, strict=True)
        ]
        reason = "" if any(rows) else Reason.MISFIT.because(annotation.reason)
        return self._outcome(annotation, reason), rows

    def _cut(self) -> None:
        """Decode the whole track and write its chunks to the spool; raises TrackError."""
        recipe = self.recipe
        for audio in chunks_of(self._pcm(), recipe.chunk_samples, recipe.hop_samples):
            if recipe.keep_silence or not is_silent(audio):
                self.kept.append(self.found)
                if self.spool:
                    self.spool.add(encode_flac(audio))
                if self.analysis:
                    self.analysis.add(self.found, audio)
            self.found += 1
        check_unchanged(self.track)
        if self.fingerprinter:
            self.items = self.fingerprinter.finish().tolist()

    def _pcm(self) -> Iterator[Pcm]:
        observer = self.fingerprinter.add if self.fingerprinter else None
        for block in decode_within(self.track, self.recipe, self.tally, SAMPLING_RATE, observer):
            pcm, over = to_pcm16(block)
            self.tally.clipped += over
            yield pcm

    def _outcome(self, annotation: Annotation, reason: str) -> Outcome:
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
        """Raise TrackError if the decoded track cannot be kept."""
        seconds = self._seconds
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

    def _row(self, index: int) -> Row:
        track = self.track
        return {
            "chunk_id": chunk_id(track.track_id, index),
            "track_id": track.track_id,
            "chunk_index": index,
            "start_seconds": index * self.recipe.hop_samples / SAMPLING_RATE,
            "session": track.session,
            "style": track.style,
            "title": track.title,
            "artist": track.artist,
            "license": track.license,
        }
