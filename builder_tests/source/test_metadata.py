"""Metadata files as spreadsheets, scripts and people write them: read as meant, or named."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builder_tests.conftest import noise, write_audio
from builder_tests.support.making import scan
from sport_music_dataset.errors import SourceError
from sport_music_dataset.records import Track
from sport_music_dataset.source.library import Library
from sport_music_dataset.source.read import read_source
from sport_music_dataset.source.source import Source

YOGA, CARDIO, WALK = "latino/Yoga_latino.wav", "latino/Cardio_latino.wav", "latino/Été_latino.wav"


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Three tracks of a style."""
    for seed, name in enumerate((YOGA, CARDIO, WALK)):
        write_audio(tmp_path / name, noise(0.5, seed=seed))
    return tmp_path


def sheet(folder: Path, text: str | bytes, name: str = "metadata.csv") -> Library:
    """The library of a folder with this metadata file."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return scan(folder)


def told(library: Library, *fields: str) -> dict[str, Any]:
    """The fields of every track by the first letter of its file's name; one alone as it is."""

    def of(track: Track) -> Any:
        values = tuple(getattr(track, field) for field in fields)
        return values[0] if len(values) == 1 else values

    return {track.path.rpartition("/")[2][0]: of(track) for track in library.tracks}


@pytest.mark.parametrize("name", ["csv", "jsonl", "parquet"])
def test_metadata_overrides_and_adds(tmp_path: Path, name: str) -> None:
    import pandas as pd

    write_audio(tmp_path / "latino/Yoga_latino.wav", noise(1.0))
    table = pd.DataFrame(
        {
            "file_name": ["latino/Yoga_latino.wav", "latino/Gone_latino.wav"],
            "session": ["Pilates", ""],
            "license": ["cc0-1.0", "cc0-1.0"],
            "mood": ["not ours", ""],
            "descriptions": [["calm piano", "soft | slow"], []],
        }
    )
    if name == "csv":
        table["descriptions"] = table["descriptions"].map(json.dumps)
        table.to_csv(tmp_path / "metadata.csv", index=False, encoding="utf-8-sig")
    elif name == "jsonl":
        table.to_json(tmp_path / "metadata.jsonl", orient="records", lines=True)
    else:
        table.to_parquet(tmp_path / "metadata.parquet")
    library = scan(tmp_path)
    (track,) = library.tracks
    assert (track.session, track.style, track.license) == ("Pilates", "latino", "cc0-1.0")
    assert track.descriptions == ("calm piano", "soft | slow")
    row = {"csv": "line 3", "jsonl": "line 2", "parquet": "row 2"}[name]
    assert library.notes == (
        f"metadata.{name}: unknown columns, not read: `mood`",
        f"metadata.{name}: {row}: no such file: latino/Gone_latino.wav",
    )
    assert library.ignored == {}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_sheet_of_excel_is_read(music: Path, delimiter: str, newline: str, encoding: str) -> None:
    rows = [
        ("file_name", "title", "artist"),
        (YOGA, f'"a{delimiter} b"', "Zoé"),
        (CARDIO, '"two\nlines"', ""),
        (WALK, "L’été", "Noël"),
        ("", "", ""),
    ]
    text = newline.join(delimiter.join(row) for row in rows)
    library = sheet(music, text.encode(encoding))
    expected = {"Y": (f"a{delimiter} b", "Zoé"), "C": ("two\nlines", ""), "É": ("L’été", "Noël")}
    assert told(library, "title", "artist") == expected
    assert library.notes == ()


def test_the_first_line_may_name_the_delimiter(music: Path) -> None:
    library = sheet(music, f"sep=;\r\nfile_name;title\r\n{YOGA};a, b\r\nx;y\r\n")
    assert told(library, "title")["Y"] == "a, b"
    assert library.notes == ("metadata.csv: line 4: no such file: x",)


