"""`review.csv`: what is decided stays, whatever spreadsheets, other tabs and kills do to it."""

import csv
import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from sport_music_dataset.errors import ReleaseError
from sport_music_dataset.release.review.decisions import (
    FIELDS,
    UNDO,
    Decision,
    Review,
    in_place,
)
from sport_music_dataset.release.review.file import (
    COLUMNS,
    ConflictError,
    add,
    bring_in,
    decide,
    read_review,
    take_back,
)

TRACK, CHUNK = "1234567890123456", "00ffe2345678900e-0012"
LETTERS = some.characters(codec="utf-8", exclude_categories=("C", "Z"))
TEXTS = some.text(LETTERS | some.sampled_from(" ,;\"'=+-@|"), max_size=30).map(
    lambda text: " ".join(text.split())
)
VALUES = {
    "verdict": some.sampled_from(["", "keep", "drop"]),
    "tempo": some.just("") | some.floats(30, 300).map(lambda bpm: f"{round(bpm, 2):g}"),
}


@some.composite
def decisions(draw: Any) -> Decision:
    """A decision with any texts that a person may type."""
    identity, field = draw(some.sampled_from([TRACK, CHUNK])), draw(some.sampled_from(FIELDS))
    return Decision(
        id=identity,
        field=field,
        before=draw(TEXTS),
        after=draw(VALUES.get(field, TEXTS)),
        reason=draw(TEXTS.filter(lambda text: text != UNDO)),
        time="2026-11-28T10:00:00Z",
        file=draw(TEXTS),
        seconds=draw(some.sampled_from(["", "3.6 to 5.6"])),
    )


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"), newline="")))


@settings(max_examples=40)
@given(some.lists(decisions(), min_size=1, max_size=6))
def test_what_is_decided_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, made: list[Decision]
) -> None:
    folder = tmp_path_factory.mktemp("review")
    before = b""
    for count in range(len(made)):
        add(folder, lambda review: [made[len(review.decisions)]])
        assert len(read_review(folder).decisions) == count + 1
        data = (folder / "review.csv").read_bytes()
        assert data.startswith(before) and len(data) > len(before)
        before = data
    assert list(read_review(folder).decisions) == made
    for row in rows_of(folder / "review.csv"):
        assert not any(re.match(r"[=+\-@]", cell) for cell in row.values())


@settings(max_examples=60)
@given(
    some.lists(decisions(), min_size=1, max_size=4),
    some.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    some.sampled_from([",", ";", "\t"]),
    some.sampled_from(["\n", "\r\n"]),
    some.permutations(COLUMNS),
)
def test_a_spreadsheet_may_save_it(
    tmp_path_factory: pytest.TempPathFactory,
    made: list[Decision],
    encoding: str,
    delimiter: str,
    end: str,
    columns: list[str],
) -> None:
    folder = tmp_path_factory.mktemp("review")
    add(folder, lambda review: made)
    file = folder / "review.csv"
    rows = [row | {"My notes": "ça va"} for row in rows_of(file)]
    text = io.StringIO()
    writer = csv.DictWriter(
        text, [*columns, "My notes"], delimiter=delimiter, lineterminator=end, quoting=1
    )
    writer.writeheader()
    writer.writerows(rows)
    file.write_bytes(text.getvalue().encode(encoding, "ignore"))
    kept = read_review(folder).decisions
    if encoding != "cp1252":
        assert list(kept) == made
    last = Decision(id=CHUNK, field="verdict", after="drop", reason="é")
    assert add(folder, lambda review: [last]).decisions[:-1] == kept
    assert read_review(folder).decisions[:-1] == kept
    assert [row["My notes"] for row in rows_of(file)] == ["ça va"] * len(made) + [""]


@given(some.lists(decisions(), max_size=12))
def test_undoing_goes_all_the_way_back(made: list[Decision]) -> None:
    lines: list[Decision] = []
    states = [Review.of(lines)]
    for decision in made:
        lines.append(decision)
        states.append(Review.of(lines))
        last = {one.key: one for one in lines if one.after}
        assert states[-1].standing.get(decision.key) == (decision if decision.after else None)
        assert states[-1].standing.keys() <= last.keys()
    for state in reversed(states[:-1]):
        undone = Review.of(lines).taken_back
        assert undone is not None and undone.reason == UNDO
        lines.append(undone)
        assert Review.of(lines).entries() == state.entries()
    assert Review.of(lines).taken_back is None and not Review.of(lines).standing


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("x,verdict,drop", "line 3: id 'x': is no id of a track or chunk"),
        (f"{TRACK},mood,calm", "line 3: field 'mood': one of verdict, description"),
        (f"{TRACK},verdict,maybe", "line 3: verdict 'maybe': keep, drop or nothing"),
        (f"{TRACK},tempo,fast", "line 3: tempo 'fast': a number of BPM from 30 to 300"),
        (f"{TRACK},tempo,nan", "line 3: tempo 'nan'"),
        (f"{TRACK},description,{'x' * 1001}", "at most 1000 letters in one line"),
        (f"{TRACK},style,a,b", "line 3: has more cells than columns"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "review.csv").write_text(f"id,field,after\n{TRACK},style,rock\n{line}\n")
    with pytest.raises(ReleaseError, match=re.escape(said)) as raised:
        read_review(tmp_path)
    assert str(raised.value).startswith(f"{tmp_path / 'review.csv'}: line 3: ")
    assert str(raised.value).endswith("or delete it")


