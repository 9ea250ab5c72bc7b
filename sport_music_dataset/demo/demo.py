"""`sportgen demo`: synthesise a small music library, then build and encode it."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from ..build.build import BuildReport, BuildRequest, build_release
from ..encode.encode import EncodeReport, encode_release
from ..encode.settings import EncodeSettings
from ..errors import ReleaseError
from ..progress import Progress, no_progress
from ..storage.atomic import write_atomically
from .synth import DEMO_PIECES, write_piece

MUSIC, DATASET = "music", "dataset"


@dataclass(frozen=True, slots=True)
class DemoReport:
    """The two folders of the demo, and the reports of its build and encode stages."""

    music: Path
    dataset: Path
    build: BuildReport
    encode: EncodeReport


def make_demo(
    out: Path, *, num_proc: int = 1, device: str = "auto", progress: Progress = no_progress
) -> DemoReport:
    """Synthesise a small library in `out/music`, build and encode it in `out/dataset`.

    Music files that exist already are kept, so a second run is quick.

    Raises:
        ReleaseError: `out` has other entries than the two folders of a demo, or is no folder.
    """
    music, dataset = out / MUSIC, out / DATASET
    if out.exists() and (
        not out.is_dir() or not {entry.name for entry in out.iterdir()} <= {MUSIC, DATASET}
    ):
        raise ReleaseError(f"{out}: holds something else than a demo; give an empty folder")
    missing = [piece for piece in DEMO_PIECES if not (music / piece.file_name).is_file()]
    with progress("Composing", len(missing)) as advance:
        for piece in missing:
            write_piece(piece, music)
            advance(1)
    write_atomically(music / "metadata.csv", _metadata().encode())
    request = BuildRequest(music, dataset, num_proc=num_proc)
    built = build_release(request, progress)
    settings = EncodeSettings(model="nano", device=device)
    return DemoReport(music, dataset, built, encode_release(dataset, settings, progress=progress))


def _metadata() -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["file_name", "title", "artist", "license"])
    for piece in DEMO_PIECES:
        title = f"{piece.style.title()} at {piece.tempo_bpm:g} BPM in {piece.key}"
        table.writerow([piece.file_name, title, "sportgen demo", "cc0-1.0"])
    return text.getvalue()