def test_what_is_not_utf8_is_windows_1252_and_said(music: Path) -> None:
    text = f"file_name;title;artist\n{YOGA};« L’été »;Noël\n{CARDIO};plain;\n"
    library = sheet(music, text.encode("cp1252"))
    assert told(library, "title", "artist")["Y"] == ("« L’été »", "Noël")
    [note] = library.notes
    assert note.startswith("metadata.csv: line 2 is not UTF-8, and is read as Windows-1252")
    # UTF-8 with one broken place: the rest is not mangled.
    broken = f"file_name,title\n{CARDIO},Œuvre\n{YOGA},éàè \xff ü\n".encode()
    library = sheet(music, broken.replace("ÿ".encode(), b"\xff"))
    assert told(library, "title") == {"C": "Œuvre", "Y": "éàè ÿ ü", "É": ""}
    assert "line 3 is not UTF-8" in library.notes[0]


def test_what_is_not_utf8_and_ends_lines_as_a_mac_is_mac_roman(music: Path) -> None:
    text = f"file_name,title,artist\r{YOGA},« L’été »,Zoë\r{WALK},Œuvre,\r"
    library = sheet(music, text.encode("mac_roman"))
    found = told(library, "title", "artist")
    assert found == {"Y": ("« L’été »", "Zoë"), "C": ("", ""), "É": ("Œuvre", "")}
    assert "is not UTF-8, and is read as Mac Roman; " in library.notes[0]
    broken = f"file_name,title\n{YOGA},Œ “é” \xff\n".encode().replace("ÿ".encode(), b"\x93")
    assert told(sheet(music, broken), "title")["Y"] == "Œ “é” “"


def test_utf16_that_breaks_off_is_refused(music: Path) -> None:
    with pytest.raises(SourceError, match=r"metadata\.csv: is broken UTF-16 .*save it as UTF-8"):
        sheet(music, f"file_name\n{YOGA}".encode("utf-16")[:-1])


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ('12" mix', '12" mix'),
        ('"Heroes" (live)', '"Heroes" (live)'),
        ('"12"" mix"', '12" mix'),
        ('"12" mix"', '12" mix'),
        ('"""Heroes"""', '"Heroes"'),
        ('"Heroes', '"Heroes'),
        (' "a, b" ', "a, b"),
    ],
)
def test_quotes_are_read_as_they_were_meant(music: Path, written: str, title: str) -> None:
    library = sheet(music, f"file_name,title,artist\n{YOGA},{written},Zoé\n{CARDIO},x,y\n")
    assert told(library, "title", "artist") == {"Y": (title, "Zoé"), "C": ("x", "y"), "É": ("", "")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,style\nx.wav,rock\n", "has no column that names the files; call it file_name"),
        (f"file_name,style\n{YOGA},rock\n{YOGA},pop\n", "line 3: .*stands twice, on line 2 too"),
        ("file_name,style\n,rock\n", "line 2 has no file_name"),
        ('file_name,style\n"x.wav,rock\n', "no row of 1 finds its file"),
        (f"file_name,title\n{YOGA},Hello, World\n", "line 2: has 3 cells, and line 1 2 columns"),
        (f'file_name,title\n{YOGA},"Heroes\n{CARDIO},12"\n', "line 2: a quote .* opens here"),
        (f"file_name,descriptions\n{YOGA},[7]\n", r"line 2: descriptions \[7\]: give a list of"),
        (f"file_name,descriptions\n\n\n{YOGA},[oh\n", "line 4: descriptions '\\[oh': begins as a"),
        (f"file_name,title\n{YOGA},a\n./{YOGA},b\n", "line 3: .*stands twice"),
        (f'file_name,title\n{CARDIO},"1\n2\n3"\n{YOGA},{"x" * 10_001}\n', "line 5: title: has 10,"),
    ],
)
def test_a_sheet_that_cannot_be_used_is_an_error(music: Path, text: str, said: str) -> None:
    with pytest.raises(SourceError, match=rf"metadata\.csv: .*{said}"):
        sheet(music, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"file_name": "x"\n', r"line 2 \(of what begins on line 1\): is no JSON"),
        ('{"file_name": "x"}\noh', r"line 2: is no JSON at letter 1; write one object a line"),
        ("7", "line 1: is 7, no object"),
        (f'{{"file_name": "{YOGA}", "title": {{}}}}', "line 1: title {}: is no text"),
        (f'{{"file_name": "{YOGA}", "title": true}}', "line 1: title True: is no text"),
        (f'{{"file_name": "{YOGA}", "license": ["a", "b"]}}', "line 1: license .*is a list"),
        (f'{{"file_name": "{YOGA}", "title": "a", "title": "b"}}', "has the key 'title' twice"),
        ("[" * 100_000, "is nested too deeply"),
        (f'{{"file_name": "{YOGA}", "title": {"9" * 5_000}}}', "line 1: has too long a number"),
        (
            f'{{"file_name": "{YOGA}", "title": "\\ud800"}}',
            "line 1: title: has half of a surrogate",
        ),
    ],
)
def test_json_that_cannot_be_used_is_an_error(music: Path, text: str, said: str) -> None:
    with pytest.raises(SourceError, match=rf"metadata\.jsonl: .*{said}"):
        sheet(music, text, "metadata.jsonl")


