"""Load a release with datasets as its users do, in a new process with empty caches.

Caches silently replace answers of the Hub, and their folder is fixed when datasets is imported.
Therefore only a new process has empty caches.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

_CACHES = ("HF_DATASETS_CACHE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_XET_CACHE")

# Generous, since the Hub may be slow: a load reads cards, footers and one column, no audio and no
# codes. The limit is for a card or a file at which it never ends.
_LIMIT_SECONDS = 1800.0
# An answer has a few kilobytes of features, and a number for each split.
_MOST_BYTES = 16 << 20
# Only the last line of the errors is shown.
_MOST_ERROR_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Loaded:
    """What `load_dataset` loads: the features and the rows by split of each config.

    `error` is the message if loading fails.
    """

    features: dict[str, dict[str, Any]]
    rows: dict[str, dict[str, int]]
    error: str = ""


def reload(
    where: str,
    configs: list[str],
    revision: str = "",
    endpoint: str = "",
    token: str = "",
    limit_seconds: float = _LIMIT_SECONDS,
) -> Loaded:
    """Load `configs` of a folder or, with a `revision`, of a repository on the Hub.

    Rows are counted on one column, so that audio and codes are not read.
    """
    with tempfile.TemporaryDirectory(prefix="sportgen-") as home:
        kept = {name: value for name, value in os.environ.items() if name not in _CACHES}
        hub = {"HF_ENDPOINT": endpoint, "HF_TOKEN": token} if revision else {"HF_HUB_OFFLINE": "1"}
        # What is read is no tensor, and importing torch takes longer than the rest.
        quiet = {"HF_DATASETS_DISABLE_PROGRESS_BARS": "1", "USE_TORCH": "0"}
        settings = {"HF_HOME": home, **quiet, **hub}
        environment = kept | {name: value for name, value in settings.items() if value}
        # The path of this module, to run from anywhere; -P keeps its folder out of sys.path.
        command = [sys.executable, "-P", __file__, where, revision, *configs]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
            try:
                with _process(command, env=environment, stdout=out, stderr=errors) as process:
                    code = process.wait(limit_seconds)
            except subprocess.TimeoutExpired:
                return Loaded({}, {}, f"load_dataset did not end within {limit_seconds:g} s")
            return _answer(code, out, errors)


def _answer(code: int, out: IO[bytes], errors: IO[bytes]) -> Loaded:
    """What a process that has ended says in its output, or in the last line of its errors."""
    if code:
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - _MOST_ERROR_BYTES))
        said = errors.read().decode(errors="replace").strip().splitlines()
        return Loaded({}, {}, (said or [f"exit code {code}"])[-1])
    out.seek(0)
    try:
        return Loaded(**json.loads(out.read(_MOST_BYTES)))
    except (ValueError, TypeError, RecursionError):
        return Loaded({}, {}, "load_dataset printed something else than its answer")


@contextmanager
def _process(command: list[str], **settings: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own; if it runs after the block, the group is killed.

    Its stdin is a pipe that ends when this process does, however that ends.
    """
    process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, **settings)
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                _kill_group(process.pid)


def _kill_group(number: int) -> None:
    """Kill the processes of a group, 0 for that of this process.

    Windows has no groups: what is killed there is the process of that number.
    """
    if hasattr(os, "killpg"):
        os.killpg(number, signal.SIGKILL)
    else:
        os.kill(number or os.getpid(), signal.SIGTERM)


def _follow_parent() -> None:
    """End this process and its group when stdin ends, as it does with the parent."""

    def follow() -> None:
        # Without a lock of sys.stdin, which the interpreter would miss at its end.
        os.read(0, 1)
        _kill_group(0)

    threading.Thread(target=follow, daemon=True).start()


def main(where: str, revision: str, *configs: str) -> None:
    """Print what `load_dataset` loads, as JSON."""
    _follow_parent()
    from datasets import load_dataset

    features: dict[str, Any] = {}
    rows: dict[str, dict[str, int]] = {}
    for config in configs:
        settings = {"streaming": True, **({"revision": revision} if revision else {})}
        splits = load_dataset(where, config, **settings)
        found = next(iter(splits.values())).features
        features[config] = found.to_dict()
        light = load_dataset(where, config, columns=[next(iter(found))], **settings)
        rows[config] = {
            name: sum(batch.num_rows for batch in split.with_format("arrow").iter(1000))
            for name, split in light.items()
        }
    print(json.dumps({"features": features, "rows": rows}), flush=True)
    # Threads that streaming leaves running may crash the interpreter at its end.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
