"""What pictures are made of: the numbers that they show, without how they look."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bars:
    """Horizontal bars, one for each of `names`.

    `parts` has a name and the lengths of each colour; with `rest`, the last is all that has no
    colour of its own. `ends` stand behind the bars, which go up to `highest`, if given.
    """

    title: str
    names: Sequence[str]
    parts: Sequence[tuple[str, Sequence[float]]]
    rest: bool = False
    ends: Sequence[str] = ()
    highest: float | None = None


@dataclass(frozen=True, slots=True)
class Points:
    """A row for each of `names`: its band, and points (value, index into `kinds`)."""

    title: str
    names: Sequence[str]
    bands: Sequence[tuple[float, float]]
    points: Sequence[Sequence[tuple[float, int]]]
    kinds: Sequence[str]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between `edges`, one more than counts; `middle` is marked and called `middle_name`."""

    title: str
    edges: Sequence[float]
    counts: Sequence[int]
    middle: float
    middle_name: str


Panel = Bars | Points | Histogram


@dataclass(frozen=True, slots=True)
class Picture:
    """Panels below each other, and their figures in words."""

    name: str
    panels: Sequence[Panel]
    alt: str
