"""Collect and print what is in a source, and what a build would give."""

import json
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ...engines.estimate import Estimate
from ...errors import counted
from ...reasons import kind_of
from ...source.library import examples, known, overruled, said
from ..console import hint, plain
from .build import show_estimate
from .left_out import hint_left_out, show_chunks_left_out, show_duplicates, show_left_out

if TYPE_CHECKING:
    from ...build.build import BuildPlan
    from ...build.expect import Expected
    from ...build.groups import Grouping
    from ...recipe import Recipe
    from ...records import Outcome


def inventory(
    grouping: "Grouping",
    recipe: "Recipe",
    expected: "Expected",
    notes: Iterable[str],
    measured: "Mapping[str, Outcome] | None" = None,
) -> dict[str, Any]:
    """What is in a source, as data for JSON; durations are those in the files' headers.

    `names` has what the names of some tracks say, `examples` what a build takes for true of them.
    `measured` maps the path of each track to its measured outcome. The key `misfits` lists tracks
    with chunks that do not fit their session, `chunks_left_out` counts by reason the chunks that a
    build would leave out; both are None if nothing was measured.
    """
    from ...build.expect import too_short

    library = grouping.library
    problems = {track.path: track.reason for track in library.tracks if track.reason}
    problems |= too_short(library, recipe)
    problems |= {path: found.reason for path, found in (measured or {}).items() if found.reason}
    usable = [track for track in library.usable if track.path not in problems]
    shown = examples(usable or library.usable)
    return {
        "layout": str(library.layout),
        "names": {t.path: library.layout.read(t.path) for t in shown},
        "examples": {t.path: known(t) for t in shown},
        "files": len(library.tracks),
        "usable": len(usable),
        "hours": sum(track.duration_seconds for track in usable) / 3600,
        "formats": dict(Counter(track.format for track in usable).most_common()),
        "styles": dict(Counter(track.style for track in usable).most_common()),
        "sessions": dict(Counter(track.session for track in usable).most_common()),
        "expected": asdict(expected),
        "without_license": sum(not track.license for track in usable),
        "ignored": dict(library.ignored),
        "left_out": problems,
        "duplicates": grouping.duplicates(),
        "misfits": None if measured is None else _misfits(measured),
        "chunks_left_out": None if measured is None else _chunks_left_out(measured, recipe),
        "notes": [*notes],
    }


def _show_expected(expected: dict[str, Any], shards: Mapping[str, str]) -> None:
    """Print what a build would give, and what only a build can tell."""
    if expected["obstacle"]:
        print(f"build     would stop: {plain(expected['obstacle'])}")
        return
    print(f"chunks    {sum(expected['chunks'].values())} expected")
    for split, count in expected["chunks"].items():
        print(f"  split {split:<20} {count:>8}")
    for name, holds in shards.items():
        print(f"  {name}: {holds}")
    show_estimate(Estimate(**expected["cost"]))
    unknown = expected["without_length"]
    tracks = counted(unknown, "track")
    lengths = f", and the length of {tracks}, which no header says" * bool(unknown)
    hint(
        "only a build can tell which files are damaged or silent, what does not fit its session"
        f"{lengths}; `sportgen encode --dry-run` estimates the codes"
    )


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


def _chunks_left_out(measured: "Mapping[str, Outcome]", recipe: "Recipe") -> dict[str, int]:
    from ...release.tracks import left_out_chunks

    record: Any = recipe.as_dict()
    return left_out_chunks(map(asdict, measured.values()), record)


def show_plan(plan: "BuildPlan", recipe: "Recipe") -> None:
    """Print what a build would do, as a scan does, and its shards."""
    from ...build.expect import Expected
    from ...build.plan import expected_rows

    expected = Expected.of(plan.shards, plan.grouping.library, recipe, plan.estimate)
    found = inventory(plan.grouping, recipe, expected, plan.notes)
    shards = {}
    for shard in plan.shards:
        chunks = expected_rows(shard.tracks, recipe)
        tracks = sum(track.path not in found["left_out"] for track in shard.tracks)
        shards[shard.name] = f"{counted(tracks, 'track')}, {counted(chunks, 'chunk')}"
    show_inventory(found, shards=shards)


def show_inventory(
    found: dict[str, Any], as_json: bool = False, shards: Mapping[str, str] = {}
) -> None:
    """Print the inventory of a source; `shards` says what each would hold."""
    if as_json:
        print(json.dumps(found, indent=2))
        return
    print(f"layout    {plain(found['layout'])}")
    for path, taken in found["examples"].items():
        other = overruled(found["names"][path], taken)
        more = f"; its name says {said(other)}" * bool(other)
        print(f"  {plain(path)}: {plain(said(taken) + more)}")
    print(f"files     {found['files']}, {found['usable']} usable")
    print(f"hours     {found['hours']:.2f}, as the files say")
    reasons = Counter(map(kind_of, found["left_out"].values()))
    show_left_out(reasons, found["ignored"])
    show_duplicates(found["duplicates"])
    if found["misfits"] is not None:
        print(f"misfits: {counted(len(found['misfits']), 'track')}")
        for track in found["misfits"]:
            count = f"{track['misfit_chunks']} of {counted(track['chunks'], 'chunk')}"
            print(f"  {plain(track['path'])}: {count}: {plain(track['reason'])}")
        show_chunks_left_out(found["chunks_left_out"])
    for title in ("formats", "styles", "sessions"):
        print(title)
        for name, count in found[title].items():
            print(f"  {plain(name) or '(nothing says it)':<26} {count:>8}")
    _show_expected(found["expected"], shards)
    for note in found["notes"]:
        hint(f"note: {note}")
    hint_left_out(found["left_out"].items())


def hint_build(found: dict[str, Any], source: str, options: Sequence[tuple[str, str]]) -> None:
    """Print the command that builds what was scanned, with the same options and what they lack."""
    from ...card.options import build_run

    def command(*more: str) -> str:
        kept = [option for option in options if option[0] not in more]
        return build_run(source, [*kept, more]).typed("dataset")

    expected = found["expected"]
    if not expected["obstacle"]:
        hint(f"next: {command()}")
    elif expected["remedy"]:
        hint(f"{expected['when']}: {command(*shlex.split(expected['remedy']))}")
    if found["misfits"] and "--min-fit" not in dict(options):
        hint(f"without the misfits: {command('--min-fit', 'unknown')}")