def test_lines_with_missing_cells_are_said(music: Path) -> None:
    library = sheet(music, f"file_name,title,artist\n{YOGA},Om\n{CARDIO}\n{WALK},x,y\n")
    assert told(library, "title") == {"Y": "Om", "C": "", "É": "x"}
    assert library.notes == (
        "metadata.csv: line 2 has 2 cells of 3 "
        "(and 1 more lines of metadata.csv with cells missing at their end)",
    )


def test_json_is_read_line_by_line_or_as_it_is(music: Path) -> None:
    odd = "warm\u2028and\x85slow\x0b\x0cdrums"
    rows = [{"file_name": name, "title": odd} for name in (YOGA, CARDIO)]
    lines = "\r\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    raw = lines.replace("\\u000b", "\x0b").replace("\\f", "\x0c")
    for text in (lines, "\ufeff" + lines, raw, json.dumps(rows), json.dumps(rows, indent=2)):
        assert told(sheet(music, text, "metadata.jsonl"), "title") == {"Y": odd, "C": odd, "É": ""}
    pretty = "\n".join(json.dumps(row, indent=1) for row in rows)
    assert told(sheet(music, pretty.encode("utf-16"), "metadata.jsonl"), "title")["C"] == odd


NOTHING = ["nan", "NaN", "None", "NA", "N/A", "n/a", "null", "nil", "-", "#N/A", "<NA>", " "]


@pytest.mark.parametrize("nothing", NOTHING)
def test_nan_and_the_like_are_no_value(music: Path, nothing: str) -> None:
    library = sheet(music, f"file_name,title,license,session\n{YOGA},Om,{nothing},{nothing}\n")
    assert told(library, "title", "license", "session")["Y"] == ("Om", "", "yoga")
    said = [
        f"metadata.csv: line 2: {key} {nothing!r} is read as no value"
        for key in ("session", "license")
    ]
    assert library.notes == (tuple(said) if nothing.strip() else ())


@pytest.mark.parametrize(
    ("written", "text"),
    [
        *[("NaN", ""), ("null", ""), ("Infinity", ""), ("-Infinity", ""), ("1999", "1999")],
        *[("1999.0", "1999"), ("1.10", "1.10"), ("9007199254740993", "9007199254740993")],
        *[("0", "0"), ('["one"]', "one"), ("1e999", "1E+999"), ('"nan"', "")],
        ("1e" + "9" * 30, "1e" + "9" * 30),
    ],
)
def test_numbers_of_json_stay_as_they_were_written(music: Path, written: str, text: str) -> None:
    row = f'{{"file_name": "{YOGA}", "title": {written}, "album": "x"}}'
    assert told(sheet(music, row, "metadata.jsonl"), "title", "album")["Y"] == (text, "x")


def test_values_of_parquet_are_texts(music: Path) -> None:
    import datetime

    columns = {
        "file_name": [YOGA, CARDIO],
        "title": [1999.0, float("nan")],
        "album": pa.array(["a", None], pa.string()).dictionary_encode(),
        "artist": [["Zoé", "Noël"], []],
        "group": [2**62 + 1, None],
        "license": [datetime.date(2024, 1, 2), None],
    }
    pq.write_table(pa.table(columns), music / "metadata.parquet")
    found = told(scan(music), "title", "album", "artist", "group", "license")
    assert found["Y"] == ("1999", "a", "Zoé, Noël", str(2**62 + 1), "2024-01-02")
    assert set(found["C"]) == {""}
    (music / "metadata.parquet").write_bytes(b"PAR1 none PAR1")
    with pytest.raises(SourceError, match="is no Parquet, or is damaged; write it again"):
        scan(music)


