"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Source = Annotated[Path, typer.Argument(metavar="SRC", help="The folder with the music.")]
ChunkSeconds = Annotated[float, typer.Option("--chunk-seconds", help="Length of a chunk.")]
Styles = Annotated[
    list[str] | None, typer.Option("--style", help="Take this style only; may be repeated.")
]
Timeout = Annotated[
    float, typer.Option("--timeout", min=1.0, help="Seconds that one track may take.")
]
Folder = Annotated[Path, typer.Argument(metavar="OUT", help="The release folder.")]
NumProc = Annotated[
    int | None, typer.Option("--num-proc", min=1, help="Processes; one for each core if not given.")
]
Device = Annotated[
    Literal["auto", "cpu", "cuda"], typer.Option("--device", help="Where to run the codec.")
]
