"""OUT is ours or it is not touched: links, files of the user's own, and what no note names."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from builder_tests.conftest import RECIPE
from builder_tests.support.folders import files, tree
from builder_tests.support.making import build, verify_folder
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.encode.encode import encode_release
from sport_music_dataset.encode.settings import EncodeSettings
from sport_music_dataset.errors import ReleaseError
from sport_music_dataset.release.folder import Run, check_ours, remove_stale, writing
from sport_music_dataset.release.layout import MANIFEST

NANO = EncodeSettings(model="nano")
ALIEN = (
    *("raw/mine.parquet", "raw/train-00000-of-00009.parquet", "raw/mine.partial"),
    *("encoded/mine.parquet", "tracks/mine.txt", "assets/mine.png"),
    "raw/train-00000-of-00001.parquet.deadbeef.partial.txt",
)


def make_pipe(out: Path) -> None:
    out.mkdir()
    os.mkfifo(out / MANIFEST)


@pytest.fixture
def out(encoded: Path, tmp_path: Path) -> Path:
    return shutil.copytree(encoded, tmp_path / "out")


@pytest.mark.parametrize("path", ALIEN)
def test_a_file_of_the_users_own_is_named_and_stays(music: Path, out: Path, path: str) -> None:
    (out / path).write_text("mine")
    before = tree(out)
    for work in (
        lambda: build(music, out, RECIPE, force=True),
        lambda: encode_release(out, NANO),
    ):
        with pytest.raises(ReleaseError) as raised:
            work()
        assert str(raised.value).startswith(f"{out / path}: is not a file of this release; move")
    assert tree(out) == before


@pytest.mark.parametrize(
    "path",
    [
        *(".sportgen", ".sportgen/cut", ".sportgen/raw", ".sportgen/lock", "raw", "encoded"),
        *("tracks", "assets", "README.md", MANIFEST, "raw/train-00000-of-00001.parquet"),
    ],
)
def test_no_link_is_followed(music: Path, out: Path, tmp_path: Path, path: str) -> None:
    target = tmp_path / "target"
    if (out / path).exists():
        (out / path).rename(target)
    else:
        target.mkdir()
        (target / "mine.txt").write_text("mine")
    (out / path).symlink_to(target)
    before = tree(tmp_path)
    for work in (
        lambda: build(music, out, RECIPE, force=True),
        lambda: encode_release(out, NANO),
    ):
        with pytest.raises(ReleaseError, match="is a link"):
            work()
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "make",
    [
        lambda out: out.symlink_to("nowhere"),
        lambda out: out.write_text("a file"),
        lambda out: ((out / ".sportgen").mkdir(parents=True), (out / "thesis").touch()),
        lambda out: ((out / ".sportgen").mkdir(parents=True), (out / ".sportgen/x").touch()),
        lambda out: ((out / MANIFEST).mkdir(parents=True), None),
        make_pipe,
    ],
)
def test_a_folder_of_something_else_stays(
    music: Path, tmp_path: Path, make: Callable[[Path], object]
) -> None:
    make(tmp_path / "out")
    before = tree(tmp_path)
    with pytest.raises(ReleaseError, match="out"):
        build(music, tmp_path / "out", RECIPE)
    assert tree(tmp_path) == before


def test_a_run_that_was_killed_before_its_marker_goes_on(tmp_path: Path) -> None:
    (tmp_path / ".sportgen").mkdir()
    check_ours(tmp_path)
    (tmp_path / ".sportgen/made-by-sportgen.0123abcd.partial").touch()
    with writing(tmp_path, Run("build")):
        pass
    assert (tmp_path / ".sportgen/made-by-sportgen").is_file()


def test_only_what_a_manifest_or_a_note_names_is_deleted(out: Path) -> None:
    name = "raw/train-00000-of-00001.parquet"
    remove_stale(out, "encoded", {name}, [name])
    assert (out / name).exists() and not list((out / "encoded").iterdir())
    (out / ".sportgen" / f"{name}.json").unlink()
    remove_stale(out, "raw", set())
    assert (out / name).exists()
    remove_stale(out, "raw", set(), [name])
    assert not (out / name).exists()


def test_hidden_files_of_file_managers_are_passed_by(music: Path, out: Path) -> None:
    for name in ("raw/.DS_Store", "encoded/.DS_Store", ".DS_Store"):
        (out / name).write_text("a file manager's")
    assert build(music, out, RECIPE).shards_written == 0
    assert (out / "raw/.DS_Store").exists()


@pytest.mark.parametrize("config", ["raw", "encoded", "tracks", "assets"])
@pytest.mark.parametrize("place", [0.1, 0.5, 0.999])
def test_a_flipped_byte_is_mended_without_force(
    music: Path, out: Path, config: str, place: float
) -> None:
    before = files(out)
    file = sorted((out / config).iterdir())[0]
    data = bytearray(file.read_bytes())
    data[int(len(data) * place)] ^= 1
    file.write_bytes(data)
    build(music, out, RECIPE)
    encode_release(out, NANO)
    assert files(out) == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda note: "{",
        lambda note: "[" * 100_000,
        lambda note: note.replace('"rows": ', '"rows": -'),
        lambda note: note.replace('"rows": ', '"rows": 1'),
        lambda note: note.replace('"rows": ', '"rows": "'),
        lambda note: note.replace('"chunks": ', '"chunks": [').replace(",", "],", 1),
        lambda note: note.replace('"inputs"', '"of_nobody"'),
        lambda note: note.replace('"outcomes": {', '"outcomes": {"0123456789abcdef": {},'),
        lambda note: note.replace('"longest"', '"shortest"'),
    ],
)
def test_a_tampered_note_is_no_note(music: Path, out: Path, spoil: Callable[[str], str]) -> None:
    before = files(out)
    for config in ("raw", "encoded"):
        for note in (out / ".sportgen" / config).iterdir():
            note.write_text(spoil(note.read_text()))
    build(music, out, RECIPE)
    encode_release(out, NANO)
    assert files(out) == before


def test_the_splits_of_damaged_tracks_are_those_of_the_notes(
    music: Path, built: tuple[Path, BuildReport], tmp_path: Path
) -> None:
    out = shutil.copytree(built[0], tmp_path / "out")
    splits = {row["track_id"]: row["split"] for row in built[1].kept}
    shutil.rmtree(out / "tracks")
    copy = shutil.copytree(music, tmp_path / "music")
    (copy / "classic/Yoga_classic.aiff").unlink()
    report = build(copy, out, RECIPE)
    assert {row["track_id"]: row["split"] for row in report.kept}.items() < splits.items()
    # Without notes, nothing in the folder knows the splits.
    shutil.rmtree(out / ".sportgen")
    shutil.rmtree(out / "tracks")
    with pytest.raises(ReleaseError, match=r"tracks.*take it from the Hub or from a backup"):
        build(copy, out, RECIPE)


def test_a_snapshot_of_the_hubs_cache_is_read_through_its_links(
    encoded: Path, tmp_path: Path
) -> None:
    snapshot = shutil.copytree(encoded, tmp_path / "datasets--org--music/snapshots/0123")
    blobs = tmp_path / "datasets--org--music/blobs"
    blobs.mkdir()
    for number, file in enumerate(sorted(snapshot.rglob("*.*"))):
        if file.is_file():
            blob = file.rename(blobs / str(number))
            file.symlink_to(blob)
    assert verify_folder(snapshot).ok
    (snapshot / "README.md").unlink()
    (snapshot / "README.md").symlink_to(encoded / "README.md")
    assert "README.md: is a link" in verify_folder(snapshot).failures[0]
