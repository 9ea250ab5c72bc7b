"""Every file of a source folder is accounted for, and named as the convention says."""

import os
from pathlib import Path

import pytest

from builder_tests.conftest import noise, write_audio
from builder_tests.support.making import scan
from sport_music_dataset.errors import SourceError
from sport_music_dataset.source.names import split_name


@pytest.mark.parametrize(
    ("stem", "folder", "session", "style"),
    [
        ("Yoga_latino", "latino", "Yoga", "latino"),
        ("Course_à_pied_2_latino", "latino", "Course à pied", "latino"),
        ("Yoga_1_Latino", "latino", "Yoga", "latino"),
        ("Yoga_classic", "latino", "Yoga", "classic"),
        ("Highway_to_Hell", "rock", "Highway to Hell", "rock"),
        ("warm up", "electro", "warm up", "electro"),
        ("latino", "latino", "latino", "latino"),
        ("2_latino", "latino", "2", "latino"),
        ("Course_à_pied_2_hip_hop", "hip_hop", "Course à pied", "hip_hop"),
        ("Pilates_Hip Hop", "hip-hop", "Pilates", "hip-hop"),
        ("Tabata__20_10_electro", "electro", "Tabata 20", "electro"),
    ],
)
def test_names_follow_the_convention(stem: str, folder: str, session: str, style: str) -> None:
    assert split_name(stem, folder, ("latino", "classic")) == (session, style)


def test_every_file_has_a_row_or_is_counted(music: Path) -> None:
    library = scan(music)
    reasons = {track.path: track.reason.partition(":")[0] for track in library.tracks}
    assert reasons == {
        "classic/Broken_classic.mp3": "not audio",
        "classic/Empty_classic.wav": "not audio",
        "classic/Nordic walking.flac": "",
        "classic/Stretching_classic.mp3": "",
        "classic/Yoga_classic.aiff": "",
        "latino/Cardio_2_latino.ogg": "",
        "latino/Course_à_pied_latino.wav": "",
        "latino/Short_latino.wav": "",
        "latino/Yoga_1_latino.flac": "",
        "latino/Yoga_3_latino.flac": "duplicate of",
    }
    assert library.ignored == {".txt": 1, "hidden": 1}
    assert [track.path for track in library.tracks] == sorted(reasons, key=os.fsencode)


def test_a_copy_names_the_file_that_stays(music: Path) -> None:
    copy = next(track for track in scan(music).tracks if "Yoga_3" in track.path)
    assert copy.reason == "duplicate of: latino/Yoga_1_latino.flac"


def test_of_copies_the_one_stays_that_is_not_called_a_copy(tmp_path: Path) -> None:
    copies = {
        "Fast Lane (1)": "Fast Lane",
        "a/Night - Copie": "b/Night",
        "a/Copy of Drive": "b/Drive",
        "Roadgame_1": "Roadgame",
        "a/Kopie von Zug": "b/Zug",
        "a/Nuit copie 2": "b/Nuit",
        "Carbon copy (2)": "Carbon copy",
    }
    for seed, (copy, original) in enumerate(copies.items()):
        file = write_audio(tmp_path / f"{original}.wav", noise(0.1, seed=seed))
        (tmp_path / "a").mkdir(exist_ok=True)
        (tmp_path / f"{copy}.wav").write_bytes(file.read_bytes())
    reasons = {track.path: track.reason for track in scan(tmp_path).tracks}
    assert reasons == {
        **{f"{copy}.wav": f"duplicate of: {of}.wav" for copy, of in copies.items()},
        **{f"{original}.wav": "" for original in copies.values()},
    }


def test_what_the_container_says_is_recorded(music: Path) -> None:
    track = next(track for track in scan(music).tracks if "Cardio" in track.path)
    assert (track.format, track.sampling_rate, track.channels) == ("vorbis", 48_000, 2)
    assert track.duration_seconds == pytest.approx(7.5)


def test_one_style_may_be_asked_for_or_pointed_at(music: Path) -> None:
    asked = scan(music, styles=("LATINO",))
    pointed = scan(music / "latino")
    assert {track.style for track in asked.tracks} == {"latino"}
    assert [t.track_id for t in asked.tracks] == [t.track_id for t in pointed.tracks]
    assert [t.session for t in asked.tracks] == [t.session for t in pointed.tracks]
    with pytest.raises(SourceError, match="polka"):
        scan(music, styles=("polka",))


def test_names_that_are_not_utf8_survive(tmp_path: Path) -> None:
    plain = write_audio(tmp_path / "music/latino/x.wav", noise(1.0))
    os.rename(os.fsencode(plain), os.fsencode(plain.parent) + b"/Caf\xe9_latino.wav")  # noqa: PTH104
    (track,) = scan(tmp_path / "music").tracks
    assert track.path == "latino/Caf\\xe9_latino.wav"
    assert track.session == "Caf\\xe9"
    assert not track.reason


def test_a_source_without_audio_says_what_it_found(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        scan(tmp_path / "nowhere")
    with pytest.raises(SourceError, match="it is empty"):
        scan(tmp_path)
    (tmp_path / "a.txt").touch()
    with pytest.raises(SourceError, match=r"found 1 \.txt"):
        scan(tmp_path)
    with pytest.raises(SourceError, match="is not a folder"):
        scan(tmp_path / "a.txt")
