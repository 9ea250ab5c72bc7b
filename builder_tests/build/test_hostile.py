"""Hostile and malformed input: no hang, no crash, every file accounted for, the good ones right."""

import os
import random
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from builder_tests.conftest import RECIPE, noise, once
from builder_tests.support.containers import by_soundfile, encoded, music, with_headers_twice
from builder_tests.support.hostile import HOSTILE, IGNORED, as_file, make_hostile
from builder_tests.support.making import build
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.cli import main
from sport_music_dataset.reasons import Reason
from sport_music_dataset.recipe import chunk_count
from sport_music_dataset.source.files import display_path

# `make fuzz` asks for more.
FUZZ_FILES = int(os.environ.get("FUZZ_FILES", "300"))
FUZZ_SEED = int(os.environ.get("FUZZ_SEED", "0"))
REASONS = {str(reason) for reason in Reason}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> BuildReport:
    def make(root: Path) -> BuildReport:
        make_hostile(root / "music")
        return build(root / "music", root / "out", RECIPE, num_proc=2, timeout=60)

    return once(tmp_path_factory, "hostile", make)[1]


@pytest.mark.parametrize("entry", HOSTILE, ids=lambda entry: display_path(entry.name)[:40])
def test_each_is_what_it_should_be(report: BuildReport, entry: Any) -> None:
    path = "rock/" + display_path(entry.name)
    (row,) = [row for row in report.tracks if row["path"] == path]
    outcome = row["reason"].partition(":")[0] or row["status"]
    assert outcome in entry.outcomes, row
    if entry.seconds is not None and row["status"] != "left_out":
        # An MP3 frame is 36 ms at the most; everything else is exact.
        assert row["duration_seconds"] == pytest.approx(entry.seconds, abs=0.036)


def test_nothing_else_is_there_and_nothing_is_missing(report: BuildReport) -> None:
    assert {row["path"] for row in report.tracks} == {
        "rock/away",
        *("rock/" + display_path(entry.name) for entry in HOSTILE),
    }
    assert report.ignored == {".jpg": 1, "hidden": 2, "no extension": 1, "link to a folder": 1}
    assert sum(report.ignored.values()) == len(IGNORED) + 1


def test_samples_that_are_no_numbers_and_clipping_are_counted(report: BuildReport) -> None:
    rows = {row["path"]: row for row in report.tracks}
    assert rows["rock/nan.wav"]["nonfinite_samples"] == 3
    assert rows["rock/loud.wav"]["nonfinite_samples"] == 2


def _m4a() -> bytes:
    import io

    buffer, samples = io.BytesIO(), noise(6.0, 44_100)[: 258 * 1024]
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44_100, layout="mono")
        for block in np.split(samples, 258):
            frame = av.AudioFrame.from_ndarray(block[None], format="fltp", layout="mono")
            frame.sample_rate = 44_100
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def _mutated(content: bytes, draw: random.Random) -> bytes:
    """Bytes flipped, overwritten, cut out, doubled or cut off, most of all near the start."""
    data = bytearray(content)
    for _ in range(draw.randint(1, 6)):
        place = int(len(data) * draw.random() ** draw.choice((1, 6)))
        length = draw.choice((1, 2, 4, 40, 4000))
        match draw.randrange(5):
            case 0:
                data[place : place + length] = draw.randbytes(length)
            case 1:
                del data[place : place + length]
            case 2:
                data[place:place] = data[place : place + length]
            case 3:
                data[place : place + 4] = draw.choice(
                    (b"\xff" * 4, bytes(4), b"\x7f" + b"\xff" * 3)
                )
            case _ if draw.random() < 0.2:
                del data[place:]
    return bytes(data)


def test_mutated_files_are_read_or_left_out_with_a_reason(tmp_path: Path) -> None:
    good = {
        kind: as_file(noise(6.0, 44_100, 2, seed=1), kind, 44_100)
        for kind in ("mp3", "flac", "ogg", "wav", "aiff")
    } | {"m4a": _m4a()}
    sound = music(6.0, 48_000)
    good |= {
        "webm": encoded("libopus", "webm", sound, 48_000),
        "mka": encoded("flac", "matroska", sound, 48_000),
        "wma": encoded("wmav2", "asf", sound, 48_000),
        "wv": encoded("wavpack", "wv", sound, 48_000),
        "caf": encoded("alac", "caf", sound, 48_000),
        "tta": encoded("tta", "tta", sound, 48_000),
        "w64": by_soundfile("W64", sound, 48_000, "PCM_16"),
        # FFmpeg refuses it, libsndfile does not.
        "oga": with_headers_twice(by_soundfile("OGG", sound, 48_000)),
    }
    folder = tmp_path / "music/rock"
    folder.mkdir(parents=True)
    for kind, content in good.items():
        (folder / f"!good.{kind}").write_bytes(content)
    for number in range(FUZZ_FILES):
        draw = random.Random(f"{FUZZ_SEED}:{number}")
        kind = draw.choice(list(good))
        (folder / f"{number:05d}.{kind}").write_bytes(_mutated(good[kind], draw))
    report = build(tmp_path / "music", tmp_path / "out", RECIPE, num_proc=2, timeout=60)
    assert len(report.tracks) == FUZZ_FILES + len(good)
    for row in report.tracks:
        if row["status"] == "left_out":
            assert row["reason"].partition(":")[0] in REASONS and row["chunks"] == 0
        else:
            samples = round(row["duration_seconds"] * 32_000)
            found = chunk_count(samples, RECIPE.chunk_samples, RECIPE.hop_samples)
            assert row["chunks"] + row["silent_chunks"] == found > 0
    kept = {row["path"] for row in report.kept}
    assert {f"rock/!good.{kind}" for kind in good} <= kept
    assert not any("crashed" in row["reason"] for row in report.tracks), report.left_out


def test_strict_fails_when_anything_is_left_out(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = ("--chunk-seconds", "2", "--overlap-seconds", "0.8", "--splits", "train=0.7,test=0.3")
    out = tmp_path / "out"
    assert main(["build", str(music), str(out), *short, "--strict"]) == 1
    assert "4 left out" in capsys.readouterr().out and (out / "sportgen.json").is_file()
    only = ("--style", "classic")
    for file in ("Broken_classic.mp3", "Empty_classic.wav"):
        assert (music / "classic" / file).exists()
    assert main(["build", str(music), str(tmp_path / "o2"), *short, *only, "--strict"]) == 1
