"""Make fit, arc and description of each chunk from the measures of its track."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from typing import Any

from ..errors import counted
from ..reasons import Reason
from ..recipe import SAMPLING_RATE, Recipe
from ..records import NO_MEASURES, NOT_HEARD, Edits, Heard, Measures, Row, Track, chunk_id
from .arc import arcs
from .evidence import Facts
from .filters import left_out
from .fit import fit
from .phrasings import Phrasing, describe_plain, phrasings
from .sessions import find

# Half a tempo above it, and twice one below it, is a tempo that music has.
_MIDDLE_BPM = 100.0


@dataclass(frozen=True, slots=True)
class Annotation:
    """The columns of each chunk that need the whole track, and what was measured and heard of it.

    `columns` has None for a chunk that is left out, `left_out` counts these chunks by reason.
    `misfits` is the number of chunks that do not fit their session, and are left out for it or
    stay; `misfit_reason` is why the first of them does not fit.
    """

    columns: list[Row | None] = field(default_factory=list)
    track: dict[str, Any] = field(default_factory=dict)
    left_out: Counter[Reason] = field(default_factory=Counter)
    misfits: int = 0
    misfit_reason: str = ""

    @property
    def reason(self) -> str:
        """Why most of the chunks that are left out are, as `tracks` records it."""
        [(reason, count)] = self.left_out.most_common(1)
        chunks = f"{count} of {counted(len(self.columns), 'chunk')}"
        return reason.because(self.misfit_reason if reason == Reason.MISFIT else chunks)


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
        recipe: settings of descriptions, and which chunks are left out.
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
    places: list[Row] = [
        {"position": round(position, 4), "arc": arc}
        for position, arc in zip(positions, phases, strict=True)
    ]
    annotated = partial(_annotated, track, {**asdict(track), **asdict(heard_whole)}, recipe)
    found = list(map(annotated, indices, places, chunks, heard_chunks))
    misfits = [chunk.misfit for chunk in found if chunk.misfit]
    bpm = next((e.tempo_bpm for e in track.edits if e.id == track.track_id), None)
    return Annotation(
        [chunk.columns for chunk in found],
        {**asdict(edited(whole, bpm)), **asdict(heard_whole)},
        Counter(chunk.reason for chunk in found if chunk.reason),
        len(misfits),
        next(iter(misfits), ""),
    )


@dataclass(frozen=True, slots=True)
class _Annotated:
    """A chunk's columns, or the reason why it is left out; why it does not fit, if that counts."""

    columns: Row | None
    reason: Reason | None
    misfit: str


def _annotated(
    track: Track,
    track_row: Row,
    recipe: Recipe,
    index: int,
    place: Row,
    chunk: Measures,
    sounds: Heard,
) -> _Annotated:
    """The annotation of one chunk; `place` has its columns `position` and `arc`."""
    own = track.edits_of(index)
    chunk = edited(chunk, own.tempo_bpm)
    fits, said = fit(chunk, find(own.session or track.session, recipe.sessions))
    reason = left_out(chunk, sounds, fits, recipe, own)
    is_misfit = reason == Reason.MISFIT or (reason is None and fits == "no")
    if reason:
        return _Annotated(None, reason, said * is_misfit)
    row = {**_edited_names(own), **place, **asdict(chunk), **asdict(sounds)}
    # Descriptions from a review or metadata replace generated descriptions.
    given = [own.description] if own.description else [track.description, *track.descriptions]
    whole = {**track_row, **row, "chunk_id": chunk_id(track.track_id, index)}
    texts = list(filter(None, given)) or [
        made.text for made in made_phrasings(whole, track_row, recipe)
    ]
    row |= {"description": texts[0], "descriptions": list(dict.fromkeys(texts))}
    return _Annotated({**row, "fit": fits, "fit_reason": said}, None, said * is_misfit)


def edited(measures: Measures, tempo_bpm: float | None) -> Measures:
    """Measures with the tempo that a review gives, if it does; what was measured is the next likely
    one then."""
    if tempo_bpm is None:
        return measures
    others = (measures.tempo_bpm, measures.tempo_alternative_bpm)
    octave = tempo_bpm / 2 if tempo_bpm > _MIDDLE_BPM else tempo_bpm * 2
    other = next((bpm for bpm in others if bpm and round(bpm, 2) != tempo_bpm), octave)
    return replace(measures, tempo_bpm=tempo_bpm, tempo_alternative_bpm=other, tempo_confidence=1.0)


def _edited_names(edits: Edits) -> Row:
    """The columns of session and style that a review gives for a chunk alone."""
    row = {"style": edits.style} if edits.style else {}
    if edits.session:
        row |= {"session": edits.session, "session_as_named": edits.session_as_named}
    return row


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
        artist=row["artist"],
        heard=Heard.of(row),
        whole=Heard.of(track),
    )
    count = recipe.descriptions_per_chunk
    return phrasings(facts, recipe.seed, row["chunk_id"], recipe.sessions, count)
