"""Pushes that meet broken requests, kills and each other: never a part of a release to be seen."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread

import pytest

from builder_tests.hub.local_hub import LocalHub, Request, Response
from builder_tests.support.clients import Client, push
from builder_tests.support.releases import broken, is_release

REPO = "org/sport-music"
# All of them: FAULT_STRIDE=1. Prime to the number of faults, so that each turns up.
STRIDE = os.environ.get("FAULT_STRIDE", "19")
KILLS = int(os.environ.get("KILLS", "3"))

pytestmark = pytest.mark.slow


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as hub:
        yield hub


@pytest.fixture
def old(built: tuple[Path, object]) -> Path:
    return built[0]


def test_whatever_breaks_a_push_completes_or_goes_on(
    hub: LocalHub, old: Path, encoded: Path, tmp_path: Path
) -> None:
    done = Client(hub, tmp_path).run("builder_tests.support.push_faults", old, encoded, STRIDE)
    assert done.returncode == 0, done.stderr
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    assert [outcome for outcome in outcomes if outcome["wrong"]] == []
    assert len({outcome["fault"] for outcome in outcomes}) == 12
    assert any(outcome["retries"] for outcome in outcomes)
    assert any(outcome["runs"] > 1 for outcome in outcomes)
    print(f"{len(outcomes)} faults, all survived")


class Killer:
    """Kills a process at its request of a number: before the Hub acts, or after."""

    def __init__(self, hub: LocalHub, number: int, after: bool) -> None:
        self.hub, self.number, self.after = hub, number, after
        self.pid = 0
        self.broken: list[str] = []

    def __call__(self, request: Request) -> Response | None:
        self.broken += broken(self.hub)
        self.number -= 1
        if self.number:
            return None
        if self.after:
            self.hub.handle(request)
        os.kill(self.pid, signal.SIGKILL)
        raise ConnectionAbortedError


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_push_goes_on(
    hub: LocalHub, old: Path, encoded: Path, tmp_path: Path, seed: int
) -> None:
    client = Client(hub, tmp_path)
    # The smaller one sends no shard and deletes some. The last two requests are commit and tag.
    draw = random.Random(seed)
    (before, requests), (after, _) = draw.sample([(old, 12), (encoded, 7)], 2)
    push(hub, tmp_path, before, "1.0.0", REPO)
    hub.requests.clear()
    hub.before = killer = Killer(hub, draw.randint(1, requests), draw.random() < 0.5)
    arguments = (after, REPO, "--version", "2.0.0", "--allow-nano")
    process = subprocess.Popen(
        [sys.executable, "-m", "sport_music_dataset", "push", *map(str, arguments)],
        env=hub.environment(tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    killer.pid = process.pid
    assert process.wait() == -signal.SIGKILL
    assert killer.broken + broken(hub) == []
    done = client.push(*arguments, "--no-verify")
    assert done.returncode == 0, done.stderr
    repo = hub.repos[REPO]
    assert repo.tags.keys() == {"v1.0.0", "v2.0.0"} and repo.tags["v2.0.0"] == repo.branches["main"]
    assert len(repo.commits) == 3 and killer.broken + broken(hub) == []
    assert is_release(hub, REPO, "v2.0.0", after) and is_release(hub, REPO, "v1.0.0", before)
    sent = Counter(r.path for r in hub.requests if r.method == "PUT" and r.status == 200)
    assert set(sent.values()) <= {1}


@pytest.mark.parametrize("versions", [("1.0.0", "1.1.0"), ("1.0.0", "1.0.0")])
def test_of_two_releases_at_once_one_wins_and_the_other_says_so(
    hub: LocalHub, old: Path, encoded: Path, tmp_path: Path, versions: tuple[str, str]
) -> None:
    client = Client(hub, tmp_path)
    hub.handle(new_repository("org", "sport-music"))
    together = Barrier(2, timeout=60)

    def meet(request: Request) -> None:
        if "/commit/" in request.path and not together.broken:
            together.wait()

    hub.before = meet
    ended: dict[Path, subprocess.CompletedProcess[str]] = {}

    def run(folder: Path, version: str) -> None:
        ended[folder] = client.push(folder, REPO, "--version", version, "--no-verify")
        together.abort()

    threads = [Thread(target=run, args=pair) for pair in zip((old, encoded), versions, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = {folder: done.returncode for folder, done in ended.items()}
    assert sorted(codes.values()) == [0, 1], [done.stderr for done in ended.values()]
    winner, loser = sorted(codes, key=lambda folder: codes[folder])
    assert (
        "somebody else published" in ended[loser].stderr or "exists already" in ended[loser].stderr
    )
    assert is_release(hub, REPO, "main", winner) and broken(hub) == []
    assert len(hub.repos[REPO].tags) == 1 and len(hub.repos[REPO].commits) == 2


def new_repository(organisation: str, name: str) -> Request:
    """What makes a private dataset repository."""
    wanted = {"name": name, "organization": organisation, "type": "dataset", "private": True}
    headers = {"authorization": "Bearer hf_owner"}
    return Request("POST", "/api/repos/create", {}, headers, json.dumps(wanted).encode())


def test_retries_are_told_in_one_line_each(hub: LocalHub, client: Client, encoded: Path) -> None:
    busy = {"/commit/": 2, "/lfs/": 1}

    def refuse(request: Request) -> Response | None:
        for part in busy:
            if part in request.path and busy[part]:
                busy[part] -= 1
                return Response(503)
        return None

    hub.before = refuse
    done = client.push(encoded, REPO, "--version", "1.0.0", "--no-verify")
    assert done.returncode == 0, done.stderr
    said = done.stderr.splitlines()
    assert len([line for line in said if line.startswith("HTTP 503; trying again in ")]) == 2
    assert len([line for line in said if line.startswith("HTTP Error 503 thrown")]) == 1
    assert "key=" not in done.stderr.replace("key=<secret>", "")


@pytest.fixture
def client(hub: LocalHub, tmp_path: Path) -> Client:
    return Client(hub, tmp_path / "home")