def test_whole_numbers_of_pandas_are_whole(music: Path) -> None:
    library = sheet(music, f"file_name,title,album\n{YOGA},1999.0,2.0\n{CARDIO},,b\n")
    assert told(library, "title", "album")["Y"] == ("1999", "2.0")
    assert library.notes == ("metadata.csv: the numbers of `title` are read without .0",)


@pytest.mark.parametrize(
    ("header", "field"),
    [
        *[(" Title ", "title"), ("TITRE", "title"), ("track title", "title"), ("name", "title")],
        *[("licence", "license"), ("Licence ", "license"), ("LICENSE", "license")],
        *[("genre", "style"), ("Genre musical", "style"), ("Activité", "session")],
        *[("séance", "session"), ("sport", "session"), ("Artiste", "artist")],
        *[("caption", "description"), ("text", "description"), ("Légende", "description")],
        *[("URL", "source_url"), ("rights", "copyright"), ("Album Artist", "album_artist")],
    ],
)
@pytest.mark.parametrize("path", ["file_name", "Filename", "Nom du fichier", "chemin", '"file"'])
def test_columns_are_called_as_one_thinks(music: Path, header: str, field: str, path: str) -> None:
    library = sheet(music, f"{header};{path}\nyoga;{YOGA}\nyoga;{CARDIO}\n")
    assert told(library, field)["C"] == "yoga"
    is_renamed = header.strip().casefold().replace(" ", "_") != field
    assert any(f"is read as {field}" in note for note in library.notes) == is_renamed


def test_the_field_s_own_name_is_better_than_another(music: Path) -> None:
    text = f"file_name,caption,description,genre,style,text,mood,\n{YOGA},a,b,c,d,e,f,g\n"
    library = sheet(music, text)
    assert told(library, "description", "genre", "style")["Y"] == ("b", "c", "d")
    assert library.notes == (
        "metadata.csv: columns that are not read: `caption` (as description, `description` is "
        "read), `text` (as description, `description` is read)",
        "metadata.csv: unknown columns, not read: `mood`, `without a name (column 8)`",
    )


def test_the_user_may_name_columns_of_a_sheet(music: Path) -> None:
    (music / "metadata.csv").write_text(f"file_name,genre,what for,said\n{YOGA},salsa,boxe,warm\n")
    source = Source(
        str(music), style_column="genre", session_column="what for", description_column="said"
    )
    library = read_source(source)
    assert told(library, "style", "session", "description")["Y"] == ("salsa", "boxing", "warm")
    assert library.notes == ()
    with pytest.raises(SourceError, match=r"no metadata file has the --style-column mood; there"):
        read_source(Source(str(music), style_column="mood"))


@pytest.mark.parametrize(
    "path",
    [
        *["latino\\Yoga_latino.wav", "latino/Yoga_latino.wav ", "./latino/Yoga_latino.wav"],
        *["/latino/Yoga_latino.wav", "music/latino/Yoga_latino.wav", "Yoga_latino.wav"],
        *["D:\\Musik\\latino\\Yoga_latino.wav", "/home/me/music/latino/Yoga_latino.wav"],
        *["LATINO/yoga_latino.WAV", "latino/Yoga_latino", "latino/Yoga_latino.mp3"],
        *[
            "file:///home/me/latino/Yoga_latino.wav",
            "file:///C:/my%20music/latino/Yoga%5Flatino.wav",
        ],
        *[
            "latino%2FYoga_latino.wav",
            "file://C:\\latino\\Yoga_latino.wav",
            "latino//Yoga_latino.wav",
            "yoga_latino",
        ],
    ],
)
def test_a_path_of_another_machine_finds_its_file(music: Path, path: str) -> None:
    text = f"file_name,title\n{path},Om\nlatino/Ete\u0301_latino.wav,Été\n".replace(
        "Ete", "E\u0301te"
    )
    library = sheet(music, text)
    assert told(library, "title") == {"Y": "Om", "C": "", "É": "Été"}
    assert len(library.notes) <= 1
    assert all("is taken for latino/Yoga_latino.wav" in note for note in library.notes)


