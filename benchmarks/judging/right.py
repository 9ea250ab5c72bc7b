"""What is right: tempi, keys and words against the truth of a piece."""

import re
from collections.abc import Iterable, Sequence

TONICS = "C C# D D# E F F# G G# A A# B".split()
ACC1, ACC2 = (1.0,), (1.0, 2.0, 3.0, 1 / 2, 1 / 3)
"""Factors of the true tempo that Acc1 and Acc2 allow; source: Gouyon et al., An experimental
comparison of audio tempo induction algorithms (IEEE TASLP 14, 2006)."""
_TEMPO_TOLERANCE = 0.04
MIREX = {"exact": 1.0, "fifth": 0.5, "relative": 0.3, "parallel": 0.2, "wrong": 0.0, "none": 0.0}
"""What MIREX's task of key detection gives for each relation to the true key."""
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_KEY = re.compile(r"\s*([A-Ga-g])([#b-]?)\s*(maj(?:or)?|m(?:in(?:or)?)?)?(?![a-z])")

FAMILIES_OF_WORD = {
    "electric piano": {"piano"}, "piano": {"piano"},
    "keyboard": {"piano", "organ", "harpsichord", "synth"}, "harpsichord": {"harpsichord"},
    "organ": {"organ"}, "accordion": {"accordion"}, "bass guitar": {"bass"}, "bass": {"bass"},
    "guitar": {"guitar"}, "banjo": {"banjo", "guitar"}, "sitar": {"sitar"}, "harp": {"harp"},
    "strings": {"strings"}, "violin": {"strings"}, "cello": {"strings"}, "fiddle": {"strings"},
    "brass": {"brass"}, "trumpet": {"brass"}, "horns": {"brass"}, "saxophone": {"reeds"},
    "clarinet": {"reeds"}, "oboe": {"reeds"}, "flute": {"flute"}, "drums": {"drums"},
    "percussion": {"drums"}, "bells": {"bells"}, "mallets": {"bells"}, "synth": {"synth"},
    "synths": {"synth"}, "synthesizer": {"synth"}, "choir": {"choir"}, "vocals": {"choir"},
    "voices": {"choir"},
}  # fmt: skip
"""Words for instruments -> families of `midi`, of which one must sound; `bass guitar` is no guitar,
so that what has two words stands first."""


def is_tempo(measured: float | None, bpm: float, factors: Iterable[float] = ACC1) -> bool:
    """Whether a tempo is within 4% of `bpm`, or of one of its multiples by `factors`."""
    return bool(measured) and any(
        abs(measured / (bpm * factor) - 1) <= _TEMPO_TOLERANCE  # type: ignore[operator]
        for factor in factors
    )


def spelled(key: str) -> str:
    """A key as we spell it, `D# minor`, from `Ebm`, `e- minor` or `D# min`; empty if it is none."""
    found = _KEY.match(key)
    if not found:
        return ""
    step = _STEPS[found[1].upper()] + {"": 0, "#": 1}.get(found[2], -1)
    minor = (found[3] or "").lower() in ("m", "min", "minor")
    return f"{TONICS[step % 12]} {'minor' if minor else 'major'}"


def relation(measured: str, key: str) -> str:
    """How a measured key is related to the true one: a key of `MIREX`."""
    if not measured:
        return "none"
    (tonic, mode), (true_tonic, true_mode) = measured.split(), key.split()
    step = (TONICS.index(tonic) - TONICS.index(true_tonic)) % 12
    if mode == true_mode:
        return {0: "exact", 5: "fifth", 7: "fifth"}.get(step, "wrong")
    if step == 0:
        return "parallel"
    return "relative" if step == (9 if true_mode == "major" else 3) else "wrong"


def calibration(
    judged: Sequence[tuple[float, bool]], steps: int = 10
) -> list[tuple[float, int, float, float]]:
    """The curve of (confidence, right): (lower end, count, mean confidence, share right)."""
    curve = []
    for step in range(steps):
        part = [(c, right) for c, right in judged if step == min(int(c * steps), steps - 1)]
        if part:
            said, right = (sum(values) / len(part) for values in zip(*part, strict=True))
            curve.append((step / steps, len(part), said, right))
    return curve


def written_tempo(text: str) -> float | None:
    """The tempo that a description says, in BPM."""
    found = re.search(r"(\d+) bpm", text, re.IGNORECASE)
    return float(found[1]) if found else None


def written_key(text: str) -> str:
    """The key that a description says."""
    found = re.search(r"\b([A-G])( sharp)? (major|minor)\b", text)
    return f"{found[1]}{'#' if found[2] else ''} {found[3]}" if found else ""


def written_instruments(text: str) -> list[str]:
    """The words for instruments that a description has."""
    found, text = list[str](), text.lower()
    for word in FAMILIES_OF_WORD:
        text, count = re.subn(rf"\b{word}\b", "", text)
        found += [word] * bool(count)
    return found
