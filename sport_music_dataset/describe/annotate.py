"""Make fit, arc and description of each chunk from the measures of its track."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ..recipe import SAMPLING_RATE, Recipe
from ..records import NO_MEASURES, NOT_HEARD, Heard, Measures, Row, Track, chunk_id
from .arc import arcs
from .evidence import Facts
from .fit import fit
from .phrasings import Phrasing, describe_plain, phrasings
from .sessions import find


@dataclass(frozen=True, slots=True)
class Annotation:
    """The columns of each chunk that need the whole track, and what was measured and heard of it.

    `columns` has None for a chunk that is left out. `misfits` is the number of chunks that do not
    fit their session; `reason` is why the first of them does not fit.
    """

    columns: list[Row | None] = field(default_factory=list)
    track: dict[str, Any] = field(default_factory=dict)
    misfits: int = 0
    reason: str = ""


def annotate(
    track: Track,
    recipe: Recipe,
    indices: Sequence[int],
    seconds: float,
    measured: tuple[list[Measures], Measures] | None,
    heard: tuple[list[Heard], Heard] | None = None,
) -> Annotation:
    """The annotation of a track's chunks.

    Args:
        track: the track.
        recipe: settings of descriptions, and whether misfits are left out.
        indices: indices of the chunks in the track.
        seconds: length of the track.
        measured: measures of each chunk and of the track; None if the recipe has no analysis.
        heard: what was heard in each chunk and in the track; None if nobody listened.
    """
    chunks, whole = measured or ([NO_MEASURES] * len(indices), NO_MEASURES)
    heard_chunks, heard_whole = heard or ([NOT_HEARD] * len(indices), NOT_HEARD)
    middles = [(i * recipe.hop_samples + recipe.chunk_samples / 2) / SAMPLING_RATE for i in indices]
    positions = [middle / seconds for middle in middles]
    phases = (
        arcs(positions, [chunk.energy or 0.0 for chunk in chunks])
        if measured
        else [""] * len(chunks)
    )
    session = find(track.session, recipe.sessions)
    verdicts = [fit(chunk, session) for chunk in chunks]
    misfits = [reason for fits, reason in verdicts if fits == "no"]
    track_row = {**asdict(track), **asdict(heard_whole)}
    columns: list[Row | None] = [
        {
            **_description_columns(track, recipe, track_row, index, chunk, sounds, arc),
            "position": round(position, 4),
            **asdict(chunk),
            **asdict(sounds),
            "arc": arc,
            "fit": fits,
            "fit_reason": reason,
        }
        for index, position, chunk, sounds, arc, (fits, reason) in zip(
            indices, positions, chunks, heard_chunks, phases, verdicts, strict=True
        )
    ]
    if recipe.only_fitting:
        columns = [row if row and row["fit"] != "no" else None for row in columns]
    track_columns = {**asdict(whole), **asdict(heard_whole)}
    return Annotation(columns, track_columns, len(misfits), misfits[0] if misfits else "")


def _description_columns(
    track: Track,
    recipe: Recipe,
    track_row: Row,
    index: int,
    chunk: Measures,
    sounds: Heard,
    arc: str,
) -> Row:
    # Descriptions from metadata replace generated descriptions.
    texts = [text for text in (track.description, *track.descriptions) if text]
    if not texts:
        row = {**track_row, **asdict(chunk), **asdict(sounds), "arc": arc}
        row["chunk_id"] = chunk_id(track.track_id, index)
        texts = [made.text for made in made_phrasings(row, track_row, recipe)]
    return {"description": texts[0], "descriptions": list(dict.fromkeys(texts))}


def made_phrasings(row: Row, track: Row, recipe: Recipe) -> list[Phrasing]:
    """The phrasings of a chunk for which metadata gives no description.

    Args:
        row: the columns of the chunk's row of `raw` that are neither audio nor description.
        track: the row of its track in `tracks`, for the genre and what was heard in all of it.
        recipe: settings of descriptions.
    """
    if recipe.descriptions == "notebook":
        return [describe_plain(row["session_as_named"], row["style"])]
    measures = Measures(**{field.name: row[field.name] for field in fields(Measures)})
    facts = Facts(
        row["session"],
        row["style"],
        tempo_bpm=measures.confident_tempo_bpm,
        tempo_confidence=measures.tempo_confidence,
        key=measures.confident_key,
        key_confidence=measures.key_confidence,
        energy=measures.energy,
        arc=row["arc"],
        title=row["title"],
        genre=track["genre"],
        heard=Heard.of(row),
        whole=Heard.of(track),
    )
    count = recipe.descriptions_per_chunk
    return phrasings(facts, recipe.seed, row["chunk_id"], recipe.sessions, count)
