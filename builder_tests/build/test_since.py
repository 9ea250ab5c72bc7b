"""Building on a release that is published: groups stay in their splits, withdrawn tracks out."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from builder_tests.conftest import RECIPE, noise, write_audio
from builder_tests.support.making import build, planned, verify_folder
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.build.since import Since
from sport_music_dataset.cli import main
from sport_music_dataset.encode.encode import encode_release
from sport_music_dataset.encode.settings import EncodeSettings
from sport_music_dataset.errors import HubError, ReleaseError, SettingError
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.release.release import Release, open_release

Built = tuple[Path, BuildReport]
# Another seed would deal the groups otherwise.
OTHER = replace(RECIPE, seed=3, splits=(("train", 0.5), ("test", 0.5)))


def origin(folder: Path, withdrawn: frozenset[str] = frozenset()) -> Since:
    return replace(Since.of(Release.of(folder)), withdrawn=withdrawn)


def splits(report: BuildReport) -> dict[str, str]:
    return {row["path"]: row["split"] for row in report.kept}


@pytest.fixture
def source(music: Path, tmp_path: Path) -> Path:
    """The music, and a track more."""
    copy = shutil.copytree(music, tmp_path / "music")
    write_audio(copy / "latino/Rowing_latino.wav", noise(4.0, seed=77))
    return copy


def test_groups_keep_their_splits_in_another_folder(
    built: Built, source: Path, tmp_path: Path
) -> None:
    before = splits(built[1])
    dealt = (
        {track.path: shard.split for shard in shards for track in shard.tracks}
        for seed in range(8)
        for shards in [planned(source, tmp_path / "out", replace(OTHER, seed=seed)).shards]
    )
    assert any(not before.items() <= found.items() for found in dealt)
    report = build(source, tmp_path / "out", OTHER, since=origin(built[0]))
    assert before.items() <= splits(report).items()
    assert len(report.kept) == len(built[1].kept) + 1


def test_shards_without_a_new_track_are_the_same_files(
    built: Built, source: Path, tmp_path: Path
) -> None:
    build(source, tmp_path / "out", RECIPE, since=origin(built[0]))
    before, after = (read_manifest(folder).shards("raw") for folder in (built[0], tmp_path / "out"))
    assert before.keys() == after.keys()
    assert sum(after[path] == entry for path, entry in before.items()) == len(before) - 1


def test_shards_to_which_no_track_belongs_are_empty_and_encoded_as_such(
    music: Path, tmp_path: Path
) -> None:
    many = Since({}, {}, {"train": 7, "test": 4}, frozenset())
    build(music, tmp_path, RECIPE, since=many)
    for length in (20, 12):  # at first codes and tokens, then tokens alone
        encode_release(tmp_path, EncodeSettings(model="nano", max_length=length))
        shards = read_manifest(tmp_path).shards("encoded").values()
        assert len(shards) == 11 and 0 in {shard.rows for shard in shards}
        report = verify_folder(tmp_path)
        assert report.ok, report.failures


def test_a_group_that_is_new_goes_where_its_track_lies(
    built: Built, source: Path, tmp_path: Path
) -> None:
    path, split = next((path, split) for path, split in splits(built[1]).items() if split == "test")
    (source / "metadata.csv").write_text(
        f"file_name,group\n{path},album\nlatino/Rowing_latino.wav,album\n"
    )
    report = build(source, tmp_path / "out", RECIPE, since=origin(built[0]))
    assert splits(report)["latino/Rowing_latino.wav"] == splits(report)[path] == split


def test_withdrawn_tracks_stay_out_of_every_later_build(
    built: Built, music: Path, tmp_path: Path
) -> None:
    gone = next(row for row in built[1].kept if row["split"] == "train")
    since = origin(built[0], frozenset({gone["track_id"]}))
    shards = planned(music, tmp_path / "out", RECIPE, since=since).shards
    assert gone["track_id"] not in {track.track_id for s in shards for track in s.tracks}
    for release in (since, None):
        report = build(music, tmp_path / "out", RECIPE, since=release)
        row = next(row for row in report.tracks if row["path"] == gone["path"])
        assert (row["status"], row["reason"], row["chunks"]) == ("left_out", "withdrawn", 0)
        assert read_manifest(tmp_path / "out").withdrawn == [gone["track_id"]]


def test_the_command_takes_a_folder(
    built: Built, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--chunk-seconds", "2", "--overlap-seconds", "0.8", "--splits", "train=1"]
    arguments = ["build", str(source), str(tmp_path / "out"), *options, "--since"]
    assert main([*arguments, str(built[0]), "--dry-run"]) == 0
    assert "  raw/test-00000-of-00001.parquet: " in capsys.readouterr().out
    assert main([*arguments, str(tmp_path / "nowhere")]) == 1
    assert "no such folder" in capsys.readouterr().err


def test_a_release_is_a_folder_or_a_tag(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="is not a release"), open_release(str(tmp_path)):
        pass
    with pytest.raises(HubError, match="org/name: is no folder here"), open_release("org/name"):
        pass
    (tmp_path / "org").mkdir()
    with (
        pytest.raises(ReleaseError, match="ORG/NAME@v1"),
        open_release(str(tmp_path / "org/name")),
    ):
        pass
    with pytest.raises(SettingError, match="org/na me@v1"), open_release("org/na me@v1"):
        pass
