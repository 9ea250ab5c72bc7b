"""A build: the right rows, every file accounted for, the same bytes every time, no work twice."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile
from datasets import load_dataset

from builder_tests.conftest import RECIPE, noise, write_audio
from builder_tests.support.folders import files
from builder_tests.support.making import build, planned, verify_folder
from sport_music_dataset.audio.decode import decode_mono
from sport_music_dataset.audio.samples import to_pcm16
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.digests import file_digest
from sport_music_dataset.errors import ReleaseError, SettingError, SourceError
from sport_music_dataset.release.manifest import read_manifest

Built = tuple[Path, BuildReport]


def test_chunks_are_what_lies_in_the_track(music: Path, built: Built) -> None:
    rows = [row for file in (built[0] / "raw").iterdir() for row in pq.read_table(file).to_pylist()]
    paths = {row["track_id"]: row["path"] for row in built[1].tracks if row["status"] == "kept"}
    assert {row["track_id"] for row in rows} == paths.keys()
    for row in rows:
        audio, rate = soundfile.read(io.BytesIO(row["audio"]["bytes"]), dtype="int16")
        track = np.concatenate(list(decode_mono(str(music / paths[row["track_id"]]))))
        start = round(row["start_seconds"] * 32_000)
        assert (rate, audio.shape) == (32_000, (RECIPE.chunk_samples,))
        assert row["chunk_id"] == f"{row['track_id']}-{row['chunk_index']:04d}"
        assert start == row["chunk_index"] * RECIPE.hop_samples
        np.testing.assert_array_equal(
            audio, to_pcm16(track[start : start + RECIPE.chunk_samples])[0]
        )


def test_neighbours_share_their_overlap_sample_for_sample(built: Built) -> None:
    dataset = load_dataset(str(built[0]), split="train")
    overlap = RECIPE.chunk_samples - RECIPE.hop_samples
    pairs = 0
    for left, right in zip(dataset, list(dataset)[1:], strict=False):
        if left["track_id"] == right["track_id"]:
            ends = left["audio"].get_all_samples().data[0, -overlap:]
            starts = right["audio"].get_all_samples().data[0, :overlap]
            assert (ends == starts).all()
            pairs += 1
    assert pairs > 5


def test_every_source_file_is_accounted_for(music: Path, built: Built) -> None:
    rows = {row["path"]: row for row in load_dataset(str(built[0]), "tracks", split="train")}
    assert len(rows) == 10
    assert rows["latino/Short_latino.wav"]["reason"] == "too short: 1.0 s, a chunk is 2 s"
    # A session of which nothing is kept is none that train lacks.
    assert "sessions without a track in train: stretching (test)" in built[1].notes
    assert rows["latino/Yoga_3_latino.flac"]["status"] == "left_out"
    assert built[1].left_out == {"not audio": 2, "duplicate of": 1, "too short": 1}
    for row in (row for row in rows.values() if row["status"] == "kept"):
        covered = (row["chunks"] - 1) * 1.2 + 2.0
        assert row["duration_seconds"] == pytest.approx(covered + row["tail_seconds"])
        assert 0 <= row["tail_seconds"] < 1.2
        assert row["split"] in ("train", "test") and row["group"] == row["track_id"]


def test_no_track_lies_in_two_splits(built: Built) -> None:
    dataset = load_dataset(str(built[0]))
    train, test = (set(dataset[split]["track_id"]) for split in ("train", "test"))
    assert train and test and not train & test


def test_the_manifest_says_what_is_there(built: Built) -> None:
    manifest = read_manifest(built[0])
    for path, entry in manifest.files.items():
        assert entry.sha256 == file_digest(built[0] / path)
        if path.endswith(".parquet"):
            assert entry.rows == pq.read_metadata(built[0] / path).num_rows
        assert entry.bytes == (built[0] / path).stat().st_size
    assert manifest.splits("raw") == built[1].chunks
    assert manifest.fingerprint == RECIPE.fingerprint
    assert manifest.software.keys() >= {"sportgen", "decoder", "soxr"}


def test_parquet_suits_the_hub(built: Built) -> None:
    file = pq.ParquetFile(next((built[0] / "raw").iterdir()))
    assert b"content_defined_chunking" in file.metadata.metadata
    assert file.metadata.row_group(0).column(0).has_column_index


@pytest.mark.parametrize("num_proc", [1, 3])
def test_the_number_of_processes_leaves_no_trace(
    music: Path, built: Built, tmp_path: Path, num_proc: int
) -> None:
    build(music, tmp_path / "out", RECIPE, num_proc=num_proc)
    assert files(tmp_path / "out") == files(built[0])


def test_a_second_run_has_nothing_to_do(built: Built, music: Path, tmp_path: Path) -> None:
    out = shutil.copytree(built[0], tmp_path / "out")
    before = {file: file.stat().st_mtime_ns for file in (out / "raw").iterdir()}
    report = build(music, out, RECIPE)
    assert report.shards_written == 0
    assert report.tracks == built[1].tracks
    assert {file: file.stat().st_mtime_ns for file in (out / "raw").iterdir()} == before
    assert files(out) == files(built[0])


def test_a_damaged_or_lost_shard_is_made_again(built: Built, music: Path, tmp_path: Path) -> None:
    out = shutil.copytree(built[0], tmp_path / "out")
    first, *_ = sorted((out / "raw").iterdir())
    first.write_bytes(first.read_bytes()[:-1])
    assert build(music, out, RECIPE).shards_written == 1
    assert files(out) == files(built[0])


def test_a_new_track_rewrites_its_shard_and_moves_no_other(music: Path, tmp_path: Path) -> None:
    source = shutil.copytree(music, tmp_path / "music")
    out = tmp_path / "out"
    before = {row["track_id"]: row["split"] for row in build(source, out, RECIPE).kept}
    write_audio(source / "latino/Rowing_latino.wav", noise(4.0, seed=77))
    report = build(source, out, RECIPE)
    after = {row["track_id"]: row["split"] for row in report.kept}
    assert len(after) == len(before) + 1
    assert before.items() <= after.items()
    assert report.shards_written == 1


def test_another_recipe_needs_force(built: Built, music: Path, tmp_path: Path) -> None:
    out = shutil.copytree(built[0], tmp_path / "out")
    other = replace(RECIPE, seed=5)
    with pytest.raises(ReleaseError, match=r"\(--seed was 0, is 5\); as it was: .*--force"):
        build(music, out, other)
    assert files(out) == files(built[0])
    build(music, out, other, force=True)
    assert read_manifest(out).fingerprint == other.fingerprint


@pytest.mark.parametrize("force", [True, False])
def test_a_build_that_cannot_fill_its_splits_changes_no_file(
    force: bool, built: Built, music: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(built[0], tmp_path / "out")
    recipe = replace(RECIPE, require_tempo=force)
    if not force:
        dropped = [row["chunk_id"] for row in load_dataset(str(out), split="test")]
        lines = ["id,field,after", *(f"{chunk},verdict,drop" for chunk in dropped)]
        (out / "review.csv").write_text("\n".join(lines))
    with pytest.raises(SourceError, match="no track can be" if force else "test would be empty"):
        build(music, out, recipe, force=force)
    (out / "review.csv").unlink(missing_ok=True)
    assert files(out) == files(built[0])
    build(music, out, RECIPE)
    assert files(out) == files(built[0])


def test_a_folder_of_something_else_is_not_touched(music: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ReleaseError, match="something else"):
        build(music, tmp_path, RECIPE, force=True)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("latino/Yoga_1_latino.flac,tset,", "is in split tset, which is none of train, test"),
        ("latino/Yoga_1_latino.flac,../../x,", "metadata.csv: line 2: split: the name '../../x'"),
        ("latino/Yoga_1_latino.flac,/etc/x,", "line 2: split: the name '/etc/x' cannot be used"),
        ("latino/Yoga_1_latino.flac,a b,", "line 2: split: the name 'a b' cannot be used"),
        (
            "latino/Yoga_1_latino.flac,train,g\nclassic/Yoga_classic.aiff,test,g",
            "of the same group in t",
        ),
    ],
)
def test_what_metadata_contradicts_is_found_before_anything_is_cut(
    music: Path, tmp_path: Path, rows: str, said: str
) -> None:
    source = shutil.copytree(music, tmp_path / "music")
    (source / "metadata.csv").write_text(f"file_name,split,group\n{rows}\n")
    for work in (build, planned):
        with pytest.raises(SourceError) as raised:
            work(source, tmp_path / "out", RECIPE)
        assert said in str(raised.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["music"]


def test_a_split_of_proportion_0_has_only_what_metadata_puts_there(
    music: Path, tmp_path: Path
) -> None:
    source = shutil.copytree(music, tmp_path / "music")
    (source / "metadata.csv").write_text("file_name,split\nclassic/Yoga_classic.aiff,held\n")
    recipe = replace(RECIPE, splits=(("train", 0.7), ("test", 0.3), ("held", 0.0)))
    kept = build(source, tmp_path / "out", recipe).kept
    assert [row["path"] for row in kept if row["split"] == "held"] == ["classic/Yoga_classic.aiff"]
    assert {row["split"] for row in kept} == {"train", "test", "held"}
    (source / "metadata.csv").unlink()
    report = build(source, tmp_path / "without", recipe)
    assert {row["split"] for row in report.kept} == {"train", "test"}
    assert verify_folder(tmp_path / "without").ok


def test_an_error_leaves_the_work_that_the_next_run_goes_on_from(tmp_path: Path) -> None:
    for number in range(3):
        write_audio(tmp_path / f"music/{number}.wav", noise(1.0, seed=number))
    with pytest.raises(SourceError, match="too short: 3"):
        build(tmp_path / "music", tmp_path / "out", RECIPE)
    assert list((tmp_path / "out/.sportgen").glob("fingerprints-*.bin"))
    for number in range(3, 5):
        write_audio(tmp_path / f"music/{number}.wav", noise(3.0, seed=number))
    report = build(tmp_path / "music", tmp_path / "out", RECIPE)
    assert report.left_out == {"too short": 3} and len(report.kept) == 2


def test_a_split_emptied_by_bad_tracks_is_filled_again(tmp_path: Path) -> None:
    source = tmp_path / "music"
    for number in range(4):
        write_audio(source / f"{number}.wav", noise(1.0, seed=number))
    for number in range(4, 8):
        write_audio(source / f"{number}.wav", noise(2.5, seed=number))
    for seed in range(4):
        recipe = replace(RECIPE, seed=seed)
        report = build(source, tmp_path / f"out{seed}", recipe)
        assert all(report.chunks.values()) and report.left_out == {"too short": 4}


def test_a_release_inside_its_source_is_passed_by(music: Path, tmp_path: Path) -> None:
    source = shutil.copytree(music, tmp_path / "music")
    first = build(source, source / "dataset", RECIPE)
    again = build(source, source / "dataset", RECIPE)
    assert again.shards_written == 0
    assert again.tracks == first.tracks and again.ignored == first.ignored


def test_a_plan_writes_nothing(music: Path, tmp_path: Path) -> None:
    plan = planned(music, tmp_path / "out", RECIPE)
    shards, library = plan.shards, plan.grouping.library
    assert sum(len(shard.tracks) for shard in shards) == len(library.usable) == 7
    assert not (tmp_path / "out").exists()


def test_a_preview_expects_what_comes(music: Path, built: Built, tmp_path: Path) -> None:
    fresh = planned(music, tmp_path / "out", RECIPE).estimate
    written = sum(file.stat().st_size for file in (built[0] / "raw").iterdir())
    assert 0.7 * written < fresh.bytes < 1.4 * written
    assert (fresh.shards, fresh.kept, fresh.workers) == (2, 0, 1)
    assert 0 < fresh.seconds < 600
    kept = planned(music, built[0], RECIPE).estimate
    assert (kept.shards, kept.kept, kept.seconds, kept.bytes) == (0, 2, 0, 0)


def test_what_is_on_no_disk_is_refused(music: Path, tmp_path: Path) -> None:
    place = "https://host/music"
    with pytest.raises(SettingError, match=rf"{place}: is not on a disk; mount it"):
        build(Path(place), tmp_path / "out", RECIPE)
    with pytest.raises(SettingError, match=rf"{place}: is not on a disk; mount it"):
        build(music, Path(place), RECIPE)
    with pytest.raises(SettingError, match=r"is not on a disk; .*push FOLDER s3://bucket/music"):
        build(music, Path("s3://bucket/music"), RECIPE)


def test_metadata_reaches_the_rows(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_audio(tmp_path / f"music/{name}.wav", noise(3.0, seed=ord(name)))
    (tmp_path / "music/metadata.csv").write_text(
        "file_name,session,style,title,artist,description,license\n"
        "a.wav,Yoga,folk,Étude,Me,quiet folk guitar,cc-by-4.0\n"
    )
    recipe = replace(RECIPE, splits=(("train", 1.0),))
    build(tmp_path / "music", tmp_path / "out", recipe, license="cc0-1.0")
    rows = {row["title"]: row for row in load_dataset(str(tmp_path / "out"), split="train")}
    assert rows["Étude"]["description"] == "quiet folk guitar"
    assert (rows["Étude"]["artist"], rows["Étude"]["license"]) == ("Me", "cc-by-4.0")
    assert (rows[""]["session"], rows[""]["license"]) == ("b", "cc0-1.0")


def test_a_folder_built_again_is_not_answered_from_the_cache(music: Path, tmp_path: Path) -> None:
    out, cache = tmp_path / "out", str(tmp_path / "cache")
    for seed in (0, 1):
        build(music, out, replace(RECIPE, seed=seed), force=True)
        table = pq.read_table(sorted((out / "raw").glob("train-*"))[0])
        loaded = load_dataset(str(out), split="train", cache_dir=cache)
        assert list(loaded["description"]) == table["description"].to_pylist()
