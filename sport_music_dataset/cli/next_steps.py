"""What to type next with a release folder: the steps that it has not had yet, and no others."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..pretrained import MUSICGEN
from ..release.layout import PAGE, REVIEW
from . import console

if TYPE_CHECKING:
    from ..release.manifest import Manifest
    from ..release.release import Release


def hint_next(release: "Release", page: Path = Path(PAGE), waiting: bool = True) -> None:
    """Print what waits in a release folder, and the next steps; nothing of one that is elsewhere.

    `page` is where a preview may be. Without `waiting`, what waits was told before.
    """
    from ..release.last_runs import is_encoding, stale_note

    if release.place.is_remote:
        return
    if waiting:
        hint_waiting(release)
    stale = stale_note(release)
    # That an encode was interrupted is told by now.
    if stale and not is_encoding(release.folder):
        console.hint(f"note: {stale}")
    steps = list(_steps(release, page, bool(stale)))
    width = max((len(command) for command, _ in steps), default=0)
    for number, (command, why) in enumerate(steps):
        console.hint(f"{'      ' if number else 'next: '}{command:<{width}}  # {why}")


def hint_waiting(release: "Release") -> None:
    """Print which command was interrupted in a release folder, and which decisions no build knows.

    Nothing of a release that is elsewhere.
    """
    from ..release.folder import unfinished_note
    from ..release.review.file import unbuilt_note

    if release.place.is_remote:
        return
    for note in (unfinished_note(release.folder), unbuilt_note(release.folder, release.manifest)):
        if note:
            console.hint(f"note: {note}")


def _steps(release: "Release", page: Path, stale: bool) -> Iterator[tuple[str, str]]:
    """Commands, and what each is for; without `encode` where a note has named it."""
    from ..release.last_runs import encode_command, has_page

    folder = console.quote(release.folder)
    if not has_page(release, page):
        yield f"sportgen preview {folder}", "a page to look at and to listen to"
        yield f"sportgen explain {folder}", "from what the words of descriptions are known"
    if not (release.folder / REVIEW).exists():
        yield f"sportgen preview {folder} --serve", "drop bad chunks by ear; the next build follows"
    encoding = release.manifest.encoding
    if encoding and encoding["nano"]:
        yield encode_command(release, MUSICGEN), "MusicGen's codes in place of nano's"
    if release.shards("encoded"):
        yield push_command(release.manifest, release.folder), "publish it; --dry-run sends nothing"
        yield f"sportgen export {folder} DEST --to audiocraft", "or as another trainer reads it"
    elif not stale:
        yield encode_command(release), "tokens, codes, labels"


def push_command(manifest: "Manifest", folder: Path | str, name: str = "ORG/NAME") -> str:
    """The command that publishes a release folder, with the option that its codes need."""
    nano = " --allow-nano" if manifest.encoding and manifest.encoding["nano"] else ""
    return f"sportgen push {console.quote(folder)} {name}{nano}"
