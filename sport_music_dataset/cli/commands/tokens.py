"""The command `tokens`."""

from typing import Annotated

import typer

from .. import options


def tokens(
    description: Annotated[str, typer.Argument(metavar="TEXT", help="A description.")],
    model: options.Model = options.MODEL,
    max_length: options.MaxLength = 20,
    special_tokens: options.SpecialTokens = True,
    as_json: options.AsJson = False,
) -> None:
    """Show the tokens and ids of a description, and what `encode` keeps of it.

    Examples: sportgen tokens "latino music for yoga"; sportgen tokens "latino music for yoga"
    --model nano --max-length 3
    """
    from ...encode.settings import EncodeSettings
    from ...encode.text import TextModel
    from ..show.tokens import show_tokens

    EncodeSettings(model=model, max_length=max_length)  # raises if the length is not valid
    found = TextModel(model).explain(description, max_length, special_tokens)
    show_tokens(found, as_json)
