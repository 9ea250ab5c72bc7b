"""Decide whether a chunk fits the session of its track."""

from ..records import Measures
from .sessions import Session

# A tempo just outside the band is no misfit: the bands are rounded to five BPM.
_TOLERANCE = 0.04
# Range of energy for each intensity. The ranges overlap: only a far outlier is a misfit. Judged by
# 47 pieces of Debian's games (wesnoth, nexuiz, singularity, extremetuxracer, hyperrogue,
# fretsonfire). The 19 with a calm title have 0.18 to 0.44: none is too driving for a calm session,
# and 84% are too calm for a hard one. The 28 with a driving title have 0.34 to 0.83: none is too
# calm for a hard session, and 68% are too driving for a calm one.
ENERGY = {"low": (0.0, 0.5), "medium": (0.25, 0.75), "high": (0.33, 1.0)}


def fit(measures: Measures, session: Session | None) -> tuple[str, str]:
    """Whether a chunk fits its session, `yes`, `no` or `unknown`, and the reason in a few words.

    The tempo fits if the tempo, its half or its double lies in the session's band: people move on
    every beat, on every second beat, or twice a beat. The energy fits if it lies in the range for
    the session's intensity.
    """
    if session is None:
        return "unknown", "session not known"
    if measures.energy is None:
        return "unknown", "not measured"
    low, high = ENERGY[session.intensity]
    if not low <= measures.energy <= high:
        wants = f"at most {high:g}" if measures.energy > high else f"at least {low:g}"
        return "no", f"energy {measures.energy:.2f}, {session.name} wants {wants}"
    tempo, band = measures.confident_tempo_bpm, session.tempo_bpm
    if tempo is None or band is None:
        # Music for a calm session needs no beat.
        if tempo is None and session.intensity == "low" and not measures.tempo_bpm:
            return "yes", ""
        return "unknown", "tempo not sure" if band else "no tempo band for the session"
    if beat_factor(tempo, band):
        return "yes", ""
    return "no", f"tempo {tempo:.0f} BPM, {session.name} wants {band[0]:g}-{band[1]:g}"


def beat_factor(tempo: float, band: tuple[float, float]) -> float | None:
    """The factor, 1, 0.5 or 2, that brings a tempo into a band in BPM; None if no factor does."""
    low, high = band[0] * (1 - _TOLERANCE), band[1] * (1 + _TOLERANCE)
    return next((factor for factor in (1, 0.5, 2) if low <= tempo * factor <= high), None)
