"""Captions and JSON beside the audio files: read where they are what they seem, named else."""

import json
from pathlib import Path

import pytest

from builder_tests.conftest import noise, write_audio
from builder_tests.support.making import scan
from sport_music_dataset.records import Track
from sport_music_dataset.source.library import Library

SONG = "latino/Yoga_latino.wav"


def beside(folder: Path, **texts: str | bytes) -> tuple[Track, Library]:
    """The track of a folder with these files beside it: `_` stands for a point in their names."""
    write_audio(folder / SONG, noise(0.5))
    for ending, text in texts.items():
        file = folder / f"latino/Yoga_latino.{ending.replace('_', '.')}"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    library = scan(folder)
    return library.tracks[0], library


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        *[("txt", "warm drums"), ("caption_txt", " warm\r\ndrums\n"), ("caption", "warm drums")],
        *[("wav_txt", "warm drums"), ("TXT", "\ufeffwarm drums"), ("json", '"warm drums"')],
        *[("json", f'{{"{key}": "warm drums"}}') for key in ("caption", "text", "prompt")],
        *[("wav_json", '{"Description": "warm drums"}'), ("json", '{"captions": ["warm drums"]}')],
    ],
)
def test_a_caption_beside_the_audio_is_the_description(
    tmp_path: Path, ending: str, text: str
) -> None:
    track, library = beside(tmp_path, **{ending: text})
    assert (track.description or track.descriptions[0]) == "warm drums"
    assert library.notes == () and library.ignored == {}


def test_json_says_what_a_sheet_says(tmp_path: Path) -> None:
    said = {
        "caption": ["warm drums", "two guitars"],
        "Titre": 1999.0,
        "licence": None,
        "artist": "nan",
        "genre": "salsa",
        "bpm": 120,
    }
    track, library = beside(tmp_path, json=json.dumps(said))
    assert track.descriptions == ("warm drums", "two guitars")
    assert (track.title, track.license, track.artist, track.style) == ("1999", "", "", "salsa")
    assert library.notes == (
        "latino/Yoga_latino.json: artist 'nan' is read as no value",
        "latino/Yoga_latino.json: key `bpm` is not read",
    )


def test_of_two_texts_the_one_that_is_called_so_is_the_caption(tmp_path: Path) -> None:
    track, library = beside(
        tmp_path, txt="lyrics", caption_txt="warm drums", json='{"title": "Om"}'
    )
    assert (track.description, track.title) == ("warm drums", "Om")
    assert library.notes == (
        "latino/Yoga_latino.txt: its description is not used; another sidecar of the track has one",
    )


def test_a_sheet_is_before_a_sidecar_field_by_field(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text(f"file_name,description,title\n{SONG},from a sheet,\n")
    track, library = beside(tmp_path, json='{"captions": ["a", "b"], "title": "Om"}')
    assert (track.description, track.descriptions, track.title) == ("from a sheet", (), "Om")
    assert library.notes == (
        f"{SONG}: the descriptions of its sidecar is not used; a metadata file has one",
    )


@pytest.mark.parametrize(
    ("ending", "text", "said"),
    [
        ("txt", "\n", "is empty"),
        ("txt", "la\n" * 7, "7 lines are no caption but lyrics or a list"),
        ("txt", "x" * 2_001, "1 lines are no caption but lyrics"),
        ("txt", "[00:12.00] la la", "lyrics"),
        ("txt", "NaN", "says NaN"),
        ("caption_txt", "x" * 10_001, "description: has 10,001 letters"),
        ("json", '{"caption": "a"', "line 1: is no JSON at letter 16"),
        ("json", "7", "is no JSON object"),
        ("json", '{"caption": {"en": "a"}}', "description {'en': 'a'}: is no text"),
        ("json", '{"split": "../x"}', "split: the name '../x' cannot be used"),
        ("json", b"\xff\xfea", "is broken UTF-16"),
    ],
)
def test_what_is_no_caption_is_named_and_takes_nothing_along(
    tmp_path: Path, ending: str, text: str | bytes, said: str
) -> None:
    track, library = beside(tmp_path, **{ending: text})
    assert (track.description, track.descriptions, track.reason) == ("", (), "")
    [note] = library.notes
    assert note.startswith(f"{SONG[:-4]}.{ending.replace('_', '.')}: not used: ") and said in note


def test_what_yt_dlp_writes_of_a_video_is_no_caption(tmp_path: Path) -> None:
    video = {
        "extractor": "youtube",
        "title": "Om (official)",
        "track": "Om",
        "artists": ["Zoé", "Noël"],
        "uploader": "ZoéVEVO",
        "license": "Creative Commons Attribution license (reuse allowed)",
        "webpage_url": "https://example.org/watch?v=1",
        "description": "Subscribe!",
        "formats": [{"url": "https://example.org"}],
    }
    track, library = beside(tmp_path, info_json=json.dumps(video))
    assert (track.title, track.artist, track.description) == ("Om", "Zoé, Noël", "")
    assert track.license == video["license"] and track.source_url == video["webpage_url"]
    [note] = library.notes
    assert "the description of the video is not read as one of the music" in note


def test_a_sidecar_has_its_own_track(tmp_path: Path) -> None:
    for seed, name in enumerate(
        ("a/E\u0301te\u0301.wav", "a/yoga.wav", "a/Yoga.wav", "b/Yoga.flac")
    ):
        write_audio(tmp_path / name, noise(0.5, seed=seed))
    texts = {"a/Été.txt": "one", "a/YOGA.txt": "two", "a/Yoga.txt": "three", "b/other.txt": "four"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    library = scan(tmp_path)
    found = {track.path: track.description for track in library.tracks}
    assert [found[name] for name in sorted(found)] == ["three", "two", "one", ""]
    assert library.ignored == {".txt": 1}
    assert library.notes == (
        "a/YOGA.txt: its description is not used; another sidecar of the track has one",
    )


def test_a_sidecar_that_leads_out_of_the_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    music = tmp_path / "music"
    write_audio(music / SONG, noise(0.5))
    (music / "latino/Yoga_latino.txt").symlink_to("../../secret.txt")
    (music / "latino/Yoga_latino.json").symlink_to("nowhere")
    library = scan(music)
    assert not library.tracks[0].description
    assert "Yoga_latino.txt: not used: is a link that leads out" in library.notes[1]
    assert "Yoga_latino.json: not used: " in library.notes[0]