def test_only_one_file_may_be_meant(music: Path) -> None:
    write_audio(music / "rock/Yoga_latino.wav", noise(0.5, seed=9))
    write_audio(music / "latino/back\\slash.wav", noise(0.5, seed=10))
    write_audio(music / "top.wav", noise(0.5, seed=11))
    rows = ["Yoga_latino.wav,a", "rock/Cardio_latino.wav,b", "latino/Gone.wav,c"]
    rows += [f"{CARDIO},d", "Cardio_latino.flac,e", "latino/back\\slash.wav,f", "Été_latino.wav,g"]
    library = sheet(music, "\n".join(["file_name,title", *rows]))
    titles = {track.path: track.title for track in library.tracks if track.title}
    assert titles == {CARDIO: "d", "latino/back\\slash.wav": "f", WALK: "g"}
    both = "latino/Yoga_latino.wav, rock/Yoga_latino.wav"
    assert library.notes == (
        f"metadata.csv: line 2: `Yoga_latino.wav` may be 2 files ({both}); write the whole path",
        "metadata.csv: line 3: no such file: rock/Cardio_latino.wav",
        "metadata.csv: line 4: no such file: latino/Gone.wav",
        "metadata.csv: line 6: no such file: Cardio_latino.flac",
        f"metadata.csv: line 8: `Été_latino.wav` is taken for {WALK}",
    )


def test_a_sheet_of_which_no_row_finds_its_file_stops(music: Path) -> None:
    with pytest.raises(SourceError, match=r"names e\.g\. 'a/1\.wav', and a file here is 'latino/C"):
        sheet(music, "file_name,title\na/1.wav,x\na/2.wav,y\n")
    rows = "".join(f"{number}.wav,x\n" for number in range(30))
    library = sheet(music, f"file_name,title\n{YOGA},x\n{rows}")
    assert len(library.notes) == 20
    assert library.notes[-1].endswith("(and 10 more rows of metadata.csv without a file)")


def test_a_row_that_stands_twice_is_one(music: Path) -> None:
    library = sheet(music, f"file_name,title\n{YOGA},x\n{YOGA},x\n")
    assert told(library, "title")["Y"] == "x" and library.notes == ()


def test_every_folder_may_have_its_metadata(music: Path) -> None:
    write_audio(music / "rock/Boxe_rock.wav", noise(0.5, seed=7))
    (music / "metadata.csv").write_text(
        f"file_name,title,artist\n{YOGA},far,Zoé\nrock/Boxe_rock.wav,rock,\n"
    )
    library = sheet(
        music, '{"file_name": "Yoga_latino.wav", "title": "near"}', "latino/metadata.jsonl"
    )
    assert told(library, "title", "artist")["Y"] == ("near", "Zoé")
    assert told(library, "title")["B"] == "rock"
    assert library.notes == (
        f"metadata.csv: its title of {YOGA} is not used; a nearer metadata file has one",
    )
    assert library.ignored == {}


def test_two_metadata_files_in_a_folder_are_one_too_many(music: Path) -> None:
    for name in ("metadata.csv", "metadata.jsonl"):
        (music / name).touch()
    with pytest.raises(SourceError, match=r"metadata\.csv and metadata\.jsonl"):
        scan(music)


def test_metadata_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    write_audio(tmp_path / "music/x.wav", noise(1.0))
    (tmp_path / "metadata.csv").write_text("file_name\nx.wav\n")
    (tmp_path / "music/metadata.csv").symlink_to("../metadata.csv")
    with pytest.raises(SourceError, match="leads out of the folder"):
        scan(tmp_path / "music")


