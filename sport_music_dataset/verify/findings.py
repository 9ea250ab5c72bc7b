"""The checks of a verification, and their results."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

_NAMED = 5


class Check(StrEnum):
    """A property that every release must have; the report has the same order."""

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
    """The result of a check; skipped if the release has nothing to check."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A check, its state, what it looked at, and the first places where it fails."""

    name: Check
    state: State
    detail: str
    failures: tuple[str, ...] = ()


@dataclass(slots=True)
class Findings:
    """Collects faults: the first places of each check; later ones are only counted."""

    named: dict[Check, list[str]] = field(default_factory=dict)
    counts: Counter[Check] = field(default_factory=Counter)
    details: dict[Check, str] = field(default_factory=dict)

    def fail(self, check: Check, text: str) -> None:
        """Record that `check` fails, and where."""
        self.counts[check] += 1
        if self.counts[check] <= _NAMED:
            self.named.setdefault(check, []).append(text)

    def note(self, check: Check, detail: str) -> None:
        """Record what `check` looked at, so that it does not count as skipped."""
        self.details[check] = detail

    def results(self) -> tuple[CheckResult, ...]:
        """The results of all checks."""
        return tuple(map(self._result, Check))

    def _result(self, check: Check) -> CheckResult:
        detail, failures = self.details.get(check, ""), tuple(self.named.get(check, ()))
        if failures:
            told = f"{self.counts[check]} failed"
            return CheckResult(
                check, State.FAILED, f"{told}; {detail}" if detail else told, failures
            )
        return CheckResult(check, State.OK if detail else State.SKIPPED, detail)
