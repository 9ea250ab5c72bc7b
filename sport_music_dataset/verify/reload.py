"""Load a release with datasets as its users do, in a new process with empty caches.

Caches silently replace answers of the Hub, and their folder is fixed when datasets is imported.
Therefore only a new process has empty caches.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import Any

_CACHES = ("HF_DATASETS_CACHE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_XET_CACHE")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What `load_dataset` loads: the features and the rows by split of each config.

    `error` is the message if loading fails.
    """

    features: dict[str, dict[str, Any]]
    rows: dict[str, dict[str, int]]
    error: str = ""


def reload(
    where: str, configs: list[str], revision: str = "", endpoint: str = "", token: str = ""
) -> Loaded:
    """Load `configs` of a folder or, with a `revision`, of a repository on the Hub.

    Rows are counted on one column, so that audio and codes are not read.
    """
    with tempfile.TemporaryDirectory(prefix="sportgen-") as home:
        kept = {name: value for name, value in os.environ.items() if name not in _CACHES}
        hub = {"HF_ENDPOINT": endpoint, "HF_TOKEN": token} if revision else {"HF_HUB_OFFLINE": "1"}
        settings = {"HF_HOME": home, "HF_DATASETS_DISABLE_PROGRESS_BARS": "1", **hub}
        environment = kept | {name: value for name, value in settings.items() if value}
        done = subprocess.run(
            # The path of this module, to run from anywhere; -P keeps its folder out of sys.path.
            [sys.executable, "-P", __file__, where, revision, *configs],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        return Loaded({}, {}, said[-1])
    return Loaded(**json.loads(done.stdout))


def main(where: str, revision: str, *configs: str) -> None:
    """Print what `load_dataset` loads, as JSON."""
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
