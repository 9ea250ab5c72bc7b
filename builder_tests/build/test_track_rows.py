"""One track to rows: silence, truncation, limits, and files that change while they are read."""

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from builder_tests.conftest import RECIPE, noise, write_audio
from builder_tests.support.hostile import encoded
from builder_tests.support.making import scan
from sport_music_dataset.build.spools import Spooled
from sport_music_dataset.build.track_rows import TrackRows, cut_track, decoded_blocks
from sport_music_dataset.engines.child import CAN_FORK, Child
from sport_music_dataset.engines.local import Workers
from sport_music_dataset.recipe import Recipe
from sport_music_dataset.records import Outcome, Track


def track_of(file: Path) -> Track:
    """The track of the only file in its folder, as a scan gives it."""
    (track,) = scan(file.parent).tracks
    return track


def cut(track: Track, recipe: Recipe = RECIPE) -> tuple[list[int], Outcome]:
    """The indices of a track's chunks, and what came of it."""
    rows = TrackRows(track, recipe)
    return [row["chunk_index"] for row in rows], rows.outcome


def test_silent_chunks_leave_a_gap(tmp_path: Path) -> None:
    samples = noise(10.0)
    samples[3 * 32_000 : 7 * 32_000] = 0
    track = track_of(write_audio(tmp_path / "a.wav", samples))
    indices, outcome = cut(track)
    # Chunks start every 1.2 s; those from 3.6 and 4.8 s lie inside the silence.
    assert indices == [0, 1, 2, 5, 6]
    assert (outcome.chunks, outcome.silent_chunks, outcome.reason) == (5, 2, "")
    assert cut(track, replace(RECIPE, keep_silence=True))[0] == list(range(7))


def test_a_step_of_dither_is_silence_and_two_are_not(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    for steps, reason in ((1, "silent"), (2, "")):
        dither = draw.integers(-steps, steps + 1, 3 * 32_000) / 32_768
        file = write_audio(tmp_path / f"{steps}/a.wav", np.asarray(dither, np.float32))
        assert cut(track_of(file))[1].reason.partition(":")[0] == reason


def test_truncated_tracks_are_kept_or_left_out(tmp_path: Path) -> None:
    content = encoded("flac", 44_100, 1)
    (tmp_path / "a.flac").write_bytes(content[: len(content) // 2])
    track = track_of(tmp_path / "a.flac")
    indices, outcome = cut(track)
    assert indices and outcome.truncated and track.claimed_seconds == 6.0
    assert outcome.duration_seconds < 3.1
    _, outcome = cut(track, replace(RECIPE, keep_truncated=False))
    assert outcome.reason.startswith("truncated: ") and "says 6.0 s" in outcome.reason
    assert outcome.chunks == 0


def test_half_a_download_too_short_says_what_the_whole_has(tmp_path: Path) -> None:
    content = encoded("wav", 44_100, 1)
    (tmp_path / "a.wav").write_bytes(content[: len(content) // 4])
    (tmp_path / "whole").mkdir()
    whole = write_audio(tmp_path / "whole/b.wav", noise(1.5))
    reason = cut(track_of(tmp_path / "whole" / whole.name))[1].reason
    assert reason == f"too short: 1.5 s, a chunk is {RECIPE.chunk_seconds:g} s"
    whole.unlink()
    reason = cut(track_of(tmp_path / "a.wav"))[1].reason
    assert reason == "too short: 1.5 s of the 6.0 s that its header says"


def test_a_file_that_changes_is_noticed(tmp_path: Path) -> None:
    file = write_audio(tmp_path / "a.wav", noise(4.0))
    track = track_of(file)
    stat = file.stat()
    content = bytearray(file.read_bytes())
    content[-2000] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert cut(track)[1].reason == "changed while reading"
    file.unlink()
    assert cut(track)[1].reason.partition(":")[0] in ("unreadable", "changed while reading")


def test_a_new_time_stamp_is_no_change(tmp_path: Path) -> None:
    file = write_audio(tmp_path / "a.wav", noise(4.0))
    track = track_of(file)
    os.utime(file, (0, 0))
    assert cut(track)[1].reason == ""


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        (replace(RECIPE, max_track_seconds=5.0), "limit exceeded: more than 5 s of audio"),
        (replace(RECIPE, max_expansion=3.0), "limit exceeded: expands more than 3 times"),
    ],
)
def test_limits_end_a_track(tmp_path: Path, recipe: Recipe, reason: str) -> None:
    tone = np.sin(np.arange(60 * 32_000) / 20)
    file = write_audio(tmp_path / "a.flac", np.asarray(np.where(tone > 0, 0.5, 0), np.float32))
    track = track_of(file)
    assert cut(track)[1].reason == ""
    assert cut(track, recipe)[1].reason == reason


def cut_by_a_child(job: tuple[Track, Recipe, Path]) -> Spooled:
    """What `cut_track` gives of the blocks that a child process decodes."""
    track, recipe, file = job
    child = Child(partial(decoded_blocks, recipe=recipe, fingerprinted=True))
    child.ask(track)
    return cut_track(track, recipe, file, blocks=child.arrays())


@pytest.mark.skipif(not CAN_FORK, reason="only Linux decodes in a child")
@pytest.mark.parametrize("size", [1.0, 0.5])
def test_a_child_that_decodes_changes_nothing(tmp_path: Path, size: float) -> None:
    content = encoded("flac", 44_100, 1)
    (tmp_path / "a.flac").write_bytes(content[: int(size * len(content))])
    track = track_of(tmp_path / "a.flac")
    recipes = RECIPE, replace(RECIPE, keep_truncated=False), replace(RECIPE, max_expansion=1)
    jobs = [(track, recipe, tmp_path / f"{n}.child") for n, recipe in enumerate(recipes)]
    with Workers(1, timeout=30.0) as workers:
        found = list(workers.map(cut_by_a_child, jobs, lambda job, reason: Spooled(Outcome())))
    for (_, recipe, file), by_child in zip(jobs, found, strict=True):
        alone = file.with_suffix(".alone")
        assert by_child == cut_track(track, recipe, alone, fingerprinted=True)
        assert file.read_bytes() == alone.read_bytes()
