"""What commands say to type next: whole commands, and nothing that is done already."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from builder_tests.conftest import RECIPE
from builder_tests.support.commands import fails
from builder_tests.support.making import build
from sport_music_dataset.cli import main


def test_codes_of_other_rows_are_named_until_they_are_made_again(
    music: Path,
    encoded: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, less = tmp_path / "my dataset", tmp_path / "less"
    shutil.copytree(encoded, out)
    shutil.copytree(music, less, ignore=shutil.ignore_patterns("Cardio*"))
    build(less, out, RECIPE)
    command = f"sportgen encode '{out}' --model nano"
    stale = f"`encoded` is out of date: rows have changed since; `{command}` brings it up to date"

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    code, _, err = run("stats", out)
    assert code == 0 and f"note: {stale}" in err and err.count("sportgen encode") == 1
    code, text, err = run("verify", out)
    assert code == 1 and f"files: {stale}" in err
    assert stale in text and "is not in the manifest" not in text
    push = ("push", out, "org/x", "--dry-run")
    assert f"{stale}, or leave it out with --configs raw,tracks" in fails(capsys, 1, *push)
    code, text, _ = run(*push, "--configs", "raw,tracks")
    assert code == 0 and "raw/train" in text and "encoded" not in text
    tars = ("export", out, tmp_path / "tars", "--to", "webdataset")
    code, _, err = run(*tars)
    assert code == 0 and f"webdataset takes codes, and none are exported: {stale}" in err

    code, _, err = run(*shlex.split(command)[1:])
    assert code == 0 and "note: `encoded`" not in err
    said = re.search(r"sportgen push .*(?=  #)", err)
    assert said and said[0].strip() == f"sportgen push '{out}' ORG/NAME --allow-nano"
    assert "but encoded is new; give another folder" in fails(capsys, 2, *tars)
    code, text, err = run("verify", out)
    assert code == 0 and said[0] in err and f"sportgen export '{out}' DEST --to audiocraft" in err
