"""A release in an object store: sent whole, gone on with, and read there."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder_tests.conftest import RECIPE
from builder_tests.support.folders import files
from builder_tests.support.making import build
from builder_tests.support.object_store import BUCKET, ObjectStore, object_store
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.cli import main
from sport_music_dataset.errors import ReleaseError, SettingError, StoreError
from sport_music_dataset.look.diff import diff_releases
from sport_music_dataset.preview.view import PreviewSettings, View
from sport_music_dataset.publish.mirror import mirror_release
from sport_music_dataset.release.layout import MANIFEST, REVIEW
from sport_music_dataset.release.release import Release, open_release
from sport_music_dataset.verify.verify import verify_release

Built = tuple[Path, BuildReport]
URL = f"s3://{BUCKET}/sets/sport music"
PREFIX = "sets/sport music"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    with object_store(monkeypatch) as store:
        yield store


def published(folder: Path) -> set[str]:
    return {path for path in files(folder) if not path.startswith(".")}


def writes(store: ObjectStore) -> list[str]:
    """The objects that were written or removed, in order, without the journal."""
    changed = [
        path.removeprefix(f"{PREFIX}/")
        for method, path in store.requests
        if method in ("PUT", "POST", "DELETE") and not path.endswith("sent.json")
    ]
    return list(dict.fromkeys(changed))


def test_the_manifest_is_last_and_nothing_is_sent_twice(
    store: ObjectStore, encoded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["push", str(encoded), URL]) == 0
    assert writes(store)[-1] == MANIFEST
    assert store.paths(PREFIX) == published(encoded) | {".sportgen/sent.json"}
    store.requests.clear()
    assert main(["push", str(encoded), URL]) == 0
    assert writes(store) == []
    assert capsys.readouterr().out.splitlines()[-1].startswith("no change: ")


def test_a_push_goes_on_and_another_release_takes_the_place(
    store: ObjectStore, music: Path, built: Built, encoded: Path, tmp_path: Path
) -> None:
    first = Release.of(built[0]).manifest
    store.before = lambda method, path: 403 * (method != "GET" and "/tracks/" in path)
    with pytest.raises(StoreError, match="ACCESS_DENIED"):
        mirror_release(built[0], URL)
    assert MANIFEST not in store.paths(PREFIX)
    store.before = lambda method, path: 403
    asked = mirror_release(built[0], URL, dry_run=True)
    assert asked.sent == asked.files and "the store was not asked" in asked.notes[0]
    store.before = lambda method, path: 0
    mirror_release(built[0], URL)
    assert mirror_release(built[0], URL).already

    # Files of the same names with other bytes: between the releases there is none.
    other = tmp_path / "other"
    shutil.copytree(music, tmp_path / "less", ignore=shutil.ignore_patterns("Cardio*"))
    build(tmp_path / "less", other, RECIPE)
    seen: list[bool] = []

    def look(method: str, path: str) -> int:
        if method in ("PUT", "POST") and "/raw/" in path:
            seen.append(
                any(asked == ("DELETE", f"{PREFIX}/{MANIFEST}") for asked in store.requests)
            )
        return 0

    store.before = look
    store.requests.clear()
    assert set(mirror_release(other, URL).sent) & set(first.files)
    assert seen and all(seen)

    # Files that the new release has not are removed once its manifest is there.
    mirror_release(encoded, URL)
    store.requests.clear()
    assert any(path.startswith("encoded/") for path in mirror_release(other, URL).removed)
    changed = writes(store)
    assert changed.index(MANIFEST) < changed.index(next(p for p in changed if p[:8] == "encoded/"))
    assert store.paths(PREFIX) == published(other) | {".sportgen/sent.json"}


def test_a_release_is_read_there(
    store: ObjectStore, encoded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror_release(encoded, URL)
    with open_release(URL) as there, open_release(str(encoded)) as here:
        assert there.tracks() == here.tracks()
        assert there.paths() == here.paths()
        assert diff_releases(there, here).is_empty
        report = verify_release(there)
        view = View(there, PreviewSettings(decode=False))
        view.open_review()
        assert view.reviewing is None and not (there.folder / REVIEW).exists()
        assert "A review needs a folder: this release is elsewhere." in view.notes
    assert report.ok, report.failures
    said = []
    for place in (str(encoded), URL):
        assert main(["stats", place, "--json"]) == 0
        said.append(json.loads(capsys.readouterr().out))
    assert said[1]["name"] == URL and {**said[0], "name": URL} == said[1]
    assert main(["export", URL, str(tmp_path / "tars"), "--to", "webdataset", "--dry-run"]) == 0


def test_what_is_no_release_stays(
    store: ObjectStore, built: Built, capsys: pytest.CaptureFixture[str]
) -> None:
    store.put(f"{PREFIX}/holiday.jpg", b"x")
    with pytest.raises(ReleaseError, match="something else than a release"):
        mirror_release(built[0], URL)
    with pytest.raises(StoreError, match=r"sportgen\.json: is not there"), open_release(URL):
        pass
    with pytest.raises(SettingError, match="write it as s3://BUCKET/PREFIX"):
        mirror_release(built[0], "s3://")
    assert store.paths(PREFIX) == {"holiday.jpg"}
    assert main(["push", str(built[0]), URL, "--public"]) == 2
    capsys.readouterr()
    assert main(["encode", URL, "--model", "nano"]) == 1
    assert f"{URL}: is not on a disk" in capsys.readouterr().err
