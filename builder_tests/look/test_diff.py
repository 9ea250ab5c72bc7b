"""Differences between releases: what changed is counted, and no audio is read to find it."""

import json
import shutil
from pathlib import Path

import pytest

from builder_tests.conftest import RECIPE, noise, write_audio
from builder_tests.hub.local_hub import LocalHub
from builder_tests.support.clients import push, sportgen
from builder_tests.support.making import build
from builder_tests.support.rewriting import Rows, rewrite, without_copies
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.cli import main
from sport_music_dataset.columns import TRACK_COLUMNS
from sport_music_dataset.look.diff import Difference, diff_releases
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.release.release import Release

Built = tuple[Path, BuildReport]


def difference(before: Path, after: Path) -> Difference:
    return diff_releases(Release.of(before), Release.of(after))


@pytest.fixture(scope="module")
def after(music: Path, built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `built` becomes: a track more, one less, one with another title and description, and
    one file that holds other music."""
    root = tmp_path_factory.mktemp("after")
    source = shutil.copytree(music, root / "music")
    write_audio(source / "latino/Rowing_latino.wav", noise(4.0, seed=77))
    (source / "classic/Yoga_classic.aiff").unlink()
    write_audio(source / "classic/Nordic walking.flac", noise(5.0, seed=78))
    (source / "metadata.csv").write_text(
        "file_name,title,description\nlatino/Course_à_pied_latino.wav,Étude,quick guitar\n"
    )
    out = shutil.copytree(built[0], root / "dataset")
    build(source, out, RECIPE, num_proc=2)
    return out


def test_a_release_differs_in_nothing_from_itself(built: Built) -> None:
    found = difference(built[0], built[0])
    assert found.summary == "no change"
    assert (found.upload_files, found.upload_bytes) == (0, 0)


def test_columns_that_an_earlier_version_did_not_copy_change_no_codes(
    encoded: Path, tmp_path: Path
) -> None:
    earlier = shutil.copytree(encoded, tmp_path / "earlier")
    without_copies(earlier)
    found = difference(earlier, encoded)
    assert (found.chunks.changed, found.chunks.metadata) == (0, 0)
    assert {"encoded.session", "encoded.group", "encoded.energy"} <= {*found.columns.added}
    assert not found.columns.removed and not found.columns.changed


def test_tracks_that_came_went_and_changed(built: Built, after: Path) -> None:
    found = difference(built[0], after)
    assert [change.path for change in found.tracks.added] == ["latino/Rowing_latino.wav"]
    assert [change.path for change in found.tracks.removed] == ["classic/Yoga_classic.aiff"]
    changes = {change.path: change.columns for change in found.tracks.changed}
    assert changes.keys() == {"latino/Course_à_pied_latino.wav", "classic/Nordic walking.flac"}
    assert changes["latino/Course_à_pied_latino.wav"] == {"title": ("", "Étude")}
    assert "sha256" in changes["classic/Nordic walking.flac"]


def test_chunks_are_counted_and_totals_add_up(built: Built, after: Path) -> None:
    found, back = difference(built[0], after), difference(after, built[0])
    chunks = {row["path"]: row["chunks"] for row in built[1].kept}
    gone = chunks["classic/Yoga_classic.aiff"] + chunks["classic/Nordic walking.flac"]
    assert found.chunks.removed == gone == back.chunks.added
    assert found.chunks.descriptions == chunks["latino/Course_à_pied_latino.wav"]
    assert found.chunks.metadata == found.chunks.descriptions  # the title
    assert (found.chunks.moved, found.chunks.changed) == (0, 0)
    before, now = found.totals["chunks"]["all"]
    assert (before, now - before) == (sum(chunks.values()), found.chunks.added - gone)
    for heading in ("split", "style", "session"):
        assert sum(one for one, _ in found.totals[heading].values()) == before
        assert sum(other for _, other in found.totals[heading].values()) == now


def test_chunks_are_found_again_in_another_split(built: Built, tmp_path: Path) -> None:
    out = shutil.copytree(built[0], tmp_path / "dataset")
    manifest = read_manifest(out)
    one, other = (f"raw/{split}-00000-of-00001.parquet" for split in ("train", "test"))
    for path, source in ((one, other), (other, one)):
        shutil.copy(built[0] / source, out / path)
    files = manifest.files
    files[one], files[other] = files[other], files[one]
    manifest.write(out)
    chunks = difference(built[0], out).chunks
    assert chunks.moved == files[one].rows + files[other].rows > 0
    assert (chunks.added, chunks.removed, chunks.changed, chunks.metadata) == (0, 0, 0, 0)


def test_a_column_that_tracks_had_not_is_new_in_each(built: Built, tmp_path: Path) -> None:
    out = shutil.copytree(built[0], tmp_path / "dataset")
    fewer = {name: kind for name, kind in TRACK_COLUMNS.items() if name != "album"}
    rewrite(out, "tracks", lambda rows: None, fewer)
    found = difference(out, built[0])
    assert {change.path for change in found.tracks.changed} == {r["path"] for r in built[1].kept}
    assert all(change.columns == {"album": (None, "")} for change in found.tracks.changed)


def test_an_upload_is_the_files_that_the_other_has_not(built: Built, after: Path) -> None:
    held = {entry.sha256 for entry in read_manifest(built[0]).files.values()}
    files = read_manifest(after).files.values()
    found = difference(built[0], after)
    assert found.upload_bytes == sum(e.bytes for e in files if e.sha256 not in held) > 0


def test_columns_and_configs_that_came_and_went(built: Built, encoded: Path) -> None:
    found, back = difference(built[0], encoded), difference(encoded, built[0])
    assert found.columns.added == back.columns.removed == ("encoded",)
    assert "codec" in found.encoding and found.recipe == {}
    # A shard for each split, and the picture of codebooks, light and dark.
    assert found.summary == "+encoded" and found.upload_files == 4


def test_rows_that_cannot_be_told_to_be_the_same_are_changed(encoded: Path, tmp_path: Path) -> None:
    def other_code(rows: Rows) -> None:
        rows[0]["codes"][0][0] ^= 1

    out = shutil.copytree(encoded, tmp_path / "dataset")
    rewrite(out, "encoded", other_code)
    rows = read_manifest(out).shards("encoded")["encoded/train-00000-of-00001.parquet"].rows
    assert difference(encoded, out).chunks.changed == rows


def test_a_recipe_that_cuts_otherwise_changes_every_row(built: Built, tmp_path: Path) -> None:
    out = shutil.copytree(built[0], tmp_path / "dataset")
    rewrite(out, "raw", lambda rows: rows.reverse())
    manifest = read_manifest(out)
    manifest.recipe["overlap_seconds"] = 0.5
    manifest.write(out)
    found = difference(built[0], out)
    assert found.recipe == {"overlap_seconds": (0.8, 0.5)}
    assert found.chunks.changed == manifest.files["raw/train-00000-of-00001.parquet"].rows


def test_the_command_prints_a_table_or_json(
    built: Built, after: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", str(built[0]), str(after)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "  + latino/Rowing_latino.wav" in lines and "  - classic/Yoga_classic.aiff" in lines
    assert lines[-1].startswith(f"upload    {difference(built[0], after).upload_files} files, ")
    assert main(["diff", str(built[0]), str(after), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["tracks"]["added"][0]["path"] == "latino/Rowing_latino.wav"
    assert main(["diff", str(built[0]), "org/nowhere"]) == 1
    assert "written ORG/NAME@v1.0.0" in capsys.readouterr().err


def test_against_the_hub_no_audio_is_read(built: Built, after: Path, tmp_path: Path) -> None:
    with LocalHub() as hub:
        push(hub, tmp_path, built[0], "1.0.0")
        hub.requests.clear()
        done = sportgen(hub, tmp_path, "diff", "org/music@v1.0.0", after, "--json")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert found["chunks"]["removed"] == difference(built[0], after).chunks.removed
        audio = sum(entry.bytes for entry in read_manifest(built[0]).shards("raw").values())
        read = [entry.sent for entry in hub.requests if "/raw/" in entry.path and entry.sent]
        # Reading a footer takes the last 64 KiB, whatever they are.
        footers = [sent for sent in read if sent >= 65_536]
        assert set(footers) == {65_536} and len(footers) <= 3
        assert 0 < sum(read) - sum(footers) < audio / 50
