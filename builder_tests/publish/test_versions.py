"""Versions by what changed, and the changelog that says so."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder_tests.hub.local_hub import LocalHub
from builder_tests.support.clients import push, run_python
from builder_tests.support.rewriting import Rows, rewrite
from sport_music_dataset.errors import SettingError
from sport_music_dataset.look.diff import Difference, diff_releases
from sport_music_dataset.publish.versions import (
    Bump,
    Proposal,
    bump_of,
    changelog_entry,
    next_version,
    read_notes,
)
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.release.release import Release


@pytest.fixture(scope="module")
def same(encoded: Path) -> Difference:
    return diff_releases(Release.of(encoded), Release.of(encoded))


@pytest.mark.parametrize(
    ("part", "changes", "bump"),
    [
        ("chunks", {}, Bump.NONE),
        ("chunks", {"descriptions": 1}, Bump.PATCH),
        ("chunks", {"metadata": 1}, Bump.PATCH),
        ("chunks", {"added": 1}, Bump.MINOR),
        ("columns", {"added": ("encoded",)}, Bump.MINOR),
        ("chunks", {"removed": 1}, Bump.MAJOR),
        ("chunks", {"added": 3, "moved": 1}, Bump.MAJOR),
        ("chunks", {"changed": 1}, Bump.MAJOR),
        ("columns", {"removed": ("raw.title",)}, Bump.MAJOR),
        ("columns", {"changed": ("raw.title",)}, Bump.MAJOR),
    ],
)
def test_what_changed_says_how_far_the_version_moves(
    same: Difference, part: str, changes: dict[str, int], bump: Bump
) -> None:
    changed = replace(getattr(same, part), **changes)
    assert bump_of(replace(same, **{part: changed})) == bump


def test_other_files_alone_are_a_patch(same: Difference) -> None:
    assert bump_of(replace(same, upload_files=1)) == Bump.PATCH
    assert bump_of(replace(same, recipe={"seed": (0, 1)})) == Bump.PATCH


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_the_next_version_is_the_next(major: int, minor: int, patch: int) -> None:
    tag = f"v{major}.{minor}.{patch}"
    assert next_version(tag, Bump.MAJOR) == f"{major + 1}.0.0"
    assert next_version(tag, Bump.MINOR) == f"{major}.{minor + 1}.0"
    assert next_version(tag, Bump.PATCH) == f"{major}.{minor}.{patch + 1}"
    assert next_version(tag, Bump.NONE) == f"{major}.{minor}.{patch}"


def test_the_changelog_is_newest_first_and_has_each_version_once(
    encoded: Path, same: Difference
) -> None:
    day = date(2026, 11, 22)
    manifest = read_manifest(encoded)
    Proposal("1.0.0", Bump.MAJOR).record(manifest, "1.0.0", day, " Hello \n")
    entry = changelog_entry("1.0.0", day, "first release", "Hello")
    assert entry == {
        "version": "1.0.0",
        "date": "2026-11-22",
        "changes": "first release",
        "notes": "Hello",
    }
    assert manifest.changelog == [entry]
    second = Proposal("1.0.1", Bump.PATCH, same, "v1.0.0", (entry,), ("ab",))
    second.record(manifest, "1.0.1", day)
    assert [entry["version"] for entry in manifest.changelog] == ["1.0.1", "1.0.0"]
    assert manifest.withdrawn == ["ab"]
    written = manifest.as_json()
    again = Proposal("1.0.1", Bump.NONE, same, "v1.0.1", tuple(manifest.changelog), ("ab",))
    again.record(manifest, "1.0.1", date(2027, 1, 1), "other notes")
    assert manifest.as_json() == written


def test_notes_are_text_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("More *yoga*\n")
    assert read_notes(str(tmp_path / "notes.md")) == "More *yoga*\n"
    assert read_notes("More *yoga*") == "More *yoga*"
    (tmp_path / "notes.bin").write_bytes(b"\xff")
    with pytest.raises(SettingError, match="is not UTF-8"):
        read_notes(str(tmp_path / "notes.bin"))


PROPOSE = """
import sys
from pathlib import Path
from sport_music_dataset import Release
from sport_music_dataset.publish.versions import propose
for folder in sys.argv[2:]:
    found = propose(Release.of(Path(folder)), sys.argv[1])
    print(found.last or "-", found.version, found.bump)
"""

EDIT_CARD = """
import sys
from huggingface_hub import HfApi
api = HfApi()
file = api.hf_hub_download(sys.argv[1], "README.md", repo_type="dataset")
text = open(file, "rb").read() + b"## Written on the Hub\\n"
api.upload_file(
    path_or_fileobj=text, path_in_repo="README.md", repo_id=sys.argv[1], repo_type="dataset"
)
"""


def test_a_version_is_proposed_from_the_last_release(encoded: Path, tmp_path: Path) -> None:
    def other_words(rows: Rows) -> None:
        rows[0]["description"] = "other"

    def fewer(rows: Rows) -> None:
        rows.pop()

    card, words, less = (
        shutil.copytree(encoded, tmp_path / name) for name in ("card", "words", "less")
    )
    with (card / "README.md").open("a") as file:
        file.write("## Thanks\n")
    rewrite(words, "raw", other_words)
    rewrite(less, "raw", fewer)
    folders = (encoded, card, words, less)
    with LocalHub() as hub:
        done = run_python(hub, tmp_path, "-c", PROPOSE, "org/music", encoded)
        assert done.stdout.splitlines() == ["- 1.0.0 major"], done.stderr
        for version in ("1.9.0", "1.10.0"):
            push(hub, tmp_path, encoded, version)
        done = run_python(hub, tmp_path, "-c", PROPOSE, "org/music", *folders)
        assert done.stdout.splitlines() == [
            "v1.10.0 1.10.0 none",
            "v1.10.0 1.10.1 patch",
            "v1.10.0 1.10.1 patch",
            "v1.10.0 2.0.0 major",
        ], done.stderr
        done = run_python(hub, tmp_path, "-c", EDIT_CARD, "org/music")
        assert done.returncode == 0, done.stderr
        done = run_python(hub, tmp_path, "-c", PROPOSE, "org/music", encoded)
        assert done.stdout.splitlines() == ["v1.10.0 1.10.1 patch"], done.stderr
