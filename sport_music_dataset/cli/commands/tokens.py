"""The commands `tokens`, `explain` and `sessions`: what a description is made of."""

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
    chunk_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[CHUNK_ID]", help="A chunk of `raw`; if not given, one of each session."
        ),
    ] = None,
    as_json: options.AsJson = False,
    endpoint: options.Endpoint = None,
) -> None:
    """Show from what each word of a chunk's descriptions is known.

    That is a file's name, a genre tag, an option of the build, metadata, a measure with its
    confidence, what was heard, or a convention of its session. The descriptions are made again from
    the row and the recipe; the command says so if others are stored. Of a chunk that is not there,
    it says why. Without CHUNK_ID, it explains a chunk of each session, at most five.

    Examples:
      sportgen explain dataset
      sportgen explain dataset 0123456789abcdef-0000
    """
    from huggingface_hub import HfApi

    from ...look.explain import explain_chunks, some_chunks
    from ...release.release import open_release
    from ..next_steps import hint_waiting
    from ..show.tokens import show_explanations

    with open_release(release, HfApi(endpoint=endpoint)) as opened:
        ids = [chunk_id] if chunk_id else some_chunks(opened)
        show_explanations(explain_chunks(opened, ids), as_json, is_one=bool(chunk_id))
        hint_waiting(opened)


def sessions(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Names, as folders have them.")
    ] = None,
    own: options.Sessions = None,
    as_json: options.AsJson = False,
) -> None:
    """List the sessions that sportgen knows, or say how names are read.

    Music for a session has an intensity, a range of energy and often of tempo; by these ranges a
    chunk fits or does not.

    Examples:
      sportgen sessions
      sportgen sessions "Course à pied" "Krav Maga lundi"
      sportgen sessions --sessions mine.yaml
    """
    from ...look.sessions import all_sessions, read_name
    from ..show.sessions import show_sessions

    text = options.read_sessions(own)
    found = [read_name(name, text) for name in names] if names else all_sessions(text)
    show_sessions(found, not names, as_json)
