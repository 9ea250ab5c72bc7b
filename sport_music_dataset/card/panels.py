"""The data of pictures: the numbers of each panel, without colours and layout."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bars:
    """Horizontal bars, one for each of `names`.

    `parts` has a name and the lengths for each colour; with `rest`, the last part is the sum of
    the parts without an own colour. `ends` are texts behind the bars. `highest` is the upper end of
    the axis; None takes the longest bar. Parts are `coloured` if they are styles: in all pictures,
    a colour is a style. Others differ by their pattern.
    """

    title: str
    names: Sequence[str]
    parts: Sequence[tuple[str, Sequence[float]]]
    rest: bool = False
    ends: Sequence[str] = ()
    highest: float | None = None
    coloured: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """A row for each of `names`: its band (low, high), its points (value, index into `kinds`).

    A row may have no band, and a note (`notes`) instead of points.
    """

    title: str
    names: Sequence[str]
    bands: Sequence[tuple[float, float] | None]
    points: Sequence[Sequence[tuple[float, int]]]
    kinds: Sequence[str]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between `edges`, one more than counts; a line at `middle` is named `middle_name`."""

    title: str
    edges: Sequence[float]
    counts: Sequence[int]
    middle: float
    middle_name: str


Panel = Bars | Points | Histogram


@dataclass(frozen=True, slots=True)
class Picture:
    """Panels below each other; `alt` gives their numbers in words, as alternative text."""

    name: str
    panels: Sequence[Panel]
    alt: str
