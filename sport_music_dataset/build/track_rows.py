"""Makes the rows of `raw` of a track: decodes it once, cuts, measures, listens, describes.

The blocks that are decoded for the rows give its fingerprint too.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..audio.decode import Tally, decode_within
from ..audio.fingerprint import TrackFingerprinter
from ..audio.measure import TrackAnalysis
from ..audio.samples import Pcm, chunks_of, encode_flac, is_silent, to_pcm16
from ..describe.annotate import Annotation, annotate
from ..engines.readahead import ahead
from ..listen import TrackListener, open_tagger
from ..reasons import Reason, TrackError, is_of_one_run
from ..recipe import SAMPLING_RATE, Recipe
from ..records import MEAN, Outcome, Row, Track, channel_name, chunk_id
from ..source.files import check_unchanged
from .spools import Spooled, SpoolWriter, read_spooled_rows

# Encoders add or cut a frame or two at the ends, so lossy containers may claim another length.
_LENGTH_TOLERANCE_SECONDS = 0.1


@dataclass(slots=True)
class TrackRows:
    """Iterates over the rows of one track, in order; afterwards `outcome` has the track's outcome.

    Iteration never raises for a bad file: it yields no row, and `outcome.reason` says why. It
    raises MachineFault where the machine fails at reading the file.
    """

    track: Track
    recipe: Recipe
    outcome: Outcome = field(default_factory=Outcome)

    def __iter__(self) -> Iterator[Row]:
        # Rows wait on disk: the description of a chunk needs measures of the whole track, which may
        # last ten hours.
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rows"
            self.outcome = cut_track(self.track, self.recipe, file).outcome
            if not self.outcome.reason:
                yield from read_spooled_rows(file)


def cut_track(
    track: Track,
    recipe: Recipe,
    file: Path,
    fingerprinter: TrackFingerprinter | None = None,
    *,
    read_ahead: bool = False,
) -> Spooled:
    """Cut a track into the spool `file`; returns the track's outcome and fingerprint.

    `fingerprinter` computes the fingerprint from the blocks that are decoded for the rows. There is
    no spool of a track that has failed by no fault of its own. With `read_ahead`, a thread decodes
    while another measures and encodes: worth it where a core is idle.

    Raises:
        MachineFault: the machine failed at reading the track.
    """
    channel = None
    while True:
        with SpoolWriter(file) as spool:
            cutter = _TrackCutter(track, recipe, spool, fingerprinter, channel, read_ahead)
            outcome, rows = cutter.run()
            if cutter.tally.louder is None:
                spooled = Spooled(outcome, cutter.items)
                if not is_of_one_run(outcome.reason):
                    spool.finish(spooled, rows)
                return spooled
        # Its channels cancel each other, which only the end tells: once more, with one of them.
        channel = cutter.tally.louder
        fingerprinter = TrackFingerprinter() if fingerprinter else None


def measure_track(track: Track, recipe: Recipe) -> Outcome:
    """Cut and measure a track as a build does, without keeping its rows; returns its outcome."""
    cutter = _TrackCutter(track, recipe)
    outcome, _ = cutter.run()
    if cutter.tally.louder is None:
        return outcome
    return _TrackCutter(track, recipe, channel=cutter.tally.louder).run()[0]


@dataclass(slots=True)
class _TrackCutter:
    """Cuts one track.

    `found` counts the chunks so far, `kept` has the indices of the chunks that go into the spool:
    those that are not silent, or all if the recipe keeps silence. `channel` is the channel to take
    instead of the mean of all. `items` are the items of the fingerprint, once the track is decoded.
    """

    track: Track
    recipe: Recipe
    spool: SpoolWriter | None = None
    fingerprinter: TrackFingerprinter | None = None
    channel: int | None = None
    read_ahead: bool = False
    items: list[int] | None = None
    tally: Tally = field(default_factory=Tally)
    found: int = 0
    kept: list[int] = field(default_factory=list)
    analysis: TrackAnalysis | None = None
    listener: TrackListener | None = None

    def __post_init__(self) -> None:
        if self.recipe.analysis:
            self.analysis = TrackAnalysis(self.recipe.hop_samples)
        if self.recipe.tagger:
            tagger = open_tagger(self.recipe.tagger, self.recipe.tagger_revision)
            self.listener = TrackListener(tagger, self.recipe.hop_samples)

    def run(self) -> tuple[Outcome, list[Row | None]]:
        """Cut the track: (outcome, rows).

        There is one row without `audio` for each chunk in the spool; it is None if the chunk is
        left out.
        """
        try:
            self._cut()
            self._check()
        except TrackError as error:
            return self._outcome(Annotation(), str(error)), [None] * len(self.kept)
        measures = self.analysis.finish() if self.analysis else None
        heard = self.listener.finish() if self.listener else None
        annotation = annotate(self.track, self.recipe, self.kept, self._seconds, measures, heard)
        rows = [
            self._row(index) | columns if columns is not None else None
            for index, columns in zip(self.kept, annotation.columns, strict=True)
        ]
        return self._outcome(annotation, "" if any(rows) else annotation.reason), rows

    def _cut(self) -> None:
        """Decode the whole track and write its chunks to the spool; raises TrackError."""
        recipe = self.recipe
        chunks = chunks_of(self._pcm(), recipe.chunk_samples, recipe.hop_samples)
        for audio in ahead(chunks) if self.read_ahead else chunks:
            if recipe.keep_silence or not is_silent(audio):
                self.kept.append(self.found)
                if self.spool:
                    self.spool.add(encode_flac(audio))
                if self.analysis:
                    self.analysis.add(self.found, audio)
                if self.listener:
                    self.listener.add(self.found, audio)
            self.found += 1
        check_unchanged(self.track)
        if self.fingerprinter:
            self.items = self.fingerprinter.finish().tolist()

    def _pcm(self) -> Iterator[Pcm]:
        observer = self.fingerprinter.add if self.fingerprinter else None
        for block in decode_within(
            self.track, self.recipe, self.tally, SAMPLING_RATE, observer, self.channel
        ):
            pcm, over = to_pcm16(block)
            self.tally.clipped += over
            yield pcm

    def _outcome(self, annotation: Annotation, reason: str) -> Outcome:
        recipe, tally, found = self.recipe, self.tally, self.found
        covered = recipe.chunk_samples + (found - 1) * recipe.hop_samples if found else 0
        return Outcome(
            chunks=0 if reason else len(self.kept) - annotation.left_out.total(),
            silent_chunks=found - len(self.kept),
            dropped_chunks=annotation.left_out[Reason.DROPPED],
            voiced_chunks=annotation.left_out[Reason.VOICE],
            misfit_chunks=annotation.misfits,
            untimed_chunks=annotation.left_out[Reason.UNTIMED],
            misfit_reason=annotation.misfit_reason,
            duration_seconds=self._seconds,
            tail_seconds=(tally.samples - covered) / SAMPLING_RATE,
            clipped_samples=tally.clipped,
            nonfinite_samples=tally.nonfinite,
            damaged_packets=tally.damaged_packets,
            truncated=self._is_truncated,
            decoder=tally.decoder,
            mixdown=MEAN if self.channel is None else channel_name(self.channel),
            measures=annotation.track,
            reason=reason,
        )

    @property
    def _seconds(self) -> float:
        return self.tally.samples / SAMPLING_RATE

    @property
    def _is_truncated(self) -> bool:
        claimed = self.track.claimed_seconds
        differs = claimed is not None and abs(self._seconds - claimed) > _LENGTH_TOLERANCE_SECONDS
        return self.tally.broken_off or differs

    def _check(self) -> None:
        """Raise TrackError if the decoded track cannot be kept."""
        seconds, claimed = self._seconds, self.track.claimed_seconds
        if not self.tally.samples:
            raise TrackError(Reason.UNREADABLE, "no samples in it")
        if not self.recipe.keep_truncated and self._is_truncated:
            detail = "breaks off" if claimed is None else f"its container says {claimed:.1f} s"
            raise TrackError(Reason.TRUNCATED, f"{seconds:.1f} s, {detail}")
        if not self.found:
            detail = f"{seconds:.1f} s, a chunk is {self.recipe.chunk_seconds:g} s"
            if claimed is not None and claimed - seconds > _LENGTH_TOLERANCE_SECONDS:
                detail = f"{seconds:.1f} s of the {claimed:.1f} s that its header says"
            raise TrackError(Reason.TOO_SHORT, detail)
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
            "session_as_named": track.session_as_named,
            "style": track.style,
            "title": track.title,
            "artist": track.artist,
            "license": track.license,
        }
