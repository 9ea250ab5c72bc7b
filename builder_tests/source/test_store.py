"""An object store as the source: fetched once, then as a folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from builder_tests.conftest import RECIPE, noise, write_audio
from builder_tests.support.folders import files
from builder_tests.support.making import build, named, verify_folder
from builder_tests.support.object_store import BUCKET, ObjectStore, object_store
from builder_tests.support.parquet_music import described, split_up
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.cli import main
from sport_music_dataset.errors import SettingError, SourceError, StoreError
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.source.read import read_source
from sport_music_dataset.source.source import Source

Built = tuple[Path, BuildReport]
URL = f"s3://{BUCKET}/my music"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ObjectStore]:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    with object_store(monkeypatch) as store:
        yield store


def upload(store: ObjectStore, folder: Path, prefix: str = "my music") -> None:
    for path, data in files(folder).items():
        store.put(f"{prefix}/{path}", data)


def fetched(store: ObjectStore) -> set[str]:
    """The last parts of the names of objects that were read since the last call."""
    names = {path.rpartition("/")[2] for path in store.asked("GET") if path.startswith("my music/")}
    store.requests.clear()
    return names


def test_a_release_is_that_of_the_folder(
    store: ObjectStore, music: Path, built: Built, tmp_path: Path
) -> None:
    upload(store, music)
    build(Source(URL, layout="sport"), tmp_path / "out", RECIPE, num_proc=2)
    manifest = read_manifest(tmp_path / "out")
    assert manifest.files == read_manifest(built[0]).files
    assert manifest.source == {"store": URL}
    assert verify_folder(tmp_path / "out").ok
    assert not any(b"hush-hush" in data for data in files(tmp_path / "out").values())
    assert "notes.txt" not in fetched(store)
    build(Source(URL, layout="sport"), tmp_path / "out", RECIPE)
    assert fetched(store) == set()


def test_only_what_changed_is_fetched(store: ObjectStore, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    for seed in range(3):
        write_audio(folder / f"latino/Yoga_{seed}_latino.flac", noise(3.0, seed=seed))
    (folder / "latino/Yoga_0_latino.txt").write_text("warm drums")
    upload(store, folder)
    read_source(Source(URL, layout="sport"))
    assert fetched(store) == {path.name for path in folder.rglob("*.*")}
    write_audio(folder / "latino/Yoga_1_latino.flac", noise(4.0, seed=9))
    (folder / "latino/Yoga_2_latino.flac").unlink()
    store.files.delete_file(f"{BUCKET}/my music/latino/Yoga_2_latino.flac")
    store.put(
        "my music/latino/Yoga_1_latino.flac",
        (folder / "latino/Yoga_1_latino.flac").read_bytes(),
    )
    library = read_source(Source(URL, layout="sport"))
    assert fetched(store) == {"Yoga_1_latino.flac"}
    local = read_source(named(folder))
    assert [t.sha256 for t in library.tracks] == [t.sha256 for t in local.tracks]
    assert [t.description for t in library.tracks] == ["warm drums", ""]


def test_what_cannot_be_fetched_is_left_out_and_tried_again(
    store: ObjectStore, music: Path
) -> None:
    upload(store, music)
    store.put(f"my music/latino/{'x' * 300}.wav", b"x")
    store.put_strange("my music/latino/../Yoga_9_latino.wav", b"x")
    broken, barred = "my music/latino/Cardio_2_latino.ogg", "my music/latino/Yoga_1_latino.flac"
    store.before = lambda method, path: {broken: 500, barred: 403}.get(path, 0) * (method == "GET")
    library = read_source(Source(URL, layout="sport"))
    reasons = {track.path: track.reason for track in library.tracks}
    assert reasons["latino/Cardio_2_latino.ogg"].startswith("machine fault: cannot be fetched")
    assert reasons["latino/Yoga_1_latino.flac"].startswith("unreadable")
    assert reasons[f"latino/{'x' * 300}.wav"].startswith("unreadable")
    assert reasons["latino/../Yoga_9_latino.wav"] == "outside the folder"
    assert not library.is_final
    store.before = lambda method, path: 0
    again = {track.path: track.reason for track in read_source(Source(URL)).tracks}
    assert not again["latino/Cardio_2_latino.ogg"] and not again["latino/Yoga_1_latino.flac"]


def test_a_dataset_of_parquet_is_read_there(
    store: ObjectStore, music: Path, tmp_path: Path
) -> None:
    folder = split_up(music, tmp_path / "my music")
    upload(store, folder)
    assert described(URL, "") == described(str(folder), "")


def test_errors_are_one_line(store: ObjectStore, capsys: pytest.CaptureFixture[str]) -> None:
    told: dict[str, tuple[type[Exception], str]] = {
        "s3://nothing/at": (StoreError, "NO_SUCH_BUCKET"),
        f"s3://{BUCKET}/nothing": (SourceError, "no files under it"),
        f"s3://{BUCKET}/a?endpoint_override=x": (SettingError, "write it as s3://BUCKET/PREFIX"),
        "s3://key:secret-word@bucket/a": (SettingError, "write it as s3://BUCKET/PREFIX"),
    }
    for url, (kind, words) in told.items():
        with pytest.raises(kind, match=words) as raised:
            read_source(url)
        assert "\n" not in str(raised.value) and "secret-word" not in str(raised.value)
    assert main(["scan", "s3://nothing/at"]) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and "AWS_ENDPOINT_URL" in said[0], said
