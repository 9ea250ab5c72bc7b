"""Print what changed between two releases."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..console import plain

if TYPE_CHECKING:
    from ...look.diff import Difference, TrackChange

_MOST = 20


def show_difference(difference: "Difference", as_json: bool) -> None:
    """Print what changed between two releases."""
    if as_json:
        print(json.dumps({"summary": difference.summary, **asdict(difference)}, indent=2))
        return
    print(f"from      {plain(difference.before)}")
    print(f"to        {plain(difference.after)}")
    print(f"changes   {difference.summary}")
    for sign, changes in (
        ("+", difference.tracks.added),
        ("-", difference.tracks.removed),
        ("~", difference.tracks.changed),
    ):
        _show_tracks(sign, changes)
    for heading, rows in difference.totals.items():
        for name, (before, after) in rows.items():
            suffix = "" if name == "all" else f" {plain(name)}"
            _show_total(f"{heading}{suffix}", before, after)
    _show_review(difference.review)
    for heading in ("recipe", "encoding"):
        for key, (before, after) in getattr(difference, heading).items():
            print(f"{heading:<10}{key}: {_short(before)} -> {_short(after)}")
    print(f"upload    {difference.upload_files} files, {difference.upload_bytes / 1e6:.1f} MB")


def _show_tracks(sign: str, changes: "Sequence[TrackChange]") -> None:
    for change in changes[:_MOST]:
        columns = ", ".join(
            f"{name}: {_short(before)} -> {_short(after)}"
            for name, (before, after) in change.columns.items()
        )
        print(f"  {sign} {plain(change.path)}{f' ({columns})' if columns else ''}")
    if len(changes) > _MOST:
        print(f"  {sign} and {len(changes) - _MOST} more; --json has them all")


def _show_review(review: "Mapping[str, tuple[Any, Any]]") -> None:
    for what, (before, after) in list(review.items())[:_MOST]:
        print(f"review    {what}: {_short(before)} -> {_short(after)}")
    if len(review) > _MOST:
        print(f"review    and {len(review) - _MOST} more; --json has them all")


def _show_total(name: str, before: float, after: float) -> None:
    places = 2 if name == "hours" else 0
    change = f"{after - before:+.{places}f}" if before != after else ""
    print(f"  {name:<32}{before:>10.{places}f}{after:>10.{places}f} {change:>10}".rstrip())


def _short(value: Any) -> str:
    return plain(json.dumps(value, ensure_ascii=False))
