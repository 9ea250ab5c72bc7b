"""The command `decode`."""

from pathlib import Path
from typing import Annotated

import typer

from .. import options


def decode(
    out: options.Folder,
    chunk_id: Annotated[str, typer.Argument(metavar="CHUNK_ID", help="A chunk of `encoded`.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The file to write: .wav or .flac.")
    ],
    codec: Annotated[
        str, typer.Option(help="EnCodec: Hub id, folder or nano; if not given, the release's own.")
    ] = "",
    device: options.Device = "auto",
) -> None:
    """Turn the codes of a chunk back into audio: what a model can learn of it.

    Example: sportgen decode dataset 0123456789abcdef-0000 -o chunk.wav
    """
    from ...release.layout import check_release

    check_release(out)  # before torch, which takes seconds
    from ...encode.decode import decode_chunk, write_audio

    waveform = decode_chunk(out, chunk_id, codec, device)
    write_audio(output, waveform)
    print(f"{output}: {len(waveform) / 32_000:g} s")
