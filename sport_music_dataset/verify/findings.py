"""The checks of a verification, what each proves, and their results."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

_NAMED = 5


class Check(StrEnum):
    """A property that every release must have; the report has the same order."""

    MANIFEST = "manifest"
    RECIPE = "recipe"
    ENCODING = "encoding"
    HISTORY = "history"
    FILES = "files"
    SHARDS = "shards"
    CARD = "card"
    CARD_TEXT = "card text"
    PICTURES = "pictures"
    ROWS = "rows"
    FEATURES = "features"
    CHUNK_IDS = "chunk ids"
    ORDER = "order"
    SAME_CHUNKS = "same chunks"
    TRACK_FACTS = "track facts"
    AUDIO = "audio"
    OVERLAP = "overlap"
    SILENCE = "silence"
    MEASURES = "measures"
    FIT = "fit and arc"
    DESCRIPTIONS = "descriptions"
    TOKENS = "tokens"
    CODES = "codes"
    LABELS = "labels"
    CODEBOOKS = "codebooks"
    TRACKS = "tracks"
    REASONS = "reasons"
    COUNTS = "counts"
    REVIEW = "review"
    SPLITS = "splits"
    SHARED = "shared audio"
    AGREEMENT = "agreement"


class Need(StrEnum):
    """What a check reads; without it the check is skipped."""

    ROWS = "rows are not read"
    TRACKS = "no tracks config that can be read"
    RAW = "no raw"
    ENCODED = "no encoded"
    SAMPLE = "no chunks to encode again; --codes asks for them"


@dataclass(frozen=True, slots=True)
class Definition:
    """What a check proves, in one line, and what it needs."""

    proves: str
    needs: tuple[Need, ...] = ()


_RAW, _ENCODED = (Need.ROWS, Need.RAW), (Need.ROWS, Need.ENCODED)
_RAW_AND_TRACKS = (*_RAW, Need.TRACKS)
DEFINITIONS = {
    Check.MANIFEST: Definition("sportgen.json lists a whole release, made by known software"),
    Check.RECIPE: Definition("the recipe's values are possible, and have its fingerprint"),
    Check.ENCODING: Definition(
        "the facts of the encoding agree with each other and with the rows", (Need.ENCODED,)
    ),
    Check.HISTORY: Definition("versions descend, the tag is the newest, what was withdrawn is out"),
    Check.FILES: Definition("every file is there, with its bytes and sha256, and no other shard"),
    Check.SHARDS: Definition("shards are numbered without a gap, raw's like encoded's, none split"),
    Check.CARD: Definition(
        "README.md's front matter is that of these files, and its licence the tracks'",
        (Need.TRACKS,),
    ),
    Check.CARD_TEXT: Definition(
        "the generated text of README.md has the counts of the release", (Need.TRACKS,)
    ),
    Check.PICTURES: Definition("pictures are PNG, and their words have the counts of the release"),
    Check.ROWS: Definition("load_dataset and every file give as many rows as the manifest says"),
    Check.FEATURES: Definition("columns and their types are those of sportgen, without nulls"),
    Check.CHUNK_IDS: Definition(
        "ids, indices and starts of chunks follow from their tracks", (Need.ROWS,)
    ),
    Check.ORDER: Definition("rows ascend, in the split and the shard of their track", (Need.ROWS,)),
    Check.SAME_CHUNKS: Definition(
        "raw and encoded have the same chunks, words and measures", (*_RAW, Need.ENCODED)
    ),
    Check.TRACK_FACTS: Definition(
        "session, style, title, artist, licence, group and position are those of tracks",
        (Need.ROWS, Need.TRACKS),
    ),
    Check.AUDIO: Definition("chunks decode to their length as 16-bit mono FLAC", _RAW),
    Check.OVERLAP: Definition("chunks that overlap have the same samples", _RAW),
    Check.SILENCE: Definition("chunks have the silence and clipping that they state", _RAW),
    Check.MEASURES: Definition("measures are possible values, and tracks' agree", (Need.TRACKS,)),
    Check.FIT: Definition(
        "fit, its reason and arc follow from the measures, and no filter leaves a chunk out",
        (Need.ROWS, Need.TRACKS),
    ),
    Check.DESCRIPTIONS: Definition(
        "descriptions differ, and are given or follow from their chunk", (Need.ROWS, Need.TRACKS)
    ),
    Check.TOKENS: Definition("ids are a tokenizer's, masked, and the same for one text", _ENCODED),
    Check.CODES: Definition("codes are in their codebooks", _ENCODED),
    Check.LABELS: Definition("labels are the delay pattern of the codes", _ENCODED),
    Check.CODEBOOKS: Definition("the manifest's use of codebooks is that of the codes", _ENCODED),
    Check.TRACKS: Definition("tracks are named and identified once, with values", (Need.TRACKS,)),
    Check.REASONS: Definition(
        "a file is kept, or left out for a reason that holds", (Need.TRACKS,)
    ),
    Check.COUNTS: Definition("chunks of tracks are those of length and rows", (Need.TRACKS,)),
    Check.REVIEW: Definition(
        "chunks and tracks are dropped and edited as a review decided", (Need.ROWS, Need.TRACKS)
    ),
    Check.SPLITS: Definition("no group lies in two splits", (Need.TRACKS,)),
    Check.SHARED: Definition("splits share no audio", _RAW_AND_TRACKS),
    Check.AGREEMENT: Definition("codes are those of the codec", (Need.SAMPLE,)),
}
"""What each check proves and needs."""


class State(StrEnum):
    """The result of a check; skipped if the release has nothing to check."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A check, its state, and the first places where it fails.

    `detail` says what the check looked at, or why it was skipped.
    """

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
    skipped: dict[Check, str] = field(default_factory=dict)

    def fail(self, check: Check, text: str) -> None:
        """Record that `check` fails, and where."""
        self.counts[check] += 1
        if self.counts[check] <= _NAMED:
            self.named.setdefault(check, []).append(text)

    def fail_all(self, check: Check, texts: Iterable[str], place: str = "") -> None:
        """Record each of `texts` as a fault of `check`, at `place`."""
        for text in texts:
            self.fail(check, f"{place}: {text}" if place else text)

    def note(self, check: Check, detail: str = "") -> None:
        """Record that `check` ran, and what it looked at."""
        self.details[check] = detail or DEFINITIONS[check].proves

    def skip(self, check: Check, reason: str) -> None:
        """Record why `check` cannot run; the first reason stays."""
        self.skipped.setdefault(check, reason)

    def skip_without(self, lacking: Collection[Need]) -> None:
        """Skip every check that needs something that is lacking."""
        for check, definition in DEFINITIONS.items():
            for need in definition.needs:
                if need in lacking:
                    self.skip(check, need)

    def results(self) -> tuple[CheckResult, ...]:
        """The results of all checks."""
        return tuple(map(self._result, Check))

    def _result(self, check: Check) -> CheckResult:
        failures = tuple(self.named.get(check, ()))
        # A check that is skipped may have a part that runs and fails.
        if failures:
            parts = (f"{self.counts[check]} failed", self.details.get(check, ""))
            return CheckResult(check, State.FAILED, "; ".join(filter(None, parts)), failures)
        if check in self.skipped or check not in self.details:
            reason = self.skipped.get(check, "a file that it reads is faulty")
            return CheckResult(check, State.SKIPPED, reason)
        return CheckResult(check, State.OK, self.details[check])
