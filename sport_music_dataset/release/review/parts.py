"""The tracks of a release by session and style, of which a review may give single chunks others."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from ...records import Row
from ..manifest import Manifest
from .decisions import DROP, SESSION, STYLE, VERDICT, in_place
from .follow import Names

_Edited = dict[str, dict[str, str]]


def parts_of(kept: Sequence[Row], manifest: Manifest) -> list[Row]:
    """Kept rows of `tracks`; a track whose chunks have several sessions or styles is several rows.

    `chunks` and `duration_seconds` of the track are divided among them.
    """
    edited = _edited_chunks(manifest)
    if not edited:
        return [*kept]
    names = Names(
        (row["style"] for row in kept),
        (row["session"] for row in kept),
        manifest.recipe.get("sessions", ""),
    )
    return [part for row in kept for part in _parts(row, edited.get(row["track_id"], {}), names)]


def _edited_chunks(manifest: Manifest) -> dict[str, _Edited]:
    """Id of a track -> id of its chunk that got a session or style -> field -> value."""
    values, _ = in_place(manifest.review, manifest.hop_samples, manifest.chunk_samples)
    edited: dict[str, _Edited] = defaultdict(lambda: defaultdict(dict))
    for (identity, name), value in values.items():
        track_id, _, index = identity.partition("-")
        if index and name in (SESSION, STYLE) and values.get((identity, VERDICT)) != DROP:
            edited[track_id][identity][name] = value
    return edited


def _parts(row: Row, edited: _Edited, names: Names) -> Iterator[Row]:
    counts = Counter(
        (
            names.session(values.get(SESSION, "")) or row["session"],
            names.style(values.get(STYLE, "")) or row["style"],
        )
        for values in edited.values()
    )
    if not counts:
        yield row
        return
    counts[row["session"], row["style"]] += row["chunks"] - counts.total()
    for (session, style), chunks in counts.items():
        if chunks > 0:
            seconds = row["duration_seconds"] * chunks / row["chunks"]
            part = {"session": session, "style": style, "chunks": chunks}
            yield {**row, **part, "duration_seconds": seconds}
