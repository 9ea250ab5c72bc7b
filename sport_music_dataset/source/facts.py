"""What reading a file shows, and the file of these facts: what has not changed is not read again.

A library of 5,000 tracks is 40 GB; to find out that 100 of them are new, a build need read only
those.
"""

import json
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from .._version import __version__
from ..audio.decode import decoder_version, probe
from ..digests import digest, file_digest
from ..outside.records import as_record
from ..reasons import Reason, TrackError, is_of_one_run, read_fault
from ..recipe import ROWS_VERSION
from ..records import Track
from ..storage.atomic import write_atomically
from .files import fill, os_reason, signature

FACTS = "scan-*.jsonl"
"""The pattern of the names of `FactsStore` files."""

# A change within one tick of a file system's clock (2 s on FAT) leaves the time stamps as they are.
_TICK_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Facts:
    """What reading a file shows: its sha256 and its container's facts, or why it is left out.

    `signature` is that of the file that was read. The others are the fields of `AudioInfo`.
    """

    reason: str = ""
    signature: tuple[int, ...] = ()
    sha256: str = ""
    format: str = ""
    sampling_rate: int = 0
    channels: int = 0
    claimed_seconds: float | None = None
    estimated_seconds: float = 0.0
    tags: dict[str, Any] = field(default_factory=dict)

    def of(self, track: Track, tags: bool = True) -> Track:
        """The track with these facts; `tags` says whether tags in the file fill empty fields."""
        size = self.signature[0] if self.signature else 0
        track = replace(
            track, sha256=self.sha256, signature=self.signature, size_bytes=size, reason=self.reason
        )
        if self.reason:
            return track
        return replace(
            fill(track, self.tags) if tags else track,
            format=self.format,
            sampling_rate=self.sampling_rate,
            channels=self.channels,
            claimed_seconds=self.claimed_seconds,
            duration_seconds=self.estimated_seconds,
        )


def read_facts(track: Track) -> Facts:
    """Hash and probe the file of a track; a track with a reason is not read.

    Raises:
        MachineFault: the machine failed at reading the file.
    """
    if track.reason:
        return Facts(track.reason)
    facts = Facts()
    try:
        facts = replace(facts, signature=signature(track.file))
        facts = replace(facts, sha256=file_digest(Path(track.file)))
        info = probe(track.file)
        if signature(track.file) != facts.signature:
            raise TrackError(Reason.CHANGED)
    except TrackError as error:
        return replace(facts, reason=str(error))
    except OSError as error:
        fault = read_fault(track.file, error, os_reason(error))
        if isinstance(fault, TrackError):
            return replace(facts, reason=str(fault))
        raise fault from error
    return replace(facts, **asdict(info))


class FactsStore:
    """The facts of the last scan, in one file; `read` says nothing of a file that has changed.

    `folder` has one file for each version of what reads files, and only that of the present version
    is used. Without a folder, nothing is known and nothing is kept.
    """

    def __init__(self, folder: Path | None = None) -> None:
        software = digest([__version__, ROWS_VERSION, decoder_version()])
        self._file = folder / FACTS.replace("*", software[:8]) if folder else None
        self._began_ns = time.time_ns()
        # file -> facts, of the last scan and of this one
        self._known = self._load()
        self._found: dict[str, Facts] = {}

    def _load(self) -> dict[str, Facts]:
        known: dict[str, Facts] = {}
        try:
            lines = self._file.read_text().splitlines() if self._file else []
            for line in lines:
                file, values = json.loads(line)
                facts = as_record(Facts, values)
                if facts and isinstance(file, str):
                    known[file] = replace(facts, signature=tuple(facts.signature))
        except (OSError, ValueError):
            return {}
        return known

    def read(self, track: Track) -> Facts | None:
        """The facts of a track's file, if they are known and the file is as it was."""
        facts = self._known.get(track.file)
        if not facts or track.reason:
            return None
        try:
            return facts if signature(track.file) == facts.signature else None
        except OSError:
            return None

    def add(self, track: Track, facts: Facts) -> None:
        """Keep the facts of a file that was read whole and cannot change unseen."""
        is_read = facts.sha256 and not is_of_one_run(facts.reason)
        if is_read and max(facts.signature[1:3]) + _TICK_NS < self._began_ns:
            self._found[track.file] = facts

    def save(self) -> None:
        """Write the facts of this scan, if they are not those of the last."""
        if self._file and self._found != self._known:
            lines = (json.dumps([file, asdict(facts)]) for file, facts in self._found.items())
            write_atomically(self._file, "".join(f"{line}\n" for line in lines).encode())
