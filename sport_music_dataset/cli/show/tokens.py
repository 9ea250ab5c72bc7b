"""Print the tokens of a description."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from ..console import plain
from ..tables import show_table

if TYPE_CHECKING:
    from ...encode.text import Tokens


def show_tokens(tokens: "Tokens", as_json: bool) -> None:
    """Print the tokens of a description, kept and lost, and the stored ids and mask."""
    if as_json:
        print(json.dumps(asdict(tokens), indent=2))
        return
    rows = [("kept", *pair) for pair in tokens.kept] + [("lost", *pair) for pair in tokens.lost]
    cells = [
        (str(place), str(number), name, state) for place, (state, number, name) in enumerate(rows)
    ]
    show_table(["", "id", "token", ""], cells, ["right", "right", "left", "left"])
    length, padded = len(tokens.input_ids), len(tokens.input_ids) - len(tokens.kept)
    print(f"\nkept      {len(tokens.kept)} of {length}, {padded} padded: {plain(tokens.text)}")
    if tokens.lost:
        print(f"lost      {plain(' '.join(tokens.lost_words))}")
    print(f"input_ids       {list(tokens.input_ids)}")
    print(f"attention_mask  {list(tokens.attention_mask)}")
