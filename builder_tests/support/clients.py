"""`sportgen` and Python in processes of their own, most against a local Hub: clients read the
environment when they are imported."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from builder_tests.hub.local_hub import LocalHub
from builder_tests.support.forks import run_forked


def run_python(
    hub: LocalHub, home: Path, *arguments: object, token: str | None = "hf_owner"
) -> subprocess.CompletedProcess[str]:
    """`python arguments` as the owner; the cache is `home`."""
    return run_forked(arguments, hub.environment(home, token))


def sportgen(hub: LocalHub, home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """`sportgen arguments` as the owner."""
    return run_python(hub, home, "-m", "sport_music_dataset", *arguments)


def interruptible(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    """`sportgen arguments`, begun, which Ctrl-C interrupts."""
    # A parent that runs in the background of a shell hands on a SIGINT that is ignored.
    script = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from sport_music_dataset.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", script, *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, **options)


def push(hub: LocalHub, home: Path, folder: Path, version: str, repo: str = "org/music") -> None:
    """Publish `folder` as `repo`; raises AssertionError with what went wrong.

    What is there afterwards is for the test to say: loading it back costs more than the push.
    """
    options = ("--version", version, "--allow-nano", "--no-verify")
    done = sportgen(hub, home, "push", folder, repo, *options)
    assert done.returncode == 0, done.stderr


class Client:
    """Runs modules against one Hub, with one cache."""

    def __init__(self, hub: LocalHub, home: Path) -> None:
        self.hub, self.home = hub, home

    def run(
        self, module: str, *arguments: object, token: str | None = "hf_owner", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        settings = {**self.hub.environment(self.home, token), **environment}
        return run_forked(("-m", module, *arguments), settings, timeout=1200)

    def push(
        self, *arguments: object, token: str | None = "hf_owner", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        arguments = ("push", *arguments, "--allow-nano")
        return self.run("sport_music_dataset", *arguments, token=token, **environment)
