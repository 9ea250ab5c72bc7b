"""The command `decode`."""

from pathlib import Path
from typing import Annotated

import typer

from .. import console, options


def decode(
    out: options.Folder,
    chunk_id: Annotated[str, typer.Argument(metavar="CHUNK_ID", help="A chunk of `encoded`.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The file to write: .wav or .flac.")
    ],
    codec: Annotated[
        str,
        typer.Option(help="EnCodec: Hub id, folder or nano.", show_default="the release's own"),
    ] = "",
    device: options.Device = "auto",
) -> None:
    """Turn the codes of a chunk back into audio.

    That is what a model can learn of it.

    Examples:
      sportgen decode dataset 0123456789abcdef-0000 -o chunk.wav
    """
    from ...release.folder import check_release

    check_release(out)  # before torch, which takes seconds
    from ...encode.decode import check_audio_name, decode_chunk, write_audio

    check_audio_name(output)  # before the codec is loaded
    waveform = decode_chunk(out, chunk_id, codec, device)
    write_audio(output, waveform)
    print(f"{console.plain(str(output))}: {len(waveform) / 32_000:g} s")
    console.hint(
        f"next: listen to it, and to the chunk itself: sportgen preview {console.quote(out)}"
    )
