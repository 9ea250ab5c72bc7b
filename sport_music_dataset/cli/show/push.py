"""Print the proposed version of a release, and the result of its push."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ..console import hint, plain, quote
from .diff import show_difference

if TYPE_CHECKING:
    from ...publish.delivery import Pushed
    from ...publish.mirror import Mirrored
    from ...publish.versions import Proposal


def show_pushed(pushed: "Pushed", dry_run: bool) -> None:
    """Print the published files, or, after a dry run, the files that would be sent."""
    if pushed.already:
        print(f"no change: {pushed.repo_id} has this release already, as {pushed.tag}")
        for note in pushed.notes:
            hint(f"note: {note}")
        return
    state = "private" if pushed.private else "public"
    print(f"{pushed.repo_id} {pushed.tag} ({state})")
    _show_files(pushed.files, pushed.sent, pushed.deleted, dry_run)
    for note in pushed.notes:
        hint(f"note: {note}")
    if dry_run:
        hint("dry run: nothing was sent")
    elif pushed.pull_request:
        print(f"proposed  {pushed.pull_request}")
        hint("no tag yet: once it is merged, the same command without --create-pr sets it")
    else:
        print(f"commit    {pushed.commit}")
        print(f"url       {pushed.url}")
        hint(f'load:     load_dataset("{pushed.repo_id}", revision="{pushed.tag}")')


def show_mirrored(mirrored: "Mirrored", dry_run: bool) -> None:
    """Print what was sent to an object store, or, after a dry run, what would be."""
    if mirrored.already:
        print(f"no change: {plain(mirrored.url)} has this release already")
        return
    print(plain(mirrored.url))
    _show_files(mirrored.files, mirrored.sent, mirrored.removed, dry_run)
    for note in mirrored.notes:
        hint(f"note: {note}")
    if dry_run:
        hint("dry run: nothing was sent")
    else:
        hint(f"next: sportgen verify {quote(mirrored.url)}")


def _show_files(
    files: Mapping[str, int], sent: Mapping[str, int], gone: Iterable[str], dry_run: bool
) -> None:
    """Print how many files there are, and how many are sent; after a dry run, which."""
    print(f"files     {len(files)}, {sum(files.values()) / 1e6:.1f} MB")
    print(f"sent      {len(sent)}, {sum(sent.values()) / 1e6:.1f} MB")
    if dry_run:
        for path, length in sent.items():
            print(f"  send    {path} {length} bytes")
    for path in gone:
        print(f"  delete  {plain(path)}")


def show_proposal(proposal: "Proposal", version: str) -> None:
    """Print the version of a release and its reason, before anything is sent."""
    if proposal.difference is None:
        after = f"{proposal.last} is none of sportgen's" if proposal.last else "the first release"
        print(f"version   {version}: {after}")
        return
    if proposal.difference.is_empty and proposal.last == f"v{version}":
        return  # `show_pushed` says so
    print(f"version   {version}: {proposal.bump} against {proposal.last}")
    show_difference(proposal.difference, as_json=False)
