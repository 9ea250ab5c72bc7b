"""Print how names of sessions are read."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from ..tables import show_table

if TYPE_CHECKING:
    from ...look.sessions import ReadName

_COLUMNS = ("name", "session", "intensity", "energy", "tempo_bpm", "music for")


def show_sessions(names: "Sequence[ReadName]", are_known: bool, as_json: bool) -> None:
    """Print names of sessions; of those that are known, the column `session` is their name."""
    if as_json:
        print(json.dumps([asdict(one) for one in names], indent=2, ensure_ascii=False))
        return
    rows = [
        (one.name, one.session, one.intensity, _range(one.energy), _range(one.tempo_bpm), one.told)
        for one in names
    ]
    # Of those that are known, the second would be the first again.
    names_of, *cells = [[row[0], *row[1 + are_known :]] for row in (_COLUMNS, *rows)]
    show_table(names_of, cells, ["left"] * len(names_of))


def _range(bounds: tuple[float, float] | None) -> str:
    return f"{bounds[0]:g}-{bounds[1]:g}" if bounds else ""
