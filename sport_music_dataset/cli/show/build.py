"""Print the result of a build, or its plan and the work that it would take."""

from collections import Counter
from typing import TYPE_CHECKING

from ...errors import counted
from ...reasons import Reason
from ...records import MEAN, Decoder
from ..console import hint, plain
from .left_out import hint_left_out, show_chunks_left_out, show_duplicates, show_left_out

if TYPE_CHECKING:
    from ...build.build import BuildReport
    from ...engines.estimate import Estimate
    from ...records import Row


def show_build(report: "BuildReport") -> None:
    """Print the summary of a build."""
    from ...release.review.parts import parts_of
    from ...release.tracks import session_counts

    kept = report.kept
    hours = sum(row["duration_seconds"] for row in kept) / 3600
    chunks = sum(report.chunks.values())
    print(f"tracks    {len(kept)} kept, {len(report.tracks) - len(kept)} left out")
    show_left_out(report.left_out, report.ignored)
    print(f"hours     {hours:.2f}")
    print(f"chunks    {chunks}")
    show_chunks_left_out(report.chunks_left_out)
    show_duplicates(report.duplicates)
    for split, count in report.chunks.items():
        print(f"  split {split:<20} {count:>8}")
    sessions = session_counts(parts_of(kept, report.manifest))
    for style in sorted({row["style"] for row in sessions}):
        count = sum(row["chunks"] for row in sessions if row["style"] == style)
        print(f"  style {plain(style):<20} {count:>8}")
    for row in sessions:
        print(f"  {plain(row['session'])} / {plain(row['style'])}: {row['chunks']}")
    misfits = sum(row["misfit_chunks"] for row in report.tracks)
    if misfits and Reason.MISFIT not in report.chunks_left_out:
        why = "`fit_reason` in raw says why; --min-fit unknown leaves them out"
        print(f"misfits   {counted(misfits, 'chunk')} ({why})")
    _show_exceptions(kept)
    for note in report.notes:
        hint(f"note: {note}")
    if not report.shards_written:
        hint("no shard had to be made again")
    hint_left_out((row["path"], row["reason"]) for row in report.tracks)


def _show_exceptions(kept: "list[Row]") -> None:
    """Print how many tracks were decoded or mixed down in another way than all others."""
    for column, usual in (("decoder", Decoder.FFMPEG), ("mixdown", MEAN)):
        for how, count in sorted(Counter(row[column] for row in kept).items()):
            if how != usual:
                print(f"{column:<9} {count} by {how}: `{column}` in tracks")


def show_estimate(estimate: "Estimate") -> None:
    """Print the expected time and bytes of a stage."""
    seconds, workers = estimate.seconds, estimate.workers
    print(f"shards    {estimate.shards} to write, {estimate.kept} as they are")
    print(f"work      {_time(seconds)} of one worker, {_time(seconds / workers)} of {workers}")
    print(f"bytes     {estimate.bytes / 1e6:.1f} MB to be written")
    if estimate.shards:
        hint(f"work and bytes are expected from {estimate.basis}; nothing was kept")


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 360 else f"{seconds / 3600:.1f} hours"
