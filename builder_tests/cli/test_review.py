"""`review`: what the page of `preview --serve` decides, from the command line."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from builder_tests.support.commands import fails
from builder_tests.support.folders import rows_of
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.cli import main
from sport_music_dataset.release.review.file import read_review


def decided(out: Path) -> dict[tuple[str, str], str]:
    return {key: decision.after for key, decision in read_review(out).standing.items()}


def test_chunks_and_tracks_are_decided_about_and_taken_back(
    built: tuple[Path, BuildReport],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = shutil.copytree(built[0], tmp_path / "out")
    one, other = (row["chunk_id"] for row in rows_of(out, "raw")[:2])
    track = one[:16]

    def review(*arguments: str) -> str:
        assert main(["review", str(out), *arguments]) == 0
        captured = capsys.readouterr()
        is_built = "nothing" in captured.out
        assert is_built or "not built yet; `sportgen build " in captured.err
        return captured.out

    assert review() == "nothing is decided\n"
    assert review(one, other, one, "--drop", "hiss").count("hiss") == 2
    with monkeypatch.context() as patch:
        # Too narrow for all, but ids are for copying.
        patch.setenv("COLUMNS", "60")
        told = review()
        assert one in told and other in told and "…" in told
    edits = ("--style", "indie rock", "--tempo", "140")
    assert "tempo" in review(track, *edits)
    expected = {(one, "verdict"): "drop", (other, "verdict"): "drop"}
    expected |= {(track, "style"): "indie rock", (track, "tempo"): "140"}
    assert decided(out) == expected
    tracks = (row for row in rows_of(out, "tracks") if row["chunks"])
    row = next(row for row in tracks if row["track_id"] == track)
    main(["stats", str(out)])
    build = re.search("`sportgen (build .*)` follows them", capsys.readouterr().err)
    assert build and main([*shlex.split(build[1]), "--dry-run"]) == 0
    counts = re.findall(r"\.parquet: .*, (\d+) chunk", capsys.readouterr().out)
    assert sum(map(int, counts)) == len(rows_of(out, "raw")) - 2
    line = {"id": one, "field": "verdict", "after": "drop", "reason": "hiss", "file": row["path"]}
    assert {**line, "seconds": "0 to 2"} in json.loads(review("--json"))
    review("--undo")
    review(other, "--keep")
    review(one, "--as-built")
    assert decided(out) == {(other, "verdict"): "keep", (track, "style"): "indie rock"}
    before = read_review(out).decisions
    assert before[2].before == row["style"]
    for wrong in (
        "--keep",
        f"{one} --keep --drop x",
        f"{one} --as-built --keep",
        f"{one} --undo",
        one,
    ):
        assert "give" in fails(capsys, 2, "review", out, *wrong.split())
    commands = ("stats", "verify", "diff", "export", "explain")
    last = {"diff": [str(out)], "export": [str(tmp_path / "x"), "--to", "dreambooth"]}
    for command in commands:
        main([command, str(out), *last.get(command, [one] if command == "explain" else [])])
        assert "2 decisions" in capsys.readouterr().err
    assert main(["review", str(out), one, "--session", "yogga"]) == 0
    assert "did you mean yoga?" in capsys.readouterr().err
    assert main(["review", str(out), one, "--as-built"]) == 0
    said = capsys.readouterr()
    assert said.out == "nothing is decided of these\n"
    assert f"taken back: session yogga of {one}" in said.err
    assert main(shlex.split(build[1])) == 0
    assert "not built" not in capsys.readouterr().err
    before = read_review(out).decisions
    unknown = "0" * 16 + "-0000"
    assert "is no chunk or track" in fails(capsys, 2, "review", out, one, unknown, "--drop", "x")
    assert "from 30 to 300" in fails(capsys, 2, "review", out, one, "--tempo", "fast")
    assert read_review(out).decisions == before


def test_what_a_build_dropped_may_be_kept_after_all(
    built: tuple[Path, BuildReport], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(built[0], tmp_path / "out")
    one = rows_of(out, "raw")[0]["chunk_id"]

    def build() -> set[str]:
        main(["stats", str(out)])
        command = re.search("`sportgen (build .*)` follows", capsys.readouterr().err)
        assert command and main(shlex.split(command[1])) == 0
        return {row["chunk_id"] for row in rows_of(out, "raw")}

    assert main(["review", str(out)]) == 0
    assert f'ids: sportgen stats {out} --sql "SELECT chunk_id, ' in capsys.readouterr().err
    assert main(["review", str(out), one, "--drop", "hiss"]) == 0
    # Neighbours overlap, so that a noise may be in both.
    told = f"note: share seconds with what is dropped: {one[:16]}-0001\n"
    assert one.endswith("-0000") and told in capsys.readouterr().err
    assert one not in build()
    capsys.readouterr()
    assert "is no chunk or track" in fails(capsys, 2, "review", out, one, "--style", "dub")
    assert main(["review", str(out), one, "--keep"]) == 0
    assert one in build()
