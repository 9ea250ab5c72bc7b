"""The numbers of a release, and the results of SQL, as stdout shows them."""

import csv
import json
import math
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from .console import hint, plain
from .tables import show_table

if TYPE_CHECKING:
    from ..encode.text import Tokens
    from ..look.sql import Result
    from ..look.stats import Misfits, Share, Stats
    from ..release.spreads import Spread

_MOST = 20
_MOST_SQL = 100
_MOST_LETTERS = 60
_BAR = 40


def show_stats(stats: "Stats", as_json: bool) -> None:
    """The numbers of a release."""
    if as_json:
        print(json.dumps(asdict(stats), indent=2))
        return
    total = stats.total
    print(plain(stats.name))
    print(f"tracks {total.tracks}, chunks {total.chunks}, hours {total.hours:.2f}")
    for reason, count in stats.left_out.items():
        print(f"  left out, {plain(reason)}: {count}")
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
    _show_misfits(stats.misfits)
    _show_duplicates(stats)
    sizes = {**stats.bytes, "all": sum(stats.bytes.values())}
    _show("bytes", ("MB",), ((name, f"{size / 1e6:.1f}") for name, size in sizes.items()))


def _show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table below a blank line, of the first rows; none where there are no rows."""
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
        print(f"truncated {stats.tokens.truncated}; the longest has {stats.tokens.longest} tokens")


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
    told = f"median {spread.median:g}, {spread.lowest:g} to {spread.highest:g}"
    print(f"{told}; not sure {spread.unsure}, none {spread.missing}")


def _show_misfits(misfits: "Misfits") -> None:
    _show("fit", ("chunks",), ((name, str(count)) for name, count in misfits.fit.items()))
    reasons = ((name, str(count)) for name, count in misfits.reasons.items())
    _show("why not", ("chunks",), reasons)
    rows = ((row["path"], str(row["misfit_chunks"]), str(row["chunks"])) for row in misfits.tracks)
    _show("track with misfits", ("misfits", "chunks"), rows)


def _show_duplicates(stats: "Stats") -> None:
    groups, shared = stats.duplicates, stats.shared
    print(f"\ngroups of several files: {len(groups)}")
    for group in groups[:_MOST]:
        print(f"  {plain(' = '.join(group['paths'][:_MOST]))}")
    if len(groups) > _MOST:
        print(f"and {len(groups) - _MOST} more; --json has them all")
    if shared:
        print(
            f"of {shared['fingerprints']} fingerprints {shared['matches']} pairs share audio, "
            f"{shared['seconds']:g} s across splits"
        )


def show_tokens(tokens: "Tokens", as_json: bool) -> None:
    """The tokens of a description."""
    if as_json:
        print(json.dumps(asdict(tokens), indent=2))
        return
    rows = [("kept", *pair) for pair in tokens.kept] + [("lost", *pair) for pair in tokens.lost]
    cells = [
        (str(place), str(number), name, state) for place, (state, number, name) in enumerate(rows)
    ]
    show_table(["", "id", "token", ""], cells, ["right", "right", "left", "left"])
    length, padded = len(tokens.input_ids), len(tokens.input_ids) - len(tokens.kept)
    print(f"\nkept      {len(tokens.kept)} of {length}, {padded} padded: {plain(tokens.text)}")
    if tokens.lost:
        print(f"lost      {plain(' '.join(tokens.lost_words))}")
    print(f"input_ids       {list(tokens.input_ids)}")
    print(f"attention_mask  {list(tokens.attention_mask)}")


def show_result(result: "Result", as_csv: bool, as_json: bool) -> None:
    """What a query gave: all of it as CSV or JSON, or the first rows as a table, one for each
    where they are too wide for one."""
    names = result.columns
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_text(value) for value in row] for row in result.rows)
        return
    if as_json:
        rows = [dict(zip(names, map(_plain_json, row), strict=True)) for row in result.rows]
        print(json.dumps(rows, indent=2))
        return
    first = list(islice(result.rows, _MOST_SQL))
    cells = [[_short(value) for value in row] for row in first]
    if (
        sum(max(map(len, column)) + 2 for column in zip(names, *cells, strict=True))
        > shutil.get_terminal_size().columns
    ):
        for row in cells:
            show_table(["column", "value"], zip(names, row, strict=True), ["left", "left"])
            print()
    else:
        numeric = (all(isinstance(row[i], int | float) for row in first) for i in range(len(names)))
        show_table(names, cells, ["right" if yes else "left" for yes in numeric])
    if next(result.rows, None) is not None:
        hint(f"the first {_MOST_SQL} rows; --csv or --json gives all")


def _short(value: Any) -> str:
    """A value of a query in a table: what is longer than a line of it tells nothing more."""
    text = f"{value:.6g}" if isinstance(value, float) else _text(value)
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"


def _text(value: Any) -> str:
    """A value of a query in one cell."""
    value = _plain_json(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def _plain_json(value: Any) -> Any:
    """A value of a query as JSON takes it: bytes by their number, no number for none."""
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, dict):
        return {str(key): _plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)
