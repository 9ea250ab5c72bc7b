"""A folder of tagged MP3s, without a word about sessions: what is said is what happens."""

from pathlib import Path

import pytest
import soundfile

from builder_tests.conftest import noise, write_audio
from builder_tests.support.commands import SHORT, fails
from sport_music_dataset.cli import main


def test_a_scan_shows_what_a_build_takes_and_at_what_it_would_stop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    music = tmp_path / "music"
    music.mkdir()
    for number in range(3):
        name = music / f"{number:02d} - Fast Lane {number}.mp3"
        with soundfile.SoundFile(name, "w", 32_000, 1) as file:
            file.title, file.artist, file.genre = f"Night Drive {number}", "Kavinsky", "House"
            file.write(noise(3.0, seed=number))
    assert main(["scan", str(music), *SHORT]) == 0
    scanned = capsys.readouterr()
    lines = scanned.out.splitlines()
    known = "style House, artist Kavinsky, title Night Drive 1"
    assert f"  01 - Fast Lane 1.mp3: {known}; its name says title Fast Lane 1" in lines
    error = fails(capsys, 1, "build", music, tmp_path / "out", *SHORT).removeprefix("error: ")
    assert lines[-1] == f"build     would stop: {error}"
    assert "nothing says the session of 3 of 3 tracks" in error
    sheet = "metadata.csv with the columns file_name and session;"
    assert f"You say it: --session for all of these, or {sheet}" in error
    assert f"or move what you do not want out of {music}" in error
    assert "for instance, if they are for running: sportgen build" in scanned.err


def test_a_scan_and_a_plan_stop_at_tracks_that_are_too_short_as_a_build_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, seconds in {"Yoga": 3.0, "Boxe": 1.0}.items():
        write_audio(tmp_path / f"music/rock/{name}_rock.wav", noise(seconds))
    build = ("build", tmp_path / "music", tmp_path / "out", *SHORT)
    error = fails(capsys, 1, *build)
    assert "1 of 2 tracks can be used (left out: too short: 1)" in error
    assert fails(capsys, 1, *build, "--dry-run") == error
    assert main(["scan", str(tmp_path / "music"), *SHORT]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"build     would stop: {error[7:]}"
