"""The names of files in a release folder, and the shard of each track."""

import math
import re
from pathlib import Path

from ..errors import ReleaseError

MANIFEST = "sportgen.json"
CARD = "README.md"
WORK_FOLDER = ".sportgen"
"""Folder for notes on how shards were made, and for unfinished work: never published."""
CONFIGS = ("raw", "encoded", "tracks")

_SHARD_NAME = re.compile(r"(raw|encoded|tracks)/([^/]+)-\d{5}-of-(\d{5})\.parquet")
# A chunk of 25 s has at most about 1 MB as FLAC: a shard has about 300 MB.
_CHUNKS_PER_SHARD = 300


def shard_count(chunks: int, tracks: int) -> int:
    """Number of shards of a split: at most half of its tracks, or many shards would be empty."""
    return max(1, min(math.ceil(chunks / _CHUNKS_PER_SHARD), tracks // 2))


def shard_of(track_id: str, shards: int) -> int:
    """Index of the shard of a track; it depends only on the track's id and the number of shards."""
    return int(track_id, 16) % shards


def shard_name(config: str, split: str, index: int, count: int) -> str:
    """Path of a shard in the release folder, named as on the Hub."""
    return f"{config}/{split}-{index:05d}-of-{count:05d}.parquet"


def split_of(path: str) -> str:
    """The split in the path of a shard; raises ReleaseError if the path is not that of a shard."""
    match = _SHARD_NAME.fullmatch(path)
    if match is None:
        raise ReleaseError(f"{path}: is not a shard's name; build the release again")
    return match[2]


def is_ours(folder: Path) -> bool:
    """Whether a build may write to a folder: it is absent, empty, or a release, finished or not."""
    if not folder.exists():
        return True
    marks = (MANIFEST, WORK_FOLDER)
    return folder.is_dir() and (
        not any(folder.iterdir()) or any((folder / name).exists() for name in marks)
    )
