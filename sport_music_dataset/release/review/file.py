"""Reads `review.csv`, and adds decisions to it, each at once and whole.

The sheet may have been in a spreadsheet meanwhile: other signs between cells, another encoding,
other columns, lines that are gone. What it says is what counts.
"""

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ...errors import ReleaseError, counted
from ...outside.files import MANIFEST_BYTES, read_bytes
from ...outside.names import shown
from ...outside.tables import read_lines
from ...outside.texts import decode
from ...storage.atomic import file_of_partial, write_atomically
from ..folder import build_command
from ..layout import REVIEW, REVIEW_LOCK
from ..manifest import Manifest
from .decisions import Decision, Review

COLUMNS = ("time", "id", "field", "before", "after", "reason", "file", "seconds")

_NEEDED = ("id", "field", "after")
_LOCK_SECONDS = 20
_MARK = "\ufeff"
# Spreadsheets compute what begins so: an apostrophe before it makes it a text.
_FORMULA = re.compile(r"'*[=+\-@]")
_KEPT_FORMULA = re.compile(r"'+[=+\-@]")
_REMEDY = "mend the line in a spreadsheet or an editor, or delete it"


class ConflictError(ReleaseError):
    """Somebody else decided meanwhile; `review` is what counts now."""

    def __init__(self, message: str, review: Review) -> None:
        super().__init__(message)
        self.review = review


@dataclass(frozen=True, slots=True)
class Sheet:
    """`review.csv` as it is: its bytes, its decisions, and its cells by column, ours first.

    `data` is None where there is no file.
    """

    data: bytes | None
    review: Review
    columns: tuple[str, ...] = COLUMNS
    rows: tuple[dict[str, str], ...] = ()


def read_review(folder: Path) -> Review:
    """The review of a release folder; without any decision where there is none.

    Raises:
        ReleaseError: it cannot be read; the message names the file, the line and the remedy.
    """
    return read_sheet(folder).review


def read_sheet(folder: Path) -> Sheet:
    """As `read_review`, with all that the file has."""
    file = folder / REVIEW
    if not file.exists() and not file.is_symlink():
        return Sheet(None, Review())
    data = read_bytes(file, MANIFEST_BYTES, ReleaseError)
    try:
        return _parsed(data)
    except ValueError as error:
        raise ReleaseError(f"{file}: {error}") from error


def _parsed(data: bytes) -> Sheet:
    lines = read_lines(decode(data)[0], _is_header, tabs=False)
    if not lines:
        return Sheet(data, Review())
    first, names = lines[0]
    columns = [_column(name) for name in names]
    lacking = [name for name in _NEEDED if name not in columns]
    if lacking:
        raise ValueError(
            f"line {first}: has no column {', '.join(lacking)}; the first line is "
            f"{','.join(COLUMNS)}"
        )
    decisions, rows = [], []
    for number, cells in lines[1:]:
        if any(cell.strip() for cell in cells[len(columns) :]):
            raise ValueError(
                f"line {number}: has more cells than columns; put quotes around a text with a "
                f"comma or semicolon in it, or {_REMEDY}"
            )
        row = dict(zip(columns, map(_plain, cells), strict=False))
        try:
            decision = Decision(**{name: row.get(name, "") for name in _FIELDS}).checked()
        except ValueError as error:
            raise ValueError(f"line {number}: {error}; {_REMEDY}") from error
        decisions.append(decision)
        rows.append(row)
    others = [name for name in columns if name and name not in COLUMNS]
    return Sheet(data, Review.of(decisions), (*COLUMNS, *dict.fromkeys(others)), tuple(rows))


_FIELDS = tuple(field.name for field in fields(Decision))


def _is_header(cells: Sequence[str]) -> bool:
    return {*_NEEDED} <= {_column(cell) for cell in cells}


def _column(name: str) -> str:
    folded = name.strip().lower()
    return folded if folded in COLUMNS else name.strip()


def _plain(cell: str) -> str:
    text = cell.strip()
    return text[1:] if _KEPT_FORMULA.match(text) else text


