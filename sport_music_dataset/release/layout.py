"""The names of the files in a release folder, and which shard a track belongs to."""

import math
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from ..errors import ReleaseError
from ..outside.names import check_name
from ..storage.store import is_store

MANIFEST = "sportgen.json"
CARD = "README.md"
REVIEW = "review.csv"
"""What somebody decided while listening; a build follows it, and nobody publishes it."""
WORK_FOLDER = ".sportgen"
"""The folder of notes on how shards were made and of unfinished work; it is never published."""
REVIEW_LOCK = f"{WORK_FOLDER}/review.lock"
"""The lock of who adds to the review: also while a build writes the rest."""
DECISIONS = f"{WORK_FOLDER}/decided.json"
"""What the last build that could read every file had decided, while a later one has not."""
KNOWN_CODES = f"{WORK_FOLDER}/known"
"""Files with codes that wait for `encode`, which removes them at its end."""
SINCE = f"{WORK_FOLDER}/since"
"""The name of the release from which the last build went on."""
ENCODE = f"{WORK_FOLDER}/encode.json"
"""The options of the last encode, also if it was stopped."""
SESSIONS = f"{WORK_FOLDER}/sessions.yaml"
"""The user's own sessions, as the last build that had some read them."""
UNFINISHED = f"{WORK_FOLDER}/unfinished.json"
"""The command that writes to the folder, from its begin to its end."""
EXPORT = f"{WORK_FOLDER}/export.json"
"""What an export is made of, in its folder."""
BUILT = f"{WORK_FOLDER}/built.json"
"""The last build that came to its end."""
PAGE = "preview.html"
"""The page that `preview` writes where nothing else is asked for; not in the release."""
CONFIGS = ("raw", "encoded", "tracks")
ASSETS = "assets"
"""The folder of the card's pictures."""

_SHARD_NAME = re.compile(r"(raw|encoded|tracks)/([A-Za-z0-9_.]+)-(\d{5})-of-(\d{5})\.parquet")
_ON_HUB = re.compile(r"([^/@]+/[^/@]+)@([^@]+)")
_DATASET = re.compile(r"\w[\w.-]*/\w[\w.-]*")
_PICTURE_NAME = re.compile(rf"{ASSETS}/[a-z]+(-[a-z]+)*\.png")
# A chunk of 25 s as FLAC is at most 1 MB in practice: a shard is about 300 MB.
_CHUNKS_PER_SHARD = 300


def hub_release(text: str) -> tuple[str, str] | None:
    """Name and tag of `ORG/NAME@TAG`, a release on the Hub; None for a folder and for a store.

    `ORG/NAME` alone has an empty tag: the latest release is meant.

    Raises:
        ReleaseError: the folder is not there.
    """
    if is_store(text):
        return None
    match = _ON_HUB.fullmatch(text)
    if match and not Path(text).is_dir():
        return match[1], match[2]
    # Beside folders that are there, a name is more likely that of a folder, and mistyped.
    if _DATASET.fullmatch(text) and not Path(text).parent.exists():
        return text, ""
    if not Path(text).exists():
        raise ReleaseError(
            f"{text}: no such folder; `sportgen build SRC {shlex.quote(text)}` makes one, and a "
            "release on the Hub is written ORG/NAME@v1.0.0"
        )
    return None


def is_folder(text: str) -> bool:
    """Whether `text` names a release of this machine's disks; raises as `hub_release`."""
    return not is_store(text) and hub_release(text) is None


def shard_count(chunks: int, tracks: int) -> int:
    """Number of shards of a split: at most half its tracks, else most shards would be empty."""
    return max(1, min(math.ceil(chunks / _CHUNKS_PER_SHARD), tracks // 2))


def shard_of(track_id: str, shards: int) -> int:
    """Index of the shard that a track belongs to; it depends only on the track's id."""
    return int(track_id, 16) % shards


def shard_name(config: str, split: str, index: int, count: int) -> str:
    """Path of a shard in the release folder, in the form that the Hub uses for shards.

    Raises:
        SettingError: `split` cannot be the name of a split.
    """
    check_name(split, "split")
    return f"{config}/{split}-{index:05d}-of-{count:05d}.parquet"


def known_codes(code_facts: str, sha256: str) -> str:
    """Path of a file of codes that waits, by the digests of the encoder's facts and of the file."""
    return f"{KNOWN_CODES}/{code_facts[:16]}-{sha256}.parquet"


@dataclass(frozen=True, slots=True)
class ShardName:
    """What the path of a shard says: it is number `index`, from 0, of `count` of its split."""

    path: str
    config: str
    split: str
    index: int
    count: int


def parse_shard(path: str) -> ShardName | None:
    """What a path says if it is that of a shard; None for any other path."""
    match = _SHARD_NAME.fullmatch(path)
    return match and ShardName(path, match[1], match[2], int(match[3]), int(match[4]))


def shard_at(path: str) -> ShardName:
    """What the path of a shard says; raises ReleaseError if `path` is not a shard's."""
    shard = parse_shard(path)
    if shard is None:
        raise ReleaseError(f"{path}: is not a shard's name; build the release again")
    return shard


def split_of(path: str) -> str:
    """The split in a shard's path; raises as `shard_at`."""
    return shard_at(path).split


def note_file(folder: Path, name: str) -> Path:
    """Where the note on a file of a release folder is."""
    return folder / WORK_FOLDER / f"{name}.json"


def noted(folder: Path, config: str) -> set[str]:
    """The paths of all files of a config, or of the assets, that have a note."""
    root = folder / WORK_FOLDER / config
    return {f"{config}/{file.name.removesuffix('.json')}" for file in root.glob("*.json")}


def is_release_path(path: str) -> bool:
    """Whether `path` can be a file that a manifest lists: a shard, or a picture of the card."""
    return bool(parse_shard(path) or _PICTURE_NAME.fullmatch(path))
