"""The stages that `scale.py` measures, and the music that they process."""

import csv
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import soundfile

from duplicates import track
from harness import Meter
from sport_music_dataset.audio.fingerprint import RATE
from sport_music_dataset.progress import Progress

REPO, TOKEN = "org/scale", "hf_owner"
# Tracks have 8 s because fingerprints are compared from 7 s on; chunks are short for speed.
SECONDS, CHUNK_SECONDS, OVERLAP_SECONDS = 8, 5.0, 0.0
STYLES = ("latino", "rock", "electro", "classic")
SESSIONS = ("Yoga", "Running", "Cardio", "Cycling", "Stretching", "Course_à_pied")
# Every 20th track is a copy.
COPIES = 20
# Label of a progress bar -> (part of the stage before it starts, part while it runs).
PARTS = {
    "Scanning": ("", "scan"),
    "Cutting": ("", "cut"),
    "Comparing": ("", "compare"),
    "Writing": ("splits", "write"),
    "Encoding": ("model", "codes"),
    "Drawing": ("finish", "pictures"),
}


def compose_music(folder: Path, tracks: int) -> None:
    """Write a library of `tracks` tracks, with their metadata."""
    rows = [["file_name", "title", "artist", "license"]]
    for number in range(tracks):
        style, session = STYLES[number % len(STYLES)], SESSIONS[number % len(SESSIONS)]
        name = f"{style}/{session}_{number}_{style}.wav"
        copied = number % COPIES == 1
        samples = track(number - copied, SECONDS)[: SECONDS * RATE] * (0.7 if copied else 1.0)
        (folder / style).mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / name, samples.clip(-1, 1), RATE, "PCM_16")
        rows.append([name, f"Number {number}", f"Artist {number % 97}", "cc0-1.0"])
    with (folder / "metadata.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def parts(meter: Meter) -> Progress:
    """Progress that ends a part of the stage in `meter` when a progress bar starts and ends."""

    @contextmanager
    def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
        # What has no part of its own counts to the part that ends next.
        before, meanwhile = PARTS.get(label, ("", ""))
        if before:
            meter.end(before)
        yield lambda steps: None
        if meanwhile:
            meter.end(meanwhile)

    return progress


def build(folder: Path, hub: str, meter: Meter) -> None:
    """Measure a build, by parts."""
    from sport_music_dataset.build.build import BuildRequest, build_release
    from sport_music_dataset.recipe import Recipe

    recipe = Recipe(CHUNK_SECONDS, OVERLAP_SECONDS)
    shutil.rmtree(folder / "dataset", ignore_errors=True)
    meter.begin()
    request = BuildRequest(folder / "music", folder / "dataset", recipe)
    build_release(request, parts(meter))
    meter.end("finish")


def encode(folder: Path, hub: str, meter: Meter) -> None:
    """Measure an encode with nano, by parts, with the memory setting of the command."""
    from sport_music_dataset.encode.encode import encode_release
    from sport_music_dataset.encode.settings import EncodeSettings
    from sport_music_dataset.engines.memory import keep_freed_memory

    keep_freed_memory()
    for old in ("encoded", ".sportgen/encoded"):
        shutil.rmtree(folder / "dataset" / old, ignore_errors=True)
    for picture in (folder / "dataset" / "assets").glob("codebooks-*"):
        picture.unlink()
    meter.begin()
    settings = EncodeSettings(model="nano", device="cpu")
    encode_release(folder / "dataset", settings, progress=parts(meter))
    meter.end("finish")


def card(folder: Path, hub: str, meter: Meter) -> None:
    """Measure composing the card."""
    from sport_music_dataset.card.card import compose
    from sport_music_dataset.release.release import Release

    release = Release.of(folder / "dataset")
    meter.begin()
    compose(release)
    meter.end("")


def stats(folder: Path, hub: str, meter: Meter) -> None:
    """Measure the statistics of the release."""
    from sport_music_dataset.look.stats import release_stats
    from sport_music_dataset.release.release import Release

    meter.begin()
    release_stats(Release.of(folder / "dataset"))
    meter.end("")


def push(**settings: Any) -> Callable[[Path, str, Meter], None]:
    """Return a function that measures a push with these settings."""

    def run(folder: Path, hub: str, meter: Meter) -> None:
        from huggingface_hub import HfApi

        from sport_music_dataset.publish.publish import PushSettings, push_release

        api = HfApi(endpoint=hub, token=TOKEN)
        meter.begin()
        push_release(folder / "dataset", REPO, PushSettings(allow_nano=True, **settings), api=api)
        meter.end("")

    return run


LIGHT = ("encoded", "tracks")
STAGES: dict[str, Callable[[Path, str, Meter], None]] = {
    "build": build,
    "encode": encode,
    "card": card,
    "stats": stats,
    "push plan": push(dry_run=True),
    "push": push(configs=LIGHT),
    "next plan": push(configs=LIGHT, dry_run=True),
}
