"""The commands that run models: encode."""

from typing import Annotated, Literal

import typer

from . import console, options, summaries
from .app import app


@app.command()
def encode(
    out: options.Folder,
    model: Annotated[
        str, typer.Option(help="MusicGen whose tokenizer and pad id to use: Hub id, folder, nano.")
    ] = "facebook/musicgen-medium",
    codec: Annotated[
        str | None,
        typer.Option(help="EnCodec: Hub id or folder.  [default: facebook/encodec_32khz]"),
    ] = None,
    max_length: Annotated[int, typer.Option(help="Tokens of a description.")] = 20,
    labels: Annotated[
        Literal["lossless", "notebook"],
        typer.Option(help="Delay pattern in full, or as the notebook cuts it (6 codes are lost)."),
    ] = "lossless",
    special_tokens: Annotated[bool, typer.Option(help="Close descriptions with EOS.")] = True,
    check: Annotated[
        int, typer.Option(help="Encode so many chunks again, the plain way, and compare.")
    ] = 0,
    device: options.Device = "auto",
) -> int:
    """Add tokens, EnCodec codes and delay-patterned labels to the release folder OUT.

    Example: sportgen encode dataset --model facebook/musicgen-medium
    """
    from ..memory import keep_freed_memory

    keep_freed_memory()
    from ..agreement import LEAST_AGREEMENT
    from ..encode import EncodeSettings
    from ..encode import encode as run

    settings = EncodeSettings(
        model=model,
        codec=codec or "",
        max_length=max_length,
        labels=labels,
        special_tokens=special_tokens,
        device=device,
    )
    report = run(out, settings, check=check, progress=console.progress)
    summaries.show_encode(report, max_length)
    if report.agreement and min(report.agreement) < LEAST_AGREEMENT:
        console.fail(f"codes agree by less than {LEAST_AGREEMENT}; do not train on them")
        return 1
    console.hint(f"next: sportgen push {console.quote(out)} ORG/NAME --version 1.0.0")
    return 0
