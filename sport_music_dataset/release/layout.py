"""What the files of a release folder are called, and which shard a track belongs to."""

import math
import re
from pathlib import Path

from ..errors import ReleaseError

MANIFEST = "sportgen.json"
CARD = "README.md"
WORK_FOLDER = ".sportgen"
"""Notes of how shards were made, and work in progress: never published."""
CONFIGS = ("raw", "encoded", "tracks")

_SHARD_NAME = re.compile(r"(raw|encoded|tracks)/([^/]+)-\d{5}-of-(\d{5})\.parquet")
# A chunk of 25 s as FLAC is 1 MB at the most in practice; about 300 MB a shard.
_CHUNKS_PER_SHARD = 300


def shard_count(chunks: int, tracks: int) -> int:
    """Shards for a split; at most half of its tracks, since most shards would be empty else."""
    return max(1, min(math.ceil(chunks / _CHUNKS_PER_SHARD), tracks // 2))


def shard_of(track_id: str, shards: int) -> int:
    """The shard that a track belongs to, by its identity alone."""
    return int(track_id, 16) % shards


def shard_name(config: str, split: str, index: int, count: int) -> str:
    """Path of a shard in the release folder, as the Hub names them."""
    return f"{config}/{split}-{index:05d}-of-{count:05d}.parquet"


def split_of(path: str) -> str:
    """The split that a shard's path names; raises ReleaseError where it is no such path."""
    match = _SHARD_NAME.fullmatch(path)
    if match is None:
        raise ReleaseError(f"{path}: is not a shard's name; build the release again")
    return match[2]


def is_ours(folder: Path) -> bool:
    """Whether a folder may be written to: absent, empty, a release or one begun."""
    if not folder.exists():
        return True
    marks = (MANIFEST, WORK_FOLDER)
    return folder.is_dir() and (
        not any(folder.iterdir()) or any((folder / name).exists() for name in marks)
    )
