"""Check that splits share no audio, only from the chunks of the release."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import soxr

from ..audio.fingerprint import RATE, Fingerprinter, chromaprint_version
from ..audio.matching import FingerprintFile, find_matches
from ..audio.samples import Pcm
from ..build.groups import shared_seconds
from ..errors import counted
from ..recipe import SAMPLING_RATE
from ..records import Row
from ..release.manifest import Manifest
from .findings import Check, Findings

# Silence replaces chunks that were left out. It has a limit because a faulty row may claim any
# start.
_MOST_SILENCE_SECONDS = 600
# A pair that shares this much of the shorter track is found whatever the fingerprints are made of.
_SURE_SHARE = 0.9


def require_chromaprint() -> None:
    """Raise MachineError if this machine cannot make fingerprints: who only reads need not."""
    chromaprint_version()


def check_shared(
    manifest: Manifest, kept: Mapping[str, Row], files: int, findings: Findings
) -> None:
    """Check what the manifest says of shared audio against the groups of kept tracks.

    `kept` maps the id of a track to its row, `files` is the number of rows of `tracks`.
    """
    shared = manifest.shared
    if not shared:
        return
    compared, matches = shared.get("fingerprints", 0), shared.get("matches", 0)
    if not len(kept) <= compared <= files:
        findings.fail(
            Check.SHARED, f"{compared} fingerprints of {files} files, of which {len(kept)} are kept"
        )
    # Tracks that share audio are in one group, or one of them is left out.
    groups = Counter(row["group"] for row in kept.values())
    out = max(compared - len(kept), 0)
    most = sum(_pairs(size) for size in groups.values()) + out * len(kept) + _pairs(out)
    if not 0 <= matches <= most:
        findings.fail(Check.SHARED, f"{matches} pairs share audio, groups have at most {most}")
    if shared.get("seconds", 0) != 0:
        findings.fail(
            Check.SHARED,
            f"the manifest says {shared['seconds']} s are in two splits, which groups rule out",
        )


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


@dataclass(slots=True)
class SharedAudio:
    """Joins the chunks of each track, makes its fingerprint, and compares all fingerprints.

    Memory holds one chunk. Fingerprints are in a file, which `close` deletes.
    """

    hop_samples: int
    findings: Findings
    _prints: FingerprintFile | None = None
    _track: "_Track | None" = None
    _splits: dict[str, str] = field(default_factory=dict)

    def add(self, row: Row, split: str, pcm: Pcm) -> None:
        """Add a row of `raw` with its samples [N] int16; rows come in the order of their shard."""
        if self._track is None or self._track.track_id != row["track_id"]:
            self._finish()
            self._track = _Track(row["track_id"])
            self._splits[row["track_id"]] = split
        self._track.add(round(row["start_seconds"] * SAMPLING_RATE), pcm)

    def compare(self, tracks: list[Row], said: int) -> None:
        """Compare all tracks, and report tracks of different splits that share audio.

        `said` is the number of pairs that the manifest has.
        """
        self._finish()
        if self._prints is None:
            return
        prints = self._prints.fingerprints()
        matches = find_matches(prints)
        paths = {row["track_id"]: row["path"] for row in tracks if row["split"]}
        for match in matches:
            a, b = self._splits[match.a], self._splits[match.b]
            if a != b:
                self.findings.fail(
                    Check.SHARED,
                    f"{paths.get(match.a, match.a)} ({a}) and {paths.get(match.b, match.b)} ({b}) "
                    f"share {match.seconds:.1f} s of audio",
                )
        sure = sum(m.seconds > _SURE_SHARE * min(m.a_seconds, m.b_seconds) for m in matches)
        if sure > said:
            self.findings.fail(
                Check.SHARED, f"the manifest says {said} pairs share audio, {sure} do"
            )
        seconds = shared_seconds(matches, self._splits)
        count = len(prints.names)
        self.findings.note(
            Check.SHARED, f"{seconds:g} s in two splits, of {counted(count, 'track')} compared"
        )

    def close(self) -> None:
        """Delete the file of fingerprints."""
        if self._prints is not None:
            self._prints.__exit__()

    def _finish(self) -> None:
        if self._track is None:
            return
        if self._prints is None:
            self._prints = FingerprintFile()
        self._prints.add(self._track.track_id, self._track.fingerprinter.finish())
        self._track = None


class _Track:
    """The fingerprint of one track while its chunks are added; overlaps are used once."""

    def __init__(self, track_id: str) -> None:
        self.track_id = track_id
        self.fingerprinter = Fingerprinter()
        self._stream = soxr.ResampleStream(SAMPLING_RATE, RATE, 1, dtype="int16", quality="HQ")
        self._end = 0

    def add(self, start: int, pcm: Pcm) -> None:
        silence = min(start - self._end, _MOST_SILENCE_SECONDS * SAMPLING_RATE)
        if silence > 0:
            self._feed(np.zeros(silence, np.int16))
        self._feed(pcm[max(0, self._end - start) :])
        self._end = max(self._end, start + len(pcm))

    def _feed(self, pcm: Pcm) -> None:
        self.fingerprinter.feed(self._stream.resample_chunk(pcm))
