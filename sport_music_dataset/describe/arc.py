"""The phase of each chunk in the arc of its track: warm-up, build, peak or cool-down."""

from collections.abc import Sequence

import numpy as np

# A track with fewer chunks, or with a smaller range of energy, has no phases.
_LEAST_CHUNKS = 5
_LEAST_RANGE = 0.1
_EARLY, _LATE = 0.25, 0.75
_LOW, _HIGH = 0.35, 0.85


def arcs(positions: Sequence[float], energies: Sequence[float]) -> list[str]:
    """The phase of each chunk: `warm-up`, `build`, `peak`, `cool-down`, or empty if unclear.

    Args:
        positions: position of each chunk's middle in the track, 0 to 1, in ascending order.
        energies: energy of each chunk, 0 to 1.
    """
    values = np.asarray(energies, np.float64)
    if len(values) < _LEAST_CHUNKS or np.ptp(values) < _LEAST_RANGE:
        return [""] * len(values)
    levels = (values - values.min()) / np.ptp(values)
    slopes = np.gradient(levels)
    return [
        _phase(*chunk) for chunk in zip(positions, levels.tolist(), slopes.tolist(), strict=True)
    ]


def _phase(position: float, level: float, slope: float) -> str:
    if level >= _HIGH:
        return "peak"
    if level <= _LOW and position <= _EARLY:
        return "warm-up"
    if level <= _LOW and position >= _LATE:
        return "cool-down"
    return "build" if slope > 0.1 and position < _LATE and level < _HIGH else ""
