"""A dataset on the Hub as the source: of a pinned commit, fetched once."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder_tests.conftest import noise, write_audio
from builder_tests.hub.local_hub import LocalHub, Repo, Request, Response
from builder_tests.support.clients import run_python
from builder_tests.support.commands import SHORT
from builder_tests.support.folders import files
from builder_tests.support.parquet_music import (
    PARQUET,
    described,
    songs,
    split_up,
    write,
    write_plain,
)
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.release.manifest import read_manifest

REPO = "org/songs"
LOCATION = f"hf://datasets/{REPO}"
# Commands in one process: a client takes seconds to start.
_COMMANDS = (
    "import json, sys; from sport_music_dataset.cli import main\n"
    "for line in json.loads(sys.argv[1]): print('exit', main(line), flush=True)"
)
_LIBRARIES = (
    "import json, sys; from builder_tests.support.parquet_music import described\n"
    "print(json.dumps([described(*source) for source in json.loads(sys.argv[1])]))"
)


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as hub:
        yield hub


def upload(hub: LocalHub, folder: Path, name: str = REPO) -> str:
    """Commit a folder to the Hub; the commit."""
    repo = hub.repos.setdefault(name, Repo(name, True, "org"))
    operations = []
    for path, data in files(folder).items():
        oid = hashlib.sha256(data).hexdigest()
        repo.put(oid, data)
        operations.append({"key": "lfsFile", "value": {"path": path, "oid": oid}})
    return repo.commit("main", {"summary": "songs"}, operations, "owner").sha


def commands(hub: LocalHub, home: Path, *lines: tuple[object, ...]) -> tuple[list[int], list[str]]:
    """`sportgen` once for each line; the exit codes, and what stderr has that is no bar."""
    told = json.dumps([[str(word) for word in line] for line in lines])
    done = run_python(hub, home, "-c", _COMMANDS, told)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    codes = [int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("exit ")]
    return codes, [line for line in done.stderr.splitlines() if "━" not in line]


def fetched(hub: LocalHub) -> list[str]:
    """The names of the data files that have been downloaded whole, in order."""
    return [
        entry.path.rpartition("/")[2]
        for entry in hub.requests
        if entry.method == "GET" and entry.status == 200 and "/resolve/" in entry.path
    ]


def test_a_revision_is_pinned_and_fetched_once(
    hub: LocalHub, music: Path, built: tuple[Path, BuildReport], tmp_path: Path
) -> None:
    out, folder = tmp_path / "out", tmp_path / "set"
    first = upload(hub, split_up(music, folder))
    write(folder / PARQUET[0], songs(music)[:1])
    upload(hub, folder)
    broken = [Response(403)] * 3

    def break_off(request: Request) -> Response | None:
        # The second file, as often as the first command asks for it.
        return broken.pop() if broken and request.path.endswith(PARQUET[1]) else None

    hub.before = break_off
    line = ("build", f"{LOCATION}@{first}", out, *SHORT)
    codes, said = commands(hub, tmp_path / "home", line, line, line, ("scan", LOCATION))
    assert codes == [1, 0, 0, 0] and said[0].startswith("error: "), said
    # Goes on with the second, then has both; of the newer revision, one is another file.
    assert fetched(hub) == [Path(PARQUET[n]).name for n in (0, 1, 0)]
    manifest = read_manifest(out)
    assert manifest.source == {"dataset": REPO, "revision": first}
    assert manifest.files == read_manifest(built[0]).files
    assert f"dataset `{REPO}` at `{first}`" in (out / "README.md").read_text()


def test_files_on_the_hub_are_those_of_a_folder(hub: LocalHub, music: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(music, tmp_path / "songs")
    write(folder / "table.parquet", songs(music)[:1])
    (folder / "metadata.csv").write_text("file_name,style\nclassic/Yoga_classic.aiff,baroque\n")
    (folder / "latino/metadata.jsonl").write_text(
        '{"file_name": "Yoga_1_latino.flac", "style": "salsa", "text": "warm drums"}'
    )
    (folder / "latino/Cardio_2_latino.caption.txt").write_text("fast drums")
    upload(hub, folder)
    linked = tmp_path / "linked"
    write_audio(linked / "sound/a.wav", noise(3.0))
    names = ("sound/a.wav", "../../a.wav", "sound/b.wav")
    write_plain(linked / "data/train.parquet", [{"audio": name} for name in names])
    upload(hub, linked, "org/linked")
    there = [(LOCATION, ""), ("hf://datasets/org/linked", "audio")]
    done = run_python(hub, tmp_path / "home", "-c", _LIBRARIES, json.dumps(there))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == [described(str(folder), ""), described(str(linked), "audio")]
    assert {track[5] for track in found[0]} == {"", "warm drums", "fast drums"}
    assert [len(tracks) for tracks in found] == [10, 3]
    assert [track[4].partition(":")[0] for track in found[1]] == [
        "outside the folder",
        "",
        "unreadable",
    ]


def test_errors_of_the_hub_are_one_line(hub: LocalHub, music: Path, tmp_path: Path) -> None:
    upload(hub, split_up(music, tmp_path / "set"))
    hub.repos["org/gated"] = Repo("org/gated", False, "org")
    gated = {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted."}
    hub.before = lambda request: (
        Response(403, b"", gated) if "org/gated/resolve/" in request.path else None
    )
    told = {
        ("scan", "hf://datasets/org/nothing"): "org/nothing: not found, or the token may not see",
        ("scan", f"{LOCATION}@v9"): "Invalid rev id: v9",
        ("scan", LOCATION, "--style-column", "mood"): "has no column mood; there are audio",
        ("scan", "hf://datasets/org/gated"): "gated",
    }
    codes, said = commands(hub, tmp_path / "home", *told)
    assert codes == [1] * len(told) and len(said) == len(told), said
    for line, words in zip(said, told.values(), strict=True):
        assert line.startswith("error: ") and words in line
    assert fetched(hub) == []
