"""Decide which chunks a recipe leaves out by what was measured and heard, and why."""

from ..reasons import Reason
from ..recipe import FITS, Recipe
from ..records import Heard, Measures


def left_out(chunk: Measures, heard: Heard, fits: str, recipe: Recipe) -> Reason | None:
    """Why a chunk is left out; None if it stays.

    Of several reasons the first counts, in this order: a voice, the session, the tempo.

    Args:
        chunk: the measures of the chunk.
        heard: what was heard in it.
        fits: whether it fits its session, one of `FITS`.
        recipe: the settings `without_vocals`, `min_fit` and `require_tempo`.
    """
    if recipe.without_vocals and heard.is_vocal:
        return Reason.VOICE
    if FITS.index(fits) < FITS.index(recipe.min_fit):
        return Reason.MISFIT
    if recipe.require_tempo and chunk.confident_tempo_bpm is None:
        return Reason.UNTIMED
    return None
