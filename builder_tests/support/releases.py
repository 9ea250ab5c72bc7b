"""What a repository must be at every moment of a push: some whole release, or none yet."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from builder_tests.hub.local_hub import LocalHub
from sport_music_dataset.release.layout import CARD, MANIFEST
from sport_music_dataset.release.manifest import read_manifest

OURS = ("raw/", "encoded/", "tracks/", "assets/")


@lru_cache(maxsize=256)
def sha256(data: bytes) -> str:
    """The digest of a file: a Hub is looked at before each request, and its files hardly change."""
    return hashlib.sha256(data).hexdigest()


def whole(files: Mapping[str, bytes], tag: str = "") -> bool:
    """Whether files are a new repository's, or exactly those of the manifest among them.

    With `tag`, the card must be of that release.
    """
    if files.keys() == {".gitattributes"}:
        return not tag
    if MANIFEST not in files or CARD not in files:
        return False
    listed = json.loads(files[MANIFEST])["files"]
    present = {path: data for path, data in files.items() if path.startswith(OURS)}
    if present.keys() != listed.keys() or (tag and f'revision="{tag}"' not in files[CARD].decode()):
        return False
    return all(sha256(present[path]) == entry["sha256"] for path, entry in listed.items())


def broken(hub: LocalHub) -> list[str]:
    """The branches and tags, of all repositories, where no whole release is."""
    revisions = [
        (name, revision, revision if revision in repo.tags else "")
        for name, repo in hub.repos.items()
        for revision in (*repo.branches, *repo.tags)
    ]
    return [
        f"{name}@{revision}"
        for name, revision, tag in revisions
        if not whole(hub.files(name, revision), tag)
    ]


def is_release(hub: LocalHub, repo: str, revision: str, folder: Path) -> bool:
    """Whether a revision holds the shards of a release folder, and nothing of another."""
    expected = {path: entry.sha256 for path, entry in read_manifest(folder).files.items()}
    files = hub.files(repo, revision)
    shards = {path: sha256(data) for path, data in files.items() if path.startswith(OURS)}
    return shards == expected and whole(files)
