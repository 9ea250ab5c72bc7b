"""Publishing to a local Hub through the real clients: one commit, one tag, nothing half-written."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder_tests.hub.local_hub import LocalHub
from builder_tests.support.clients import Client, push
from sport_music_dataset.errors import SettingError
from sport_music_dataset.publish.publish import check_repo_id, check_version
from sport_music_dataset.release.manifest import read_manifest


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as hub:
        yield hub


@pytest.fixture
def client(hub: LocalHub, tmp_path: Path) -> Client:
    return Client(hub, tmp_path / "home")


def test_a_release_is_one_commit_and_one_tag_and_loads_back(
    hub: LocalHub, client: Client, encoded: Path
) -> None:
    done = client.push(encoded, "org/sport-music", "--version", "1.0.0")
    assert done.returncode == 0, done.stderr
    repo = hub.repos["org/sport-music"]
    commits = [entry for entry in hub.requests if "/commit/" in entry.path]
    assert [entry.status for entry in commits] == [200]
    assert repo.tags == {"v1.0.0": repo.branches["main"]}
    assert repo.private
    files = hub.files("org/sport-music", "v1.0.0")
    manifest = read_manifest(encoded)
    assert files.keys() == {*manifest.files, "README.md", "sportgen.json", ".gitattributes"}
    assert 'load_dataset("org/sport-music", revision="v1.0.0")' in files["README.md"].decode()
    back = client.run("builder_tests.support.load_back", encoded, "org/sport-music", "v1.0.0")
    assert back.returncode == 0, back.stderr
    assert f"encoded/train: {manifest.splits('encoded')['train']} rows agree" in back.stdout


def test_a_second_release_deletes_what_is_stale_and_nothing_else(
    hub: LocalHub, client: Client, encoded: Path, built: tuple[Path, object]
) -> None:
    push(hub, client.home, encoded, "1.0.0", "org/sport-music")
    repo = hub.repos["org/sport-music"]
    first = hub.files("org/sport-music")
    push(hub, client.home, built[0], "2.0.0", "org/sport-music")
    second = hub.files("org/sport-music")
    assert set(first.keys() - second.keys()) == {
        path for path in first if path.startswith(("encoded/", "assets/codebooks-"))
    }
    assert ".gitattributes" in second
    assert hub.files("org/sport-music", "v1.0.0") == first
    assert repo.tags["v2.0.0"] == repo.branches["main"] != repo.tags["v1.0.0"]
    sent = sum(entry.received for entry in hub.requests if entry.method == "PUT")
    assert sent == sum(entry.bytes for entry in read_manifest(encoded).files.values())


def test_a_dry_run_sends_nothing(hub: LocalHub, client: Client, encoded: Path) -> None:
    done = client.push(encoded, "org/sport-music", "--version", "1.0.0", "--dry-run")
    assert done.returncode == 0
    assert "raw/train-00000-of-00001.parquet" in done.stdout
    assert {entry.method for entry in hub.requests} == {"GET"}
    assert hub.repos == {}


def test_public_needs_a_licence_for_every_track(
    hub: LocalHub, client: Client, encoded: Path
) -> None:
    done = client.push(encoded, "org/sport-music", "--version", "1.0.0", "--public")
    assert done.returncode == 1
    assert "no licence for 6 tracks" in done.stderr and "--license" in done.stderr
    assert hub.requests == []


CASES = {
    "wrong token": ("org/x", {"token": "hf_no"}, "hf auth login"),
    "no token": ("org/x", {"token": None}, "hf auth login"),
    "read token": ("org/x", {"token": "hf_reader"}, "write"),
    "somebody else's": ("bob/x", {}, "logged in as owner"),
    "existing tag": ("org/taken", {}, "v1.0.0 exists already"),
    "no Hub": (
        "org/x",
        {"HF_ENDPOINT": "http://127.0.0.1:9"},
        "127.0.0.1:9: cannot be reached",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_error_is_one_line_and_nothing_is_written(
    hub: LocalHub, client: Client, encoded: Path, built: tuple[Path, object], case: str
) -> None:
    repo, settings, said = CASES[case]
    if case == "existing tag":
        push(hub, client.home, built[0], "1.0.0", "org/taken")
    repos = {name: dict(repo.branches) for name, repo in hub.repos.items()}
    before = (encoded / "README.md").read_bytes()
    done = client.push(encoded, repo, "--version", "1.0.0", **settings)  # type: ignore[arg-type]
    assert done.returncode == 1, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1 and said in errors[0]
    assert "Traceback" not in done.stderr
    # What would have been sent is shown before the Hub is asked to take it.
    assert done.stdout == "" or case == "existing tag"
    assert "hf_" not in done.stderr
    assert {name: dict(repo.branches) for name, repo in hub.repos.items()} == repos
    assert (encoded / "README.md").read_bytes() == before


def test_a_shard_that_is_not_the_manifests_is_not_sent(
    hub: LocalHub, client: Client, encoded: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(encoded, tmp_path / "out")
    shard = next((out / "raw").iterdir())
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    done = client.push(out, "org/sport-music", "--version", "1.0.0")
    assert done.returncode == 1 and "is not what the manifest says" in done.stderr
    assert hub.repos == {}


def test_a_release_that_is_there_is_left_as_it_is(
    hub: LocalHub, client: Client, encoded: Path
) -> None:
    push(hub, client.home, encoded, "1.0.0", "org/sport-music")
    hub.requests.clear()
    done = client.push(encoded, "org/sport-music", "--version", "1.0.0")
    assert done.returncode == 0
    assert done.stdout == "no change: org/sport-music has this release already, as v1.0.0\n"
    assert {entry.method for entry in hub.requests} == {"GET", "HEAD"}
    del hub.repos["org/sport-music"].tags["v1.0.0"]
    push(hub, client.home, encoded, "1.0.0", "org/sport-music")
    repo = hub.repos["org/sport-music"]
    assert repo.tags == {"v1.0.0": repo.branches["main"]}
    assert [entry.path for entry in hub.requests if entry.method == "POST"] == [
        f"/api/datasets/org/sport-music/tag/{repo.branches['main']}"
    ]


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "1.0.0-rc1", "01.0.0", "", "1.0.0\n"])
def test_versions_are_three_numbers(version: str) -> None:
    with pytest.raises(SettingError, match=r"X\.Y\.Z"):
        check_version(version)


def test_repositories_have_a_namespace() -> None:
    check_repo_id("org/sport-music")
    for wrong in ("sport-music", "org/sport music", "a/b/c", os.sep):
        with pytest.raises(SettingError):
            check_repo_id(wrong)
