"""Names are read by what a folder is, and never as what they are not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder_tests.conftest import noise, write_audio
from builder_tests.support.making import scan
from sport_music_dataset.errors import SettingError, SourceError
from sport_music_dataset.source.layouts import LAYOUTS, choose_layout
from sport_music_dataset.source.library import check_named
from sport_music_dataset.source.names import NameRule
from sport_music_dataset.source.source import Source

SPORT = [
    "hip_hop/Course_à_pied_2_hip_hop.flac",
    "Hip Hop/Pilates_Hip Hop.flac",
    "lo-fi/Yoga_lo_fi.flac",
    "latino/warm up.mp3",
    "latino/Despacito.mp3",
]
LIBRARY = [
    "Daft Punk/Discovery/01 - One More Time.mp3",
    "Daft Punk/Discovery/1-02 Aerodynamic.mp3",
    "Daft Punk/Alive/CD 2/03. Crescendolls.mp3",
    "Various/Hits/07 - Zoé - L'été.mp3",
    "Björk/Human Behaviour.m4a",
]


@pytest.mark.parametrize(
    ("kind", "paths", "fields"),
    [
        ("sport", SPORT, [
            {"session": "Course à pied", "style": "hip_hop"},
            {"session": "Pilates", "style": "Hip Hop"},
            {"session": "Yoga", "style": "lo-fi"},
            {"session": "warm up", "style": "latino"},
            {"style": "latino"},
        ]),
        ("sport", ["Yoga_rock.mp3", "Boxe_2_rock.mp3"], [
            {"session": "Yoga", "style": "rock"}, {"session": "Boxe", "style": "rock"}]),
        ("library", LIBRARY, [
            {"artist": "Daft Punk", "album": "Discovery", "title": "One More Time"},
            {"artist": "Daft Punk", "album": "Discovery", "title": "Aerodynamic"},
            {"artist": "Daft Punk", "album": "Alive", "title": "Crescendolls"},
            {"artist": "Zoé", "album_artist": "Various", "album": "Hits", "title": "L'été"},
            {"artist": "Björk", "title": "Human Behaviour"},
        ]),
        ("styles", ["Techno/Jeff Mills - The Bells.mp3", "Drum & Bass/B1 Titan.flac"], [
            {"artist": "Jeff Mills", "title": "The Bells", "style": "Techno"},
            {"title": "Titan", "style": "Drum & Bass"},
        ]),
        ("sessions", ["Yoga/Om.mp3", "Course à pied/Run DMC - Walk.mp3"], [
            {"title": "Om", "session": "Yoga"},
            {"artist": "Run DMC", "title": "Walk", "session": "Course à pied"},
        ]),
        ("flat", ["99 Luftballons [dQw4w9WgXcQ].opus", "03_Zoé_-_Été.mp3", "000017.flac"], [
            {"title": "99 Luftballons"}, {"artist": "Zoé", "title": "Été"}, {}]),
        ("folders", ["Stuff/One.mp3", "Other stuff/A - B - 01 - C.mp3"], [
            {"title": "One"}, {"artist": "A", "title": "C", "album": "B"}]),
    ],
)  # fmt: skip
def test_what_names_say(kind: str, paths: list[str], fields: list[dict[str, str]]) -> None:
    layout = choose_layout(paths, "music")
    assert layout.kind == kind and not layout.splits
    assert [layout.read(path) for path in paths] == fields


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("latino/01. Yoga_latino.mp3", {"session": "Yoga", "style": "latino"}),
        ("latino/CD1/02 - Course à pied_latino.mp3",
         {"session": "Course à pied", "style": "latino"}),
        ("2019/Yoga_latino.flac", {"session": "Yoga", "style": "latino"}),
        ("Soirée/zouk love/Yoga_zouk_love.flac", {"session": "Yoga", "style": "zouk_love"}),
        ("latino/Yoga_latino (1).flac", {"session": "Yoga", "style": "latino"}),
        ("latino/Yoga_2_latino - Copie.flac", {"session": "Yoga", "style": "latino"}),
    ],
)  # fmt: skip
def test_numbers_of_tracks_and_marks_of_copies_are_no_part_of_names(
    path: str, fields: dict[str, str]
) -> None:
    assert choose_layout([path], "music").read(path) == fields


@pytest.mark.parametrize("artist", ["Muse", "Queen"])
def test_a_title_and_an_artist_are_no_session_and_style(artist: str) -> None:
    paths = [f"{artist}/Uprising_{artist}.flac", f"{artist}/Starlight_{artist}.flac"]
    layout = choose_layout(paths, "music")
    assert layout.kind == "folders" and not layout.read(paths[0]).keys() & {"session", "style"}
    asked = choose_layout(paths, "music", "sport").read(paths[0])
    assert asked == {"session": "Uprising", "style": artist}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("Compilations/Summer/01 - A - Song.mp3",
         {"artist": "A", "album_artist": "Compilations", "album": "Summer", "title": "Song"}),
        ("VA - Hits 2/03. C - Song.mp3",
         {"artist": "C", "album_artist": "VA", "album": "Hits 2", "title": "Song"}),
        ("Air/Moon/01 - B - Song.mp3", {"artist": "Air", "album": "Moon", "title": "Song"}),
    ],
)  # fmt: skip
def test_songs_of_a_compilation_have_artists_of_their_own(
    path: str, fields: dict[str, str]
) -> None:
    assert choose_layout([path], "x", "library").read(path) == fields


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("Yoga/rock/A - B.flac",
         {"session": "Yoga", "style": "rock", "artist": "A", "title": "B"}),
        ("rock/Yoga/A - B.flac",
         {"session": "Yoga", "style": "rock", "artist": "A", "title": "B"}),
        ("Rock/Muse/Law/02 - Run.flac",
         {"style": "Rock", "artist": "Muse", "album": "Law", "title": "Run"}),
        ("Rock/Queen/Opera/01 - X.flac",
         {"style": "Rock", "artist": "Queen", "album": "Opera", "title": "X"}),
    ],
)  # fmt: skip
def test_folders_below_folders_say_more(path: str, fields: dict[str, str]) -> None:
    assert choose_layout([path], "x").read(path) == fields


@pytest.mark.parametrize("word", ["train", "Train", "training"])
def test_folders_of_splits_are_splits(word: str) -> None:
    layout = choose_layout([f"{word}/latino/Yoga_latino.wav", "valid/rock/Boxe_rock.wav"], "x")
    assert layout.splits and layout.kind == "sport"
    yoga = {"session": "Yoga", "style": "latino", "split": "train"}
    assert layout.read(f"{word}/latino/Yoga_latino.wav") == yoga
    assert layout.read("valid/rock/Boxe_rock.wav")["split"] == "validation"


def test_a_folder_around_all_others_says_nothing() -> None:
    layout = choose_layout(["data/train/Yoga_latino.wav", "data/test/Boxe_latino.wav"], "x")
    assert layout.read("data/train/Yoga_latino.wav") == {
        "session": "Yoga", "style": "latino", "split": "train"}  # fmt: skip
    deep = [f"my/music/{path}" for path in SPORT]
    assert choose_layout(deep, "x").read(deep[0])["style"] == "hip_hop"
    one_artist = ["Air/Moon/01 - One.mp3", "Air/Sun/02 - Two.mp3"]
    assert choose_layout(one_artist, "x").read(one_artist[0])["artist"] == "Air"


def test_a_style_called_test_is_no_split() -> None:
    layout = choose_layout(["test/Yoga_test.wav", "latino/Yoga_latino.wav"], "music")
    assert not layout.splits
    assert layout.read("test/Yoga_test.wav") == {"session": "Yoga", "style": "test"}


def test_one_folder_of_a_style_may_be_the_source() -> None:
    paths = ["Yoga_latino.wav", "warm up.wav"]
    assert choose_layout(paths, "latino").read("warm up.wav")["style"] == "latino"
    # But a folder called music is no style.
    assert not choose_layout(["warm up.wav"], "music").read("warm up.wav").get("style")


def test_a_layout_that_is_asked_for_is_used() -> None:
    assert choose_layout(["rock/Highway.mp3"], "x", "sport").read("rock/Highway.mp3") == {
        "session": "Highway", "style": "rock"}  # fmt: skip
    artist = choose_layout(["rock/Highway.mp3"], "x", "library").read("rock/Highway.mp3")
    assert artist == {"artist": "rock", "title": "Highway"}
    with pytest.raises(SettingError, match="--layout heap: give sport, sessions"):
        choose_layout(["a.mp3"], "x", "heap")
    with pytest.raises(SettingError, match=r"b/a\.mp3 is in no folder of a split"):
        choose_layout(["train/a.mp3", "b/a.mp3"], "x", "audiofolder")


@pytest.mark.parametrize(
    ("rule", "path", "fields"),
    [
        ("{artist}/{album}/{number} - {title}", "in/Zoé/Été/03 - A - B.mp3",
         {"artist": "Zoé", "album": "Été", "title": "A - B"}),
        ("{session}_{style}", "x/Course_à_pied_2_latino.wav",
         {"session": "Course à pied", "style": "latino"}),
        ("{session}/{}/{title}", "Yoga/whatever/Om.wav", {"session": "Yoga", "title": "Om"}),
        ("{style} ({session})", "rock (boxe).wav", {"style": "rock", "session": "boxe"}),
        ("{number} - {title}", "Om.wav", {}),
    ],
)  # fmt: skip
def test_a_rule_reads_names(rule: str, path: str, fields: dict[str, str]) -> None:
    assert NameRule(rule).read(path) == fields


@pytest.mark.parametrize("rule", ["", "no field", "{mood}", "{title}/{title}"])
def test_rules_that_say_nothing_are_refused(rule: str) -> None:
    with pytest.raises(SettingError, match=r"--names .*there are \{album\}"):
        NameRule(rule)


WORD = st.text(st.characters(categories=("Lu", "Ll", "Nd")), min_size=1, max_size=8)


@given(WORD, WORD, WORD)
def test_a_rule_finds_what_was_written_by_it(artist: str, album: str, title: str) -> None:
    rule = "{artist}/{album}/{number} - {title}"
    path = f"{artist}/{album}/07 - {title}.flac"
    # Names of files are compared in NFC.
    assert NameRule(rule).read(path) == {"artist": artist, "album": album, "title": title}


def library(folder: Path, genre: str = "") -> Path:
    """An ordinary library of four tracks, tagged with a genre if one is given."""
    import soundfile

    for seed, path in enumerate(LIBRARY[:4]):
        file = (folder / path).with_suffix(".flac")
        file.parent.mkdir(parents=True, exist_ok=True)
        with soundfile.SoundFile(file, "w", 32_000, 1) as stream:
            if genre:
                stream.genre = genre
            stream.write(noise(3.0, seed=seed))
    return folder


def test_a_library_needs_a_session_and_says_so(tmp_path: Path) -> None:
    found = scan(Source(str(library(tmp_path, genre="Synth-pop; House"))))
    assert {track.style for track in found.tracks} == {"Synth-pop"}
    assert {track.artist for track in found.tracks} == {"Daft Punk", "Zoé"}
    with pytest.raises(SourceError, match=r"nothing says the session of 4 of 4 .*: --session for"):
        check_named(found, "music")
    check_named(scan(Source(str(tmp_path), session="vélo")), "music")


def test_a_library_without_genres_needs_a_style_too(tmp_path: Path) -> None:
    source = Source(str(library(tmp_path)), session="Vélo")
    with pytest.raises(SourceError, match=r"style of 4 .*title Cresc.*: --default-style for"):
        check_named(scan(source), "music")
    tracks = scan(source, styles=("french house",)).tracks
    assert {(track.session, track.session_as_named, track.style) for track in tracks} == {
        ("cycling", "Vélo", "french house")
    }


def test_a_style_that_is_asked_for_says_what_it_leaves(tmp_path: Path) -> None:
    for seed, style in enumerate(("rock", "latino")):
        write_audio(tmp_path / f"{style}/Yoga_{style}.wav", noise(1.0, seed=seed))
    assert scan(tmp_path, styles=("rock",)).notes == (
        "--style leaves 1 track of other styles (latino)",
    )


def test_a_default_style_leaves_nothing(tmp_path: Path) -> None:
    library(tmp_path, genre="Synth-pop")
    write_audio(tmp_path / "Air/Moon/01 - One.flac", noise(3.0, seed=9))
    with pytest.raises(SourceError, match=r"the style of 1 of 5 .*: --default-style for"):
        check_named(scan(Source(str(tmp_path), session="Vélo")), "music")
    found = scan(Source(str(tmp_path), session="Vélo", default_style="pop"))
    assert sorted(track.style for track in found.tracks) == [*["Synth-pop"] * 4, "pop"]


def test_what_is_asked_for_and_has_no_effect_is_told(tmp_path: Path) -> None:
    library(tmp_path / "my music", genre="Synth-pop")
    music = str(tmp_path / "my music")
    asked = Source(music, layout="sport", session="boxing", default_style="house")
    unused, titles = scan(asked, sessions="sessions:\n  circus: {intensity: low}").notes[:2]
    assert unused.startswith("--session boxing, --default-style house: used for no track; ")
    assert titles == "--sessions: no track has one of its sessions"
    assert scan(asked).notes[-1] == (
        "--layout sport: 4 tracks have 4 sessions that sportgen does not know (Crescendolls, One "
        "More Time, Aerodynamic, ...), and the genres in their tags (Synth-pop) are not used; "
        f"if these are titles: `sportgen scan '{music}' --session boxing`"
    )
    assert scan(Source(music, session="boxing", default_style="x")).notes == (
        "--default-style x: used for no track; names, tags or metadata say it of each",
    )
    assert not scan(Source(music, session="boxing")).notes
    assert scan(Source(music, session="boxng")).notes == (
        "--session boxng: no session that sportgen knows; whether music fits it is not judged; "
        "did you mean boxing?",
    )
    assert not scan(
        Source(music, session="circus"), sessions="sessions:\n  circus: {intensity: low}"
    ).notes


def test_one_style_has_one_spelling(tmp_path: Path) -> None:
    for seed, folder in enumerate(("hip_hop", "Hip Hop", "hip-hop", "hip_hop")):
        write_audio(tmp_path / f"{folder}/Yoga_{seed}_{folder}.wav", noise(1.0, seed=seed))
    found = scan(tmp_path)
    assert {track.style for track in found.tracks} == {"hip_hop"}
    assert found.notes == (
        "style Hip Hop of 1 track is written hip_hop",
        "style hip-hop of 1 track is written hip_hop",
    )


def test_tags_tell_what_folders_are(tmp_path: Path) -> None:
    import soundfile

    for name in ("Zoe/One.flac", "Noel/Two.flac"):
        (tmp_path / name).parent.mkdir()
        with soundfile.SoundFile(tmp_path / name, "w", 32_000, 1) as stream:
            stream.artist = name.split("/")[0]
            stream.write(noise(3.0, seed=len(name)))
    assert scan(Source(str(tmp_path))).layout.kind == "library"
    assert scan(Source(str(tmp_path), tags=False)).layout.kind == "folders"


def test_one_session_has_one_name(tmp_path: Path) -> None:
    names = ("Vélo", "velo_2", "Ve\u0301lo_3", "Aquaponey", "aquaponey_2", "Aquaponey_3")
    for seed, name in enumerate(names):
        write_audio(tmp_path / f"latino/{name}_latino.wav", noise(1.0, seed=seed))
    tracks = scan(tmp_path).tracks
    assert {track.session for track in tracks} == {"cycling", "Aquaponey"}
    assert {track.session_as_named for track in tracks} == {
        "Vélo", "velo", "Aquaponey", "aquaponey"}  # fmt: skip


def test_names_are_compared_and_written_composed(tmp_path: Path) -> None:
    for seed, folder in enumerate(("électro", "e\u0301lectro")):
        write_audio(tmp_path / f"{folder}/Yoga_{seed}_e\u0301lectro.wav", noise(1.0, seed=seed))
    asked = scan(tmp_path, styles=("électro",)).tracks
    assert [track.path for track in asked] == ["électro/Yoga_0_électro.wav",
                                               "électro/Yoga_1_électro.wav"]  # fmt: skip
    assert {(track.session, track.style) for track in asked} == {("yoga", "électro")}


def test_two_files_whose_names_differ_in_form_alone_both_count(tmp_path: Path) -> None:
    for seed, name in enumerate(("é", "e\u0301")):
        write_audio(tmp_path / f"latino/Yoga_{name}_latino.wav", noise(1.0, seed=seed))
    tracks = scan(tmp_path).tracks
    assert len({track.path for track in tracks}) == 2 and not any(t.reason for t in tracks)


def test_every_layout_says_what_it_is() -> None:
    for kind in LAYOUTS:
        if kind != "audiofolder":
            assert LAYOUTS[kind] in str(choose_layout(["train/a.mp3"], "x", kind))
    assert "in them names that are titles" in str(choose_layout(["train/a.mp3"], "x"))
