"""Draw panels as PNG with Matplotlib's objects, without its global state, in two themes.

A colour is a style in all pictures; what is of no style is violet, and differs by pattern or shape.

Colours of styles: Okabe and Ito, Color Universal Design (2008), which people with any kind of
colour vision can distinguish; without yellow and black, which are hard to see on light and dark
pages.
"""

import io
import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import cycle, islice
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation
from PIL import Image

from .panels import Bars, Histogram, Panel, Points
from .text import one_line

# Pages show a picture 600 px wide; it is drawn at twice that width for high-resolution screens.
_DPI, _WIDTH_INCHES = 200, 6.0
_ROW_INCHES = 0.27
_LEGEND_COLUMNS, _LEGEND_ROW_INCHES = 4, 0.18
_PAD_INCHES = 0.08
# Space of a panel above its axes for the title, below for the numbers, right for the last number.
_TOP_INCHES, _BOTTOM_INCHES, _RIGHT_INCHES = 0.3, 0.25, 0.2
_LEGEND_INCHES = 0.28
_MOST_LETTERS = 26
_COLOURS = 128
_FONT = "DejaVu Sans"
_NO_LETTER = "□"
# Of splits and other parts that are no styles: the first is full.
_PATTERNS = ("", "////", "....", "xxxx", "\\\\\\\\", "++++")


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of a page: background, text, lines behind the data (`faint`), and data.

    `colours` are for styles, `others` for the sum of styles without an own colour, `plain` is for
    what is of no style.
    """

    background: str
    text: str
    faint: str
    others: str
    colours: tuple[str, ...] = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")

    plain: str = "#7C3AED"


# Shapes of the kinds of points.
_MARKERS = ("o", "D", "x", "^")

THEMES = {
    "light": Theme("#ffffff", "#1f2328", "#d1d9e0", "#676d73"),
    "dark": Theme("#0d1117", "#e6edf3", "#3d444d", "#c4cad0"),
}


def render(panels: Sequence[Panel], theme_name: str) -> bytes:
    """Draw panels below each other as PNG, for one of THEMES; equal panels give equal bytes."""
    theme = THEMES[theme_name]
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_settings(theme))
        size = (_WIDTH_INCHES, sum(map(_height, panels)))
        figure = Figure(figsize=size, dpi=_DPI)
        canvas = FigureCanvasAgg(figure)
        for panel in panels:
            axes = figure.add_axes((0, 0, 1, 1), label=panel.title)
            axes.set_title(panel.title, loc="left", y=1.0)
            _DRAW[type(panel)](axes, panel, theme)
        _lay_out(figure, canvas, panels)
        canvas.draw()
    return _png(Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB"))


def _png(image: Image.Image) -> bytes:
    """An image as PNG of few colours, no date and no version: a third of the bytes of savefig."""
    # An octree takes a fifth of the time of a median cut, but may miss the background by a step.
    few = image.quantize(_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = np.reshape(few.getpalette() or [], (-1, 3))
    palette[np.asarray(few)[0, 0]] = np.asarray(image)[0, 0]
    few.putpalette(palette.astype(np.uint8).tobytes())
    data = io.BytesIO()
    few.save(data, "PNG")
    return data.getvalue()


def _settings(theme: Theme) -> dict[Any, Any]:
    return {
        **dict.fromkeys(("text.color", "xtick.color", "ytick.color"), theme.text),
        **dict.fromkeys(
            ("figure.facecolor", "axes.facecolor", "savefig.facecolor"), theme.background
        ),
        "axes.edgecolor": theme.faint,
        "grid.color": theme.faint,
        "grid.linewidth": 0.6,
        # Matplotlib brings this font: text looks the same on every machine.
        "font.family": _FONT,
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        # Write millions in full, as there is room, not with a power of ten beside the axis.
        "axes.formatter.limits": (-9, 9),
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "legend.frameon": False,
        "legend.fontsize": 8.5,
        # A $ in a name is text, not the start of a formula.
        "text.parse_math": False,
    }


def label(name: str) -> str:
    """A name as a picture shows it: one short line, □ for each character that the font lacks."""
    letters = (c for c in unicodedata.normalize("NFC", name) if not unicodedata.combining(c))
    line = one_line("".join(letters), _MOST_LETTERS)
    line = "".join(c if ord(c) in _font_characters() else _NO_LETTER for c in line)
    # Matplotlib leaves labels that begin with an underscore out of a legend.
    return f" {line}" if line.startswith("_") else line


@cache
def _font_characters() -> frozenset[int]:
    """Code points of the characters that the font has."""
    return frozenset(get_font(findfont(_FONT)).get_charmap())


def _rows(axes: Axes, names: Sequence[str]) -> np.ndarray:
    """Prepare a row for each of `names`, the first on top; return their positions on the y axis."""
    places = np.arange(len(names))
    axes.set_yticks(places, map(label, names))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    return places


def _bars(axes: Axes, bars: Bars, theme: Theme) -> None:
    places, left = _rows(axes, bars.names), np.zeros(len(bars.names))
    looks = _looks(bars, theme)
    for look, (name, lengths) in zip(looks, bars.parts, strict=True):
        axes.barh(places, lengths, 0.72, left, label=label(name), linewidth=0.8, **look)
        left += np.asarray(lengths)
    for place, end, text in zip(places, left, bars.ends, strict=False):
        axes.annotate(text, (end, place), (4, 0), textcoords="offset points", va="center")
    top = bars.highest or max(left, default=1)
    # Leave room for the text behind the longest bar.
    letters = max(map(len, bars.ends), default=-1)
    axes.set_xlim(0, top * (1.03 + 0.03 * letters))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=top > 1))
    if len(bars.parts) > 1:
        _legend(axes, len(bars.parts))


def _looks(bars: Bars, theme: Theme) -> list[dict[str, Any]]:
    """Settings of Matplotlib for the parts of bars."""
    count = len(bars.parts)
    if bars.coloured:
        colours = [*theme.colours[: count - bars.rest], theme.others][:count]
        return [{"color": colour, "edgecolor": theme.background} for colour in colours]
    # The edge gives a pattern its colour.
    return [
        {"color": theme.background, "edgecolor": theme.plain, "hatch": pattern}
        if pattern
        else {"color": theme.plain, "edgecolor": theme.plain}
        for pattern in islice(cycle(_PATTERNS), count)
    ]


def _points(axes: Axes, points: Points, theme: Theme) -> None:
    _rows(axes, points.names)
    for place, band in enumerate(points.bands):
        if band is None:
            continue
        low, high = band
        axes.barh(place, high - low, 0.84, low, color=theme.others, alpha=0.3)
        axes.vlines((low, high), place - 0.42, place + 0.42, color=theme.text, zorder=3)
    for kind, name in enumerate(points.kinds):
        found = [
            (value, place + _row_offset(number))
            for place, row in enumerate(points.points)
            for number, (value, kind_of_point) in enumerate(row)
            if kind_of_point == kind
        ]
        x, y = zip(*found, strict=True) if found else ((), ())
        marker = _MARKERS[kind]
        # A rim separates points that overlap; a cross has lines only, so no rim.
        rim = None if marker == "x" else theme.background
        axes.scatter(
            x,
            y,
            s=26,
            c=theme.plain,
            marker=marker,
            edgecolors=rim,
            linewidths=0.9,
            zorder=4,
            label=name,
        )
    axes.use_sticky_edges = False
    axes.margins(x=0.04)
    _note_rows(axes, points)
    _legend(axes, len(points.kinds))


def _note_rows(axes: Axes, points: Points) -> None:
    """Write notes beside the bands of their rows, on the side that has more room."""
    left, right = axes.get_xlim()
    for place, (note, band) in enumerate(zip(points.notes, points.bands, strict=True)):
        low, high = band or (left, left)
        on_the_right = right - high >= low - left
        axes.annotate(
            note,
            (high if on_the_right else low, place),
            (6 if on_the_right else -6, 0),
            textcoords="offset points",
            ha="left" if on_the_right else "right",
            va="center",
            style="italic",
        )


def _row_offset(number: int) -> float:
    """Height of a point above the middle of its row; golden-ratio steps fill the row evenly."""
    return 0.56 * (number * 0.618034 % 1 - 0.5)


def _histogram(axes: Axes, histogram: Histogram, theme: Theme) -> None:
    edges = np.asarray(histogram.edges)
    axes.bar(
        edges[:-1],
        histogram.counts,
        np.diff(edges),
        align="edge",
        color=theme.plain,
        edgecolor=theme.background,
        linewidth=0.8,
    )
    axes.axvline(histogram.middle, color=theme.text, linewidth=2)
    axes.annotate(
        histogram.middle_name,
        (histogram.middle, 1),
        (5, -2),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        va="top",
        bbox={"facecolor": theme.background, "edgecolor": "none", "pad": 1.5},
    )
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.margins(x=0.02, y=0.12)
    axes.grid(axis="y")


def _legend(axes: Axes, entries: int) -> None:
    """Add a legend at a fixed distance below the axes, whatever their height."""
    below = ScaledTranslation(0, -_LEGEND_INCHES, axes.figure.dpi_scale_trans)
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(0, 0),
        bbox_transform=axes.transAxes + below,
        ncols=min(entries, _LEGEND_COLUMNS),
        borderaxespad=0,
        handlelength=1.2,
    )


def _lay_out(figure: Figure, canvas: FigureCanvasAgg, panels: Sequence[Panel]) -> None:
    """Place the axes below each other, with room on their left for the longest name.

    Only the width of that name is not known before; Matplotlib's own layouts, which measure
    everything, would take a third of the time.
    """
    renderer = canvas.get_renderer()
    boxes = [axes.yaxis.get_tightbbox(renderer) for axes in figure.axes]
    left = _PAD_INCHES + max(-box.x0 for box in boxes if box) / _DPI
    width = _WIDTH_INCHES - left - _RIGHT_INCHES
    bottom = total_height = sum(map(_height, panels))
    for axes, panel in zip(figure.axes, panels, strict=True):
        height = _height(panel)
        below = _BOTTOM_INCHES + _legend_inches(panel)
        bottom -= height
        axes_height = height - _TOP_INCHES - below
        axes.set_position(
            (
                left / _WIDTH_INCHES,
                (bottom + below) / total_height,
                width / _WIDTH_INCHES,
                axes_height / total_height,
            )
        )


def _height(panel: Panel) -> float:
    """Height of a panel in inches, including its title and legend."""
    if isinstance(panel, Histogram):
        return 2.6
    return 0.75 + _legend_inches(panel) + _ROW_INCHES * len(panel.names)


def _legend_inches(panel: Panel) -> float:
    """Height of a panel's legend in inches; 0 for one entry, which needs no legend."""
    if isinstance(panel, Histogram):
        return 0
    entries = len(panel.kinds) if isinstance(panel, Points) else len(panel.parts)
    return 0.12 + _LEGEND_ROW_INCHES * math.ceil(entries / _LEGEND_COLUMNS) if entries > 1 else 0


_DRAW: dict[type, Callable[[Axes, Any, Theme], None]] = {
    Bars: _bars,
    Points: _points,
    Histogram: _histogram,
}
