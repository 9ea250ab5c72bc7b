"""A dataset as the source: its rows give what a folder of the same files gives."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import (
    Audio,
    ClassLabel,
    Dataset,
    Features,
    List,
    Value,
    config,
    disable_progress_bars,
)

from builder_tests.build.test_build import files
from builder_tests.cli.test_cli import SHORT, fails
from builder_tests.conftest import RECIPE, noise, write_audio
from builder_tests.hub.local_hub import LocalHub, Repo, Request, Response
from builder_tests.support.clients import run_python
from builder_tests.support.making import build
from sport_music_dataset import SourceError, SportMusic, SportMusicConfig
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.source.library import Library
from sport_music_dataset.source.read import read_source
from sport_music_dataset.source.source import Source

Row = dict[str, Any]
PARQUET = ("data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet")


def songs(music: Path) -> list[Row]:
    """The audio files of a folder as rows of a dataset."""
    found = sorted(file for file in music.rglob("[!.]*.*") if file.suffix != ".txt")
    return [
        {"audio": {"bytes": file.read_bytes(), "path": str(file.relative_to(music))}}
        for file in found
    ]


def write(file: Path, rows: Iterable[Row], **kinds: Any) -> Path:
    """Rows as Parquet, as datasets writes it: text and audio, unless `kinds` says otherwise."""
    rows = list(rows)
    kinds = {"audio": Audio(), **kinds}
    features = Features({name: kinds.get(name, Value("string")) for name in rows[0]})
    file.parent.mkdir(parents=True, exist_ok=True)
    disable_progress_bars()
    Dataset.from_list(rows, features=features).to_parquet(file)
    return file


def write_plain(file: Path, rows: list[Row]) -> Path:
    """Rows as Parquet that knows nothing of datasets."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file


def split_up(music: Path, folder: Path) -> Path:
    """The music as a dataset of two Parquet files in `folder`."""
    rows = songs(music)
    for number, name in enumerate(PARQUET):
        write(folder / name, rows[number::2])
    return folder


@pytest.fixture
def sound(tmp_path: Path) -> Callable[[int], bytes]:
    """The bytes of a WAV of 3 s, another one for each number."""
    return lambda seed: write_audio(tmp_path / "sound.wav", noise(3.0, seed=seed)).read_bytes()


def named(library: Library, *fields: str) -> list[tuple[str, ...]]:
    """Fields of every track, in order."""
    return [tuple(getattr(track, field) for field in fields) for track in library.tracks]


def kinds(library: Library) -> dict[str, str]:
    """Path -> reason without its detail."""
    return {track.path: track.reason.partition(":")[0] for track in library.tracks}


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
        ("train/000000", "latino", "Course à pied", "=HYPERLINK(1)", ""),
        ("train/000001", "rock", "Course à pied", "=HYPERLINK(1)", "cc0-1.0"),
        ("train/000002", "latino", "Course à pied", "=HYPERLINK(1)", "cc0-1.0"),
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
    assert set(named(read_source(tmp_path / "set"), "style", "session")) == {("latino", "Yoga")}


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
        "empty.wav": "unreadable",
        "broken.mp3": "unreadable",
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
    assert "cannot be opened" in fails(capsys, 1, "scan", root)


# Of a dataset on a Hub

REPO = "org/songs"
LOCATION = f"hf://datasets/{REPO}"
# Commands in one process: a client takes seconds to start.
_COMMANDS = (
    "import json, sys; from sport_music_dataset.cli import main\n"
    "for line in json.loads(sys.argv[1]): print('exit', main(line), flush=True)"
)
_LIBRARIES = (
    "import json, sys; from builder_tests.source.test_parquet import described\n"
    "print(json.dumps([described(*source) for source in json.loads(sys.argv[1])]))"
)


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as hub:
        yield hub


def upload(hub: LocalHub, folder: Path, name: str = REPO) -> str:
    """Commit a folder to the Hub; the commit."""
    repo = hub.repos.setdefault(name, Repo(name, True, "org"))
    operations = []
    for path, data in files(folder).items():
        oid = hashlib.sha256(data).hexdigest()
        repo.put(oid, data)
        operations.append({"key": "lfsFile", "value": {"path": path, "oid": oid}})
    return repo.commit("main", {"summary": "songs"}, operations, "owner").sha