def add(folder: Path, make: Callable[[Review], Sequence[Decision]]) -> Review:
    """Add to the review of a folder what `make` gives for its present state; returns the new state.

    When it returns, the decisions are on the disk; whatever is killed, the file is the old or the
    new one. One process at a time adds.

    Raises:
        ReleaseError: the file cannot be read or written; or what `make` raises.
    """
    try:
        (folder / REVIEW_LOCK).parent.mkdir(exist_ok=True)
        with FileLock(folder / REVIEW_LOCK, timeout=_LOCK_SECONDS):
            _remove_partial(folder)
            sheet = read_sheet(folder)
            new = [_timed(decision.checked()) for decision in make(sheet.review)]
            if new:
                write_atomically(folder / REVIEW, _written(sheet, new))
            return Review.of((*sheet.review.decisions, *new))
    except Timeout as error:
        raise ReleaseError(
            f"{folder / REVIEW}: another sportgen has been writing it for {_LOCK_SECONDS} s; try "
            "it again"
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReleaseError(f"{folder / REVIEW}: {reason}; the decision is not written") from error


def decide(folder: Path, decision: Decision, seen: str) -> Review:
    """Add a decision of somebody who saw `seen` as the decided value, empty for none.

    Raises:
        ConflictError: another value is decided by now.
        ReleaseError: as `add`.
    """

    def make(review: Review) -> Sequence[Decision]:
        now = review.value(*decision.key)
        if now != seen:
            raise ConflictError(
                f"the {decision.field} of {decision.id} was decided elsewhere meanwhile: it is "
                f"{shown(now) if now else 'as built'}",
                review,
            )
        same = review.standing.get(decision.key)
        reason = same.reason if same else decision.reason
        return [] if (now, reason) == (decision.after, decision.reason) else [decision]

    return add(folder, make)


def take_back(folder: Path, seen: int) -> Review:
    """Take the last decision back, which is a line too.

    `seen` is the number of lines that somebody saw.

    Raises:
        ConflictError: there are others by now.
        ReleaseError: there is no decision left; or as `add`.
    """

    def make(review: Review) -> Sequence[Decision]:
        if len(review.decisions) != seen:
            raise ConflictError("something was decided elsewhere meanwhile; look again", review)
        if review.taken_back is None:
            raise ConflictError("there is no decision to take back", review)
        return [review.taken_back]

    return add(folder, make)


def bring_in(folder: Path, decisions: Sequence[Decision]) -> Review:
    """Add decisions that earlier releases record, where the review has said nothing of them."""
    return add(folder, lambda review: review.lacks(decisions))


def review_of(folder: Path, manifest: Manifest) -> Review:
    """The review of a release: that of its folder, else what its manifest records of one."""
    sheet = read_sheet(folder)
    if sheet.data is not None:
        return sheet.review
    return Review.of(map(Decision.of, manifest.review))


def unbuilt_note(folder: Path, manifest: Manifest) -> str:
    """What to say of decisions that the last build did not know; empty if there are none."""
    count = review_of(folder, manifest).unbuilt(manifest.review)
    if not count:
        return ""
    one = count == 1
    return (
        f"{counted(count, 'decision')} of {folder / REVIEW} "
        f"{'is' if one else 'are'} not built yet; `{build_command(folder)}` follows "
        f"{'it' if one else 'them'}"
    )


def _remove_partial(folder: Path) -> None:
    """Remove what somebody was writing who was killed."""
    for file in folder.glob(f"{REVIEW}.*"):
        if file_of_partial(file.name) == REVIEW:
            file.unlink(missing_ok=True)


def _timed(decision: Decision) -> Decision:
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return replace(decision, time=decision.time or now)


def _written(sheet: Sheet, new: Sequence[Decision]) -> bytes:
    """The file with decisions added. A file that we wrote stays, byte for byte, before them."""
    added = [_as_row(decision) for decision in new]
    head = _lines([dict.fromkeys(COLUMNS, "") | {name: name for name in COLUMNS}], COLUMNS)
    ours = f"{_MARK}{head}".encode()
    data = sheet.data or b""
    if data.startswith(ours) and data.endswith(b"\r\n") and sheet.columns == COLUMNS:
        return data + _lines(added, COLUMNS).encode()
    names = {name: name for name in sheet.columns}
    return f"{_MARK}{_lines([names, *sheet.rows, *added], sheet.columns)}".encode()


def _as_row(decision: Decision) -> dict[str, str]:
    row: dict[str, str] = asdict(decision)
    # Sixteen digits alone would be a number to a spreadsheet, and lose the last of them.
    identity = decision.id if decision.index is not None else f"track {decision.id}"
    return row | {"id": identity}


def _lines(rows: Sequence[dict[str, str]], columns: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        cells = (row.get(name, "") for name in columns)
        writer.writerow([f"'{cell}" if _FORMULA.match(cell) else cell for cell in cells])
    return text.getvalue()
