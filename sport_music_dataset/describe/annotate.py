"""Make fit, arc and description of each chunk from the measures of its track."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ..reasons import Reason
from ..recipe import SAMPLING_RATE, Recipe
from ..records import NO_MEASURES, NOT_HEARD, Heard, Measures, Row, Track, chunk_id
from .arc import arcs
from .filters import left_out
from .fit import fit
from .phrasings import Facts, describe_plain, phrasings
from .sessions import find


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
        chunks = f"{count} of {len(self.columns)} chunks"
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
    session = find(track.session, recipe.sessions)
    verdicts = [fit(chunk, session) for chunk in chunks]
    columns = [
        {
            **_description_columns(track, recipe, chunk_id(track.track_id, index), chunk, arc),
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
    reasons = [
        left_out(chunk, sounds, fits, recipe)
        for chunk, sounds, (fits, _) in zip(chunks, heard_chunks, verdicts, strict=True)
    ]
    misfits = [
        said
        for (fits, said), reason in zip(verdicts, reasons, strict=True)
        if reason == Reason.MISFIT or (reason is None and fits == "no")
    ]
    return Annotation(
        [None if reason else row for row, reason in zip(columns, reasons, strict=True)],
        {**asdict(whole), **asdict(heard_whole)},
        Counter(filter(None, reasons)),
        len(misfits),
        next(iter(misfits), ""),
    )


def _description_columns(
    track: Track, recipe: Recipe, identity: str, chunk: Measures, arc: str
) -> Row:
    # Descriptions from metadata replace generated descriptions.
    texts = [text for text in (track.description, *track.descriptions) if text]
    session = spoken_session(track.session, track.session_as_named, recipe)
    texts = texts or made_descriptions(session, track.style, recipe, identity, chunk, arc)
    return {"description": texts[0], "descriptions": list(dict.fromkeys(texts))}


def spoken_session(session: str, as_named: str, recipe: Recipe) -> str:
    """The name of a session in generated descriptions; the notebook's has the file's own words."""
    return as_named if recipe.descriptions == "notebook" else session


def made_descriptions(
    session: str, style: str, recipe: Recipe, identity: str, chunk: Measures, arc: str
) -> list[str]:
    """The descriptions of the chunk with the id `identity` for which metadata gives none."""
    if recipe.descriptions == "notebook":
        return [describe_plain(session, style)]
    facts = Facts(
        session,
        style,
        tempo_bpm=chunk.confident_tempo_bpm,
        key=chunk.confident_key,
        energy=chunk.energy,
        arc=arc,
    )
    return phrasings(facts, recipe.seed, identity, recipe.sessions, recipe.descriptions_per_chunk)
