"""Load a release from the Hub by all that reads it, and hold it against its folder.

Usage: python -m builder_tests.support.load_back FOLDER ORG/NAME TAG
"""

import hashlib
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from datasets import Audio, Dataset, get_dataset_config_names, load_dataset
from huggingface_hub import HfFileSystem, snapshot_download

from sport_music_dataset.release.layout import MANIFEST
from sport_music_dataset.release.manifest import read_manifest


def rows(dataset: Dataset) -> list[dict[str, Any]]:
    """The rows, audio as its bytes: decoding would hide a difference."""
    if "audio" in dataset.column_names:
        dataset = dataset.cast_column("audio", Audio(decode=False))
    return list(dataset)


def load_back(folder: Path, repo_id: str, tag: str) -> dict[str, int]:
    """Rows per config and split; raises SystemExit with what differs."""
    manifest = read_manifest(folder)
    counts: dict[str, int] = {}
    if list(load_dataset(repo_id).keys()) != list(manifest.splits("raw")):
        raise SystemExit(f"{repo_id}: the default config is not raw")
    for config in get_dataset_config_names(repo_id):
        for split, expected in manifest.splits(config).items():
            with tempfile.TemporaryDirectory() as cache:
                local = load_dataset(str(folder), config, split=split, cache_dir=cache)
                remote = load_dataset(repo_id, config, split=split, revision=tag, cache_dir=cache)
                stream = load_dataset(repo_id, config, split=split, revision=tag, streaming=True)
                if not rows(local) == rows(remote) == rows(stream) or len(remote) != expected:
                    raise SystemExit(f"{repo_id}: {config}/{split} is not what was built")
                if local.features != remote.features:
                    raise SystemExit(f"{repo_id}: {config} has other features than were built")
            counts[f"{config}/{split}"] = expected
    snapshot = Path(snapshot_download(repo_id, repo_type="dataset", revision=tag))
    for path, entry in manifest.files.items():
        streamed = HfFileSystem().read_bytes(f"datasets/{repo_id}@{tag}/{path}")
        for read in ((snapshot / path).read_bytes(), streamed):
            if hashlib.sha256(read).hexdigest() != entry.sha256:
                raise SystemExit(f"{repo_id}: {path} has another checksum than was built")
    # A push adds what the release's changelog says, and nothing else.
    published = replace(read_manifest(snapshot), changelog=manifest.changelog)
    if published.as_json() != manifest.as_json():
        raise SystemExit(f"{repo_id}: {MANIFEST} is not what was built")
    return counts


def main(arguments: list[str]) -> None:
    """Print the rows that agree, a line for each config and split."""
    folder, repo_id, tag = arguments
    for name, count in load_back(Path(folder), repo_id, tag).items():
        print(f"{repo_id} {tag} {name}: {count} rows agree")


if __name__ == "__main__":
    main(sys.argv[1:])
