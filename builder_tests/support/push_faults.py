"""Break every request of a push, in turn and in every way, and see what is left.

Usage: python -m builder_tests.support.push_faults SMALL LARGE STRIDE

LARGE is pushed to a new repository, LARGE upon SMALL, and SMALL upon LARGE, while one request is
broken; then again in the same way if that failed. Prints a line of JSON for each fault: what it
was, how the push ended, and what was wrong with the Hub at any time. Of the faults of all requests
but the commit and the tag, only every STRIDE-th is tried. It runs in a process of its own, whose
Hub client may reach a local Hub.
"""

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from huggingface_hub import HfApi

from builder_tests.hub.local_hub import LocalHub, Repo, Request, Response
from builder_tests.support.releases import broken, is_release
from sport_music_dataset.errors import HubError
from sport_music_dataset.publish.publish import PushSettings, push_release
from sport_music_dataset.storage.retries import Patience

REPO = "org/sport-music"
REQUEST_SECONDS = 2.0
Fault = Callable[[LocalHub, Request], Response | None]


def drop(hub: LocalHub, request: Request) -> Response | None:
    """The connection ends before the Hub has acted."""
    raise ConnectionResetError


def lose(hub: LocalHub, request: Request) -> Response | None:
    """The Hub acts, and the connection ends before the answer."""
    hub.handle(request)
    raise ConnectionResetError


def lose_behind_proxy(hub: LocalHub, request: Request) -> Response | None:
    """The Hub acts, and what stands before it has no patience."""
    hub.handle(request)
    return Response(504, b"<html>Gateway Time-out</html>", {"Content-Type": "text/html"})


