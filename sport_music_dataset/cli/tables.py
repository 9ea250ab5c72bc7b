"""Tables on stdout, as wide as the terminal; 80 columns where there is none."""

from collections.abc import Iterable, Sequence
from typing import Literal

from .console import plain

Side = Literal["left", "right"]


def show_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    justify: Sequence[Side] = (),
) -> None:
    """Print a table; the first column is left, the others right if `justify` says nothing.

    Text is made safe for terminals, and cut at the table's end or where it leaves no room.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    sides: Sequence[Side] = justify or ["left", *["right" for _ in columns[1:]]]
    for name, side in zip(columns, sides, strict=True):
        table.add_column(
            Text(plain(name)), justify=side, overflow="ellipsis", no_wrap=True, min_width=3
        )
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    Console(highlight=False).print(table)
