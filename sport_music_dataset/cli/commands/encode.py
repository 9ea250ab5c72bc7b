"""The command `encode`."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ...pretrained import MUSICGEN
from .. import console, options

if TYPE_CHECKING:
    from ...release.release import Release


def encode(
    out: options.Folder,
    model: options.Model = MUSICGEN,
    codec: Annotated[
        str | None,
        typer.Option(help="EnCodec: Hub id or folder.", show_default="facebook/encodec_32khz"),
    ] = None,
    max_length: options.MaxLength = 20,
    labels: Annotated[
        Literal["lossless", "notebook"],
        typer.Option(help="Delay pattern in full, or as the notebook cuts it (6 codes are lost)."),
    ] = "lossless",
    special_tokens: options.SpecialTokens = True,
    check: Annotated[
        int, typer.Option(help="Encode so many chunks again, the plain way, and compare.")
    ] = 0,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="RELEASE",
            help="Take its codes too: a folder or ORG/NAME@v1.0.0.",
            show_default="that of the build",
        ),
    ] = None,
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
    """Add tokens, EnCodec codes and labels to the release folder OUT.

    Labels are the codes under MusicGen's delay pattern. Stopped anywhere, the same command goes on.

    Examples:
      sportgen encode dataset --model facebook/musicgen-medium
      sportgen encode dataset --device cuda:0,cuda:1
      sportgen encode /shared/dataset --engine ray --gpus-per-worker 1
    """
    from ...engines.memory import keep_freed_memory
    from ...release.folder import check_release

    check_release(out)  # before torch, which takes seconds
    keep_freed_memory()
    from ...encode.encode import encode_release, estimate_encode
    from ...encode.reference import LEAST_AGREEMENT
    from ...encode.settings import EncodeSettings
    from ...release.manifest import read_manifest
    from ...release.release import Release
    from ...release.review.file import unbuilt_note
    from ..next_steps import hint_next
    from ..show.build import show_estimate
    from ..show.encode import show_encode

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
    if note := unbuilt_note(out, read_manifest(out)):
        console.hint(f"note: {note}, and keeps the codes of now")
    with ExitStack() as stack:
        release = _since(stack, out, since)
        if dry_run:
            show_estimate(estimate_encode(out, settings, since=release, ray=ray))
            return 0
        report = encode_release(
            out, settings, check=check, since=release, ray=ray, progress=console.progress
        )
    show_encode(report, max_length)
    if report.agreement and min(report.agreement) < LEAST_AGREEMENT:
        console.fail(f"codes agree by less than {LEAST_AGREEMENT}; do not train on them")
        return 1
    hint_next(Release.of(out), waiting=False)
    return 0


def _since(stack: ExitStack, out: Path, given: str | None) -> "Release | None":
    """The release whose codes are taken: the one that is given, or that of the last build."""
    from ...errors import ReleaseError, SportgenError
    from ...outside.files import read_text
    from ...release.layout import SINCE
    from ...release.release import open_release

    if given:
        return stack.enter_context(open_release(given))
    if not (out / SINCE).is_file():
        return None
    name = read_text(out / SINCE, 4096, ReleaseError)
    if name == str(out.resolve()):
        return None
    try:
        return stack.enter_context(open_release(name))
    except SportgenError as error:
        console.hint(f"note: no codes of {name}, from which the build went on: {error}")
        return None