def cut(hub: LocalHub, request: Request) -> Response | None:
    """The Hub acts, and the answer ends in its middle."""
    answer = hub.handle(request)
    return Response(answer.status, answer.body, answer.headers, missing=len(answer.body) // 2 + 1)


def garble(hub: LocalHub, request: Request) -> Response | None:
    """The Hub acts, and half of the answer comes as if it were all."""
    answer = hub.handle(request)
    return Response(answer.status, answer.body[: len(answer.body) // 2], answer.headers)


def wait(hub: LocalHub, request: Request) -> Response | None:
    """The answer comes late."""
    time.sleep(0.1)
    return None


def hang(hub: LocalHub, request: Request) -> Response | None:
    """The Hub acts when nobody waits for it any more."""
    time.sleep(REQUEST_SECONDS + 0.5)
    return lose(hub, request)


FAULTS: dict[str, Fault] = {
    "429": lambda hub, request: Response(429, headers={"Retry-After": "0"}),
    "500": lambda hub, request: Response(500),
    "503": lambda hub, request: Response(503, b"<html>", {"Content-Type": "text/html"}),
    "409": lambda hub, request: Response(409),
    "412": lambda hub, request: Response(412),
    "drop": drop,
    "lose": lose,
    "lose behind proxy": lose_behind_proxy,
    "cut": cut,
    "garble": garble,
    "wait": wait,
    "hang": hang,
}
# What is there as 1.0.0, what is pushed as 2.0.0: 0 is SMALL, 1 is LARGE.
SCENARIOS: dict[str, tuple[int | None, int]] = {"first": (None, 1), "more": (0, 1), "less": (1, 0)}
IMPATIENT = Patience(attempts=1, request_seconds=REQUEST_SECONDS)
PATIENT = Patience(sleep=lambda seconds: None, request_seconds=REQUEST_SECONDS)


@dataclass(slots=True)
class Outcome:
    """`wrong` lists everything that must not be; `retries` are those that were told."""

    scenario: str
    fault: str
    request: str
    patient: bool
    runs: int = 0
    retries: int = 0
    wrong: list[str] = field(default_factory=list)


class Breaker:
    """Breaks the request of a number, once, and looks at the Hub before each request."""

    def __init__(self, hub: LocalHub, number: int, fault: Fault) -> None:
        self.hub, self.number, self.fault = hub, number, fault
        self.seen = 0
        self.broken: list[str] = []

    def __call__(self, request: Request) -> Response | None:
        self.broken += broken(self.hub)
        self.seen += 1
        return self.fault(self.hub, request) if self.seen == self.number else None


def push(hub: LocalHub, folder: Path, version: str, patience: Patience) -> list[str]:
    """Push in this process; the lines that retries told."""
    told: list[str] = []
    api = HfApi(endpoint=hub.endpoint, token="hf_owner")
    settings = PushSettings(version, day=date(2026, 1, 1), allow_nano=True)
    push_release(folder, REPO, settings, api=api, patience=patience, notify=told.append)
    return told


@cache
def published(folder: Path) -> dict[str, Repo]:
    """The repositories of a Hub to which `folder` has been pushed; not to be written to."""
    with LocalHub() as hub:
        push(hub, folder, "1.0.0", PATIENT)
        return hub.repos


def prepare(hub: LocalHub, old: Path | None) -> None:
    """Put there what is there before."""
    if old:
        hub.repos.update(deepcopy(published(old)))


def try_fault(old: Path | None, new: Path, outcome: Outcome, number: int) -> Outcome:
    """Push with one fault, then again until it succeeds."""
    with LocalHub() as hub:
        prepare(hub, old)
        hub.before = breaker = Breaker(hub, number, FAULTS[outcome.fault])
        for _ in range(3):
            outcome.runs += 1
            try:
                told = push(hub, new, "2.0.0", PATIENT if outcome.patient else IMPATIENT)
            except HubError as error:
                outcome.wrong += [f"many lines: {error}"] if "\n" in str(error) else []
                continue
            outcome.retries += len(told)
            break
        else:
            outcome.wrong.append("did not complete")
        hub.before = None
        outcome.wrong += breaker.broken + broken(hub) + list(faults_of(hub, old, new))
    return outcome


def faults_of(hub: LocalHub, old: Path | None, new: Path) -> Iterator[str]:
    """What is not as one whole push would have left it."""
    repo = hub.repos[REPO]
    expected = {"v2.0.0"} | ({"v1.0.0"} if old else set())
    if repo.tags.keys() != expected or repo.tags["v2.0.0"] != repo.branches["main"]:
        yield f"tags {repo.tags}"
    if len(repo.commits) != 1 + len(expected):
        yield f"{len(repo.commits)} commits"
    if not is_release(hub, REPO, "main", new):
        yield "main is not the new release"
    if old and not is_release(hub, REPO, "v1.0.0", old):
        yield "v1.0.0 is not the old release"
    puts = Counter(r.path for r in hub.requests if r.method == "PUT" and r.status == 200)
    yield from (f"sent twice: {path}" for path, count in puts.items() if count > 1)


def requests_of(old: Path | None, new: Path) -> list[str]:
    """The paths of the requests that an unbroken push makes."""
    with LocalHub() as hub:
        prepare(hub, old)
        push(hub, new, "2.0.0", PATIENT)
        return [request.path for request in hub.requests]


def main(small: Path, large: Path, stride: int) -> None:
    """Print an outcome for each fault, a line of JSON each."""
    folders = {None: None, 0: small, 1: large}
    ways = {name: (folders[old], [small, large][new]) for name, (old, new) in SCENARIOS.items()}
    plan = [
        (Outcome(scenario, fault, path, patient), number)
        for scenario, way in ways.items()
        for number, path in enumerate(requests_of(*way), start=1)
        for fault in FAULTS
        for patient in (True, False)
    ]
    chosen = [
        (outcome, number)
        for at, (outcome, number) in enumerate(plan)
        if at % stride == 0 or (outcome.patient and re.search("/commit/|/tag/", outcome.request))
    ]
    # The client waits a second before it repeats what leads to an upload: threads wait together.
    with ThreadPoolExecutor(24) as threads:
        for done in threads.map(lambda item: try_fault(*ways[item[0].scenario], *item), chosen):
            print(json.dumps(asdict(done)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
