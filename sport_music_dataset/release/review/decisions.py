"""Decisions of a review: what may be decided, what a list of them comes to, and where it holds."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...errors import ReleaseError
from ...outside.names import is_text, shown
from ...recipe import SAMPLING_RATE
from ...records import CHUNK_ID
from ..layout import MANIFEST
from ..manifest import ReviewEntry

VERDICT, DESCRIPTION, SESSION, STYLE, TEMPO = FIELDS = (
    *("verdict", "description", "session", "style", "tempo"),
)
KEEP, DROP = "keep", "drop"
UNDO = "undo"
"""The reason of a line that takes the last decision back."""
SLOWEST_BPM, FASTEST_BPM = 30.0, 300.0
MOST_LETTERS = {DESCRIPTION: 1_000, SESSION: 100, STYLE: 100, "reason": 200}

_ID = re.compile(rf"(?:track )?([0-9a-f]{{16}})|({CHUNK_ID})")
_SECONDS = re.compile(r"([0-9.]+) to ([0-9.]+)")
# What names the place of a chunk is rounded to milliseconds.
_SAME_SECONDS = 0.002

Key = tuple[str, str]
"""What a decision is about: the id of a track or chunk, and a field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One line of a review, as texts.

    `id` is that of a track or chunk, `field` one of `FIELDS`. `after` is the value, empty to decide
    nothing any more; `before` is what was there, decided or measured. `file` is the path of the
    track and `seconds` the place of the chunk in it (`45 to 70`), for whoever reads the sheet; a
    chunk is found by its id, and not if it has another place now.
    """

    id: str
    field: str
    after: str
    before: str = ""
    reason: str = ""
    time: str = ""
    file: str = ""
    seconds: str = ""

    @property
    def key(self) -> Key:
        """What the decision is about."""
        return self.id, self.field

    @property
    def track_id(self) -> str:
        """The id of the track, also of one chunk."""
        return self.id.partition("-")[0]

    @property
    def index(self) -> int | None:
        """The index of the chunk; None for a decision about a whole track."""
        return int(self.id.partition("-")[2]) if "-" in self.id else None

    @property
    def entry(self) -> ReviewEntry:
        """The decision as a manifest records it."""
        return ReviewEntry(
            id=self.id,
            field=self.field,
            value=self.after,
            reason=self.reason,
            seconds=self.seconds,
        )

    @classmethod
    def of(cls, entry: ReviewEntry) -> "Decision":
        """The decision that a manifest records; raises ReleaseError if it is none."""
        names = {"id": "id", "field": "field", "after": "value"}
        names |= {"reason": "reason", "seconds": "seconds"}
        values = {name: entry[key] for name, key in names.items()}  # type: ignore[literal-required]
        try:
            return cls(**values).checked()
        except ValueError as error:
            raise ReleaseError(
                f"{MANIFEST}: review: {error}; take it from the Hub or from a backup, or delete "
                "it and build again"
            ) from error

    def checked(self) -> "Decision":
        """The decision with its values as they are compared: one blank between words, numbers.

        Raises:
            ValueError: a value cannot be used; the message says which, and what is possible.
        """
        known = _ID.fullmatch(self.id.strip().lower())
        if known is None:
            raise ValueError(f"id {shown(self.id)}: is no id of a track or chunk of sportgen")
        name = self.field.strip().lower()
        if name not in FIELDS:
            raise ValueError(f"field {shown(self.field)}: one of {', '.join(FIELDS)}")
        if self.seconds and not _SECONDS.fullmatch(self.seconds.strip()):
            raise ValueError(f"seconds {shown(self.seconds)}: write 45 to 70, or nothing")
        return replace(
            self,
            id=known[1] or known[2],
            field=name,
            after=_checked(name, self.after),
            reason=_text("reason", self.reason),
            seconds=self.seconds.strip(),
        )


def _checked(name: str, value: str) -> str:
    if name in MOST_LETTERS:
        return _text(name, value)
    text = value.strip().lower()
    if name == VERDICT:
        if text not in ("", KEEP, DROP):
            raise ValueError(f"verdict {shown(value)}: {KEEP}, {DROP} or nothing")
        return text
    try:
        tempo = float(text.replace(",", ".")) if text else SLOWEST_BPM
    except ValueError:
        tempo = math.nan
    if not SLOWEST_BPM <= tempo <= FASTEST_BPM:
        raise ValueError(
            f"tempo {shown(value)}: a number of BPM from {SLOWEST_BPM:g} to {FASTEST_BPM:g}"
        )
    return f"{round(tempo, 2):g}" if text else ""


def _text(name: str, value: str) -> str:
    text = " ".join(value.split())
    if len(text) > MOST_LETTERS[name] or not is_text(text) or not text.isprintable():
        raise ValueError(f"{name} {shown(value)}: at most {MOST_LETTERS[name]} letters in one line")
    return text


def place_of(index: int, hop_samples: int, chunk_samples: int) -> str:
    """The place of a chunk in its track, as in `Decision.seconds`."""
    start = index * hop_samples / SAMPLING_RATE
    return f"{round(start, 3):g} to {round(start + chunk_samples / SAMPLING_RATE, 3):g}"


@dataclass(frozen=True, slots=True)
class Review:
    """What a list of decisions comes to.

    `standing` maps what is decided to the decision that counts. `taken_back` is what undoing the
    last decision adds; None where there is none left.
    """

    decisions: Sequence[Decision] = ()
    standing: Mapping[Key, Decision] = field(default_factory=dict)
    taken_back: Decision | None = None

    @classmethod
    def of(cls, decisions: Iterable[Decision]) -> "Review":
        """Go through decisions in their order: the last one about a field counts."""
        decisions = tuple(decisions)
        standing: dict[Key, Decision] = {}
        done: list[tuple[Decision, Decision | None]] = []
        for decision in decisions:
            before = standing.pop(decision.key, None)
            now: Decision | None = decision
            if done and _takes_back(decision, *done[-1]):
                # As it was, with the reason that it had then.
                now = done.pop()[1]
            else:
                done.append((decision, before))
            if now and now.after:
                standing[decision.key] = now
        return cls(decisions, standing, _opposite(*done[-1]) if done else None)

    def entries(self) -> list[ReviewEntry]:
        """What counts, as a manifest records it."""
        return [self.standing[key].entry for key in sorted(self.standing)]

    def value(self, identity: str, name: str) -> str:
        """What counts for a field of a track or chunk; empty where nothing is decided."""
        found = self.standing.get((identity, name))
        return found.after if found else ""

    def lacks(self, decisions: Iterable[Decision]) -> list[Decision]:
        """Those decisions about whose field this review has never said anything."""
        said = {decision.key for decision in self.decisions}
        return [decision for decision in decisions if decision.key not in said]

    def unbuilt(self, entries: Iterable[ReviewEntry]) -> int:
        """Number of fields about which the last build did not know what counts now."""
        built = {(e["id"], e["field"]): _built(e) for e in entries}
        now = {(e["id"], e["field"]): _built(e) for e in self.entries()}
        return sum(now.get(key) != built.get(key) for key in now.keys() | built.keys())


def _built(entry: Mapping[str, Any]) -> tuple[Any, Any]:
    return entry["value"], entry["reason"]


def _takes_back(decision: Decision, last: Decision, before: Decision | None) -> bool:
    after = before.after if before else ""
    same = decision.key == last.key and decision.after == after
    return decision.reason == UNDO and same


def _opposite(last: Decision, before: Decision | None) -> Decision:
    after = before.after if before else ""
    return replace(last, before=last.after, after=after, reason=UNDO, time="")


def in_place(
    entries: Iterable[ReviewEntry], hop_samples: int, chunk_samples: int
) -> tuple[dict[Key, str], list[Decision]]:
    """What entries of a manifest say of chunks of this length: (key -> value, the others).

    The others are about a chunk that has another place in its track now.
    """
    values: dict[Key, str] = {}
    others = []
    for decision in map(Decision.of, entries):
        index = decision.index
        now = "" if index is None else place_of(index, hop_samples, chunk_samples)
        if now and decision.seconds and not _same_place(decision.seconds, now):
            others.append(decision)
        else:
            values[decision.key] = decision.after
    return values, others


def decided(values: Mapping[Key, str], identity: str, name: str) -> str:
    """What is decided of a field of a chunk, by itself or with its track; empty for nothing."""
    track_id = identity.partition("-")[0]
    return values.get((identity, name)) or values.get((track_id, name), "")


def _same_place(one: str, other: str) -> bool:
    """Whether two places are one, but for rounding; not so where a text is none."""
    found = [_SECONDS.fullmatch(text) for text in (one, other)]
    try:
        pairs = [[float(number) for number in match.groups()] for match in found if match]
    except ValueError:
        return False
    return len(pairs) == 2 and all(abs(a - b) <= _SAME_SECONDS for a, b in zip(*pairs, strict=True))
