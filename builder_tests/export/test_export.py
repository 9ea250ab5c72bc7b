"""Exports that are stopped, run twice, planned, pointed at wrong folders, or made from the Hub."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from builder_tests.hub.local_hub import LocalHub
from builder_tests.support.clients import push, sportgen
from builder_tests.support.commands import fails
from builder_tests.support.folders import tree
from sport_music_dataset.cli import main
from sport_music_dataset.errors import ReleaseError, SettingError
from sport_music_dataset.export import ExportSettings, export_release, plan_export
from sport_music_dataset.export.formats import FORMATS
from sport_music_dataset.progress import Progress
from sport_music_dataset.publish.contents import select
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.release.release import Release
from sport_music_dataset.release.schemas import SCHEMAS
from sport_music_dataset.release.shards import write_shard
from sport_music_dataset.storage.parquet import read_parquet

WORK = ".sportgen"


def settings(
    to: str, splits: tuple[str, ...] = (), root: str = ".", force: bool = False
) -> ExportSettings:
    """Parts of four chunks, and paths that are the same in any folder."""
    return ExportSettings(to, splits, chunks_per_shard=4, root=root, force=force)


def stops_after(chunks: int) -> Progress:
    """Progress that is interrupted once so many chunks were written."""

    @contextmanager
    def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
        left = chunks

        def advance(steps: int) -> None:
            nonlocal left
            left -= steps
            if left < 0:
                raise KeyboardInterrupt

        yield advance

    return progress


@pytest.mark.parametrize("to", FORMATS)
def test_a_stopped_export_goes_on_and_gives_the_same_bytes(
    to: str, encoded: Path, tmp_path: Path
) -> None:
    release, dest = Release.of(encoded), tmp_path / "dest"
    export_release(release, tmp_path / "whole", settings(to))
    with pytest.raises(KeyboardInterrupt):
        export_release(release, dest, settings(to), stops_after(9))
    begun = tree(dest, [WORK])
    assert begun and not (dest / "README.md").exists()
    # What a kill leaves, which an interruption does not.
    [part, *_] = (path for path in plan_of(dest)["parts"] if path not in begun)
    litter = dest / f"{part}.0123abcd.partial"
    litter.mkdir(parents=True)
    (litter / "half").touch()
    assert plan_export(release, dest, settings(to)).kept == 2
    assert export_release(release, dest, settings(to)).kept == 2
    assert tree(dest, [WORK]) == tree(tmp_path / "whole", [WORK])


def plan_of(dest: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads((dest / WORK / "export.json").read_text())
    return found


def test_a_finished_export_is_left_alone_and_mended_where_a_part_is_gone(
    encoded: Path, tmp_path: Path
) -> None:
    release, dest = Release.of(encoded), tmp_path / "dest"
    first = export_release(release, dest, settings("webdataset"))
    times = {file: file.stat().st_mtime_ns for file in dest.rglob("*.*")}
    again = export_release(release, dest, settings("webdataset"))
    assert again.kept == sum(first.parts.values()) and first.kept == 0
    with pytest.raises(ReleaseError, match="is an export; give the release"):
        Release.of(dest)
    assert {file: file.stat().st_mtime_ns for file in dest.rglob("*.*")} == times
    whole = tree(dest, [WORK])
    (dest / "train-000001.tar").unlink()
    (dest / "README.md").unlink()
    export_release(release, dest, settings("webdataset"))
    assert tree(dest, [WORK]) == whole


def test_another_root_keeps_the_audio_and_writes_the_manifests_anew(
    encoded: Path, tmp_path: Path
) -> None:
    release, dest = Release.of(encoded), tmp_path / "dest"
    export_release(release, dest, settings("audiocraft", root=""))
    audio = {file: file.stat().st_mtime_ns for file in dest.rglob("*.flac")}
    manifest = dest / "egs/train/data.jsonl"
    assert f'"path": "{dest}/audio/train/00000/' in manifest.read_text()
    report = export_release(release, dest, settings("audiocraft", root="/mnt/data/"))
    assert report.kept == sum(report.parts.values())
    assert '"path": "/mnt/data/audio/train/00000/' in manifest.read_text()
    assert {file: file.stat().st_mtime_ns for file in dest.rglob("*.flac")} == audio
    export_release(release, dest, settings("audiocraft"))
    assert '"path": "audio/train/00000/' in manifest.read_text()


def test_another_export_is_refused_and_replaced_with_force(encoded: Path, tmp_path: Path) -> None:
    release, dest = Release.of(encoded), tmp_path / "dest"
    export_release(release, dest, settings("lhotse"))
    (dest / "audio/mine.txt").touch()
    for other in (settings("webdataset"), settings("lhotse", splits=("test",))):
        for run in (export_release, plan_export):
            with pytest.raises(SettingError, match=r"of dataset for lhotse, but .*--force"):
                run(release, dest, other)
    export_release(release, dest, settings("webdataset", force=True))
    export_release(release, tmp_path / "new", settings("webdataset"))
    ours = {"audio": "a folder", "audio/mine.txt": b""}
    assert tree(dest, [WORK]) == ours | tree(tmp_path / "new", [WORK])


def test_an_export_of_another_state_of_the_release_is_refused(
    encoded: Path, tmp_path: Path
) -> None:
    out, dest = shutil.copytree(encoded, tmp_path / "dataset"), tmp_path / "dest"
    export_release(Release.of(out), dest, settings("ace-step"))
    manifest = read_manifest(out)
    codes = next(iter(manifest.shards("encoded")))
    del manifest.files[codes]
    # Codes do not matter to ACE-Step, tracks do.
    export_release(Release.of(out, manifest), dest, settings("ace-step"))
    path, entry = next(iter(manifest.shards("tracks").items()))
    manifest.files[path] = type(entry)("0" * 64, entry.rows, entry.bytes)
    chosen = replace(settings("ace-step"), chunks_per_shard=7)
    said = "for ace-step, but --chunks-per-shard was 4 and is 7, tracks has changed; give"
    with pytest.raises(SettingError, match=said):
        export_release(Release.of(out, manifest), dest, chosen)
    # As an earlier version wrote the record.
    record = plan_of(dest)
    del record["facts"]
    (dest / WORK / "export.json").write_text(json.dumps(record))
    with pytest.raises(SettingError, match="or of another state"):
        export_release(Release.of(out, manifest), dest, settings("ace-step"))


def test_a_folder_with_something_else_is_refused(
    encoded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dest = tmp_path / "dest"
    dest.mkdir()
    (dest / "thesis.txt").touch()
    line = fails(capsys, 2, "export", encoded, dest, "--to", "lhotse", "--force")
    assert "holds something else than an export (thesis.txt); give an empty folder" in line
    line = fails(capsys, 2, "export", encoded, dest / "thesis.txt", "--to", "lhotse")
    assert "is no folder" in line
    line = fails(capsys, 2, "export", encoded, encoded / "out", "--to", "lhotse")
    assert "lies in the release" in line
    line = fails(capsys, 2, "export", encoded, tmp_path / "new", "--to", "lhotse", "--split", "dev")
    assert "--split dev" in line and "has train, test" in line
    line = fails(capsys, 1, "export", tmp_path / "nowhere", dest, "--to", "lhotse")
    assert "no such folder" in line
    assert [path.name for path in tmp_path.iterdir()] == ["dest"]


def test_a_record_that_is_damaged_or_leads_elsewhere_is_told(encoded: Path, tmp_path: Path) -> None:
    release, dest = Release.of(encoded), tmp_path / "dest"
    export_release(release, dest, settings("webdataset"))
    record = plan_of(dest)
    (dest / "link").symlink_to(encoded)
    for change in ({"parts": ["../../thesis.txt"]}, {"others": ["link/README.md"]}, {"parts": 1}):
        (dest / WORK / "export.json").write_text(json.dumps({**record, **change}))
        with pytest.raises(SettingError, match=r"export\.json: is damaged"):
            export_release(release, dest, settings("webdataset", force=True))
    assert (encoded / "README.md").exists()


def test_two_exports_into_one_folder_are_refused(encoded: Path, tmp_path: Path) -> None:
    dest = tmp_path / "dest"
    (dest / WORK).mkdir(parents=True)
    with FileLock(dest / WORK / "lock"), pytest.raises(ReleaseError, match="is writing to it"):
        export_release(Release.of(encoded), dest, settings("webdataset"))


def test_a_chunk_whose_id_leads_elsewhere_is_refused(encoded: Path, tmp_path: Path) -> None:
    out, dest = shutil.copytree(encoded, tmp_path / "dataset"), tmp_path / "dest"
    manifest = read_manifest(out)
    path = min(manifest.shards("raw"))
    rows = read_parquet(out / path).to_pylist()
    rows[0]["chunk_id"] = "../../../stray"
    manifest.files[path] = write_shard(out, path, SCHEMAS["raw"], rows)
    with pytest.raises(ReleaseError, match=r"'\.\./\.\./\.\./stray' is no chunk's id"):
        export_release(Release.of(out, manifest), dest, settings("lhotse"))
    assert not [*tmp_path.rglob("stray*")]


def test_of_codes_alone_webdataset_is_all_that_there_is(encoded: Path, tmp_path: Path) -> None:
    release = Release.of(encoded, select(read_manifest(encoded), ("encoded", "tracks")))
    for to in FORMATS.keys() - {"webdataset"}:
        with pytest.raises(ReleaseError, match=f"no audio, which {to} needs; --to webdataset"):
            export_release(release, tmp_path / "dest", settings(to))
    report = export_release(release, tmp_path / "dest", settings("webdataset"))
    assert report.splits == release.manifest.splits("encoded")
    readme = (tmp_path / "dest/README.md").read_text()
    assert "Descriptions and codes of" in readme and "flac" not in readme


def test_a_dry_run_reads_no_audio_and_writes_nothing(
    encoded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dest = tmp_path / "dest"
    command = ["export", str(encoded), str(dest), "--to", "webdataset", "--chunks-per-shard", "9"]
    assert main([*command, "--dry-run", "--json"]) == 0
    captured = capsys.readouterr()
    planned = json.loads(captured.out)
    assert "nothing was written" in captured.err and not dest.exists()
    assert main([*command, "--dry-run"]) == 0
    parts = sum(planned["parts"].values())
    assert f"to write  {parts} of {parts} tar files" in capsys.readouterr().out.splitlines()
    assert main([*command, "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done == planned
    size = sum(file.stat().st_size for file in dest.rglob("*") if file.is_file())
    assert planned["size"] == pytest.approx(size, rel=0.2)
    assert main(command) == 0
    captured = capsys.readouterr()
    assert "written" not in captured.out
    assert f"kept      {parts} of {parts} tar files" in captured.out.splitlines()
    assert "README.md says how to train" in captured.err


def test_one_split_alone(encoded: Path, tmp_path: Path) -> None:
    dest = tmp_path / "dest"
    report = export_release(
        Release.of(encoded), dest, settings("stable-audio-tools", splits=("test",))
    )
    assert [*report.splits] == ["test"] and [p.name for p in (dest / "audio").iterdir()] == ["test"]
    tracks = (dest / "LICENSES.tsv").read_text().splitlines()[1:]
    assert tracks and all("\ttest\t" in line for line in tracks)


def test_from_the_hub_it_is_as_from_the_folder(encoded: Path, tmp_path: Path) -> None:
    with LocalHub() as hub:
        push(hub, tmp_path, encoded, "1.0.0")
        done = sportgen(
            hub,
            tmp_path,
            *("export", "org/music@v1.0.0", tmp_path / "hub", "--to", "webdataset"),
            *("--chunks-per-shard", 4, "--root", "."),
        )
        assert done.returncode == 0, done.stderr
    export_release(Release.of(encoded), tmp_path / "here", settings("webdataset"))
    hub_files, files = tree(tmp_path / "hub", [WORK]), tree(tmp_path / "here", [WORK])
    readme = hub_files.pop("README.md")
    assert isinstance(readme, bytes) and b"# music for WebDataset" in readme
    assert hub_files == {path: data for path, data in files.items() if path != "README.md"}
