"""Print tables on stdout, as wide as the terminal; 80 columns without a terminal."""

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Literal

from .console import plain

Side = Literal["left", "right"]
_RIGHT: Side = "right"


def show_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    justify: Sequence[Side] = ("left",),
) -> None:
    """Print a table; columns without an entry in `justify` are aligned on the right.

    Text is made safe for terminals, and cut if the terminal is too narrow.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name, side in zip(columns, chain(justify, repeat(_RIGHT)), strict=False):
        table.add_column(
            Text(plain(name)), justify=side, overflow="ellipsis", no_wrap=True, min_width=3
        )
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    Console(highlight=False).print(table)
