"""The results of commands, as stdout shows them."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..reasons import kind_of
from .console import hint, plain

if TYPE_CHECKING:
    from ..build.build import BuildReport
    from ..build.plan import Shard
    from ..encode.encode import EncodeReport
    from ..engines.estimate import Estimate
    from ..publish.delivery import Release
    from ..records import Outcome
    from ..source.library import Library
    from .doctor import Check


def show_build(report: "BuildReport") -> None:
    """The summary of a build."""
    from ..card.body import session_counts

    kept = report.kept
    hours = sum(row["duration_seconds"] for row in kept) / 3600
    chunks = sum(report.chunks.values())
    print(f"tracks    {len(kept)} kept, {len(report.tracks) - len(kept)} left out")
    _show_left_out(report.left_out, report.ignored)
    print(f"hours     {hours:.2f}")
    print(f"chunks    {chunks}")
    _show_duplicates(report.duplicates)
    for split, count in report.chunks.items():
        print(f"  split {split:<20} {count:>8}")
    sessions = session_counts(kept)
    for style in sorted({row["style"] for row in sessions}):
        count = sum(row["chunks"] for row in sessions if row["style"] == style)
        print(f"  style {plain(style):<20} {count:>8}")
    for row in sessions:
        print(f"  {plain(row['session'])} / {plain(row['style'])}: {row['chunks']}")
    if misfits := sum(row["misfit_chunks"] for row in report.tracks):
        print(f"misfits   {misfits} chunks do not suit their session (`fit_reason` in raw)")
    for note in report.notes:
        hint(f"note: {note}")
    _hint_left_out((row["path"], row["reason"]) for row in report.tracks)


def show_plan(library: "Library", shards: "Sequence[Shard]", estimate: "Estimate") -> None:
    """What a build would do."""
    from ..build.groups import duplicate_groups

    tracks = [track for shard in shards for track in shard.tracks]
    hours = sum(track.duration_seconds for track in tracks) / 3600
    print(f"tracks    {len(tracks)} to cut, {len(library.tracks) - len(tracks)} left out")
    print(f"hours     {hours:.2f}, as the files say")
    _show_duplicates(duplicate_groups(library))
    for shard in shards:
        print(f"  {shard.name}: {len(shard.tracks)} tracks")
    show_estimate(estimate)
    for note in library.notes:
        hint(f"note: {note}")
    _hint_left_out((track.path, track.reason) for track in library.tracks)


def show_estimate(estimate: "Estimate") -> None:
    """What work is expected to take."""
    seconds, workers = estimate.seconds, estimate.workers
    print(f"shards    {estimate.shards} to write, {estimate.kept} as they are")
    print(f"work      {_time(seconds)} of one worker, {_time(seconds / workers)} of {workers}")
    print(f"bytes     {estimate.bytes / 1e6:.1f} MB to be written")
    if estimate.shards:
        hint(f"work and bytes are expected from {estimate.basis}; nothing was kept")


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 360 else f"{seconds / 3600:.1f} hours"


def inventory(
    library: "Library", chunk_seconds: float, measured: "Mapping[str, Outcome] | None" = None
) -> dict[str, Any]:
    """What a library holds, as JSON takes it; lengths are those that the files' headers give.

    `measured` is what measuring each track by its path gave: tracks with chunks that do not suit
    their session are `misfits`, null where nothing was measured.
    """
    from ..build.groups import duplicate_groups

    short = f"too short: by its header, a chunk is {chunk_seconds:g} s"
    problems = {track.path: track.reason for track in library.tracks if track.reason}
    problems |= {t.path: short for t in library.usable if t.duration_seconds < chunk_seconds}
    problems |= {path: found.reason for path, found in (measured or {}).items() if found.reason}
    usable = [track for track in library.usable if track.path not in problems]
    return {
        "files": len(library.tracks),
        "usable": len(usable),
        "hours": sum(track.duration_seconds for track in usable) / 3600,
        "formats": dict(Counter(track.format for track in usable).most_common()),
        "styles": dict(Counter(track.style for track in usable).most_common()),
        "sessions": dict(Counter(track.session for track in usable).most_common()),
        "without_license": sum(not track.license for track in usable),
        "ignored": dict(library.ignored),
        "left_out": problems,
        "duplicates": duplicate_groups(library),
        "misfits": None if measured is None else _misfits(measured),
        "notes": list(library.notes),
    }


def _misfits(measured: "Mapping[str, Outcome]") -> list[dict[str, Any]]:
    return [
        {
            "path": path,
            "misfit_chunks": found.misfit_chunks,
            "chunks": found.chunks,
            "reason": found.misfit_reason,
        }
        for path, found in measured.items()
        if found.misfit_chunks
    ]


def show_inventory(found: dict[str, Any], as_json: bool) -> None:
    """The inventory of a library."""
    if as_json:
        print(json.dumps(found, indent=2))
        return
    print(f"files     {found['files']}, {found['usable']} usable")
    print(f"hours     {found['hours']:.2f}, as the files say")
    reasons = Counter(map(kind_of, found["left_out"].values()))
    _show_left_out(reasons, found["ignored"])
    _show_duplicates(found["duplicates"])
    if found["misfits"] is not None:
        print(f"misfits: {len(found['misfits'])} tracks")
        for track in found["misfits"]:
            count = f"{track['misfit_chunks']} of {track['chunks']} chunks"
            print(f"  {plain(track['path'])}: {count}: {plain(track['reason'])}")
    for title in ("formats", "styles", "sessions"):
        print(title)
        for name, count in found[title].items():
            print(f"  {plain(name):<26} {count:>8}")
    for note in found["notes"]:
        hint(f"note: {note}")
    _hint_left_out(found["left_out"].items())


def show_checks(checks: "Iterable[Check]") -> None:
    """What doctor found."""
    for check in checks:
        print(f"{check.state:<8}{check.name}: {plain(check.found)}")
        if check.remedy:
            print(f"        {check.remedy}")


def _show_duplicates(groups: Sequence[Mapping[str, Any]]) -> None:
    """Tracks that share audio, by group."""
    print(f"duplicate recordings: {len(groups)} groups")
    for group in groups:
        for pair in group["pairs"]:
            print(f"  {plain(pair['a'])} = {plain(pair['b'])}: {pair['seconds']:.1f} s")


def _hint_left_out(reasons: Iterable[tuple[str, str]]) -> None:
    for path, reason in reasons:
        if reason:
            hint(f"left out: {path}: {reason}")


def _show_left_out(left_out: Mapping[str, int], ignored: Mapping[str, int]) -> None:
    for reason, count in sorted(left_out.items()):
        print(f"  left out, {reason}: {count}")
    for extension, count in sorted(ignored.items()):
        print(f"  ignored, {plain(extension) or 'no extension'}: {count}")


def show_encode(report: "EncodeReport", max_length: int) -> None:
    """The summary of an encode."""
    for split, rows in report.rows.items():
        print(f"encoded   {split:<20} {rows:>8}")
    tokens = f"{report.shards_retokenized} with new tokens alone"
    print(f"shards    {report.shards_written} encoded, {tokens}, {report.shards_kept} as they were")
    longest = f"the longest has {report.longest}"
    print(f"truncated {report.truncated} descriptions at {max_length} tokens; {longest}")
    if report.lost:
        words = ", ".join(f"{plain(word)} {count}" for word, count in [*report.lost.items()][:8])
        print(f"lost      {words}")
    for book, share in enumerate(report.agreement):
        print(f"codebook  {book}: {share:.6f} of the codes as the reference")
    if report.unshared_reason:
        hint(f"note: no work was shared between chunks: {report.unshared_reason}")
    if report.nano:
        hint("note: nano codes are for trying out, not MusicGen's")


def show_release(release: "Release", dry_run: bool) -> None:
    """What was published, or would be."""
    state = "private" if release.private else "public"
    print(f"{release.repo_id} {release.tag} ({state})")
    print(f"files     {len(release.files)}, {sum(release.files.values()) / 1e6:.1f} MB")
    print(f"sent      {len(release.sent)}, {sum(release.sent.values()) / 1e6:.1f} MB")
    if dry_run:
        for path, length in release.sent.items():
            print(f"  send    {path} {length}")
    for path in release.deleted:
        print(f"  delete  {plain(path)}")
    for note in release.notes:
        hint(f"note: {note}")
    if dry_run:
        hint("dry run: nothing was sent")
    elif release.pull_request:
        print(f"proposed  {release.pull_request}")
        hint("no tag yet: once it is merged, the same command without --create-pr sets it")
    else:
        print(f"commit    {release.commit}")
        print(f"url       {release.url}")
        hint(f'load:     load_dataset("{release.repo_id}", revision="{release.tag}")')
