"""Print the tokens of a description, and the origins of its words."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from ...release.layout import REVIEW
from ..console import hint, plain
from ..tables import show_table
from .encode import longer

if TYPE_CHECKING:
    from ...encode.text import Tokens
    from ...look.explain import Explanation


def show_tokens(tokens: "Tokens", model: str, as_json: bool) -> None:
    """Print the tokens of a description for `model`, kept and lost, and the stored ids and mask."""
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
        hint(f"note: {longer(len(tokens.kept) + len(tokens.lost), model)}")
    print(f"input_ids       {list(tokens.input_ids)}")
    print(f"attention_mask  {list(tokens.attention_mask)}")


def show_explanations(explanations: "Sequence[Explanation]", as_json: bool, is_one: bool) -> None:
    """Print explanations; of `is_one`, which was asked for, JSON is no list."""
    if as_json:
        records = [asdict(explanation) for explanation in explanations]
        print(json.dumps(records[0] if is_one else records, indent=2, ensure_ascii=False))
        return
    for number, explanation in enumerate(explanations):
        print("\n" * bool(number), end="")
        _show_explanation(explanation)


def _show_explanation(explanation: "Explanation") -> None:
    """Print each description of a chunk, with a table of its words and their origins."""
    print(f"{explanation.chunk_id}, {plain(explanation.path)}")
    if explanation.source == "metadata":
        print("from metadata: the same for all chunks of the track")
    if explanation.source == "review":
        print(f"from {REVIEW}: somebody wrote it")
    if explanation.remark:
        print(explanation.remark)
    why = f" ({explanation.fit_reason})" if explanation.fit_reason else ""
    print(f"fit for {plain(explanation.session)}: {explanation.fit}{plain(why)}")
    for text, origins in explanation.descriptions.items():
        print(f"\n{plain(text)}")
        cells = [
            (
                one.words,
                one.source,
                one.detail,
                "" if one.confidence is None else f"{one.confidence:.2f}",
            )
            for one in origins
        ]
        show_table(["words", "source", "value", "confidence"], cells, ["left", "left", "left"])
