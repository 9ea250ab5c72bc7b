"""Extras: what needs one asks for it in one line, and doctor says what is missing for what."""

import sys
import tomllib
from pathlib import Path

import pytest

from builder_tests.support.commands import fails
from sport_music_dataset.cli import main
from sport_music_dataset.cli.faults import line
from sport_music_dataset.encode.codec.convolutions import pick_backend
from sport_music_dataset.errors import MachineError
from sport_music_dataset.extras import EXTRAS, remedy

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after an installation without extras."""
    for extra in EXTRAS.values():
        monkeypatch.setitem(sys.modules, extra.module, None)


def test_every_extra_is_that_of_the_project() -> None:
    optional = PROJECT["optional-dependencies"]
    assert optional.keys() == {*EXTRAS, "all", "dev"}
    assert optional["all"] == [f"sport-music-dataset[{','.join(EXTRAS)}]"]
    assert optional["dev"][0] == "sport-music-dataset[all]"
    for name, extra in EXTRAS.items():
        [requirement] = optional[name]
        assert requirement.startswith(f"{extra.module}>=")
        assert not [text for text in PROJECT["dependencies"] if text.startswith(extra.module)]


@pytest.mark.usefixtures("bare")
def test_what_needs_an_extra_asks_for_it_in_one_line(
    encoded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = fails(capsys, 1, "stats", encoded, "--sql", "SELECT 1")
    assert asked == (
        "error: stats --sql needs DuckDB, which is not installed; "
        "`pip install 'sport-music-dataset[sql]'`"
    )
    with pytest.raises(MachineError, match=r"^encode --backend openvino needs OpenVINO.*\[cpu\]"):
        pick_backend("openvino", "cpu")
    assert pick_backend("auto", "cpu") == "torch"
    assert main(["stats", str(encoded)]) == 0
    # From Python, what is imported tells.
    said = line(ModuleNotFoundError("No module named 'duckdb'", name="duckdb"))
    assert said.endswith(f": {remedy('sql')}")


@pytest.mark.usefixtures("bare")
def test_doctor_says_what_is_missing_for_what(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name, extra in EXTRAS.items():
        [at] = [n for n, text in enumerate(lines) if f": {extra.use} needs" in text]
        assert lines[at].startswith("hint ") and lines[at + 1].strip() == remedy(name)
    assert not [text for text in lines if text.startswith("missing")]