def test_sheets_of_others(tmp_path: Path) -> None:
    file = tmp_path / "review.csv"
    for empty in ("", "\n\n", ",".join(COLUMNS)):
        file.write_text(empty)
        assert not read_review(tmp_path).decisions
    file.write_text("a,b\n1,2\n")
    with pytest.raises(ReleaseError, match="line 1: has no column id, field, after"):
        read_review(tmp_path)
    file.write_text(f" ID ;Field;AFTER\n{TRACK.upper()};Tempo;120,50\n")
    assert read_review(tmp_path).value(TRACK, "tempo") == "120.5"
    file.unlink()
    file.symlink_to("/dev/zero")
    with pytest.raises(ReleaseError, match="is a link"):
        read_review(tmp_path)


def test_who_saw_something_else_is_told(tmp_path: Path) -> None:
    rock = Decision(id=CHUNK, field="style", after="rock")
    jazz = Decision(id=CHUNK, field="style", after="jazz")
    seen = decide(tmp_path, rock, "")
    with pytest.raises(ConflictError, match="'rock'") as raised:
        decide(tmp_path, jazz, "")
    assert raised.value.review.value(*rock.key) == "rock"
    decide(tmp_path, jazz, "rock")
    with pytest.raises(ConflictError):
        take_back(tmp_path, len(seen.decisions))
    assert take_back(tmp_path, 2).value(*rock.key) == "rock"
    assert take_back(tmp_path, 3).value(*rock.key) == ""
    with pytest.raises(ConflictError, match="no decision"):
        take_back(tmp_path, 4)
    # A drop that comes back has the reason that it had.
    decide(tmp_path, Decision(id=CHUNK, field="verdict", after="drop", reason="speech"), "")
    decide(tmp_path, Decision(id=CHUNK, field="verdict", after="keep"), "drop")
    assert take_back(tmp_path, 6).entries()[0]["reason"] == "speech"


def test_what_is_there_is_not_brought_in(tmp_path: Path) -> None:
    one = Decision(id=TRACK, field="style", after="rock")
    bring_in(tmp_path, [one])
    bring_in(tmp_path, [one, Decision(id=TRACK, field="tempo", after="90")])
    decide(tmp_path, Decision(id=TRACK, field="style", after=""), "rock")
    bring_in(tmp_path, [one])
    assert [entry["field"] for entry in read_review(tmp_path).entries()] == ["tempo"]


def test_a_chunk_is_where_it_was() -> None:
    entries = [
        Decision(id=CHUNK, field="style", after="rock", seconds="14.4 to 16.4").entry,
        Decision(id=TRACK, field="style", after="jazz").entry,
    ]
    values, others = in_place(entries, 38_400, 64_000)
    assert len(values) == 2 and not others
    values, others = in_place(entries, 480_000, 800_000)
    assert values == {(TRACK, "style"): "jazz"} and others[0].id == CHUNK


WRITER = """
import sys
from pathlib import Path
from sport_music_dataset.release.review.decisions import Decision
from sport_music_dataset.release.review.file import add
for number in range(10_000):
    one = Decision(id=f"0123456789abcdef-{number:04d}", field="verdict", after="keep")
    add(Path(sys.argv[1]), lambda review: [one])
    print(number, flush=True)
"""


def test_a_kill_loses_nothing(tmp_path: Path) -> None:
    told = 0
    for count in (3, 1, 8):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(count)]
        process.kill()
        rest = process.communicate()[0]
        told += len(lines) + rest.count("\n")
        # A decision that nobody was told of may be there, whole.
        assert told <= len(read_review(tmp_path).decisions) <= told + 1
        told = len(read_review(tmp_path).decisions)
    add(tmp_path, lambda review: [Decision(id=TRACK, field="style", after="rock")])
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"review.csv", ".sportgen"}
