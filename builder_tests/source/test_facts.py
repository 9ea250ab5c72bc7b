"""A build reads the files that are new or have changed; of the others it knows the facts."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from builder_tests.conftest import RECIPE, noise, write_audio
from builder_tests.support.making import build, planned
from sport_music_dataset.source.facts import FACTS


def write_music(folder: Path) -> Path:
    for seed in range(2):
        name = f"rock - running - 0{seed + 1}.flac"
        write_audio(folder / "music" / "rock" / name, noise(5, seed=seed))
    return folder / "music"


@pytest.fixture
def built_once(tmp_path: Path) -> tuple[Path, Path]:
    """(music, out): two tracks, older than the clock of any file system is coarse, and a build."""
    music = write_music(tmp_path)
    time.sleep(2.1)
    build(music, tmp_path / "out", RECIPE)
    return music, tmp_path / "out"


def plant(out: Path) -> None:
    """Let the facts have a title, which the files have not: so what is known can be told apart."""
    [file] = (out / ".sportgen").glob(FACTS)
    known: list[tuple[str, dict[str, Any]]] = [json.loads(x) for x in file.read_text().splitlines()]
    assert len(known) == 2
    for _, facts in known:
        facts["tags"] = {"title": "known"}
    file.write_text("".join(json.dumps(entry) + "\n" for entry in known))


def titles(music: Path, out: Path, **settings: Any) -> list[str]:
    return [row["title"] for row in build(music, out, RECIPE, **settings).tracks]


def test_only_a_file_that_has_changed_is_read_again(built_once: tuple[Path, Path]) -> None:
    music, out = built_once
    plant(out)
    assert [t.title for t in planned(music, out, RECIPE).grouping.library.tracks] == ["known"] * 2
    first, second = sorted(music.rglob("*.flac"))
    os.utime(first)
    assert titles(music, out) == ["", "known"]
    # Other samples in as many bytes, with the time stamp of before.
    before, data = second.stat(), bytearray(second.read_bytes())
    data[-20] ^= 1
    second.write_bytes(data)
    os.utime(second, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert titles(music, out) == ["", ""]


def test_force_and_damage_read_every_file(built_once: tuple[Path, Path]) -> None:
    music, out = built_once
    plant(out)
    assert titles(music, out, force=True) == ["", ""]
    build(music, out, RECIPE)
    plant(out)
    [file] = (out / ".sportgen").glob(FACTS)
    file.write_bytes(file.read_bytes()[:-10])
    assert titles(music, out) == ["", ""]


def test_a_file_that_may_still_change_unseen_is_read_again(tmp_path: Path) -> None:
    build(write_music(tmp_path), tmp_path / "out", RECIPE)
    assert not [*(tmp_path / "out" / ".sportgen").glob(FACTS)]
