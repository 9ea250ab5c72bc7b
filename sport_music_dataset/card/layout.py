"""Where the panels of a picture lie, in inches."""

import math
from collections.abc import Sequence

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .panels import Histogram, Panel, Points

# Shown 600 px wide, drawn at twice that for screens with fine pixels.
DPI, WIDTH_INCHES = 200, 6.0
_ROW_INCHES = 0.27
LEGEND_COLUMNS, _LEGEND_ROW_INCHES = 4, 0.18
_PAD_INCHES = 0.08
# Of a panel above its axes, for the title; below, for the numbers; to their right, for the last.
_TOP_INCHES, _BOTTOM_INCHES, _RIGHT_INCHES = 0.3, 0.25, 0.2


def lay_out(figure: Figure, canvas: FigureCanvasAgg, panels: Sequence[Panel]) -> None:
    """Axes below each other, as wide as the longest of their names leaves them.

    All but that width is known: Matplotlib's own layouts, which are for what is not, would be a
    third of the work.
    """
    renderer = canvas.get_renderer()
    boxes = [axes.yaxis.get_tightbbox(renderer) for axes in figure.axes]
    left = _PAD_INCHES + max(-box.x0 for box in boxes if box) / DPI
    width = WIDTH_INCHES - left - _RIGHT_INCHES
    bottom = whole = sum(map(height, panels))
    for axes, panel in zip(figure.axes, panels, strict=True):
        tall = height(panel)
        below = _BOTTOM_INCHES + _legend_inches(panel)
        bottom -= tall
        inner = tall - _TOP_INCHES - below
        axes.set_position(
            (
                left / WIDTH_INCHES,
                (bottom + below) / whole,
                width / WIDTH_INCHES,
                inner / whole,
            )
        )


def height(panel: Panel) -> float:
    """Inches of a panel, from its title to its legend."""
    if isinstance(panel, Histogram):
        return 2.6
    return 0.75 + _legend_inches(panel) + _ROW_INCHES * len(panel.names)


def _legend_inches(panel: Panel) -> float:
    """Height of a panel's legend; one entry needs none."""
    if isinstance(panel, Histogram):
        return 0
    entries = len(panel.kinds) if isinstance(panel, Points) else len(panel.parts)
    return 0.12 + _LEGEND_ROW_INCHES * math.ceil(entries / LEGEND_COLUMNS) if entries > 1 else 0
