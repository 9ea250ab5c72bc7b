"""What a verification holds true of a release, and what it found to be otherwise."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

_NAMED = 5


class Truth(StrEnum):
    """What must hold for a release, in the order in which it is told."""

    MANIFEST = "manifest"
    FILES = "files"
    CARD = "card"
    ROWS = "rows"
    FEATURES = "features"
    CHUNK_IDS = "chunk ids"
    SAME_CHUNKS = "same chunks"
    AUDIO = "audio"
    OVERLAP = "overlap"
    TOKENS = "tokens"
    CODES = "codes"
    LABELS = "labels"
    TRACKS = "tracks"
    SPLITS = "splits"
    SHARED = "shared audio"
    AGREEMENT = "agreement"


class State(StrEnum):
    """What became of a check; skipped where the release has nothing that it is about."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One truth, whether it holds, what was looked at, and the first places where it does not."""

    name: Truth
    state: State
    detail: str
    failures: tuple[str, ...] = ()


@dataclass(slots=True)
class Findings:
    """Gathers what is wrong while the files go by: a few of each kind by name, the rest counted."""

    named: dict[Truth, list[str]] = field(default_factory=dict)
    counts: Counter[Truth] = field(default_factory=Counter)
    details: dict[Truth, str] = field(default_factory=dict)

    def fail(self, truth: Truth, text: str) -> None:
        """Say that `truth` does not hold, and where."""
        self.counts[truth] += 1
        if self.counts[truth] <= _NAMED:
            self.named.setdefault(truth, []).append(text)

    def say(self, truth: Truth, detail: str) -> None:
        """Say what was looked at for `truth`: it is not skipped."""
        self.details[truth] = detail

    def checks(self) -> tuple[Check, ...]:
        """Every truth with what became of it."""
        return tuple(map(self._check, Truth))

    def _check(self, truth: Truth) -> Check:
        detail, failures = self.details.get(truth, ""), tuple(self.named.get(truth, ()))
        if failures:
            told = f"{self.counts[truth]} failed"
            return Check(truth, State.FAILED, f"{told}; {detail}" if detail else told, failures)
        return Check(truth, State.OK if detail else State.SKIPPED, detail)
