"""A release folder as a prefix of an object store: files first, the manifest last.

A store has no commits. So the manifest goes away before a file that it names is replaced, and comes
back when all others are there: who reads the manifest first, as sportgen does, sees one release or
none. What was sent is kept in a journal beside the release, `.sportgen/sent.json`: path, sha256,
and size and time that the store says. A file is sent again unless all of them agree.
"""

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ReleaseError, StoreError
from ..outside.documents import load_json
from ..progress import Progress, going_on, no_progress
from ..release.layout import CARD, MANIFEST, WORK_FOLDER, is_release_path
from ..release.release import Release
from ..storage.store import THREADS, Store, Stored
from .contents import Content, listed_files

_JOURNAL = f"{WORK_FOLDER}/sent.json"
# The journal is written after so many files: a push that is killed sends at most these again.
_GROUP_FILES = 4 * THREADS
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Mirrored:
    """The result of a push to a store.

    `files` and `sent` map paths of the release to bytes, `removed` are paths of files that went.
    `notes` say what a dry run could not check.
    """

    url: str
    files: Mapping[str, int]
    sent: Mapping[str, int]
    removed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def already(self) -> bool:
        """Whether the store had this release."""
        return not self.sent and not self.removed


def mirror_release(
    folder: Path, url: str, *, dry_run: bool = False, progress: Progress = no_progress
) -> Mirrored:
    """Make a prefix of an object store hold the release in `folder`, as it is, and no other.

    Broken off anywhere, the same call goes on. Only one at a time may write to a prefix: a store
    has no locks.

    Args:
        folder: a release folder; its card goes along as it is.
        url: s3://BUCKET/PREFIX, or gs:.
        dry_run: say what would be sent and removed, and do nothing; of a store that cannot be
            asked, what a first push would send.
        progress: reports the files that are sent.

    Example:
        >>> mirror_release(Path("dataset"), "s3://bucket/sport-music").already
        False

    Raises:
        SettingError: the URL names no bucket.
        ReleaseError: the folder is incomplete, or there is something else under the prefix.
        StoreError: the store refused, or cannot be reached.
    """
    contents, store = _contents(folder), Store(url)
    sizes = {content.path: content.size for content in contents}
    try:
        mirror = _Mirror(store, contents)
    except StoreError as error:
        if not dry_run:
            raise
        note = f"the store was not asked ({error}): all files are listed; not checked: what it has"
        return Mirrored(store.url, sizes, sizes, notes=(note,))
    mirror.check()
    missing, stale = mirror.missing(), mirror.stale()
    if (missing or stale) and not dry_run:
        mirror.send(missing, progress)
        mirror.remove(stale)
    return Mirrored(
        store.url,
        sizes,
        {content.path: content.size for content in missing},
        stale,
    )


def _contents(folder: Path) -> list[Content]:
    """The files of a release folder, the manifest last.

    Raises:
        ReleaseError: as `listed_files`, or there is no manifest.
    """
    files = listed_files(Release.of(folder))
    return [*files, *(Content.of(name, (folder / name).read_bytes()) for name in (CARD, MANIFEST))]


@dataclass
class _Mirror:
    """A release and the prefix that it goes to; `there` is what the store lists at the start."""

    store: Store
    contents: list[Content]
    there: dict[str, Stored] = field(init=False)
    journal: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.there = self.store.files()
        self.journal = _read_journal(self.store) if _JOURNAL in self.there else {}

    def check(self) -> None:
        """Raise ReleaseError if there is something, and neither a release nor a push begun."""
        foreign = sorted(self.there)
        if foreign and not {MANIFEST, _JOURNAL} & self.there.keys():
            named = ", ".join(foreign[:_MOST_NAMED]) + (", ..." * (len(foreign) > _MOST_NAMED))
            raise ReleaseError(
                f"{self.store.url}: holds something else than a release ({named}); give an empty "
                "prefix"
            )

    def missing(self) -> list[Content]:
        """The files that the store does not have, or not as they were sent, in their order."""
        return [
            content
            for content in self.contents
            if content.path not in self.there
            or self.journal.get(content.path) != _line(content.sha256, self.there[content.path])
        ]

    def stale(self) -> tuple[str, ...]:
        """Shards and pictures in the store that are not of this release."""
        ours = {content.path for content in self.contents}
        return tuple(sorted(path for path in self.there.keys() - ours if is_release_path(path)))

    def send(self, missing: list[Content], progress: Progress) -> None:
        """Send files; the manifest goes first if one that is there changes, and comes back last."""
        self._write_journal()  # from here on, the prefix is ours
        files = [content for content in missing if content.path != MANIFEST]
        if MANIFEST in self.there and any(content.path in self.there for content in files):
            self.store.remove(MANIFEST)
        label = going_on("Sending", len(missing), len(self.contents))
        with progress(label, len(missing)) as advance, ThreadPoolExecutor(THREADS) as pool:
            for start in range(0, len(files), _GROUP_FILES):
                group = files[start : start + _GROUP_FILES]
                for content, written in zip(group, pool.map(self._send, group), strict=True):
                    self.journal[content.path] = _line(content.sha256, written)
                    advance(1)
                self._write_journal()
            manifest = self.contents[-1]
            self.journal[MANIFEST] = _line(manifest.sha256, self._send(manifest))
            advance(1)
        self._write_journal()

    def remove(self, stale: Iterable[str]) -> None:
        """Remove files that no manifest names any more."""
        for path in stale:
            self.store.remove(path)

    def _send(self, content: Content) -> Stored:
        content.check()
        return self.store.write(content.path, content.source)

    def _write_journal(self) -> None:
        ours = {content.path for content in self.contents}
        lines = {path: line for path, line in sorted(self.journal.items()) if path in ours}
        self.store.write(_JOURNAL, json.dumps(lines, indent=1).encode())


def _line(sha256: str, stored: Stored) -> dict[str, Any]:
    return {"sha256": sha256, "size": stored.size, "mtime_ns": stored.mtime_ns}


def _read_journal(store: Store) -> dict[str, Any]:
    """What earlier pushes sent; nothing if it cannot be understood: then all is sent again."""
    try:
        found = load_json(store.read(_JOURNAL), _JOURNAL, ReleaseError)
    except ReleaseError:
        return {}
    return found if isinstance(found, dict) else {}
