"""Print which files of a source are left out, and which are duplicates."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..console import hint, plain


def show_duplicates(groups: Sequence[Mapping[str, Any]]) -> None:
    """Print pairs of tracks that share audio, by group."""
    print(f"duplicate recordings: {len(groups)} groups")
    for group in groups:
        for pair in group["pairs"]:
            print(f"  {plain(pair['a'])} = {plain(pair['b'])}: {pair['seconds']:.1f} s")


def hint_left_out(reasons: Iterable[tuple[str, str]]) -> None:
    """Print a line on stderr for each (path, reason) whose reason is not empty."""
    for path, reason in reasons:
        if reason:
            hint(f"left out: {path}: {reason}")


def show_left_out(left_out: Mapping[str, int], ignored: Mapping[str, int]) -> None:
    """Print how many files are left out, by reason, and how many ignored, by extension."""
    for reason, count in sorted(left_out.items()):
        print(f"  left out, {reason}: {count}")
    for extension, count in sorted(ignored.items()):
        print(f"  ignored, {plain(extension) or 'no extension'}: {count}")