@pytest.mark.parametrize(
    "name",
    [
        *["tracks.xlsx", "metadata.csv.txt", "Metadata (1).csv", "metadata", "tracks.parquet"],
        *["tracks.json", "all.yaml", "latino/prompts.txt", "my tracks_2.txt"],
    ],
)
def test_a_table_by_another_name_is_named(music: Path, name: str) -> None:
    (music / name).write_bytes(b"PK")
    assert scan(music).notes == (
        f"{name}: is not read; a table about the tracks is called metadata.csv, .tsv, .jsonl "
        "or .parquet",
    )


@pytest.mark.parametrize("name", ["README.txt", "LICENSE.txt", "latino/cover.jpg", "notes.txt"])
def test_what_is_no_table_is_not_named(music: Path, name: str) -> None:
    (music / name).write_bytes(b"PK")
    library = scan(music)
    assert library.notes == () and sum(library.ignored.values()) == 1


@pytest.mark.parametrize("column", ["description", "descriptions"])
@pytest.mark.parametrize("cell", ['["a", "b\'s"]', "['a', \"b's\"]", "[ 'a' , 'b\\'s' ]"])
def test_a_list_in_a_cell_is_a_list(music: Path, column: str, cell: str) -> None:
    import pandas as pd

    table = pd.DataFrame({"file_name": [YOGA, CARDIO], column: [cell, "[Verse] la"]})
    if column == "descriptions":
        table = table[:1]
    table.to_csv(music / "metadata.csv", index=False)
    found = told(scan(music), "descriptions", "description")
    assert found["Y"] == (("a", "b's"), "")
    assert found["C"] == ((), "[Verse] la" if column == "description" else "")


def test_the_path_of_audio_as_datasets_has_it_names_the_file(music: Path) -> None:
    row = {"audio": {"path": YOGA, "bytes": None}, "title": "Om"}
    assert told(sheet(music, json.dumps(row), "metadata.jsonl"), "title")["Y"] == "Om"
    (music / "metadata.jsonl").unlink()
    pq.write_table(pa.Table.from_pylist([row]), music / "metadata.parquet")
    assert told(scan(music), "title")["Y"] == "Om"
    (music / "metadata.parquet").unlink()
    with pytest.raises(SourceError, match="line 1 has no audio"):
        sheet(music, '{"audio": {"path": null}, "title": "Om"}', "metadata.jsonl")


def test_a_description_is_one_line(music: Path) -> None:
    rows = f'{YOGA},"warm,  \r\n\r\n drums"\n{CARDIO},"a  b\nc|d\n"\n'
    library = sheet(music, f"file_name,description\n{rows}")
    assert told(library, "description") == {"Y": "warm, drums", "C": "a  b c|d", "É": ""}
    library = sheet(music, f"file_name,descriptions\n{rows}")
    assert told(library, "descriptions")["C"] == ("a  b c", "d")


@pytest.mark.parametrize("written", ["unknown", "Inconnu", "?", "UNKNOWN"])
def test_a_licence_that_nobody_knows_is_none(music: Path, written: str) -> None:
    library = sheet(music, f"file_name,license,title\n{YOGA},{written},{written}\n")
    assert told(library, "license", "title")["Y"] == ("", written)
    assert library.notes == (f"metadata.csv: line 2: license {written!r} is read as no value",)


@pytest.mark.parametrize(
    ("header", "cells", "named"),
    [
        ("description_en,description_fr", "calm,calme", "description_en"),
        ("mood,said", f"calm,{'warm drums ' * 9}", "said"),
        ("mood,bpm", "calm,120", ""),
        ("description,description_fr", "calm,calme", ""),
    ],
)
def test_a_column_that_looks_like_captions_can_be_named(
    music: Path, header: str, cells: str, named: str
) -> None:
    [note] = sheet(music, f"file_name,{header}\n{YOGA},{cells}\n").notes
    remedy = f"; --description-column {named} reads that one as the description"
    assert note.endswith(remedy) if named else "--" not in note
    if named:
        library = read_source(Source(str(music), description_column=named))
        assert told(library, "description")["Y"] == cells.split(",")[len(named) == 4].strip()


def test_a_sheet_without_rows_is_said(music: Path) -> None:
    for text in ("file_name,title\n", ""):
        assert sheet(music, text).notes == ("metadata.csv: has no rows that name a file",)
