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
from ..engines.child import Arrays
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


@dataclass(frozen=True, slots=True)
class Decoded:
    """What is known of a track once it is decoded.

    `items` are those of its fingerprint, None without one. `error` is why it did not decode.
    """

    tally: Tally
    items: list[int] | None = None
    error: TrackError | None = None


def decoded_blocks(
    track: Track, recipe: Recipe, fingerprinted: bool, channel: int | None = None
) -> Arrays[Decoded]:
    """Yield a track as blocks [N] int16 at 32 kHz, and return what is known then.

    The fingerprint is made of the same blocks. `channel` is the channel to take instead of the mean
    of all.

    Raises:
        MachineFault: the machine failed at reading the track.
    """
    tally, fingerprinter = Tally(), TrackFingerprinter() if fingerprinted else None
    observer = fingerprinter.add if fingerprinter else None
    try:
        for block in decode_within(track, recipe, tally, SAMPLING_RATE, observer, channel):
            pcm, over = to_pcm16(block)
            tally.clipped += over
            yield pcm
        check_unchanged(track)
    except TrackError as error:
        return Decoded(tally, error=error)
    return Decoded(tally, fingerprinter.finish().tolist() if fingerprinter else None)


def cut_track(
    track: Track,
    recipe: Recipe,
    file: Path,
    fingerprinted: bool = False,
    blocks: Arrays[Decoded] | None = None,
) -> Spooled:
    """Cut a track into the spool `file`; returns the track's outcome and fingerprint.

    `blocks` are those of `decoded_blocks`, if they come from elsewhere. There is no spool of a
    track that has failed by no fault of its own.

    Raises:
        MachineFault: the machine failed at reading the track.
    """
    channel = None
    while True:
        blocks = blocks or decoded_blocks(track, recipe, fingerprinted, channel)
        with SpoolWriter(file) as spool:
            cutter = _TrackCutter(track, recipe, blocks, spool, channel)
            outcome, rows = cutter.run()
            if cutter.decoded.tally.louder is None:
                spooled = Spooled(outcome, cutter.decoded.items)
                if not is_of_one_run(outcome.reason):
                    spool.finish(spooled, rows)
                return spooled
        # Its channels cancel each other, which only the end tells: once more, with one of them.
        channel, blocks = cutter.decoded.tally.louder, None


def measure_track(track: Track, recipe: Recipe) -> Outcome:
    """Cut and measure a track as a build does, without keeping its rows; returns its outcome."""
    cutter = _TrackCutter(track, recipe, decoded_blocks(track, recipe, fingerprinted=False))
    outcome, _ = cutter.run()
    channel = cutter.decoded.tally.louder
    if channel is None:
        return outcome
    blocks = decoded_blocks(track, recipe, fingerprinted=False, channel=channel)
    return _TrackCutter(track, recipe, blocks, channel=channel).run()[0]


@dataclass(slots=True)
class _TrackCutter:
    """Cuts one track.

    `found` counts the chunks so far, `kept` has the indices of the chunks that go into the spool:
    those that are not silent, or all if the recipe keeps silence. `blocks` are those of `channel`,
    or of the mean of all.
    """

    track: Track
    recipe: Recipe
    blocks: Arrays[Decoded]
    spool: SpoolWriter | None = None
    channel: int | None = None
    decoded: Decoded = field(init=False)
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
        """Take all blocks and write the track's chunks to the spool; raises TrackError."""
        recipe = self.recipe
        for audio in chunks_of(self._pcm(), recipe.chunk_samples, recipe.hop_samples):
            if recipe.keep_silence or not is_silent(audio):
                self.kept.append(self.found)
                if self.spool:
                    self.spool.add(encode_flac(audio))
                if self.analysis:
                    self.analysis.add(self.found, audio)
                if self.listener:
                    self.listener.add(self.found, audio)
            self.found += 1
        if self.decoded.error:
            raise self.decoded.error

    def _pcm(self) -> Iterator[Pcm]:
        self.decoded = yield from self.blocks

    def _outcome(self, annotation: Annotation, reason: str) -> Outcome:
        recipe, tally, found = self.recipe, self.decoded.tally, self.found
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
        return self.decoded.tally.samples / SAMPLING_RATE

    @property
    def _is_truncated(self) -> bool:
        claimed = self.track.claimed_seconds
        differs = claimed is not None and abs(self._seconds - claimed) > _LENGTH_TOLERANCE_SECONDS
        return self.decoded.tally.broken_off or differs

    def _check(self) -> None:
        """Raise TrackError if the decoded track cannot be kept."""
        seconds, claimed = self._seconds, self.track.claimed_seconds
        if not self.decoded.tally.samples:
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
