"""Captions and JSON beside the audio files: read where they are what they seem, named else."""

import json
from pathlib import Path

import pytest

from builder_tests.conftest import noise, write_audio
from builder_tests.support.making import scan
from sport_music_dataset.records import Track
from sport_music_dataset.source.library import Library
from sport_music_dataset.source.read import read_source
from sport_music_dataset.source.source import Source

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
        *[
            ("txt", "warm drums"),
            ("json", '{"caption": {"en": "warm drums"}}'),
            ("caption_txt", " warm\r\ndrums\n"),
            ("caption", "warm drums"),
        ],
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
    assert (track.title, track.license, track.artist) == ("1999", "", "")
    assert (track.style, track.genre) == ("latino", "salsa")
    assert library.notes == (
        "latino/Yoga_latino.json: keys of sidecars that are not read: `bpm`",
        "latino/Yoga_latino.json: artist 'nan' is read as no value",
    )


@pytest.mark.parametrize(
    ("said", "style", "genre", "noted"),
    [
        ({"genre": "electronic"}, "latino", "electronic", ""),
        ({"Genres": ["rock"]}, "latino", "rock", ""),
        ({"style": "rock", "genre": "pop"}, "rock", "pop", ""),
        ({"musicstyle": "rock"}, "rock", "", ""),
        ({"genre": ["Electronic", "House"]}, "latino", "Electronic", "only the first one is read"),
        ({"genre": "Music"}, "latino", "", "genre 'Music' is read as no value"),
        ({"genre": "Music", "extractor": "youtube"}, "latino", "", "genre 'Music' is read as no"),
        ({"genre": "Salsa", "extractor": "youtube"}, "latino", "Salsa", ""),
    ],
)
def test_the_genre_of_a_sidecar_is_not_the_style_of_a_name(
    tmp_path: Path, said: dict[str, object], style: str, genre: str, noted: str
) -> None:
    track, library = beside(tmp_path, json=json.dumps(said))
    assert (track.style, track.genre) == (style, genre)
    assert noted in "".join(library.notes) and len(library.notes) == bool(noted)


def test_where_nothing_says_the_style_the_genre_of_a_sidecar_does(tmp_path: Path) -> None:
    write_audio(tmp_path / "Om.wav", noise(0.5))
    (tmp_path / "Om.json").write_text('{"genre": "salsa"}')
    assert read_source(Source(str(tmp_path), names="{title}")).tracks[0].style == "salsa"


@pytest.mark.parametrize(
    "bad", [{"title": ["A", "B"]}, {"title": {}}, {"caption": {"fr": "a"}}, {"split": "../x"}]
)
def test_a_value_that_cannot_be_read_takes_no_other_along(
    tmp_path: Path, bad: dict[str, object]
) -> None:
    said = bad | {"prompts": ["warm\r\ndrums"], "artist": ["Zoé", "Noël"], "license": "CC0"}
    track, library = beside(tmp_path, json=json.dumps(said))
    assert (track.descriptions, track.artist) == (("warm drums",), "Zoé, Noël")
    assert track.license == "CC0"
    [note] = library.notes
    assert note.startswith("latino/Yoga_latino.json: not used: ")


def test_of_captions_by_language_the_english_one_is_read(tmp_path: Path) -> None:
    track, library = beside(tmp_path, json='{"caption": {"fr": "chaud", "en": "warm"}}')
    assert track.description == "warm"
    [note] = library.notes
    assert "of description, `en` is read, no other language" in note


def test_keys_that_are_not_read_are_named_once(tmp_path: Path) -> None:
    write_audio(tmp_path / "Cardio_latino.wav", noise(0.5, seed=1))
    (tmp_path / "Cardio_latino.json").write_text('{"title": "a", "bpm": 1, "key": "", "mood": 2}')
    _, library = beside(tmp_path, json='{"bpm": 1, "moods": [], "key": "a"}')
    assert library.notes == (
        "Cardio_latino.json: keys of sidecars that are not read: `bpm`, `key`, `mood`",
        "latino/Yoga_latino.json: keys of sidecars that are not read: `moods`",
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
        ("json", '{"caption": {"fr": "a"}}', "description {'fr': 'a'}: has no `en`"),
        ("txt", "https://example.org/a", "is an address, no caption; it goes into the column sou"),
        ("caption_txt", "www.example.org/a\nhttp://b.org", "is an address, no caption"),
        ("txt", "CC BY-SA 4.0", "is a licence, no caption; it goes into the column license"),
        ("txt", "Licensed under https://creativecommons.org/licenses/by/4.0/", "is a licence"),
        ("txt", "Creative Commons Attribution 4.0 International (CC BY 4.0)", "is a licence"),
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


@pytest.mark.parametrize(
    "name",
    [
        *["latino/Yoga_latino.fr.txt", "latino/Yoga_latino_fr.txt", "captions/Yoga_latino.txt"],
        *["latino/Yoga_latino.description", "latino/Yoga_latino.caption.en-US.txt"],
        *["captions/YOGA_latino.wav.json", "latino/Yoga_latino.prompt.txt"],
    ],
)
def test_texts_that_are_nearly_called_as_a_track_are_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("guitares calmes")
    track, library = beside(tmp_path, txt="calm guitars")
    assert track.description == "calm guitars"
    assert library.notes == (
        f"texts that may be captions are not read: {name}; the one caption of x.flac lies beside "
        "it and is called x.txt or x.caption.txt",
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
