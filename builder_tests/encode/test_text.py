"""`sportgen tokens`: what T5 sees of a description is what `encode` writes."""

import json
import re
from pathlib import Path

import pytest

from builder_tests.support.folders import rows_of
from builder_tests.support.models import NANO
from sport_music_dataset.cli import main
from sport_music_dataset.encode.text import TextModel

LONG = "latino music for a very long yoga session"


def test_tokens_are_those_of_the_rows(encoded: Path) -> None:
    model = TextModel("nano")
    rows = rows_of(encoded, "encoded", ["description", "input_ids", "attention_mask"])
    for row in rows:
        found = model.explain(row["description"], 20)
        assert [*found.input_ids] == row["input_ids"]
        assert [*found.attention_mask] == row["attention_mask"]
        assert found.text == row["description"] or found.lost


def test_what_is_kept_and_what_is_lost() -> None:
    model = TextModel("nano")
    whole, cut = model.explain(LONG, 20), model.explain(LONG, 5)
    assert whole.lost == () == whole.lost_words and whole.kept[-1] == (1, "</s>")
    assert (3, "▁") in whole.kept and whole.text == LONG
    # The end-of-sequence id closes what is cut, too.
    assert cut.kept == (*whole.kept[:4], (1, "</s>")) and cut.lost == whole.kept[4:-1]
    assert cut.lost_words == tuple(LONG.split()[3:])
    open_ended = model.explain(LONG, 5, special_tokens=False)
    assert open_ended.kept == whole.kept[:5] and open_ended.lost == whole.kept[5:-1]


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["tokens", LONG, "--model", str(NANO / "model"), "--max-length"]
    assert main([*arguments, "5"]) == 0
    captured = capsys.readouterr()
    lines = [line.split() for line in captured.out.splitlines()]
    enough = re.fullmatch(r"note: --max-length (\d+) loses no word\n", captured.err)
    assert enough and main([*arguments, enough[1]]) == 0
    assert capsys.readouterr().err == ""
    assert ["3", "3", "▁", "kept"] in lines and ["4", "1", "</s>", "kept"] in lines
    assert ["5", "8", "a", "lost"] in lines and ["lost", *LONG.split()[3:]] in lines
    assert main(["tokens", LONG, "--model", "nano", "--max-length", "5"]) == 0
    assert "loses no word, by nano's tokens: MusicGen's T5 counts others" in capsys.readouterr().err
    assert main([*arguments, "20", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == LONG
    assert main([*arguments, "0"]) == 2
    assert "--max-length 0" in capsys.readouterr().err
    assert main(["tokens", LONG]) == 1
    error = capsys.readouterr().err
    assert "facebook/musicgen-medium: " in error and "--model nano needs no network" in error
