"""The commands `tokens` and `explain`: what a description is made of."""

from typing import Annotated

import typer

from ...pretrained import MUSICGEN
from .. import options


def tokens(
    description: Annotated[str, typer.Argument(metavar="TEXT", help="A description.")],
    model: options.Model = MUSICGEN,
    max_length: options.MaxLength = 20,
    special_tokens: options.SpecialTokens = True,
    as_json: options.AsJson = False,
) -> None:
    """Show the tokens of a description, and what `encode` keeps of it.

    Examples:
      sportgen tokens "latino music for yoga"
      sportgen tokens "latino music for yoga" --model nano --max-length 3
    """
    from ...encode.models import nano_named
    from ...encode.settings import EncodeSettings
    from ...encode.text import TextModel
    from ..show.tokens import show_tokens

    EncodeSettings(model=model, max_length=max_length)  # raises if the length is not valid
    with nano_named():
        text = TextModel(model)
    found = text.explain(description, max_length, special_tokens)
    show_tokens(found, model, as_json)


def explain(
    release: options.Release,
    chunk_id: Annotated[str, typer.Argument(metavar="CHUNK_ID", help="A chunk of `raw`.")],
    as_json: options.AsJson = False,
    endpoint: options.Endpoint = None,
) -> None:
    """Show from what each word of a chunk's descriptions is known.

    That is a file's name, a genre tag, an option of the build, metadata, a measure with its
    confidence, what was heard, or a convention of its session. The descriptions are made again from
    the row and the recipe; the command says so if others are stored. Of a chunk that is not there,
    it says why.

    Examples:
      sportgen explain dataset 0123456789abcdef-0000
    """
    from huggingface_hub import HfApi

    from ...look.explain import explain_chunk
    from ...release.release import open_release
    from ..next_steps import hint_waiting
    from ..show.tokens import show_explanation

    with open_release(release, HfApi(endpoint=endpoint)) as opened:
        show_explanation(explain_chunk(opened, chunk_id), as_json)
        hint_waiting(opened)
