"""Ray: the bytes of one machine, whatever is lost on the way; what it refuses, and how it ends."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import ray

from builder_tests.conftest import RECIPE
from builder_tests.support.clients import interruptible
from builder_tests.support.commands import SHORT
from builder_tests.support.folders import files
from builder_tests.support.items import work
from builder_tests.support.making import build
from builder_tests.support.object_store import BUCKET, object_store
from builder_tests.support.ray_nodes import Nodes
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.cli import main
from sport_music_dataset.encode.encode import encode_release
from sport_music_dataset.encode.settings import EncodeSettings
from sport_music_dataset.engines.base import RaySettings
from sport_music_dataset.engines.open import open_engine
from sport_music_dataset.engines.ray_cluster import check_node, requirements
from sport_music_dataset.errors import MachineError, SettingError
from sport_music_dataset.release.manifest import read_manifest, software
from sport_music_dataset.source.source import Source

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster() -> Iterator[Nodes]:
    """The nodes of this module's tests; starting them takes seconds."""
    nodes = Nodes()
    yield nodes
    nodes.shut_down()


@pytest.fixture
def nodes(cluster: Nodes) -> Nodes:
    """Both nodes, whatever a test before lost."""
    cluster.complete()
    return cluster


@contextmanager
def started(*arguments: object, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A sportgen on Ray, which ends with the block at the latest."""
    with interruptible(*arguments, "--engine", "ray", **options) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_build_survives_a_killed_driver_lost_workers_and_a_lost_node(
    nodes: Nodes, music: Path, built: tuple[Path, BuildReport], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    options = ("build", music, out, *SHORT, "--layout", "sport", "--ray-address", nodes.address)
    with started(*options) as process:
        os.kill(nodes.wait_for("_map", process), signal.SIGKILL)
        nodes.wait_for("_map_shard", process)
        process.kill()
    # Without its driver nothing goes on.
    until = time.monotonic() + 60
    while nodes.busy() and time.monotonic() < until:
        time.sleep(0.05)
    assert not nodes.busy()
    # Workers may have written shards before they saw that it is gone: one worker is to be lost now,
    # and what is left may be done before anybody sees it.
    if [*(out / "raw").glob("*.parquet")]:
        shutil.rmtree(out / "raw")
        shutil.rmtree(out / ".sportgen/cut", ignore_errors=True)

    with started(*options) as process:
        os.kill(nodes.wait_for("_map_shard", process), signal.SIGKILL)
        nodes.lose_second()
        shown, told = process.communicate(timeout=200)
    assert process.returncode == 0, told
    assert files(out) == files(built[0])
    assert not list(out.rglob("*.partial")) and not (out / ".sportgen/cut").exists()
    # Of Ray, nothing is heard.
    assert shown.startswith("tracks    6 kept, 4 left out\n")
    assert "ray" not in told


def test_the_nodes_read_what_was_fetched_from_an_object_store(
    nodes: Nodes,
    music: Path,
    built: tuple[Path, BuildReport],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    with object_store(monkeypatch) as store:
        for path, data in files(music).items():
            store.put(f"set/{path}", data)
        source = Source(f"s3://{BUCKET}/set", layout="sport")
        build(source, tmp_path / "out", RECIPE, ray=RaySettings(nodes.address))
    assert read_manifest(tmp_path / "out").files == read_manifest(built[0]).files


def test_an_encode_survives_a_lost_worker_and_a_lost_node(
    nodes: Nodes, built: tuple[Path, BuildReport], encoded: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(built[0], tmp_path / "out")
    with started("encode", out, "--model", "nano", "--ray-address", nodes.address) as process:
        os.kill(nodes.wait_for("_Actor.run", process), signal.SIGKILL)
        nodes.lose_second()
        shown, told = process.communicate(timeout=200)
    assert process.returncode == 0, told
    assert files(out) == files(encoded)
    assert not list(out.rglob("*.partial")) and not (out / ".sportgen/cut").exists()
    assert "shards    2 encoded, 0 with known codes alone, 0 as they were\n" in shown


def test_a_bad_item_costs_itself_only_and_nodes_are_checked(nodes: Nodes, tmp_path: Path) -> None:
    settings = RaySettings(nodes.address)
    items = ["a", "crash", "hang", "b"]
    seen = tmp_path / "seen"
    seen.mkdir()
    with open_engine(1, 3.0, settings, [seen], software) as engine:
        assert engine.size == 2
        assert list(engine.map(work, items, str.__add__)) == [
            "a",
            "crashcrashed decoder: exit code -11",
            "hangtimed out: took more than 3 s",
            "b",
        ]
        needs = requirements([seen], software)
        versions = (("sportgen", "0.1"), *needs.versions[1:])
        with pytest.raises(MachineError, match=r"node \S+: has sportgen .*, not 0.1 as we do"):
            check_node(replace(needs, versions=versions))
        seen.rmdir()
        with pytest.raises(MachineError, match=r"node \S+: does not see .*/seen; SRC and OUT"):
            check_node(needs)
        with (
            pytest.raises(MachineError, match=r"no node has 2 CPUs; --cpus-per-worker"),
            open_engine(1, 3.0, replace(settings, cpus=2), [], software),
        ):
            raise AssertionError("it has not been refused")
    assert not ray.is_initialized()


def test_ctrl_c_ends_a_ray_of_its_own(music: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    # Sockets lie in it, whose paths must be short; and another Ray is not found there.
    with tempfile.TemporaryDirectory(prefix="ray") as place:
        own = {**os.environ, "RAY_TMPDIR": place}
        arguments = ("build", music, out, *SHORT, "--num-proc", 1)
        with started(*arguments, env=own, start_new_session=True) as process:
            while process.poll() is None and not (out / ".sportgen").exists():
                time.sleep(0.005)
            os.killpg(process.pid, signal.SIGINT)
            shown, told = process.communicate(timeout=100)
        assert process.returncode == 130, told
        assert told.splitlines()[-1] == "error: interrupted; the same command goes on from here"
        assert "Traceback" not in told and not shown
        # No process of its session is left.
        until = time.monotonic() + 30
        with pytest.raises(ProcessLookupError):
            while time.monotonic() < until:
                os.killpg(process.pid, 0)
                time.sleep(0.05)


def test_what_cannot_be_is_refused(
    encoded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build = ["build", str(tmp_path), str(tmp_path / "out")]
    assert main([*build, "--ray-address", "head:6379"]) == 2
    assert ": for Ray; add --engine ray" in capsys.readouterr().err
    assert main([*build, "--engine", "ray", "--ray-address", "ray://head:10001"]) == 2
    assert "must be HOST:PORT" in capsys.readouterr().err
    assert main([*build, "--engine", "ray", "--ray-address", "127.0.0.1:1"]) == 1
    assert "127.0.0.1:1: nobody answers there" in capsys.readouterr().err
    for device in ("cuda:0,cuda:1", "all"):
        settings = EncodeSettings(device=device)
        with pytest.raises(SettingError, match="Ray deals devices out"):
            encode_release(encoded, settings, ray=RaySettings())


def test_the_token_of_a_cluster_is_asked_for(nodes: Nodes, music: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "RAY_AUTH_MODE": "token", "HOME": str(tmp_path)}
    environment.pop("RAY_AUTH_TOKEN", None)
    address = ("--ray-address", nodes.address)
    with started("build", music, tmp_path / "out", *address, env=environment) as process:
        _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert told.startswith(f"error: Ray at {nodes.address}: ") and told.count("\n") == 1
    assert "no authentication token was found; " in told and "RAY_AUTH_TOKEN" in told


def test_ray_is_asked_for_by_name_where_it_is_not_installed(music: Path, tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['ray'] = None\n"
        "from sport_music_dataset.cli import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "build", music, tmp_path, "--engine", "ray"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "error: --engine ray needs Ray, which is not installed; "
        "`pip install 'sport-music-dataset[ray]'`\n"
    )
