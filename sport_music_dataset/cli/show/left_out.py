"""Print which files of a source are left out, and which are duplicates."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...errors import counted
from ...reasons import Reason, counts_of, is_of_one_run, kind_of
from ..console import hint, plain


def show_duplicates(groups: Sequence[Mapping[str, Any]]) -> None:
    """Print pairs of tracks that stay and share audio, by group."""
    print(f"duplicate recordings that stay: {counted(len(groups), 'group')}")
    for group in groups:
        for pair in group["pairs"]:
            print(f"  {plain(pair['a'])} = {plain(pair['b'])}: {pair['seconds']:.1f} s")


def hint_left_out(reasons: Iterable[tuple[str, str]]) -> None:
    """Print a line on stderr for each (path, reason) whose reason is not empty.

    A last line counts the files that the next run tries again.
    """
    again: Counter[str] = Counter()
    for path, reason in reasons:
        if reason:
            hint(f"left out: {path}: {reason}")
            again[kind_of(reason)] += is_of_one_run(reason)
    if count := again.total():
        more = "; a larger --timeout gives each file more time" if again[Reason.TIMEOUT] else ""
        hint(
            f"{counted(count, 'file')} could not be read this time ({counts_of(again)}); run the "
            f"same command again{more}"
        )


def show_chunks_left_out(counts: Mapping[str, int]) -> None:
    """Print how many chunks are left out, by reason; also of tracks that are kept."""
    for reason, count in counts.items():
        print(f"  chunks left out, {reason}: {count}")


def show_left_out(left_out: Mapping[str, int], ignored: Mapping[str, int]) -> None:
    """Print how many files are left out, by reason, and how many ignored, by extension."""
    for reason, count in sorted(left_out.items()):
        print(f"  left out, {reason}: {count}")
    for extension, count in sorted(ignored.items()):
        print(f"  ignored, {plain(extension) or 'no extension'}: {count}")
