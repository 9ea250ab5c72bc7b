"""Print the statistics of a release."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from ...errors import counted
from ..console import plain
from ..tables import show_table
from .left_out import show_chunks_left_out

if TYPE_CHECKING:
    from ...look.stats import Misfits, Share, Stats
    from ...release.spreads import Spread

_MOST = 20
_BAR = 40


def show_stats(stats: "Stats", as_json: bool) -> None:
    """Print the statistics of a release."""
    if as_json:
        print(json.dumps(asdict(stats), indent=2))
        return
    total = stats.total
    print(plain(stats.name))
    print(f"tracks {total.tracks}, chunks {total.chunks}, hours {total.hours:.2f}")
    for reason, count in stats.left_out.items():
        print(f"  left out, {plain(reason)}: {count}")
    show_chunks_left_out(stats.chunks_left_out)
    for name, shares in (
        ("split", stats.splits),
        ("style", stats.styles),
        ("session", stats.sessions),
    ):
        _show_shares(name, shares)
    _show_lengths(stats)
    _show_codes(stats)
    _show_spread("tempo, BPM", stats.tempo_bpm)
    _show_spread("loudness, LUFS", stats.loudness_lufs)
    _show("key", ("chunks",), ((key, str(count)) for key, count in stats.keys.items()))
    for title, counts in (asdict(stats.heard) if stats.heard else {}).items():
        _show(f"heard, {title}", ("chunks",), ((name, str(n)) for name, n in counts.items()))
    _show_misfits(stats.misfits)
    _show_duplicates(stats)
    sizes = {**stats.bytes, "all": sum(stats.bytes.values())}
    _show("bytes", ("MB",), ((name, f"{size / 1e6:.1f}") for name, size in sizes.items()))


def _show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a blank line and a table of the first rows; nothing if there are no rows."""
    rows = list(rows)
    if rows:
        print()
        show_table([title, *columns], rows[:_MOST])
    if len(rows) > _MOST:
        print(f"and {len(rows) - _MOST} more; --json has them all")


def _show_shares(title: str, shares: "Mapping[str, Share]") -> None:
    columns = ("tracks", "chunks", "hours")
    rows = (
        (name, str(share.tracks), str(share.chunks), f"{share.hours:.2f}")
        for name, share in shares.items()
    )
    _show(title, columns, rows)


def _show_lengths(stats: "Stats") -> None:
    lengths = {"characters": stats.description_characters}
    if stats.tokens:
        lengths[f"tokens, of {stats.tokens.max_length}"] = stats.tokens.lengths
    columns = ("lowest", "median", "highest")
    rows = (
        (name, *(f"{getattr(spread, key):g}" for key in columns))
        for name, spread in lengths.items()
        if spread.count
    )
    _show("description", columns, rows)
    if stats.tokens:
        longest = counted(stats.tokens.longest, "token")
        print(f"truncated {stats.tokens.truncated}; the longest has {longest}")


def _show_codes(stats: "Stats") -> None:
    labels = stats.labels
    if labels:
        books, frames = labels.shape
        print(
            f"\nlabels [{books}][{frames}], {labels.lowest} to {labels.highest}; "
            f"{labels.pad_token_id} where no code is"
        )
    columns = (f"perplexity of {stats.codebook_size}", "dead entries")
    rows = (
        (str(number), f"{book.perplexity:.0f}", f"{book.dead:.1%}")
        for number, book in enumerate(stats.codebooks)
    )
    _show("codebook", columns, rows)


def _show_spread(title: str, spread: "Spread") -> None:
    if not spread.count:
        return
    print()
    most = max(count for *_, count in spread.bins)
    rows = [
        (f"{low:g} to {high:g}", str(count), "#" * math.ceil(_BAR * count / most))
        for low, high, count in spread.bins
    ]
    show_table([title, "chunks", ""], rows, ["left", "right", "left"])
    summary = f"median {spread.median:g}, {spread.lowest:g} to {spread.highest:g}"
    print(f"{summary}; not sure {spread.unsure}, none {spread.missing}")


def _show_misfits(misfits: "Misfits") -> None:
    _show("fit", ("chunks",), ((name, str(count)) for name, count in misfits.fit.items()))
    reasons = ((name, str(count)) for name, count in misfits.reasons.items())
    _show("why not", ("chunks",), reasons)
    rows = ((row["path"], str(row["misfit_chunks"]), str(row["chunks"])) for row in misfits.tracks)
    _show("track with misfits", ("misfits", "chunks"), rows)


def _show_duplicates(stats: "Stats") -> None:
    groups, shared = stats.duplicates, stats.shared
    print(f"\ngroups of files that share audio: {len(groups)}")
    for group in groups[:_MOST]:
        print(f"  {plain(' = '.join(group['paths'][:_MOST]))}")
    if len(groups) > _MOST:
        print(f"and {len(groups) - _MOST} more; --json has them all")
    if shared:
        print(
            f"of {counted(shared['fingerprints'], 'fingerprint')}, "
            f"{counted(shared['matches'], 'pair')} with shared audio, "
            f"{shared['seconds']:g} s across splits"
        )
