"""Decide which chunks a recipe leaves out by what was measured, heard and reviewed, and why."""

from ..reasons import Reason
from ..recipe import FITS, Recipe
from ..records import Edits, Heard, Measures


def left_out(
    chunk: Measures, heard: Heard, fits: str, recipe: Recipe, edits: Edits | None = None
) -> Reason | None:
    """Why a chunk is left out; None if it stays.

    Of several reasons the first counts, in this order: a review, a voice, the session, the tempo.
    What a review keeps stays.

    Args:
        chunk: the measures of the chunk.
        heard: what was heard in it.
        fits: whether it fits its session, one of `FITS`.
        recipe: the settings `without_vocals`, `min_fit` and `require_tempo`.
        edits: what a review decided of it.
    """
    if edits and (edits.is_dropped or edits.is_kept):
        return Reason.DROPPED if edits.is_dropped else None
    if recipe.without_vocals and heard.is_vocal:
        return Reason.VOICE
    if FITS.index(fits) < FITS.index(recipe.min_fit):
        return Reason.MISFIT
    if recipe.require_tempo and chunk.confident_tempo_bpm is None:
        return Reason.UNTIMED
    return None
