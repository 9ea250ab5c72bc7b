"""The commands that run models: encode, decode, tokens."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from . import console, figures, options, summaries
from .app import app

Model = Annotated[
    str, typer.Option(help="MusicGen whose tokenizer and pad id to use: Hub id, folder, nano.")
]
MaxLength = Annotated[int, typer.Option(help="Tokens of a description.")]
SpecialTokens = Annotated[bool, typer.Option(help="Close descriptions with EOS.")]
_MODEL = "facebook/musicgen-medium"


@app.command()
def encode(
    out: options.Folder,
    model: Model = _MODEL,
    codec: Annotated[
        str | None,
        typer.Option(help="EnCodec: Hub id or folder.  [default: facebook/encodec_32khz]"),
    ] = None,
    max_length: MaxLength = 20,
    labels: Annotated[
        Literal["lossless", "notebook"],
        typer.Option(help="Delay pattern in full, or as the notebook cuts it (6 codes are lost)."),
    ] = "lossless",
    special_tokens: SpecialTokens = True,
    check: Annotated[
        int, typer.Option(help="Encode so many chunks again, the plain way, and compare.")
    ] = 0,
    device: options.Devices = "auto",
    backend: Annotated[
        Literal["auto", "torch", "openvino"],
        typer.Option(help="What runs the codec's convolutions; auto: OpenVINO where it is."),
    ] = "auto",
    engine: options.Engine = "local",
    ray_address: options.RayAddress = "",
    cpus_per_worker: options.CpusPerWorker = 0,
    gpus_per_worker: options.GpusPerWorker = 0,
    dry_run: options.DryRun = False,
) -> int:
    """Add tokens, EnCodec codes and delay-patterned labels to the release folder OUT.

    Examples: sportgen encode dataset --model facebook/musicgen-medium;
    sportgen encode dataset --device cuda:0,cuda:1;
    sportgen encode /shared/dataset --engine ray --gpus-per-worker 1
    """
    from ..encode.codec.memory import keep_freed_memory

    keep_freed_memory()
    from ..encode.encode import encode as run
    from ..encode.encode import planned
    from ..encode.encoder import EncodeSettings
    from ..encode.reference import LEAST_AGREEMENT

    settings = EncodeSettings(
        model=model,
        codec=codec or "",
        max_length=max_length,
        labels=labels,
        special_tokens=special_tokens,
        device=device,
        backend=backend,
    )
    ray = options.ray_settings(engine, ray_address, cpus_per_worker, gpus_per_worker)
    if dry_run:
        summaries.show_estimate(planned(out, settings, ray=ray))
        return 0
    report = run(out, settings, check=check, ray=ray, progress=console.progress)
    summaries.show_encode(report, max_length)
    if report.agreement and min(report.agreement) < LEAST_AGREEMENT:
        console.fail(f"codes agree by less than {LEAST_AGREEMENT}; do not train on them")
        return 1
    nano = " --allow-nano" if report.nano else ""
    console.hint(f"next: sportgen push {console.quote(out)} ORG/NAME{nano}")
    return 0


@app.command()
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
    from ..encode.decode import reconstruct, write_audio

    waveform = reconstruct(out, chunk_id, codec, device)
    write_audio(output, waveform)
    print(f"{output}: {len(waveform) / 32_000:g} s")


@app.command()
def tokens(
    description: Annotated[str, typer.Argument(metavar="TEXT", help="A description.")],
    model: Model = _MODEL,
    max_length: MaxLength = 20,
    special_tokens: SpecialTokens = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the tokens and ids of a description, and what `encode` keeps of it.

    Examples: sportgen tokens "latino music for yoga"; sportgen tokens "latino music for yoga"
    --model nano --max-length 3
    """
    from ..encode.encoder import EncodeSettings
    from ..encode.text import TextModel

    EncodeSettings(model=model, max_length=max_length)  # raises where that is no length
    found = TextModel(model).explain(description, max_length, special_tokens)
    figures.show_tokens(found, as_json)