def commands(hub: LocalHub, home: Path, *lines: tuple[object, ...]) -> tuple[list[int], list[str]]:
    """`sportgen` once for each line; the exit codes, and what stderr has that is no bar."""
    told = json.dumps([[str(word) for word in line] for line in lines])
    done = run_python(hub, home, "-c", _COMMANDS, told)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    codes = [int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("exit ")]
    return codes, [line for line in done.stderr.splitlines() if "━" not in line]


def fetched(hub: LocalHub) -> list[str]:
    """The names of the data files that have been downloaded whole, in order."""
    return [
        entry.path.rpartition("/")[2]
        for entry in hub.requests
        if entry.method == "GET" and entry.status == 200 and "/resolve/" in entry.path
    ]


def described(location: str, audio_column: str) -> list[list[str]]:
    """What a source's tracks are to the builder, as JSON takes it."""
    library = SportMusicConfig(data_dir=location, audio_column=audio_column).library
    tracks = named(library, "path", "track_id", "style", "session", "reason")
    return [list(track) for track in tracks]


def test_a_revision_is_pinned_and_fetched_once(
    hub: LocalHub, music: Path, built: tuple[Path, BuildReport], tmp_path: Path
) -> None:
    out, folder = tmp_path / "out", tmp_path / "set"
    first = upload(hub, split_up(music, folder))
    write(folder / PARQUET[0], songs(music)[:1])
    upload(hub, folder)
    broken = [Response(403)] * 3

    def break_off(request: Request) -> Response | None:
        # The second file, as often as the first command asks for it.
        return broken.pop() if broken and request.path.endswith(PARQUET[1]) else None

    hub.before = break_off
    line = ("build", f"{LOCATION}@{first}", out, *SHORT)
    codes, said = commands(hub, tmp_path / "home", line, line, line, ("scan", LOCATION))
    assert codes == [1, 0, 0, 0] and said[0].startswith("error: "), said
    # Goes on with the second, then has both; of the newer revision, one is another file.
    assert fetched(hub) == [Path(PARQUET[n]).name for n in (0, 1, 0)]
    manifest = read_manifest(out)
    assert manifest.source == {"dataset": REPO, "revision": first}
    assert manifest.files == read_manifest(built[0]).files
    assert f"dataset `{REPO}` at `{first}`" in (out / "README.md").read_text()


def test_files_on_the_hub_are_those_of_a_folder(hub: LocalHub, music: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(music, tmp_path / "songs")
    write(folder / "table.parquet", songs(music)[:1])
    (folder / "metadata.csv").write_text("file_name,style\nclassic/Yoga_classic.aiff,baroque\n")
    upload(hub, folder)
    linked = tmp_path / "linked"
    write_audio(linked / "sound/a.wav", noise(3.0))
    names = ("sound/a.wav", "../../a.wav", "sound/b.wav")
    write_plain(linked / "data/train.parquet", [{"audio": name} for name in names])
    upload(hub, linked, "org/linked")
    there = [(LOCATION, ""), ("hf://datasets/org/linked", "audio")]
    done = run_python(hub, tmp_path / "home", "-c", _LIBRARIES, json.dumps(there))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == [described(str(folder), ""), described(str(linked), "audio")]
    assert [len(tracks) for tracks in found] == [10, 3]
    assert [track[4].partition(":")[0] for track in found[1]] == [
        "outside the folder",
        "",
        "unreadable",
    ]


def test_errors_of_the_hub_are_one_line(hub: LocalHub, music: Path, tmp_path: Path) -> None:
    upload(hub, split_up(music, tmp_path / "set"))
    hub.repos["org/gated"] = Repo("org/gated", False, "org")
    gated = {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted."}
    hub.before = lambda request: (
        Response(403, b"", gated) if "org/gated/resolve/" in request.path else None
    )
    told = {
        ("scan", "hf://datasets/org/nothing"): "org/nothing: not found, or the token may not see",
        ("scan", f"{LOCATION}@v9"): "Invalid rev id: v9",
        ("scan", LOCATION, "--style-column", "mood"): "has no column mood; there are audio",
        ("scan", "hf://datasets/org/gated"): "gated",
    }
    codes, said = commands(hub, tmp_path / "home", *told)
    assert codes == [1] * len(told) and len(said) == len(told), said
    for line, words in zip(said, told.values(), strict=True):
        assert line.startswith("error: ") and words in line
    assert fetched(hub) == []
