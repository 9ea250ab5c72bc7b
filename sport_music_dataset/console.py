"""What people see: results on stdout; progress, hints and errors on stderr."""

import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .build import BuildReport
    from .encode import EncodeReport
    from .library import Library
    from .plan import Shard
    from .publish import Release


def cores() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def plain(text: str) -> str:
    """Text from a file name on one line: what a terminal would act on is shown as an escape."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text.encode("utf-8", "backslashreplace").decode()
    )


def quote(path: Path) -> str:
    """A path as a shell takes it."""
    return shlex.quote(plain(str(path)))


def hint(text: str) -> None:
    """Say something helpful, on stderr."""
    print(plain(text), file=sys.stderr)


def fail(text: str) -> None:
    """Say what went wrong, in one line, on stderr."""
    print(f"error: {plain(' '.join(text.split()))}", file=sys.stderr)


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr."""
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=Console(stderr=True), disable=total == 0) as bar:
        task = bar.add_task(label, total=total)
        yield lambda steps: bar.advance(task, steps)


def show_build(report: "BuildReport") -> None:
    """The summary of a build."""
    from .card import session_counts

    kept = report.kept
    hours = sum(row["duration_seconds"] for row in kept) / 3600
    chunks = sum(report.chunks.values())
    print(f"tracks    {len(kept)} kept, {len(report.tracks) - len(kept)} left out")
    _show_left_out(report.left_out, report.ignored)
    print(f"hours     {hours:.2f}")
    print(f"chunks    {chunks}")
    for split, count in report.chunks.items():
        print(f"  split {split:<20} {count:>8}")
    sessions = session_counts(kept)
    for style in sorted({row["style"] for row in sessions}):
        count = sum(row["chunks"] for row in sessions if row["style"] == style)
        print(f"  style {plain(style):<20} {count:>8}")
    for row in sessions:
        print(f"  {plain(row['session'])} / {plain(row['style'])}: {row['chunks']}")
    for note in report.notes:
        hint(f"note: {note}")
    for row in report.tracks:
        if row["reason"]:
            hint(f"left out: {row['path']}: {row['reason']}")


def show_plan(library: "Library", shards: "Iterable[Shard]") -> None:
    """What a build would do."""
    shards = list(shards)
    tracks = [track for shard in shards for track in shard.tracks]
    hours = sum(track.duration_seconds for track in tracks) / 3600
    print(f"tracks    {len(tracks)} to cut, {len(library.tracks) - len(tracks)} left out")
    print(f"hours     {hours:.2f}, as the files say")
    for shard in shards:
        print(f"  {shard.name}: {len(shard.tracks)} tracks")
    for track in library.tracks:
        if track.reason:
            hint(f"left out: {track.path}: {track.reason}")


def _show_left_out(left_out: dict[str, int], ignored: dict[str, int]) -> None:
    for reason, count in sorted(left_out.items()):
        print(f"  left out, {reason}: {count}")
    for extension, count in sorted(ignored.items()):
        print(f"  ignored, {plain(extension) or 'no extension'}: {count}")


def show_encode(report: "EncodeReport", max_length: int) -> None:
    """The summary of an encode."""
    for split, rows in report.rows.items():
        print(f"encoded   {split:<20} {rows:>8}")
    print(f"shards    {report.shards_written} encoded, {report.shards_kept} as they were")
    print(f"truncated {report.truncated} descriptions at {max_length} tokens")
    if report.nano:
        hint("note: nano codes are for trying out, not MusicGen's")


def show_release(release: "Release", dry_run: bool) -> None:
    """What was published, or would be."""
    state = "private" if release.private else "public"
    size = sum(release.files.values())
    print(f"{release.repo_id} {release.tag} ({state})")
    print(f"files     {len(release.files)}, {size / 1e6:.1f} MB")
    if dry_run:
        for path, length in release.files.items():
            print(f"  send    {path} {length}")
    for path in release.deleted:
        print(f"  delete  {plain(path)}")
    for note in release.notes:
        hint(f"note: {note}")
    if dry_run:
        hint("dry run: nothing was sent")
        return
    print(f"commit    {release.commit}")
    print(f"url       {release.url}")
    hint(f'load:     load_dataset("{release.repo_id}", revision="{release.tag}")')
