"""Print what changed between two releases."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ...errors import counted
from ..console import plain

if TYPE_CHECKING:
    from ...look.diff import Difference, TrackChange

_MOST = 20


def show_difference(difference: "Difference", as_json: bool) -> None:
    """Print what changed between two releases."""
    if as_json:
        print(json.dumps({"summary": difference.summary, **asdict(difference)}, indent=2))
        return
    if difference.is_empty:
        print(f"no change from {plain(difference.before)} to {plain(difference.after)}")
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
            if name != "all" and before == after:
                continue
            suffix = "" if name == "all" else f" {plain(name)}"
            _show_total(f"{heading}{suffix}", before, after)
    _show_review(difference.review)
    for key, (before, after) in difference.recipe.items():
        print(f"recipe    {key}: {_short(before)} -> {_short(after)}")
    _show_encoding(difference)
    files = counted(difference.upload_files, "file")
    print(f"upload    {files}, {difference.upload_bytes / 1e6:.1f} MB")


def _show_tracks(sign: str, changes: "Sequence[TrackChange]") -> None:
    for change in changes[:_MOST]:
        columns = ", ".join(
            f"{name}: {_short(before)} -> {_short(after)}"
            for name, (before, after) in change.columns.items()
        )
        print(f"  {sign} {plain(change.path)}{f' ({columns})' if columns else ''}")
    if len(changes) > _MOST:
        print(f"  {sign} and {len(changes) - _MOST} more; --json has them all")


def _show_encoding(difference: "Difference") -> None:
    """Print what differs in the encoding; in one line where one of the releases has none."""
    before, after = (
        {key: pair[side] for key, pair in difference.encoding.items()} for side in (0, 1)
    )
    for values, other, name in (
        (before, after, difference.after),
        (after, before, difference.before),
    ):
        if values and all(value is None for value in other.values()):
            print(
                f"encoding  none in {plain(name)}; {plain(str(values.get('codec')))} in the other"
            )
            return
    for key in difference.encoding:
        print(f"encoding  {key}: {_short(before[key])} -> {_short(after[key])}")


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
