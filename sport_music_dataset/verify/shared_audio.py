"""The proof that splits share no audio, from the release's own chunks and nothing else."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import soxr

from ..audio.fingerprint import RATE, Printer
from ..audio.matching import Gathering, find_matches
from ..audio.samples import Pcm
from ..build.groups import shared_seconds
from ..recipe import SAMPLING_RATE
from ..records import Row
from .findings import Findings, Truth

# Chunks that are left out leave silence behind; a row may claim any place, though.
_MOST_SILENCE_SECONDS = 600


@dataclass(slots=True)
class SharedAudio:
    """Puts the chunks of a track together again and takes its fingerprint; then compares all.

    Memory holds a chunk; fingerprints lie in a file, until the context ends.
    """

    hop_samples: int
    findings: Findings
    _gathering: Gathering | None = None
    _track: "_Track | None" = None
    _splits: dict[str, str] = field(default_factory=dict)

    def see(self, row: Row, split: str, pcm: Pcm) -> None:
        """A chunk of `raw` with its samples [N] int16, in the order of its shard."""
        if self._track is None or self._track.track_id != row["track_id"]:
            self._finish()
            self._track = _Track(row["track_id"])
            self._splits[row["track_id"]] = split
        self._track.add(round(row["start_seconds"] * SAMPLING_RATE), pcm)

    def say(self, tracks: list[Row]) -> None:
        """Compare all tracks, and tell those of two splits that share audio."""
        self._finish()
        if self._gathering is None:
            return
        prints = self._gathering.fingerprints()
        matches = find_matches(prints)
        paths = {row["track_id"]: row["path"] for row in tracks if row["split"]}
        for match in matches:
            a, b = self._splits[match.a], self._splits[match.b]
            if a != b:
                self.findings.fail(
                    Truth.SHARED,
                    f"{paths.get(match.a, match.a)} ({a}) and {paths.get(match.b, match.b)} ({b}) "
                    f"share {match.seconds:.1f} s of audio",
                )
        seconds = shared_seconds(matches, self._splits)
        count = len(prints.names)
        self.findings.say(Truth.SHARED, f"{seconds:g} s in two splits, of {count} tracks compared")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._gathering is not None:
            self._gathering.__exit__()

    def _finish(self) -> None:
        if self._track is None:
            return
        if self._gathering is None:
            self._gathering = Gathering()
        self._gathering.add(self._track.track_id, self._track.printer.finish())
        self._track = None


class _Track:
    """One track on its way to its fingerprint: chunks come in, the overlaps counted once."""

    def __init__(self, track_id: str) -> None:
        self.track_id = track_id
        self.printer = Printer()
        self._stream = soxr.ResampleStream(SAMPLING_RATE, RATE, 1, dtype="int16", quality="HQ")
        self._end = 0

    def add(self, start: int, pcm: Pcm) -> None:
        silence = min(start - self._end, _MOST_SILENCE_SECONDS * SAMPLING_RATE)
        if silence > 0:
            self._feed(np.zeros(silence, np.int16))
        self._feed(pcm[max(0, self._end - start) :])
        self._end = max(self._end, start + len(pcm))

    def _feed(self, pcm: Pcm) -> None:
        self.printer.feed(self._stream.resample_chunk(pcm))
