"""Print tables on stdout, as wide as the terminal; 80 columns without a terminal."""

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Literal

from .console import hint, plain

Side = Literal["left", "right"]
_RIGHT: Side = "right"
# Blanks between columns.
_GAP = 2


def show_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    justify: Sequence[Side] = ("left",),
    whole: str = "--json",
) -> bool:
    """Print a table; columns without an entry in `justify` are aligned on the right.

    Text is made safe for terminals, and cut if the terminal is too narrow: returns whether it is. A
    hint says then that the option `whole` gives all; none does if it is empty. Ids, which one
    copies, are cut last.
    """
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    lines = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(columns, *lines, strict=True)]
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for name, width, side in zip(columns, widths, chain(justify, repeat(_RIGHT)), strict=False):
        least = width if name.endswith("id") else 3
        table.add_column(
            Text(plain(name)), justify=side, overflow="ellipsis", no_wrap=True, min_width=least
        )
    for line in lines:
        table.add_row(*map(Text, line))
    console = Console(highlight=False)
    console.print(table)
    is_cut = sum(width + _GAP for width in widths) - _GAP > console.width
    if is_cut and whole:
        hint(f"note: cut to {console.width} columns; {whole} gives all")
    return is_cut
