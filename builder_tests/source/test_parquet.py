"""A folder of Parquet as the source: its rows give what a folder of the same files gives."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import (
    Audio,
    ClassLabel,
    List,
    Value,
    config,
)

from builder_tests.conftest import RECIPE, noise, write_audio
from builder_tests.support.commands import fails
from builder_tests.support.folders import files
from builder_tests.support.making import build
from builder_tests.support.parquet_music import (
    PARQUET,
    Row,
    kinds,
    named,
    songs,
    split_up,
    write,
    write_plain,
)
from sport_music_dataset import SourceError, SportMusic
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.source.library import Library
from sport_music_dataset.source.read import read_source
from sport_music_dataset.source.source import Source


@pytest.fixture
def sound(tmp_path: Path) -> Callable[[int], bytes]:
    """The bytes of a WAV of 3 s, another one for each number."""
    return lambda seed: write_audio(tmp_path / "sound.wav", noise(3.0, seed=seed)).read_bytes()


def unpacked(library: Library) -> dict[Path, int]:
    """Every unpacked file with the time when it was written."""
    found = {Path(track.file) for track in library.tracks if track.file}
    return {file: file.stat().st_mtime_ns for file in found}


def test_the_rows_are_those_of_a_folder_of_the_same_files(
    music: Path, built: tuple[Path, BuildReport], tmp_path: Path
) -> None:
    source = split_up(music, tmp_path / "music")
    report = build(source, tmp_path / "out", RECIPE, num_proc=2)
    assert report.tracks == built[1].tracks
    assert files(tmp_path / "out") == files(built[0])
    settings = {"chunk_seconds": 2.0, "overlap_seconds": 0.8, "splits": dict(RECIPE.splits)}
    builder = SportMusic(data_dir=str(source), cache_dir=str(tmp_path / "cache"), **settings)
    builder.download_and_prepare()
    rows = {split: builder.as_dataset(split=split).num_rows for split in ("train", "test")}
    assert rows == report.chunks


def test_columns_say_what_a_track_is(tmp_path: Path, sound: Callable[[int], bytes]) -> None:
    rows = [
        {
            "audio": {"bytes": sound(number), "path": None},
            "genre": number % 2,
            "sport": "Course à pied",
            "style": "not this",
            "title": "=HYPERLINK(1)",
            "license": "cc0-1.0" if number else None,
            "mood": "not ours",
        }
        for number in range(3)
    ]
    file = write(tmp_path / "set/train.parquet", rows, genre=ClassLabel(names=["latino", "rock"]))
    source = Source(str(tmp_path / "set"), style_column="genre", session_column="sport")
    library = read_source(source)
    assert named(library, "path", "style", "session", "title", "license") == [
        ("train/000000", "latino", "running", "=HYPERLINK(1)", ""),
        ("train/000001", "rock", "running", "=HYPERLINK(1)", "cc0-1.0"),
        ("train/000002", "latino", "running", "=HYPERLINK(1)", "cc0-1.0"),
    ]
    # Other columns of the same dataset: nothing is unpacked again.
    again = read_source(replace(source, session_column="mood"), ["rock"])
    assert named(again, "session") == [("not ours",)]
    assert unpacked(again).items() <= unpacked(library).items()
    assert file.is_file()


@pytest.mark.parametrize("kind", [List(Value("string")), Value("string")])
def test_a_row_may_have_several_descriptions(
    tmp_path: Path, sound: Callable[[int], bytes], kind: Any
) -> None:
    said = ["slow, please", "ein Lied"]
    row = {
        "audio": {"bytes": sound(1), "path": "a.wav"},
        "descriptions": said if isinstance(kind, List) else "|".join(said),
    }
    write(tmp_path / "set/train.parquet", [row], descriptions=kind)
    [track] = read_source(tmp_path / "set").tracks
    assert track.descriptions == tuple(said)


def test_its_splits_are_kept_if_asked_or_said(
    tmp_path: Path, sound: Callable[[int], bytes]
) -> None:
    for number, name in enumerate(PARQUET):
        write(
            tmp_path / "set" / name, [{"audio": {"bytes": sound(number), "path": f"{number}.wav"}}]
        )
    source = Source(str(tmp_path / "set"))
    assert named(read_source(source), "path", "split") == [("0.wav", ""), ("1.wav", "")]
    kept = read_source(replace(source, keep_splits=True))
    assert named(kept, "path", "split") == [("0.wav", "train"), ("1.wav", "test")]
    for number, name in enumerate(PARQUET):
        row = {"audio": {"bytes": sound(number), "path": f"{number}.wav"}}
        said = "validation" if number else None
        write(tmp_path / "set" / name, [{**row, "split": said}])
    kept = read_source(replace(source, keep_splits=True))
    assert named(kept, "split") == [("train",), ("validation",)]


def test_paths_of_rows_are_names_and_lead_nowhere(
    tmp_path: Path, sound: Callable[[int], bytes]
) -> None:
    paths = {
        "../../etc/passwd": "etc/passwd",
        "/home/me/private/Yoga_latino.wav": "Yoga_latino.wav",
        "C:\\Users\\me\\Yoga_latino.wav": "Yoga_latino.wav#2",
        "Yoga_latino.wav": "Yoga_latino.wav#3",
        "./a//b/../Yoga_latino.wav": "a/b/Yoga_latino.wav",
        "new\nline\x1b[31m.wav": "new\nline\x1b[31m.wav",
        "é.wav": "é.wav",
        "e\u0301.wav": "e\u0301.wav#2",
        "..": "train/000008",
        "n" * 400 + ".wav": "n" * 400 + ".wav",
        "a\0b.wav": "a\0b.wav",
    }
    rows = [
        {"audio": {"bytes": sound(number), "path": path}, "style": "pop", "session": "Yoga"}
        for number, path in enumerate(paths)
    ]
    write_plain(tmp_path / "set/train.parquet", rows)
    library = read_source(tmp_path / "set")
    assert kinds(library) == dict.fromkeys(paths.values(), "")
    # Whatever they say, the files are called by their numbers.
    names = {Path(track.file).stem for track in library.tracks}
    assert names == {f"{number:06d}" for number in range(len(paths))}
    cache = Path(config.HF_DATASETS_CACHE)
    assert all(Path(track.file).is_relative_to(cache) for track in library.tracks)
    # Names that follow the convention still say style and session, whatever stands behind them.
    pq.write_table(pa.Table.from_pylist(rows).select(["audio"]), tmp_path / "set/train.parquet")
    with pytest.raises(SourceError, match=r"row 8 of train\.parquet has no path"):
        read_source(tmp_path / "set")
    pq.write_table(
        pa.Table.from_pylist(rows[1:4]).select(["audio"]), tmp_path / "set/train.parquet"
    )
    assert set(named(read_source(tmp_path / "set"), "style", "session")) == {("latino", "yoga")}


def test_every_row_is_accounted_for(tmp_path: Path, sound: Callable[[int], bytes]) -> None:
    audio: list[Row | None] = [
        {"bytes": sound(0), "path": "good.wav"},
        None,
        {"bytes": None, "path": None},
        {"bytes": b"", "path": "empty.wav"},
        {"bytes": b"this is no music", "path": "broken.mp3"},
        {"bytes": sound(0), "path": "copy.wav"},
        {"bytes": None, "path": "gone.wav"},
    ]
    write_plain(tmp_path / "set/train.parquet", [{"audio": value} for value in audio])
    report = build(tmp_path / "set", tmp_path / "out", replace(RECIPE, splits=(("train", 1.0),)))
    reasons = {row["path"]: row["reason"].partition(":")[0] for row in report.tracks}
    assert reasons == {
        "copy.wav": "",
        "good.wav": "duplicate of",
        "train/000001": "not audio",
        "train/000002": "not audio",
        "empty.wav": "not audio",
        "broken.mp3": "not audio",
        "gone.wav": "unreadable",
    }


def test_rows_may_name_files_of_their_dataset_and_no_others(tmp_path: Path) -> None:
    root = tmp_path / "set"
    for number, name in enumerate(("beside.wav", "data/inside.wav", "../outside.wav")):
        write_audio(root / name, noise(3.0, seed=number))
    (root / "link.wav").symlink_to("../outside.wav")
    (root / "away").symlink_to("..")
    names = {
        "beside.wav": "",
        "inside.wav": "",
        "link.wav": "outside the folder",
        "away/outside.wav": "outside the folder",
        "../../outside.wav": "outside the folder",
        str(tmp_path / "outside.wav"): "outside the folder",
        "/dev/zero": "outside the folder",
        "data": "unreadable",
        "n" * 300: "unreadable",
        "a\0b": "unreadable",
    }
    write_plain(root / "data/train.parquet", [{"file": name} for name in names])
    library = read_source(Source(str(root), audio_column="file"))
    reasons = [track.reason.partition(":")[0] for track in library.tracks]
    assert sorted(reasons) == sorted(names.values())
    kept = {track.path: Path(track.file) for track in library.usable}
    assert kept == {"beside.wav": root / "beside.wav", "inside.wav": root / "data/inside.wav"}


def test_bytes_without_a_struct_are_audio_too(
    tmp_path: Path, sound: Callable[[int], bytes]
) -> None:
    row = {"audio": sound(0), "style": "pop", "session": "Yoga"}
    write_plain(tmp_path / "set/train.parquet", [row])
    assert kinds(read_source(tmp_path / "set")) == {"train/000000": ""}


def test_text_that_is_not_utf8_survives(tmp_path: Path, sound: Callable[[int], bytes]) -> None:
    table = pa.table({"audio": [sound(0)], "style": [b"caf\xe9"], "session": ["Yoga"]})
    lies = table.set_column(1, "style", table["style"].combine_chunks().view(pa.string()))
    (tmp_path / "set").mkdir()
    pq.write_table(lies, tmp_path / "set/train.parquet")
    assert named(read_source(tmp_path / "set"), "style") == [("caf\\xe9",)]


def test_what_is_unpacked_stays_until_it_changes(music: Path, tmp_path: Path) -> None:
    source = split_up(music, tmp_path / "set")
    library = read_source(source)
    first = unpacked(library)
    assert unpacked(read_source(source)) == first
    # One of the files again, and what somebody has damaged.
    write(source / PARQUET[1], songs(music)[1:2])
    again = unpacked(read_source(source))
    assert len(again) == 6 and sum(first.get(file) == time for file, time in again.items()) == 5
    for file in again:
        file.write_bytes(b"")
    assert not unpacked(read_source(source)).items() & again.items()


def test_a_folder_with_audio_is_a_folder_as_before(music: Path, tmp_path: Path) -> None:
    source = shutil.copytree(music, tmp_path / "music")
    before = read_source(source)
    write_plain(source / "table.parquet", [{"audio": b"x"}])
    after = read_source(source)
    assert after.tracks == before.tracks
    assert after.ignored == {**before.ignored, ".parquet": 1}


def test_what_cannot_be_used_is_told_in_one_line(
    tmp_path: Path, sound: Callable[[int], bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    root, out = tmp_path / "set", tmp_path / "out"

    def refused(*options: object, source: object = root, code: int = 1) -> str:
        return fails(capsys, code, "build", source, out, *options)

    audio = {"bytes": sound(0), "path": "a.wav"}
    file = write(root / "train.parquet", [{"audio": audio, "genre": "pop"}])
    for option in ("--audio-column", "--style-column", "--session-column"):
        error = refused(option, "mood")
        assert "has no column mood; there are audio, genre" in error
    assert "lies inside the dataset" in fails(capsys, 1, "build", root, root / "out")
    write(file, [{"one": audio, "other": audio}], one=Audio(), other=Audio())
    assert "2 columns hold audio, --audio-column names the one" in refused()
    write(file, [{"text": "x", "n": "y"}])
    assert "no column holds audio, --audio-column" in refused()
    write_plain(file, [{"audio": {"array": [0.0, 0.1], "sampling_rate": 32000}}])
    assert "holds decoded samples, not files" in refused()
    write_plain(file, [{"audio": [1, 2]}])
    assert "audio: holds list" in refused()
    pq.write_table(pa.table({"audio": pa.array([], pa.binary())}), file)
    assert "has no rows" in refused()
    file.write_bytes(b"PAR1 this is none PAR1")
    assert "train.parquet" in refused()
    file.unlink()
    (root / "train.csv").write_text("audio\nx\n")
    assert "its data is csv, not Parquet" in refused("--audio-column", "audio")
    for location in ("hf://org/name", "hf:/datasets/org/name", "hf://datasets/a/b/c"):
        assert "write it as hf://datasets/ORG/NAME" in refused(source=location)
    assert "hf://datasets/org/na me" in refused(source="hf://datasets/org/na me", code=2)
    assert not out.exists()


def test_a_card_names_the_subset_and_nothing_outside(
    tmp_path: Path, sound: Callable[[int], bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "set"
    for name in ("one", "two", "../elsewhere"):
        write(
            root / name / "x.parquet", [{"audio": {"bytes": sound(0), "path": f"{name[-3:]}.wav"}}]
        )

    def card(*folders: str) -> None:
        entries = [f"- config_name: {f[-3:]}\n  data_files: {f}/*.parquet\n" for f in folders]
        (root / "README.md").write_text(f"---\nconfigs:\n{''.join(entries)}---\n")

    card("one", "two")
    assert kinds(read_source(Source(str(root), subset="two"))) == {"two.wav": ""}
    error = fails(capsys, 1, "scan", root)
    assert (
        "'one', 'two'" in error and "--subset names one" in error and "load_dataset(" not in error
    )
    for outside in (f"{tmp_path}/elsewhere", "../elsewhere"):
        card(outside)
        assert "lies outside of it" in fails(capsys, 1, "scan", root)
    (root / "README.md").write_text("---\nconfigs: [\n---\n")
    assert "must be YAML" in fails(capsys, 1, "scan", root)


@pytest.mark.parametrize(
    ("columns", "description", "notes"),
    [
        ({"caption": "warm drums"}, "warm drums", ["column `caption` is read as description"]),
        ({"text": "warm"}, "warm", ["column `text` is read as description"]),
        ({"prompt": "warm"}, "warm", ["column `prompt` is read as description"]),
        ({"captions": ["warm", "soft"]}, ("warm", "soft"), ["`captions` is read as descriptions"]),
        (
            {"text": "la la", "main_caption": "warm", "caption": "soft"},
            "soft",
            ["`caption` is read", "not read: `text` (as description, `caption` is read), `main_c"],
        ),
        (
            {"what it sounds like": "warm", "tempo": 120.0, "image": b"x"},
            "",
            ["not read: `what it sounds like`, `tempo`, `image`; --description-column names one"],
        ),
        ({"caption": "NaN"}, "", ["column `caption`", "description 'NaN' is read as no value"]),
    ],
)
def test_a_column_that_looks_like_captions_is_used_or_named(
    tmp_path: Path,
    sound: Callable[[int], bytes],
    columns: dict[str, Any],
    description: str | tuple[str, ...],
    notes: list[str],
) -> None:
    row = {"audio": sound(0), "style": "pop", "session": "Yoga", **columns}
    write_plain(tmp_path / "set/train.parquet", [row])
    library = read_source(tmp_path / "set")
    [track] = library.tracks
    assert (track.descriptions or track.description) == description
    assert len(library.notes) == len(notes) + 1
    assert all(said in note for said, note in zip(notes, library.notes, strict=False))
    assert (track.session, track.style) == ("yoga", "pop")


def test_the_description_s_column_may_be_named(
    tmp_path: Path, sound: Callable[[int], bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"audio": sound(0), "genre": "pop", "sport": "Yoga", "said": "warm", "text": "la la"}
    write_plain(tmp_path / "set/train.parquet", [{**row, "licence": "nan", "title": 1999.0}])
    source = Source(str(tmp_path / "set"), description_column="said")
    library = read_source(source)
    [track] = library.tracks
    assert (track.description, track.style, track.session) == ("warm", "pop", "yoga")
    assert (track.license, track.title) == ("", "1999")
    error = fails(capsys, 1, "scan", tmp_path / "set", "--description-column", "mood")
    assert "has no column mood; there are audio, genre, sport, said, text" in error
    error = fails(capsys, 1, "scan", tmp_path / "set", "--description-column", "audio")
    assert "--description-column audio: holds binary, not text" in error
