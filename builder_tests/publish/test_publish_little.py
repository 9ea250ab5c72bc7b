"""Little is sent: what the Hub has is not sent again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from builder_tests.conftest import noise, write_audio
from builder_tests.hub.local_hub import LocalHub
from builder_tests.support.clients import Client, push
from builder_tests.support.making import build
from builder_tests.support.releases import is_release
from sport_music_dataset.recipe import Recipe
from sport_music_dataset.release.manifest import read_manifest

REPO = "org/sport-music"
SPLITS = tuple((f"part{number}", 0.2) for number in range(5))


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as hub:
        yield hub


def sent(hub: LocalHub) -> set[str]:
    """The sha256 of each file that was uploaded since `requests` was cleared."""
    return {r.path.split("/")[-1] for r in hub.requests if r.method == "PUT" and r.status == 200}


def test_of_a_hundred_tracks_and_one_only_its_shard_is_sent(hub: LocalHub, tmp_path: Path) -> None:
    music, out, client = tmp_path / "music", tmp_path / "out", Client(hub, tmp_path / "home")
    recipe = Recipe(chunk_seconds=1.0, overlap_seconds=0.4, splits=SPLITS)
    for number in range(100):
        write_audio(music / f"rock/Yoga_{number}_rock.wav", noise(1.1, seed=number))
    build(music, out, recipe, num_proc=2)
    push(hub, client.home, out, "1.0.0", REPO)
    before = read_manifest(out).files
    assert sent(hub) == {entry.sha256 for entry in before.values()}
    assert sum(not path.startswith("assets/") for path in before) == 6

    hub.requests.clear()
    write_audio(music / "rock/Yoga_100_rock.wav", noise(1.1, seed=100))
    build(music, out, recipe, num_proc=2)
    done = client.push(out, REPO, "--version", "1.1.0", "--no-verify")
    assert done.returncode == 0, done.stderr
    after = read_manifest(out).files
    changed = {path: entry for path, entry in after.items() if entry != before.get(path)}
    assert sent(hub) == {entry.sha256 for entry in changed.values()}
    # Besides pictures, which show one chunk more.
    assert sum(not path.startswith("assets/") for path in changed) == 2
    assert f"sent      {len(changed) + 2}, " in done.stdout and is_release(hub, REPO, "v1.1.0", out)

    hub.requests.clear()
    push(hub, client.home, out, "1.1.0", REPO)
    assert sum(request.received for request in hub.requests) == 0


def test_files_of_the_same_bytes_are_sent_once(
    hub: LocalHub, encoded: Path, tmp_path: Path
) -> None:
    """Shards that hold no row are equal: they too go over once."""
    client = Client(hub, tmp_path / "home")
    manifest = read_manifest(encoded)
    twins = {"raw/train-00000-of-00001.parquet": "raw/twin-00000-of-00001.parquet"}
    for path in manifest.files:
        (tmp_path / "out" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / path).write_bytes((encoded / path).read_bytes())
    for path, twin in twins.items():
        (tmp_path / "out" / twin).write_bytes((encoded / path).read_bytes())
        manifest.files[twin] = manifest.files[path]
    manifest.write(tmp_path / "out")
    # No build makes such twins, and verify says so.
    pushed = client.push(tmp_path / "out", REPO, "--version", "1.0.0", "--no-verify")
    assert pushed.returncode == 0
    puts = [request for request in hub.requests if request.method == "PUT"]
    assert len(puts) == len(sent(hub)) == len(manifest.files) - 1
    assert is_release(hub, REPO, "v1.0.0", tmp_path / "out")
