"""The command `review`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import SettingError
from .. import console, options
from ..tables import show_table

if TYPE_CHECKING:
    from ...release.review.decisions import Decision, Review

_COLUMNS = ("id", "field", "after", "reason", "file", "seconds")


def review(
    out: options.Folder,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Chunks or tracks, by their ids.")
    ] = None,
    drop: Annotated[str, typer.Option(metavar="REASON", help="Leave them out, and why.")] = "",
    keep: Annotated[
        bool, typer.Option("--keep", help="Let them stay, also where a filter leaves them out.")
    ] = False,
    description: Annotated[str, typer.Option(help="Their only description.")] = "",
    style: Annotated[str, typer.Option(help="Their style.")] = "",
    session: Annotated[str, typer.Option(help="Their session.")] = "",
    tempo: Annotated[str, typer.Option(metavar="BPM", help="Their tempo.")] = "",
    as_built: Annotated[
        bool, typer.Option("--as-built", help="Take back all that is decided of them.")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take back the last decision.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Drop, keep and edit chunks without a browser; OUT alone lists what is decided.

    Each decision is a line of review.csv in OUT, as with `preview --serve`. The next build follows
    it.

    Examples:
      sportgen review dataset
      sportgen review dataset 0123456789abcdef-0003 --drop "somebody coughs"
      sportgen review dataset 0123456789abcdef --style "indie rock" --tempo 140
      sportgen review dataset --undo
    """
    from ...preview.catalogue import Catalogue
    from ...preview.review import Asked, Reviewing
    from ...release.release import Release
    from ...release.review.decisions import DESCRIPTION, DROP, KEEP, SESSION, STYLE, TEMPO, VERDICT
    from ...release.review.file import decide, take_back, unbuilt_note
    from ...source.notes import unknown_session

    verdict = DROP if drop else KEEP if keep else ""
    values = {VERDICT: verdict, DESCRIPTION: description, STYLE: style}
    values |= {SESSION: session, TEMPO: tempo}
    fields = {name: value for name, value in values.items() if value}
    _check(ids or (), bool(fields), as_built, undo, bool(drop and keep))
    release = Release.of(out)
    reviewing = Reviewing(out, Catalogue(release))
    now = reviewing.review
    lines = len(now.decisions)
    wanted = [
        Asked(identity, name, after, now.value(identity, name), drop if name == VERDICT else "")
        for identity in dict.fromkeys(ids or ())
        for name, after in (_as_built(now, identity) if as_built else fields).items()
    ]
    # One that cannot be made is found before any is written.
    for decision, one in [(reviewing.decision(one), one) for one in wanted]:
        now = decide(out, decision, one.seen)
    if undo:
        now = take_back(out, len(now.decisions))
    for line in now.decisions[lines:] if undo or as_built else ():
        console.hint(f"taken back: {line.field} {line.before} of {line.id}")
    dropped = ids or () if drop else ()
    if shared := {one for identity in dropped for one in reviewing.sharing(identity)}:
        console.hint(f"note: share seconds with what is dropped: {', '.join(sorted(shared))}")
    if not ids and not now.standing:
        sql = '"SELECT chunk_id, description FROM raw"'
        console.hint(f"ids: sportgen stats {console.quote(out)} --sql {sql}")
    shown = [one for key, one in sorted(now.standing.items()) if not ids or key[0] in ids]
    _show(shown, as_json, "nothing is decided of these" if ids else "nothing is decided")
    for told in unknown_session(session, release.manifest.recipe.get("sessions", "")):
        console.hint(f"note: {told}")
    if note := unbuilt_note(out, release.manifest):
        console.hint(f"note: {note}")


def _check(ids: Sequence[str], edits: bool, as_built: bool, undo: bool, contradicts: bool) -> None:
    """Raise SettingError for options that do not go together."""
    if contradicts or edits + as_built + undo > 1:
        raise SettingError("--drop, --keep, --as-built, --undo: give one of them")
    if bool(ids) != (edits or as_built):
        raise SettingError(
            "give ids, and what you decide of them: --drop REASON, --keep, --description, --style, "
            "--session, --tempo or --as-built"
        )


def _as_built(review: "Review", identity: str) -> Mapping[str, str]:
    """The fields that are decided of a track or chunk, each with nothing in its place."""
    return {name: "" for one, name in review.standing if one == identity}


def _show(decisions: "Sequence[Decision]", as_json: bool, none: str) -> None:
    rows = [{name: asdict(one)[name] for name in _COLUMNS} for one in decisions]
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    elif rows:
        show_table(_COLUMNS, (list(row.values()) for row in rows), ["left"] * len(_COLUMNS))
    else:
        print(none)
