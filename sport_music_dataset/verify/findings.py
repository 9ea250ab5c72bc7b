"""What a verification checks of a release, and what it found wrong."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

_NAMED = 5


class Check(StrEnum):
    """What must hold for a release, in the order in which it is reported."""

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
class CheckResult:
    """A check, whether it holds, what was looked at, and the first places where it does not."""

    name: Check
    state: State
    detail: str
    failures: tuple[str, ...] = ()


@dataclass(slots=True)
class Findings:
    """Collects what is wrong while files are read: a few places of each check, the rest counted."""

    named: dict[Check, list[str]] = field(default_factory=dict)
    counts: Counter[Check] = field(default_factory=Counter)
    details: dict[Check, str] = field(default_factory=dict)

    def fail(self, check: Check, text: str) -> None:
        """Say that `check` does not hold, and where."""
        self.counts[check] += 1
        if self.counts[check] <= _NAMED:
            self.named.setdefault(check, []).append(text)

    def note(self, check: Check, detail: str) -> None:
        """Say what was looked at for `check`: it is not skipped."""
        self.details[check] = detail

    def results(self) -> tuple[CheckResult, ...]:
        """Every check with its result."""
        return tuple(map(self._result, Check))

    def _result(self, check: Check) -> CheckResult:
        detail, failures = self.details.get(check, ""), tuple(self.named.get(check, ()))
        if failures:
            told = f"{self.counts[check]} failed"
            return CheckResult(
                check, State.FAILED, f"{told}; {detail}" if detail else told, failures
            )
        return CheckResult(check, State.OK if detail else State.SKIPPED, detail)
