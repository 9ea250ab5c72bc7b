"""Collect and print what is in a source."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...reasons import kind_of
from ..console import hint, plain
from .left_out import hint_left_out, show_duplicates, show_left_out

if TYPE_CHECKING:
    from ...build.groups import Grouping
    from ...records import Outcome


def inventory(
    grouping: "Grouping", chunk_seconds: float, measured: "Mapping[str, Outcome] | None" = None
) -> dict[str, Any]:
    """What is in a source, as data for JSON; durations are those in the files' headers.

    `measured` maps the path of each track to its measured outcome. The key `misfits` lists tracks
    with chunks that do not fit their session; it is None if nothing was measured.
    """
    library = grouping.library
    short = f"too short: by its header, a chunk is {chunk_seconds:g} s"
    problems = {track.path: track.reason for track in library.tracks if track.reason}
    problems |= {t.path: short for t in library.usable if t.duration_seconds < chunk_seconds}
    problems |= {path: found.reason for path, found in (measured or {}).items() if found.reason}
    usable = [track for track in library.usable if track.path not in problems]
    return {
        "files": len(library.tracks),
        "usable": len(usable),
        "hours": sum(track.duration_seconds for track in usable) / 3600,
        "formats": dict(Counter(track.format for track in usable).most_common()),
        "styles": dict(Counter(track.style for track in usable).most_common()),
        "sessions": dict(Counter(track.session for track in usable).most_common()),
        "without_license": sum(not track.license for track in usable),
        "ignored": dict(library.ignored),
        "left_out": problems,
        "duplicates": grouping.duplicates(),
        "misfits": None if measured is None else _misfits(measured),
        "notes": list(library.notes),
    }


def _misfits(measured: "Mapping[str, Outcome]") -> list[dict[str, Any]]:
    return [
        {
            "path": path,
            "misfit_chunks": found.misfit_chunks,
            "chunks": found.chunks,
            "reason": found.misfit_reason,
        }
        for path, found in measured.items()
        if found.misfit_chunks
    ]


def show_inventory(found: dict[str, Any], as_json: bool) -> None:
    """Print the inventory of a source."""
    if as_json:
        print(json.dumps(found, indent=2))
        return
    print(f"files     {found['files']}, {found['usable']} usable")
    print(f"hours     {found['hours']:.2f}, as the files say")
    reasons = Counter(map(kind_of, found["left_out"].values()))
    show_left_out(reasons, found["ignored"])
    show_duplicates(found["duplicates"])
    if found["misfits"] is not None:
        print(f"misfits: {len(found['misfits'])} tracks")
        for track in found["misfits"]:
            count = f"{track['misfit_chunks']} of {track['chunks']} chunks"
            print(f"  {plain(track['path'])}: {count}: {plain(track['reason'])}")
    for title in ("formats", "styles", "sessions"):
        print(title)
        for name, count in found[title].items():
            print(f"  {plain(name):<26} {count:>8}")
    for note in found["notes"]:
        hint(f"note: {note}")
    hint_left_out(found["left_out"].items())
