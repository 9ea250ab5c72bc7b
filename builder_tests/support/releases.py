"""What a repository must be at every moment of a push: some whole release, or none yet."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from builder_tests.hub.local_hub import LocalHub
from sport_music_dataset.release.layout import CARD, MANIFEST
from sport_music_dataset.release.manifest import read_manifest

OURS = ("raw/", "encoded/", "tracks/", "assets/")


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
    return all(hashlib.sha256(present[p]).hexdigest() == listed[p]["sha256"] for p in listed)


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
    shards = {p: hashlib.sha256(d).hexdigest() for p, d in files.items() if p.startswith(OURS)}
    return shards == expected and whole(files)
