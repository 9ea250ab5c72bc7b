"""Withdrawing tracks: a release without them, on a local Hub, that is what a release must be."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from builder_tests.hub.local_hub import LocalHub
from builder_tests.support.clients import push, run_python
from sport_music_dataset.release.release import Release
from sport_music_dataset.release.tracks import kept_rows

# All commands in one process: its imports take longer than its work.
COMMANDS = """
import contextlib, io, json, sys
from sport_music_dataset.cli import main
done = []
for arguments in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    done.append([code, out.getvalue(), err.getvalue().splitlines()])
print(json.dumps(done))
"""
PROPOSE = """
import sys
from pathlib import Path
from sport_music_dataset import Release
from sport_music_dataset.publish.versions import propose
propose(Release.of(Path(sys.argv[1])), "org/music")
"""


pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Story:
    """A release from which one track was withdrawn, then all that was left of a split."""

    hub: LocalHub
    home: Path
    tracks: list[dict[str, Any]]
    gone: dict[str, Any]
    done: dict[str, tuple[int, str, list[str]]]

    def rows(self, tag: str, config: str) -> list[dict[str, Any]]:
        files = self.hub.files("org/music", tag)
        shards = [files[path] for path in sorted(files) if path.startswith(f"{config}/")]
        tables = [pq.read_table(pa.BufferReader(data)) for data in shards]
        return [row for table in tables for row in table.to_pylist()]


@pytest.fixture(scope="module")
def story(encoded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    home = tmp_path_factory.mktemp("home")
    tracks = kept_rows(Release.of(encoded).tracks())
    train = [row["track_id"] for row in tracks if row["split"] == "train"]
    test = [row["track_id"] for row in tracks if row["split"] == "test"]
    start = ["withdraw", "org/music"]
    commands = {
        "unknown": [*start, train[0], "0" * 16],
        "low": [*start, train[0], "--version", "1.0.0"],
        "all": [*start, *train, *test],
        "dry": [*start, train[0], "--dry-run"],
        "one": [*start, train[0], "--release-notes", "Asked for by *Me*."],
        "again": [*start, train[0]],
        "split": [*start, *test, "--version", "2.1.0"],
        "verify": ["verify", "org/music@v2.0.0"],
        "verify split": ["verify", "org/music@v2.1.0"],
    }
    with LocalHub() as hub:
        release = shutil.copytree(encoded, home / "release")
        with (release / "README.md").open("a") as file:
            file.write("## By hand\n")
        push(hub, home, release, "1.0.0")
        found = run_python(hub, home, "-c", COMMANDS, json.dumps(list(commands.values())))
        assert found.returncode == 0, found.stderr
        done = {
            name: (code, out, err)
            for name, (code, out, err) in zip(commands, json.loads(found.stdout), strict=True)
        }
        gone = next(row for row in tracks if row["track_id"] == train[0])
        yield Story(hub, home, tracks, gone, done)


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("unknown", 1, "keeps no track 0000000000000000; the column track_id"),
        ("low", 2, "version 1.0.0: org/music has v1.0.0 already"),
        ("all", 1, "nothing would be left; `hf repos delete`"),
        ("again", 1, ", withdrawn before; the column"),
    ],
)
def test_what_cannot_be_withdrawn_is_told(story: Story, name: str, code: int, said: str) -> None:
    found, out, err = story.done[name]
    assert (found, out) == (code, "") and said in err[-1]


def test_a_dry_run_says_what_would_go_and_who_has_it(story: Story) -> None:
    code, out, err = story.done["dry"]
    gone = story.gone
    assert code == 0 and err[-1] == "dry run: nothing was sent"
    assert out.splitlines() == [
        "org/music v2.0.0",
        f"withdrawn {gone['track_id']} {gone['path']}, {gone['chunks']} chunks",
        "held by   v1.0.0",
        "  hf repos tag delete org/music v1.0.0 --type dataset",
    ]


def test_its_rows_are_gone_and_all_others_are_there(story: Story) -> None:
    code, out, _ = story.done["one"]
    assert code == 0 and "org/music v2.0.0" in out
    for config in ("raw", "encoded"):
        before = story.rows("v1.0.0", config)
        kept = [row for row in before if row["track_id"] != story.gone["track_id"]]
        assert story.rows("v2.0.0", config) == kept
        assert len(before) - len(kept) == story.gone["chunks"]


def test_it_stays_accounted_for(story: Story) -> None:
    row = next(row for row in story.rows("v2.0.0", "tracks") if row["path"] == story.gone["path"])
    assert (row["status"], row["reason"], row["chunks"]) == ("left_out", "withdrawn", 0)
    manifest = json.loads(story.hub.files("org/music", "v2.0.0")["sportgen.json"])
    assert manifest["withdrawn"] == [story.gone["track_id"]]
    card = story.hub.files("org/music", "v2.0.0")["README.md"].decode()
    assert f"1 track withdrawn, -{story.gone['chunks']} chunks." in card
    assert "Asked for by *Me*." in card and "## By hand" in card


def test_what_is_left_is_a_release_as_it_must_be(story: Story) -> None:
    for name in ("verify", "verify split"):
        code, out, err = story.done[name]
        assert code == 0, (out, err)


def test_a_split_that_is_left_empty_is_given_up(story: Story) -> None:
    code, out, _ = story.done["split"]
    assert code == 0 and "held by   v1.0.0, v2.0.0" in out
    files = story.hub.files("org/music", "v2.1.0")
    assert not [path for path in files if "/test-" in path]
    assert 'split="test"' not in files["README.md"].decode()


def test_a_folder_that_brings_it_back_is_refused(story: Story, encoded: Path) -> None:
    done = run_python(story.hub, story.home, "-c", PROPOSE, encoded)
    assert "brings back" in done.stderr and "--since org/music@v2.1.0" in done.stderr
