"""Publishing over Xet, as the Hub has it by default: the same promises as over LFS."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder_tests.hub.local_hub import LocalHub, Request
from builder_tests.support.clients import Client
from builder_tests.support.releases import broken, is_release

REPO = "org/sport-music"
OVER_XET = {"HF_HUB_DISABLE_XET": "0"}

pytestmark = pytest.mark.slow


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as hub:
        yield hub


def sent(hub: LocalHub, part: str) -> list[int]:
    """The bytes of each request whose path has `part` and that was answered well."""
    return [r.received for r in hub.requests if part in r.path and r.status == 200]


def test_a_release_goes_over_xet(
    hub: LocalHub, built: tuple[Path, object], encoded: Path, tmp_path: Path
) -> None:
    client = Client(hub, tmp_path)
    first = client.push(built[0], REPO, "--version", "1.0.0", **OVER_XET)
    assert first.returncode == 0, first.stderr
    assert sent(hub, "/v1/shards") and not sent(hub, "/lfs/")
    whole = sum(sent(hub, "/xorbs/"))
    hub.requests.clear()
    second = (encoded, REPO, "--version", "2.0.0", "--no-verify")
    assert client.push(*second, **OVER_XET).returncode == 0
    assert 0 < sum(sent(hub, "/xorbs/")) < whole
    assert is_release(hub, REPO, "v1.0.0", built[0]) and is_release(hub, REPO, "v2.0.0", encoded)
    hub.requests.clear()
    again = client.push(*second, **OVER_XET)
    assert again.returncode == 0, again.stderr
    assert sum(request.received for request in hub.requests) == 0


@pytest.mark.parametrize("where", ["/xet-write-token/", "/xorbs/", "/v1/shards", "/commit/"])
def test_killed_over_xet_it_goes_on(
    hub: LocalHub, encoded: Path, tmp_path: Path, where: str
) -> None:
    pids: list[int] = []
    found: list[str] = []

    def kill(request: Request) -> None:
        found.extend(broken(hub))
        if where in request.path and pids:
            hub.handle(request)
            os.kill(pids.pop(), signal.SIGKILL)
            raise ConnectionAbortedError

    arguments = ("push", str(encoded), REPO, "--version", "1.0.0", "--allow-nano")
    process = subprocess.Popen(
        [sys.executable, "-m", "sport_music_dataset", *arguments],
        env=hub.environment(tmp_path, over_xet=True),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    pids.append(process.pid)
    hub.before = kill
    assert process.wait() == -signal.SIGKILL
    done = Client(hub, tmp_path).run("sport_music_dataset", *arguments, "--no-verify", **OVER_XET)
    assert done.returncode == 0, done.stderr
    assert found + broken(hub) == [] and is_release(hub, REPO, "v1.0.0", encoded)
    repo = hub.repos[REPO]
    assert len(repo.commits) == 2 and repo.tags == {"v1.0.0": repo.branches["main"]}
